//! The side that is measured: it serves, hands out work, and looks at its own memory.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{AgentId, Timestamp};
use gateway::Gateway;
use serde_json::{Value, json};
use tls::Ca;
use tokio_util::sync::CancellationToken;

use crate::{BUSY, NEWCOMERS, WAITING, now_ms, post::Post};

const NAME: &str = "gateway.redflag.internal";
/// How often work is handed to all agents at once.
const ROUNDS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(120);

fn figure(name: &str, value: f64, unit: &str, goal: &str) {
    println!("figure {name} {value:.2} {unit} goal {goal}");
}

/// The other process. It is given a word a line and answers each with a line of JSON.
struct Clients {
    child: Child,
    words: ChildStdin,
    answers: Option<BufReader<ChildStdout>>,
}

impl Clients {
    fn start(file: &std::path::Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let words = child.stdin.take().unwrap();
        let answers = child.stdout.take().map(BufReader::new);
        Self {
            child,
            words,
            answers,
        }
    }

    async fn ask(&mut self, word: &str) -> Value {
        writeln!(self.words, "{word}").unwrap();
        let mut answers = self.answers.take().unwrap();
        let (answers, line) = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            answers.read_line(&mut line).unwrap();
            (answers, line)
        })
        .await
        .unwrap();
        self.answers = Some(answers);
        serde_json::from_str(&line).expect("the clients ended early")
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = tokio::time::Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// In megabytes.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|l| l.trim().strip_suffix("kB")).unwrap();
    kilobytes.trim().parse::<f64>().unwrap() / 1024.0
}

/// Certificates of all agents, and one of somebody else.
struct Papers {
    post: Post,
    waiting: Vec<AgentId>,
    text: Value,
}

fn papers(ca: &Ca) -> Papers {
    let now = Timestamp(now_ms());
    let mut post = Post::default();
    let mut identity = |ca: &Ca| {
        let agent = AgentId::new();
        let (key, request) = tls::new_key_and_request().unwrap();
        let issued = ca.issue_agent(&request, agent, now).unwrap();
        post.know(issued.sha256, agent);
        (agent, json!({ "chain": issued.pem, "key": key.as_str() }))
    };
    let (waiting, texts): (Vec<_>, Vec<_>) = (0..WAITING).map(|_| identity(ca)).unzip();
    let others: Vec<Value> = (0..BUSY + NEWCOMERS).map(|_| identity(ca).1).collect();
    let foreign = identity(&Ca::create("Somebody else", now).unwrap()).1;
    let text = json!({ "ca": ca.certificate_pem(), "name": NAME, "waiting": texts, "others": others, "foreign": foreign });
    Papers {
        post,
        waiting,
        text,
    }
}

pub(crate) async fn run() {
    let now = Timestamp(now_ms());
    let ca = Ca::create("RedFlag", now).unwrap();
    let config = tls::server_config(
        &ca.server_identity(NAME, now).unwrap(),
        ca.certificate_pem(),
    );
    let Papers {
        post,
        waiting,
        mut text,
    } = papers(&ca);
    let post = Arc::new(post);
    let stop = CancellationToken::new();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let gateway = Gateway::serve(any, config.unwrap(), Arc::clone(&post), stop.clone())
        .await
        .unwrap();
    text["address"] = json!(gateway.local_addr());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("papers.json");
    std::fs::write(&file, text.to_string()).unwrap();
    drop(text);

    let before = resident();
    let mut clients = Clients::start(&file);
    clients.ask("wait").await;
    until("all agents in their long poll", || {
        post.waiting() == WAITING
    })
    .await;
    figure("gateway_rss_mb", resident() - before, "MB", "- -");

    clients.ask("busy").await;
    until("the first inventories", || {
        post.inventories.load(Ordering::Relaxed) > BUSY
    })
    .await;
    for _ in 0..ROUNDS {
        hand_to_all(&post, &waiting).await;
    }
    let calm = clients.ask("times").await;
    println!("work reached {WAITING} agents {ROUNDS} times, in ms: {calm}");
    println!(
        "meanwhile {BUSY} agents sent {} inventories of 300 updates",
        post.inventories.load(Ordering::Relaxed)
    );
    let p99 = calm["p99"].as_f64().unwrap();
    figure("gateway_command_p99_ms", p99, "ms", "<= 1000");

    // Work goes out over and over while the hostile ones come.
    let hostile = {
        let mut attack = std::pin::pin!(clients.ask("hostile"));
        loop {
            tokio::select! {
                done = &mut attack => break done,
                () = hand_to_all(&post, &waiting) => {}
            }
        }
    };
    // The round that was under way when the attack was over.
    until("the last work", || post.undelivered(&waiting) == 0).await;
    let times = clients.ask("times").await;
    for (kind, fate) in hostile["kinds"].as_object().unwrap() {
        println!("hostile, {kind}: {fate}");
    }
    println!(
        "agents that came anew meanwhile, in ms: {}",
        hostile["newcomers"]
    );
    println!("work to waiting agents meanwhile, in ms: {times}");
    let p99 = |times: &Value| times["p99"].as_f64().unwrap();
    let anew = &hostile["newcomers"];
    let failed = anew["failed"].as_u64().unwrap();
    figure("gateway_hostile_command_p99_ms", p99(&times), "ms", "- -");
    figure("gateway_hostile_newcomer_p99_ms", p99(anew), "ms", "- -");
    let served = failed == 0 && p99(&times) <= 1000.0 && p99(anew) <= 1000.0;
    figure(
        "gateway_hostile_served",
        f64::from(u8::from(served)),
        "-",
        ">= 1",
    );
    drop(clients);
    stop.cancel();
    gateway.stopped().await;
}

/// Hands work to all at once and waits until each says that it holds it.
async fn hand_to_all(post: &Post, agents: &[AgentId]) {
    post.hand_to(agents);
    until("all work to arrive", || post.undelivered(agents) == 0).await;
}
