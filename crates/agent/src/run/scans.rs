//! Has the inventory taken by a process of its own, at the start and when something has changed since.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{process::Command, time::timeout};

use super::state::Agent;
use crate::{
    inventory,
    jobs::JobDirectory,
    journal::{self, Urgency},
};

/// A scan that takes longer is given up; the next look starts another.
const LIMIT: Duration = Duration::from_secs(1800);

/// Runs until the agent ends.
pub(super) async fn run(agent: &Agent) {
    let mut last: Option<Instant> = None;
    loop {
        let old = last.is_none_or(|at| at.elapsed() >= agent.pace.rescan);
        // While a job changes packages, half of the change would be seen.
        let busy = || {
            JobDirectory::all(&agent.layout)
                .iter()
                .any(JobDirectory::is_running)
        };
        let due = old || inventory::is_outdated(&agent.layout, &agent.tools, agent.now());
        if due && !busy() {
            match scan(agent).await {
                Ok(()) => {
                    last = Some(Instant::now());
                    agent.scanned.set(last);
                    agent.news.notify_one();
                }
                Err(what) => journal::say(Urgency::Warning, &format!("no scan: {what}")),
            }
        }
        tokio::time::sleep(agent.pace.look).await;
    }
}

async fn scan(agent: &Agent) -> Result<(), String> {
    let mut command = Command::new(&agent.program);
    command
        .arg("--root")
        .arg(agent.layout.root())
        .args(["scan", "--record"])
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
