//! What an enrolled agent costs while nothing happens: processor time and wake-ups over ten minutes of long polls, with
//! a desktop that answers as the real one does. Called by `cargo xtask bench agent` with the program to measure.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement may fail by panicking, and prints what it found"
)]

#[allow(
    clippy::result_large_err,
    dead_code,
    unreachable_pub,
    reason = "the desktop of the tests, of which a part is used here"
)]
#[path = "../tests/common/desktop.rs"]
mod desktop;

use std::{
    fs,
    future::Future,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use agent::Layout;

/// How long it is watched, in seconds, unless the environment says otherwise.
const WINDOW: u64 = 600;
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Nanoseconds on a processor, and voluntary context switches, of all threads of a process.
fn used(process: u32) -> (u64, u64) {
    let (mut time, mut switches) = (0, 0);
    for task in fs::read_dir(format!("/proc/{process}/task")).unwrap() {
        let task = task.unwrap().path();
        let schedstat = fs::read_to_string(task.join("schedstat")).unwrap();
        time += schedstat
            .split_ascii_whitespace()
            .next()
            .and_then(|n| n.parse::<u64>().ok())
            .unwrap();
        let status = fs::read_to_string(task.join("status")).unwrap();
        let line = status
            .lines()
            .find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
        switches += line.unwrap().trim().parse::<u64>().unwrap();
    }
    (time, switches)
}

/// Keeps every processor from falling asleep, with work that gives way to any other: what a processor takes to wake up,
/// up to two milliseconds in a virtual machine that nobody else uses, is not the agent's.
struct Awake(Vec<Child>);

impl Awake {
    fn keep() -> Self {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let busy = |_| {
            Command::new("nice")
                .args(["-n", "19", "sh", "-c", "while :; do :; done"])
                .spawn()
                .unwrap()
        };
        Self((0..count).map(busy).collect())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Page faults since the start: those that had to read a disk, and the others (`proc_pid_stat(5)`).
fn faults(process: u32) -> (u64, u64) {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    (fields[9].parse().unwrap(), fields[7].parse().unwrap())
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn main() {
    let program = std::env::args().nth(1).expect("the agent's program");
    let window = std::env::var("REDFLAG_BENCH_SECONDS").ok();
    let window = Duration::from_secs(window.and_then(|s| s.parse().ok()).unwrap_or(WINDOW));
    // In memory, as /run is in a guest: what the agent writes with every check-in lies there.
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let root = root.unwrap();
    let layout = Layout::new(root.path());
    let desktop = desktop::Desktop::start().await;
    let mut bootstrap = desktop.bootstrap();
    bootstrap.endpoints.retain(|e| *e == desktop.address);
    agent::files::make_private_dir(&layout.config_dir()).unwrap();
    agent::files::write_json(&layout.bootstrap(), &bootstrap).unwrap();
    agent::desktop::Config::of(&bootstrap)
        .store(&layout)
        .unwrap();
    // The program too: where a machine pushes idle pages out of memory, its disk would be measured with every wake.
    let copy = root.path().join("redflag-agent");
    fs::copy(program, &copy).unwrap();
    let mut child = Command::new(copy)
        .arg("--root")
        .arg(root.path())
        .arg("run")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    // Enrolled, scanned and reported: from here on it only waits.
    desktop
        .until("the first inventory", |m| m.inventories.first().map(drop))
        .await;
    let quiet = Duration::from_secs(5);
    let mut last = used(child.id());
    loop {
        tokio::time::sleep(quiet).await;
        let now = used(child.id());
        if now == last {
            break;
        }
        last = now;
    }
    let awake = Awake::keep();
    let began = Instant::now();
    let first = desktop.with(|m| m.check_ins.len());
    let before = faults(child.id());
    tokio::time::sleep(window).await;
    let (time, switches) = used(child.id());
    let seconds = began.elapsed().as_secs_f64();
    let after = faults(child.id());
    let check_ins = desktop.with(|m| m.check_ins.len()) - first;
    drop(awake);
    let _ = child.kill();
    let _ = child.wait();
    let milliseconds = (time - last.0) as f64 / 1e6;
    println!(
        "watched for {seconds:.0} s with {check_ins} check-ins, {} page faults from disk and {} others",
        after.0 - before.0,
        after.1 - before.1
    );
    println!(
        "figure agent_cpu_ms_per_hour {:.2} ms goal <= 40",
        milliseconds * 3600.0 / seconds
    );
    println!(
        "figure agent_wakeups_per_minute {:.2} 1/min goal - -",
        (switches - last.1) as f64 * 60.0 / seconds
    );
}
