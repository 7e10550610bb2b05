//! `cargo xtask bench intake`: what happens when a thousand agents report 300 pending updates each at once, and what an
//! agent with nothing new says afterwards.
//!
//! Cluster, LXCs and identities come from a real enrolment in the lab. The desktop that is measured is a process of its
//! own; the agents are this one.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints what it finds, and may fail by panicking"
)]

#[path = "../../tests/desktop/mod.rs"]
mod desktop;

#[cfg(target_os = "linux")]
mod agents;
#[cfg(target_os = "linux")]
mod fleet;
#[cfg(target_os = "linux")]
#[path = "../../../gateway/examples/bench_gateway/line.rs"]
mod line;
#[cfg(target_os = "linux")]
mod relay;
#[cfg(target_os = "linux")]
mod serve;

/// Agents that report at once.
#[cfg(target_os = "linux")]
const AGENTS: usize = 1_000;
/// Agents that reported before, so that the desktop has been through it once when its memory is measured.
#[cfg(target_os = "linux")]
const EARLY: usize = 10;
/// What nobody needs any more is given back in this time.
#[cfg(target_os = "linux")]
const REST: std::time::Duration = std::time::Duration::from_secs(5);
#[cfg(target_os = "linux")]
const ENROLLED: usize = AGENTS + EARLY;
/// Pending updates of each.
#[cfg(target_os = "linux")]
const UPDATES: usize = 300;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped intake_rss_growth_mb: the memory of a process is read from Linux's /proc");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    raise_limit()?;
    match std::env::args().nth(1) {
        Some(folder) => serve::run(std::path::Path::new(&folder)).await,
        None => measure().await,
    }
}

/// Each agent is an open file, as the window's program allows for.
#[cfg(target_os = "linux")]
fn raise_limit() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = Some(8_192.min(maximum.unwrap_or(u64::MAX)));
    Ok(setrlimit(Resource::Nofile, Rlimit { current, maximum })?)
}

#[cfg(target_os = "linux")]
fn figure(name: &str, value: f64, unit: &str, goal: &str) {
    println!("figure {name} {value:.2} {unit} goal {goal}");
}

#[cfg(target_os = "linux")]
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn count_of(n: usize) -> f64 {
    n as f64
}

#[cfg(target_os = "linux")]
async fn measure() -> anyhow::Result<()> {
    use std::time::Instant;

    let folder = tempfile::tempdir()?;
    let enrolled = fleet::enrol(folder.path()).await?;
    let enrolled_agents = agents::of(&enrolled);

    let (early, agents) = enrolled_agents.split_at(EARLY);

    let mut desktop = serve::Child::start(folder.path()).await?;
    let alone = desktop.settled_memory().await?;
    // The fleet is there before it reports: what its connections take is the gateway's figure.
    let lines = agents::connect_all(agents).await?;
    let reported = agents::report_all(early, agents::connect_all(early).await?).await?;
    tokio::time::sleep(REST).await;
    let before = desktop.settled_memory().await?;
    let began = Instant::now();
    let lines = agents::report_all(agents, lines).await?;
    desktop.until_counted(ENROLLED * UPDATES).await?;
    let took = began.elapsed();
    let most = desktop.memory()?;
    tokio::time::sleep(REST).await;
    let after = desktop.settled_memory().await?;
    figure("intake_seconds", took.as_secs_f64(), "s", "<= 10");
    figure("intake_rss_growth_mb", after - before, "MB", "<= 30");
    println!(
        "resident alone {alone:.1}, with {} agents connected {before:.1}, when the last was shown {most:.1}, at rest \
         {after:.1} MB; {} reports of {:.0} KB",
        ENROLLED,
        agents.len(),
        agents[0].size() / 1024.0,
    );

    let bytes = agents::unchanged(&agents[0]).await?;
    figure("unchanged_checkin_bytes", bytes, "bytes", "<= 1024");
    drop((lines, reported));

    let mut lost = desktop.lost(&enrolled_agents).await?;
    // Killed, not asked to end: what was acknowledged is on the disk.
    desktop.kill();
    let mut desktop = serve::Child::start(folder.path()).await?;
    lost.extend(desktop.lost(&enrolled_agents).await?);
    lost.sort();
    lost.dedup();
    for guest in lost.iter().take(3) {
        println!("lost: {guest}");
    }
    figure("intake_lost", count_of(lost.len()), "reports", "<= 0");
    desktop.kill();
    enrolled.lab.stop().await;
    Ok(())
}
