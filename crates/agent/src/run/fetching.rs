//! Fetches the program of an upgrade in pieces over the agent's own connection, before the job's process is started:
//! that one does not speak to the desktop.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
};

use wire::{RefusalCode, path::PROGRAM};

use super::state::{Agent, PATIENCE};
use crate::{
    desktop::{CallError, Desktop},
    files::{self, failed},
    jobs::{JobDirectory, JobError, Spool},
    upgrade::{self, Wanted},
};

/// What an upgrade that has not begun waits for.
pub(super) fn wanted(agent: &Agent, job: &JobDirectory) -> Option<Wanted> {
    if job.has_begun() || job.is_cancelled() {
        return None;
    }
    let wanted = Wanted::of(&job.work().ok()?)?;
    let there = wanted.file(&agent.layout).exists() || wanted.is_in_place(&agent.layout);
    (!there).then_some(wanted)
}

/// Fetches it. What cannot ever succeed ends the job; what can is an error to be tried again.
pub(super) async fn fetch(
    agent: &Agent,
    desktop: &mut Desktop,
    job: &JobDirectory,
    wanted: &Wanted,
) -> Result<(), CallError> {
    let ended = match wanted.check() {
        Ok(()) => pieces(agent, desktop, wanted).await?,
        Err(why) => Err(why),
    };
    let ended = ended.and_then(|()| wanted.verify(&agent.layout));
    if let Err(why) = ended
        && let Err(e) = end(agent, job, why)
    {
        crate::journal::say(crate::journal::Urgency::Warning, &e.to_string());
    }
    Ok(())
}

/// The inner error is final.
async fn pieces(
    agent: &Agent,
    desktop: &mut Desktop,
    wanted: &Wanted,
) -> Result<Result<(), String>, CallError> {
    let path = wanted.part(&agent.layout);
    let mut have = fs::metadata(&path).map_or(0, |m| m.len());
    while have < wanted.size {
        let from = format!("{PROGRAM}/{}/{have}", wanted.sha256);
        let piece = match desktop.get(&from, PATIENCE).await {
            Ok(piece) => piece,
            Err(e)
                if matches!(
                    e.code(),
                    Some(RefusalCode::NotFound | RefusalCode::Malformed)
                ) =>
            {
                return Ok(Err(e.to_string()));
            }
            Err(e) => return Err(e),
        };
        let length = piece.len() as u64;
        if length == 0 || have + length > wanted.size {
            let _ = files::remove(&path);
            return Ok(Err(format!(
                "the new agent has not the size that was told, {} bytes",
                wanted.size
            )));
        }
        let written = files::make_private_dir(&agent.layout.upgrade()).and_then(|()| {
            OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(&path)
                .and_then(|mut file| file.write_all(&piece))
                .map_err(failed("write", &path))
        });
        if let Err(e) = written {
            let _ = files::remove_dir(&agent.layout.upgrade());
            return Ok(Err(e.to_string()));
        }
        have += length;
    }
    Ok(Ok(()))
}

/// Ends a job whose program cannot be had.
fn end(agent: &Agent, job: &JobDirectory, why: String) -> Result<(), JobError> {
    let Some(_lock) = job.lock()? else {
        return Ok(());
    };
    let mut spool = Spool::open(job)?;
    let _ = files::remove_dir(&agent.layout.upgrade());
    if !spool.has_ended() && job.begin()? {
        let next = "The present agent stays. Mend what is named, then try again.";
        spool.end(upgrade::problem(
            "the new agent could not be fetched",
            why,
            next,
        ))?;
    }
    Ok(())
}
