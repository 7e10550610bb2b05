//! Has the inventory taken by a process of its own, at the start and when something has changed since, and the package
//! lists fetched once a day.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use domain::Timestamp;
use tokio::{process::Command, time::timeout};

use super::{alarm, lists, state::Agent};
use crate::{
    clock, guest, inventory,
    jobs::JobDirectory,
    journal::{self, Urgency},
    packages::{self, Stamp},
};

/// A scan that takes longer is given up; the next look starts another.
const LIMIT: Duration = Duration::from_secs(1800);

/// So many times the usual pause lies between scans while containers never come to rest.
const RARELY: u32 = 10;

/// Runs until the agent ends.
pub(super) async fn run(agent: &Agent) {
    let mut last: Option<Instant> = None;
    let mut seen: Option<Seen> = None;
    let mut tried: Option<Timestamp> = None;
    // Something happened to containers or images.
    let mut moved = false;
    let jitter = lists::jitter(&guest::machine::now(&agent.layout));
    let mut manager = packages::detect(&agent.layout, &agent.tools).ok();
    loop {
        agent.glances.notify_waiters();
        let glance = manager.as_ref().map(|m| m.glance());
        let known = !moved
            && seen
                .as_ref()
                .is_some_and(|s| s.glance == glance && s.at.elapsed() < agent.pace.search);
        if !known {
            agent.searches.notify_waiters();
            // Looked for in the program folders, which is too much for every glance.
            manager = packages::detect(&agent.layout, &agent.tools).ok();
            let refresh = fetches(agent, tried, jitter);
            let old = last.is_none_or(|at| at.elapsed() >= agent.pace.rescan);
            let due =
                old || moved || inventory::is_outdated(&agent.layout, &agent.tools, agent.now());
            // While a job changes packages, half of the change would be seen, and lists are the job's.
            let wanted = due || refresh;
            let mut settled = !wanted;
            if wanted && !is_busy(agent) {
                if refresh {
                    tried = Some(agent.now());
                }
                match scan(agent, refresh).await {
                    Ok(()) => {
                        settled = true;
                        moved = false;
                        last = Some(Instant::now());
                        agent.scanned.set(last);
                        agent.news.notify_one();
                    }
                    Err(what) => journal::say(Urgency::Warning, &format!("no scan: {what}")),
                }
            }
            // What was put off or failed is due at the next look. What changed during the scan is another glance then.
            seen = settled.then(|| Seen {
                glance,
                at: Instant::now(),
            });
        }
        moved |= tokio::select! {
            () = alarm::pause(agent.pace.look) => false,
            // One look later is saved: to be woken costs more than to look.
            () = agent.answered.notified() => false,
            () = agent.containers.notified() => {
                // What belongs together is seen together, and a container that starts over and over costs little.
                let calm = last.is_none_or(|at| at.elapsed() >= agent.pace.settle * RARELY);
                let settle = agent.pace.settle * if calm { 1 } else { RARELY };
                tokio::time::sleep(settle).await;
                true
            }
        };
    }
}

/// The last time that all files were looked at.
struct Seen {
    glance: Option<Stamp>,
    at: Instant,
}

fn is_busy(agent: &Agent) -> bool {
    JobDirectory::all(&agent.layout)
        .iter()
        .any(JobDirectory::is_running)
}

/// Whether the package lists are to be fetched with this scan.
fn fetches(agent: &Agent, tried: Option<Timestamp>, jitter: i64) -> bool {
    if agent.revoked.get() {
        return false;
    }
    // The identity is what the first contact left, and it stays while the desktop sleeps.
    let contact = fs::metadata(agent.layout.identity()).and_then(|m| m.modified());
    let lists = packages::detect(&agent.layout, &agent.tools).map(|m| m.lists_at());
    let Ok(lists) = lists else { return false };
    let contact = contact.ok().map(clock::of);
    lists::is_due(agent.now(), contact, lists, tried, jitter)
}

async fn scan(agent: &Agent, refresh: bool) -> Result<(), String> {
    let mut command = Command::new(&agent.program);
    command
        .arg("--root")
        .arg(agent.layout.root())
        .args(["scan", "--record"])
        .args(refresh.then_some("--refresh"))
        .env("PATH", agent.tools.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    match timeout(LIMIT, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the scan ended with {status}")),
        Ok(Err(e)) => Err(e.to_string()),
        Err(_) => Err("the scan took too long and was ended".to_owned()),
    }
}
