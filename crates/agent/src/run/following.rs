//! Starts the jobs' processes, one at a time, and sends what they report, in order, until the desktop has it all.

use std::{
    collections::BTreeMap,
    process::Stdio,
    time::{Duration, Instant},
};

use domain::{JobId, operation::Problem};
use tokio::{process::Command, time::timeout};
use wire::{JobAcknowledgement, JobReport, Outcome, RefusalCode};

use super::{
    Ended, RunError,
    backoff::Backoff,
    state::{Agent, PATIENCE},
};
use crate::{
    clock,
    desktop::{CallError, Desktop},
    jobs::{Bounds, JobDirectory, JobError, Spool, bounds},
    journal::{self, Urgency},
    uninstall,
};

/// How long a process may take to begin before it is started again.
const START: Duration = Duration::from_secs(15);
/// How often that is tried.
const STARTS: u32 = 3;
/// How often what waits is compared with what may wait.
const BOUND: Duration = Duration::from_secs(600);
/// Reports that are read at once.
const BATCH: usize = 50;

/// One job as it is followed.
#[derive(Default)]
struct Followed {
    /// Bytes of its reports that the desktop has.
    offset: u64,
    starts: u32,
    started: Option<Instant>,
    /// Its process was seen at work: when it is gone, there is nothing to wait for.
    seen: bool,
    ended: bool,
}

/// What became of sending one job's reports.
enum Sent {
    /// All that there is, and it may go on.
    All,
    /// The last one too.
    Closed { uninstall: bool },
}

/// Runs until the agent ends.
pub(super) async fn run(agent: &Agent) -> Result<Ended, RunError> {
    let mut followed: BTreeMap<JobId, Followed> = BTreeMap::new();
    let mut backoff = Backoff::new(agent.pace.pause);
    let mut generation = agent.generation.get();
    let mut desktop = agent.desktop()?;
    let mut not_before = Instant::now();
    let mut bounded: Option<Instant> = None;
    loop {
        if generation != agent.generation.get() {
            generation = agent.generation.get();
            desktop = agent.desktop()?;
        }
        let jobs = JobDirectory::all(&agent.layout);
        followed.retain(|id, _| jobs.iter().any(|j| j.id == *id));
        start_next(agent, &jobs, &mut followed).await;
        let mut failure = None;
        if jobs.len() > 1 && bounded.is_none_or(|at| at.elapsed() > BOUND) {
            bounded = Some(Instant::now());
            if let Err(e) = bounds::enforce(&agent.layout, Bounds::default(), agent.now()) {
                journal::say(Urgency::Warning, &e.to_string());
            }
        }
        if Instant::now() >= not_before && !agent.revoked.get() {
            desktop.set_endpoints(&agent.config.borrow().endpoints);
            match send_all(agent, &mut desktop, &jobs, &mut followed).await {
                Ok(Some(ended)) => return Ok(ended),
                Ok(None) => backoff.reset(),
                Err(e) => failure = Some(e),
            }
        }
        if failure.is_some() {
            // The check-in says what is wrong; here it is enough to wait.
            desktop.close();
            not_before = Instant::now() + backoff.next(clock::random());
        }
        let waiting = Instant::now() < not_before;
        if JobDirectory::all(&agent.layout).is_empty() && !waiting {
            // A connection that is not needed is memory that is not needed.
            desktop.close();
            tokio::select! {
                () = agent.jobs_changed.notified() => {}
                () = agent.news.notified() => {}
            }
        } else {
            // A permit that is there already only makes this look come at once.
            tokio::select! {
                () = tokio::time::sleep(agent.pace.follow) => {}
                () = agent.carrier.arrival() => {
                    if !matches!(desktop.way(), Some(crate::desktop::Way::Node)) {
                        desktop.close();
                        not_before = Instant::now();
                    }
                }
                () = agent.jobs_changed.notified() => {}
            }
        }
    }
}

