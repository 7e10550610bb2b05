//! Ends what dpkg left unfinished: configures what was unpacked, fetches what is missing for it, and installs again what was
//! cut off while it was unpacked. Removes nothing.

use std::process::Command;

use domain::operation::{LogLevel, Problem, StepKind};
use wire::Outcome;

use super::{
    Apt, SAME, apply::STALL, database, database::Database, failure, locks, unchanged, verify,
    verify::Before,
};
use crate::{
    clock, mask,
    packages::{Installed, Progress, Stopped},
    stream::{End, Event, Verdict, follow},
    tools::ending,
};

const NEXT: &str = "Mend in the guest what is named, then repair it again.";

/// The whole job.
pub(super) fn run(
    apt: &Apt<'_>,
    tell_before: &mut dyn FnMut(&Installed),
    progress: &mut dyn Progress,
) -> Outcome {
    progress.step(StepKind::Repair);
    if let Err(stopped) = locks::wait(apt.layout, &locks::DATABASE, locks::PATIENCE, progress) {
        return unchanged(stopped);
    }
    if progress.cancelled() {
        return unchanged(Stopped::Cancelled);
    }
    let before = match Database::read(apt.layout, apt.tools) {
        Ok(database) => Before::now(apt, database.versions()),
        Err(words) => {
            return unchanged(Stopped::Failed(Problem {
                what: "the package database cannot be read".to_owned(),
                words: Some(words),
                next: Some(NEXT.to_owned()),
            }));
        }
    };
    tell_before(&before.installed);
    let mut ended = configure(apt, progress);
    // What is unpacked may lack what it depends on: that is apt's to find.
    if !matches!(database::audit(apt.layout, apt.tools), Ok(None)) {
        ended = fix(apt, progress);
    }
    progress.step(StepKind::Verify);
    let result = verify::changes(apt, &[], &before, progress);
    let problem = match (result.database_sound, ended) {
        (Some(true), _) => return Outcome::Repaired { result },
        (_, Ok(())) => Problem {
            what: "dpkg ended, and the package database is still not sound".to_owned(),
            words: database::audit(apt.layout, apt.tools).ok().flatten(),
            next: Some(NEXT.to_owned()),
        },
        (_, Err(problem)) => problem,
    };
    Outcome::Failed {
        problem,
        result: Some(result),
    }
}

fn configure(apt: &Apt<'_>, progress: &mut dyn Progress) -> Result<(), Problem> {
    let mut command = started(apt, "dpkg")?;
    command.args(["--force-confdef", "--force-confold", "--configure", "-a"]);
    seen(apt, "dpkg --configure -a", command, progress)
}

fn fix(apt: &Apt<'_>, progress: &mut dyn Progress) -> Result<(), Problem> {
    // apt fetches one whose unpacking was cut off and then lets it lie, unless it is told to install it again. Said like
    // this, it stays marked as installed by itself where it was.
    let half = Database::read(apt.layout, apt.tools).map(|database| database.half);
    let half = half.unwrap_or_default().into_keys();
    let again: Vec<String> = half.map(|(name, arch)| format!("{name}:{arch}")).collect();
    let mut command = started(apt, "apt-get")?;
    command.args(SAME);
    command.args(["-o", "DPkg::Lock::Timeout=30", "-o", "Dpkg::Use-Pty=0"]);
    command.args(["-o", "Dpkg::Options::=--force-confdef"]);
    command.args(["-o", "Dpkg::Options::=--force-confold"]);
    command.args(["--no-remove", "--fix-broken"]);
    if !again.is_empty() {
        command.arg("--reinstall");
    }
    command.arg("install").args(again);
    seen(apt, "apt-get --fix-broken install", command, progress)
}

fn started(apt: &Apt<'_>, program: &str) -> Result<Command, Problem> {
    apt.command(program).map_err(problem_of)
}

fn problem_of(stopped: Stopped) -> Problem {
    match stopped {
        Stopped::Failed(problem) | Stopped::Interrupted(problem) => problem,
        Stopped::Cancelled => Problem {
            what: "it was cancelled".to_owned(),
            words: None,
            next: None,
        },
    }
}

/// Runs it to its end; it is never stopped while it moves.
fn seen(
    apt: &Apt<'_>,
    name: &str,
    command: Command,
    progress: &mut dyn Progress,
) -> Result<(), Problem> {
    let mut lines = Vec::new();
    let end = follow(name, command, None, STALL, |event| {
        match event {
            Event::Line(line) => {
                progress.log(LogLevel::Output, &mask::urls(&line));
                lines.push(line);
            }
            Event::Status(_) => {}
            Event::Quiet => progress.quiet(),
        }
        Verdict::Continue
    })
    .map_err(|e| problem_of(apt.lost(name, &e)))?;
    let what = match end {
        End::Exit(Some(0)) => return Ok(()),
        End::Exit(code) => format!("{name} failed ({})", ending(code)),
        End::Stalled | End::Stopped => format!(
            "{name} stood still for {} and was stopped",
            clock::span(STALL)
        ),
    };
    Err(Problem {
        what,
        words: Some(failure::words(lines.iter().map(String::as_str))),
        next: Some(NEXT.to_owned()),
    })
}
