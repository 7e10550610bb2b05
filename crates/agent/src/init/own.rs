//! The agent without an init system: a supervisor of its own, which starts it again whenever it ends.
//!
//! The supervisor holds a lock on its pid file for as long as it lives, so that there is one, and so that a stale file
//! is known to be stale.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{process::Command, signal::unix::SignalKind, time::sleep};

use super::InitError;
use crate::{
    Layout, Tools,
    files::{self, failed},
    journal::{self, Urgency},
};

/// How long something may take that is only waited for: a start, an end.
const GRACE: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(20);
/// Pause before the agent is started again; doubles up to the second while it ends soon.
const PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// An agent that ran this long is not one that cannot run.
const LASTING: Duration = Duration::from_secs(60);

/// Whether a supervisor runs.
pub fn is_running(layout: &Layout) -> bool {
    let Ok(file) = File::open(layout.supervisor()) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Starts a supervisor, which starts the agent; one that runs is ended before.
pub(super) fn restart(layout: &Layout, tools: &Tools) -> Result<(), InitError> {
    stop(layout)?;
    let mut command = std::process::Command::new(layout.binary());
    command
        .arg("--root")
        .arg(layout.root())
        .arg("supervise")
        .env("PATH", tools.path())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed("start", &layout.binary()))?;
    let began = Instant::now();
    while !is_running(layout) {
        if let Ok(Some(status)) = child.try_wait() {
            let log = layout.log();
            return Err(InitError::Own(format!(
                "the agent's own supervisor ended with {status}; see {}",
                log.display()
            )));
        }
        if began.elapsed() > GRACE {
            return Err(InitError::Own(
                "the agent's own supervisor did not start in time".to_owned(),
            ));
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Ends the supervisor and its agent; nothing happens if there is none.
pub(super) fn stop(layout: &Layout) -> Result<(), InitError> {
    let began = Instant::now();
    let mut asked = None;
    while is_running(layout) {
        let insist = began.elapsed() > GRACE.mul_f32(0.8);
        let signal = if insist { Signal::KILL } else { Signal::TERM };
        let wish = (pid(layout), insist);
        if asked != Some(wish)
            && let Some(pid) = wish.0.and_then(Pid::from_raw)
        {
            // It may have ended by itself since.
            let _ = kill_process(pid, signal);
        }
        asked = Some(wish);
        if began.elapsed() > GRACE {
            return Err(InitError::Own(
                "the agent's own supervisor does not end".to_owned(),
            ));
        }
        thread::sleep(LOOK);
    }
    Ok(files::remove(&layout.supervisor())?)
}

fn pid(layout: &Layout) -> Option<i32> {
    let mut text = String::new();
    File::open(layout.supervisor())
        .ok()?
        .take(32)
        .read_to_string(&mut text)
        .ok()?;
    text.trim().parse().ok()
}

/// What the supervisor's process does until it is told to end.
pub async fn supervise(layout: &Layout, tools: &Tools) -> Result<(), InitError> {
    // Out of the session of whoever installed it; fails only where it is out already.
    let _ = rustix::process::setsid();
    let _lock = claim(layout)?;
    let mut ended = tokio::signal::unix::signal(SignalKind::terminate())
        .map_err(|e| InitError::Own(e.to_string()))?;
    let mut pause = PAUSE.0;
    loop {
        let began = Instant::now();
        let child = Command::new(layout.binary())
            .arg("--root")
            .arg(layout.root())
            .args(["run", "--log"])
            .arg(layout.log())
            .env("PATH", tools.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(mut child) => {
                tokio::select! {
                    status = child.wait() => {
                        let how = status.map_or_else(|e| e.to_string(), |s| s.to_string());
                        journal::say(Urgency::Warning, &format!("the agent ended ({how}); it is started again"));
                    }
                    _ = ended.recv() => {
                        if let Some(pid) = child.id().and_then(|p| i32::try_from(p).ok()).and_then(Pid::from_raw) {
                            let _ = kill_process(pid, Signal::TERM);
                        }
                        if tokio::time::timeout(GRACE / 2, child.wait()).await.is_err() {
                            let _ = child.kill().await;
                        }
                        return Ok(());
                    }
                }
            }
            Err(e) => journal::say(
                Urgency::Warning,
                &format!("the agent cannot be started: {e}"),
            ),
        }
        pause = if began.elapsed() > LASTING {
            PAUSE.0
        } else {
            (pause * 2).min(PAUSE.1)
        };
        tokio::select! {
            () = sleep(pause) => {}
            _ = ended.recv() => return Ok(()),
        }
    }
}

/// Becomes the one supervisor.
fn claim(layout: &Layout) -> Result<File, InitError> {
    let path = layout.supervisor();
    files::make_private_dir(&layout.run_dir())?;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed("open", &path))?;
    let began = Instant::now();
    // Whoever only looks holds it for a moment.
    while file.try_lock().is_err() {
        if began.elapsed() > Duration::from_secs(2) {
            return Err(InitError::Own("another supervisor runs".to_owned()));
        }
        thread::sleep(LOOK);
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(failed("write", &path))?;
    Ok(file)
}