/// Starts the oldest job that waits, unless one is at work. One that was lost in the middle is started, too: its
/// new process finds out and says so.
async fn start_next(
    agent: &Agent,
    jobs: &[JobDirectory],
    followed: &mut BTreeMap<JobId, Followed>,
) {
    let mut busy = jobs.iter().any(JobDirectory::is_running);
    for job in jobs {
        let state = followed.entry(job.id).or_default();
        if state.ended {
            continue;
        }
        if super::fetching::wanted(agent, job).is_some() {
            // Its program is not there yet.
            continue;
        }
        if job.is_running() {
            state.seen = true;
            continue;
        }
        if has_outcome(job, state.offset) {
            state.ended = true;
            continue;
        }
        if !state.seen && state.started.is_some_and(|at| at.elapsed() < START) {
            busy = true;
            continue;
        }
        // What is only to be cancelled need not wait for its turn.
        let at_once = job.is_cancelled() && !job.has_begun();
        if busy && !at_once {
            continue;
        }
        if state.starts >= STARTS {
            if let Err(e) = give_up(job) {
                journal::say(Urgency::Warning, &e.to_string());
            }
            state.ended = true;
            continue;
        }
        state.starts += 1;
        state.started = Some(Instant::now());
        state.seen = false;
        busy = true;
        if let Err(why) = start(agent, job).await {
            let text = format!("job {} could not be started: {why}", job.id);
            journal::say(Urgency::Warning, &text);
        }
    }
}

fn has_outcome(job: &JobDirectory, mut offset: u64) -> bool {
    while let Ok((lines, next)) = job.reports(offset, BATCH) {
        if lines.iter().any(|l| l.last) {
            return true;
        }
        if next == offset || lines.is_empty() {
            return false;
        }
        offset = next;
    }
    false
}

