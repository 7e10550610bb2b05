//! The other side: agents that wait, agents that report, and, on demand, the hostile ones.

use std::{
    io::BufRead,
    path::Path,
    sync::{Arc, Mutex},
};

use domain::{
    JobId, Timestamp,
    inventory::{Inventory, Os, PackageScan, Severity, Update},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tls::Identity;
use wire::{CheckInRequest, CheckInResponse, InventoryReport, PROTOCOL, path};

use crate::{
    BUSY, hostile,
    line::{Line, Way},
    now_ms,
};

#[derive(Deserialize)]
struct Paper {
    chain: String,
    key: String,
}

#[derive(Deserialize)]
struct Papers {
    ca: String,
    name: String,
    address: std::net::SocketAddr,
    waiting: Vec<Paper>,
    others: Vec<Paper>,
    foreign: Paper,
}

impl Papers {
    fn way(&self, paper: Option<&Paper>) -> Way {
        let identity = paper.map(|paper| Identity {
            chain_pem: paper.chain.clone(),
            key_pem: paper.key.clone().into(),
        });
        Way {
            address: self.address,
            name: self.name.clone(),
            config: Arc::new(tls::agent_client_config(&self.ca, identity.as_ref()).unwrap()),
        }
    }
}

/// How long work took to arrive, in milliseconds.
type Times = Arc<Mutex<Vec<i64>>>;

/// Count, median, 99th percentile and the worst.
pub(crate) fn summary(mut times: Vec<i64>) -> Value {
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied();
    json!({ "count": times.len(), "median": at(50).unwrap_or(0), "p99": at(99).unwrap_or(0), "most": times.last() })
}

pub(crate) fn check_in(jobs: Vec<JobId>, wait_seconds: u32) -> CheckInRequest {
    CheckInRequest {
        protocol: PROTOCOL,
        version: "0.1.0".into(),
        inventory: Some("0".repeat(64)),
        scanned_ms_ago: Some(1_000),
        session: "0011223344556677".into(),
        jobs,
        wait_seconds,
        about: wire::About::default(),
    }
}

pub(crate) async fn run(file: &Path) {
    let papers: Papers = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let times: Times = Arc::default();
    let (words, mut heard) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if words.send(line).is_err() {
                break;
            }
        }
        // Nobody is left to measure for.
        std::process::exit(0);
    });
    while let Some(word) = heard.recv().await {
        let answer = match word.as_str() {
            "wait" => {
                for paper in &papers.waiting {
                    tokio::spawn(wait(papers.way(Some(paper)), times.clone()));
                }
                Value::Null
            }
            "busy" => {
                for paper in papers.others.iter().take(BUSY) {
                    tokio::spawn(report(papers.way(Some(paper))));
                }
                Value::Null
            }
            "times" => summary(std::mem::take(&mut *times.lock().unwrap())),
            "hostile" => {
                let newcomers = papers.others.iter().skip(BUSY);
                let newcomers = newcomers.map(|paper| papers.way(Some(paper))).collect();
                hostile::attack(
                    papers.way(None),
                    papers.way(Some(&papers.foreign)),
                    newcomers,
                )
                .await
            }
            other => panic!("{other}"),
        };
        println!("{answer}");
    }
}

/// Waits for work, over one connection for ever.
async fn wait(way: Way, times: Times) {
    let mut line = way.line().await.unwrap();
    let mut held = Vec::new();
    loop {
        let answer = call(&mut line, "POST", path::CHECK_IN, &check_in(held, 120)).await;
        let answer: CheckInResponse = serde_json::from_slice(&answer).unwrap();
        let now = now_ms();
        let sent = answer.work.iter().map(|work| now - work.sent_at.0);
        times.lock().unwrap().extend(sent);
        held = answer.work.iter().map(|work| work.id).collect();
    }
}

/// Sends inventories without a pause.
async fn report(way: Way) {
    let mut line = way.line().await.unwrap();
    let inventory = inventory();
    let report = InventoryReport {
        hash: inventory.hash(),
        inventory,
    };
    loop {
        call(&mut line, "PUT", path::INVENTORY, &report).await;
    }
}

async fn call(line: &mut Line, method: &str, path: &str, body: &impl serde::Serialize) -> Vec<u8> {
    let (status, answer) = line.call(method, path, body).await.unwrap();
    assert!(status < 300, "{path}: {status}");
    answer.to_vec()
}

/// 300 pending updates.
fn inventory() -> Inventory {
    let update = |n: usize| Update {
        package: format!("libpackage{n}-dev"),
        source: String::new(),
        arch: "amd64".into(),
        installed: format!("1.{n}.0-1+deb12u1"),
        candidate: format!("1.{n}.0-1+deb12u2"),
        origin: "Debian".into(),
        suite: "bookworm-security".into(),
        severity: Severity::SecurityUnrated,
        size: Some(123_456),
        blocked: None,
    };
    Inventory {
        scanned_at: Timestamp(now_ms()),
        os: Os::default(),
        arch: "amd64".into(),
        addresses: vec!["10.0.0.1".into()],
        packages: PackageScan::Apt {
            updates: (0..300).map(|n| Arc::new(update(n))).collect(),
            installed: 900,
            lists_at: Some(Timestamp(now_ms())),
            repositories: Vec::new(),
            interrupted: None,
        },
        restarts: Vec::new(),
        docker: Vec::new(),
    }
}
