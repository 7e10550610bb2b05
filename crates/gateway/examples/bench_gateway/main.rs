//! `cargo xtask bench gateway`: what a thousand agents in a long poll cost the process that serves them, how quickly work
//! reaches them, and whether ten thousand hostile connections keep anybody from being served.
//!
//! This process only serves. The agents, and their enemies, are a second process of the same program.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints what it finds, and may fail by panicking"
)]

#[cfg(target_os = "linux")]
mod clients;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(target_os = "linux")]
mod line;
#[cfg(target_os = "linux")]
mod post;
#[cfg(target_os = "linux")]
mod service;

/// Agents that wait for work.
#[cfg(target_os = "linux")]
const WAITING: usize = 1_000;
/// Agents that send inventories without a pause meanwhile.
#[cfg(target_os = "linux")]
const BUSY: usize = 16;
/// Agents that come anew, again and again, during the attack.
#[cfg(target_os = "linux")]
const NEWCOMERS: usize = 4;
/// Files that one of the two processes has open at most: each connection is one.
#[cfg(target_os = "linux")]
const FILES: u64 = 12_500;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("skipped gateway_rss_mb: the memory of a process is read from Linux's /proc");
    std::process::exit(1);
}

#[cfg(target_os = "linux")]
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    raise_limit();
    match arguments.next() {
        None => service::run().await,
        Some(file) => clients::run(std::path::Path::new(&file)).await,
    }
}

/// A desktop's usual soft limit is 1024 files, far below the hard one.
#[cfg(target_os = "linux")]
fn raise_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    if now.current.is_none_or(|soft| soft >= FILES) {
        return;
    }
    let wanted = Rlimit {
        current: Some(FILES),
        maximum: now.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        eprintln!(
            "this bench opens {FILES} files and the limit is {:?}: {error}; try `ulimit -n {FILES}` as root",
            now.maximum
        );
        std::process::exit(1);
    }
}

#[cfg(target_os = "linux")]
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