/// A process of its own, which outlives a restart of the agent: a transient unit where systemd is, else a child that
/// leaves the agent's session.
async fn start(agent: &Agent, job: &JobDirectory) -> Result<(), String> {
    let id = job.id.to_string();
    let systemd = agent.layout.is_real() && agent.layout.at("run/systemd/system").is_dir();
    if systemd && let Ok(command) = agent.tools.command("systemd-run") {
        let mut command = Command::from(command);
        // The unit of a lost process may still be there, as long as dpkg goes on in it.
        let again = if job.has_begun() {
            format!("-{}", &clock::session()[..8])
        } else {
            String::new()
        };
        command.args([
            &format!("--unit=redflag-job-{id}{again}"),
            "--collect",
            "--quiet",
            // Should the job's own process be lost, dpkg may finish what it has begun.
            "--property=KillMode=process",
        ]);
        command.arg(&agent.program).args(["job", &id]);
        command.kill_on_drop(true);
        match timeout(START, command.output()).await {
            Ok(Ok(out)) if out.status.success() => return Ok(()),
            Ok(Ok(out)) => journal::say(
                Urgency::Warning,
                &format!(
                    "systemd-run: {}",
                    String::from_utf8_lossy(&out.stderr).trim()
                ),
            ),
            Ok(Err(e)) => journal::say(Urgency::Warning, &format!("systemd-run: {e}")),
            Err(_) => journal::say(Urgency::Warning, "systemd-run did not end"),
        }
    }
    let mut command = Command::new(&agent.program);
    command
        .arg("--root")
        .arg(agent.layout.root())
        .args(["job", &id])
        .env("PATH", agent.tools.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    // Only to collect it when it ends.
    tokio::spawn(async move {
        let _ = child.wait().await;
    });
    Ok(())
}

/// Its process cannot be started: says so in its place.
fn give_up(job: &JobDirectory) -> Result<(), JobError> {
    let Some(_lock) = job.lock()? else {
        return Ok(());
    };
    let mut spool = Spool::open(job)?;
    if spool.has_ended() {
        return Ok(());
    }
    let problem = Problem {
        what: "the job's process could not be started in the guest".to_owned(),
        words: None,
        next: Some("See the guest's journal: `journalctl -u redflag-agent`.".to_owned()),
    };
    let result = None;
    let outcome = if job.begin()? {
        Outcome::Failed { problem, result }
    } else {
        Outcome::Interrupted { problem, result }
    };
    spool.end(outcome)
}

async fn send_all(
    agent: &Agent,
    desktop: &mut Desktop,
    jobs: &[JobDirectory],
    followed: &mut BTreeMap<JobId, Followed>,
) -> Result<Option<Ended>, CallError> {
    if jobs.is_empty() {
        // Nothing but perhaps a new inventory.
        agent.upload(desktop, false).await?;
        return Ok(None);
    }
    for job in jobs {
        if agent.forgotten.borrow().contains(&job.id) {
            if !job.is_running() {
                close(agent, job);
                agent.forgotten.borrow_mut().remove(&job.id);
            }
            continue;
        }
        if let Some(wanted) = super::fetching::wanted(agent, job) {
            super::fetching::fetch(agent, desktop, job, &wanted).await?;
        }
        let state = followed.entry(job.id).or_default();
        if let Sent::Closed { uninstall } = send(agent, desktop, job, state).await? {
            close(agent, job);
            if uninstall {
                match uninstall::detached(&agent.layout, &agent.tools, &agent.program) {
                    Ok(()) => return Ok(Some(Ended::Uninstalled)),
                    Err(e) => journal::say(Urgency::Warning, &format!("not removed: {e}")),
                }
            }
        }
    }
    Ok(None)
}

fn close(agent: &Agent, job: &JobDirectory) {
    if let Err(e) = job.close(&agent.layout) {
        journal::say(Urgency::Warning, &e.to_string());
    }
}

async fn send(
    agent: &Agent,
    desktop: &mut Desktop,
    job: &JobDirectory,
    state: &mut Followed,
) -> Result<Sent, CallError> {
    let path = format!("{}/{}", wire::path::JOBS, job.id);
    let acknowledged = job.acknowledged();
    loop {
        let (lines, next) = match job.reports(state.offset, 1) {
            Ok(read) => read,
            Err(e) => {
                journal::say(Urgency::Warning, &e.to_string());
                return Ok(Sent::All);
            }
        };
        let Some(line) = lines.into_iter().next() else {
            return Ok(Sent::All);
        };
        if line.last {
            state.ended = true;
        }
        if line.sequence > acknowledged || line.last {
            if line.last {
                // The outcome speaks of it, so it goes first.
                agent.upload(desktop, false).await?;
            }
            let uninstall = line.last
                && serde_json::from_str::<JobReport>(&line.json)
                    .is_ok_and(|r| r.outcome == Some(Outcome::Uninstalled));
            let answer = desktop.put(&path, line.json, PATIENCE).await;
            match answer {
                Ok(bytes) => {
                    let answer = serde_json::from_slice::<JobAcknowledgement>(&bytes);
                    if answer.is_ok_and(|a| a.cancel)
                        && !job.is_cancelled()
                        && let Err(e) = job.cancel()
                    {
                        journal::say(Urgency::Warning, &e.to_string());
                    }
                }
                Err(e) => match e.code() {
                    Some(RefusalCode::NotFound) => {
                        agent.forgotten.borrow_mut().insert(job.id);
                        return Ok(Sent::All);
                    }
                    // It will never be taken: the rest of the job must not wait for it.
                    Some(RefusalCode::Malformed) => {
                        journal::say(Urgency::Warning, &format!("job {}: {e}", job.id));
                    }
                    _ => return Err(e),
                },
            }
            if line.last {
                return Ok(Sent::Closed { uninstall });
            }
            if let Err(e) = job.acknowledge(line.sequence) {
                journal::say(Urgency::Warning, &e.to_string());
            }
        }
        state.offset = next;
    }
}
