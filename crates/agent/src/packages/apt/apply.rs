//! Installs what was approved: simulate again, fetch, install, and look at what really changed.

use std::time::{Duration, Instant};

use domain::{
    operation::{LogLevel, Problem, StepKind},
    plan::GuestPlan,
};
use wire::{Applied, Outcome};

use super::{
    Apt, SAME, database, database::Database, failure, locks, plan, status, unchanged, verify,
    verify::Before,
};
use crate::{
    clock, mask,
    packages::{Approval, Installed, Progress, Stopped},
    stream::{End, Event, Verdict, follow, with_status},
    tools::ending,
};

/// Without output and without processor time for this long, a run is ended.
pub(super) const STALL: Duration = Duration::from_secs(30 * 60);
/// Where each part of a job lies in its percentage.
const DOWNLOAD: (f32, f32) = (5.0, 35.0);
const INSTALL: (f32, f32) = (35.0, 95.0);

/// The whole job. Everything that ends it before the installation has changed nothing.
pub(super) fn run(
    apt: &Apt<'_>,
    approval: Approval<'_>,
    tell_before: &mut dyn FnMut(&Installed),
    progress: &mut dyn Progress,
) -> Outcome {
    match prepared(apt, approval, progress) {
        Ok((words, before)) => {
            tell_before(&before.installed);
            install(apt, approval, &words, &before, progress)
        }
        Err(outcome) => *outcome,
    }
}

/// Preflight and download.
fn prepared(
    apt: &Apt<'_>,
    approval: Approval<'_>,
    progress: &mut dyn Progress,
) -> Result<(Vec<String>, Before), Box<Outcome>> {
    progress.step(StepKind::Preflight);
    progress.percent(0);
    wait(apt, progress).map_err(early)?;
    let words = compared(apt, approval)?;
    cancel_point(progress)?;
    progress.step(StepKind::Download);
    download(apt, &words, progress).map_err(early)?;
    cancel_point(progress)?;
    progress.step(StepKind::Apply);
    wait(apt, progress).map_err(early)?;
    // The download took its time: what was compared before it may have moved since.
    let words = compared(apt, approval)?;
    let failed = |what: &str, words: String| {
        early(Stopped::Failed(Problem {
            what: what.to_owned(),
            words: Some(mask::urls(&words)),
            next: Some("Nothing was changed. Repair what is named, then scan again.".to_owned()),
        }))
    };
    let installed = Database::read(apt.layout, apt.tools)
        .map_err(|w| failed("the package database cannot be read", w))?
        .versions();
    match database::audit(apt.layout, apt.tools) {
        Ok(None) => {}
        Ok(Some(words)) => {
            return Err(failed(
                "an earlier run of dpkg was interrupted; the package database must be repaired first",
                words,
            ));
        }
        Err(words) => return Err(failed("dpkg cannot be asked for its state", words)),
    }
    cancel_point(progress)?;
    let before = Before::now(apt, installed);
    Ok((words, before))
}

/// The end of a job that has changed nothing.
fn early(stopped: Stopped) -> Box<Outcome> {
    Box::new(unchanged(stopped))
}

fn cancel_point(progress: &dyn Progress) -> Result<(), Box<Outcome>> {
    if progress.cancelled() {
        return Err(early(Stopped::Cancelled));
    }
    Ok(())
}

fn wait(apt: &Apt<'_>, progress: &mut dyn Progress) -> Result<(), Stopped> {
    locks::wait(apt.layout, &locks::DATABASE, locks::PATIENCE, progress)
}

/// Simulates again and compares with what was approved; gives the words for apt.
fn compared(apt: &Apt<'_>, approval: Approval<'_>) -> Result<Vec<String>, Box<Outcome>> {
    let made = plan::make(apt, approval.only, approval.allowed)
        .map_err(|problem| early(Stopped::Failed(problem)))?;
    let plan = made.plan;
    let surprise = plan.removed.iter().any(|r| !approval.changes.contains(r));
    if plan.fingerprint() != *approval.fingerprint || surprise {
        return Err(Box::new(Outcome::PlanMoved { plan }));
    }
    if plan.is_empty() {
        // What was approved changes nothing: it is done by doing nothing.
        let database_sound = database::audit(apt.layout, apt.tools)
            .ok()
            .map(|a| a.is_none());
        return Err(Box::new(Outcome::Applied {
            result: Applied {
                database_sound,
                ..Applied::default()
            },
        }));
    }
    enough_space(&plan)?;
    let mut words = made.words;
    if plan.removed.is_empty() {
        words.insert(0, "--no-remove".to_owned());
    }
    Ok(words)
}

fn enough_space(plan: &GuestPlan) -> Result<(), Box<Outcome>> {
    if plan.disk_needed <= plan.disk_free {
        return Ok(());
    }
    let mib = |bytes: u64| bytes.div_ceil(1024 * 1024);
    Err(early(Stopped::Failed(Problem {
        what: format!(
            "the guest's disk is too small for this update: it needs {} MiB and has {} MiB free",
            mib(plan.disk_needed),
            mib(plan.disk_free)
        ),
        words: None,
        next: Some(
            "Nothing was changed. Free some space, or enlarge the disk, then try again.".into(),
        ),
    })))
}

/// Fetches the packages; may be stopped at any moment.
fn download(apt: &Apt<'_>, words: &[String], progress: &mut dyn Progress) -> Result<(), Stopped> {
    let mut options = vec!["--download-only".to_owned()];
    options.extend(words.iter().cloned());
    let (end, lines) = apt_get(apt, &options, DOWNLOAD, true, progress)?;
    let said = || failure::words(lines.iter().map(String::as_str));
    match end {
        End::Exit(Some(0)) => Ok(()),
        End::Stopped => Err(Stopped::Cancelled),
        End::Exit(code) => Err(Stopped::Failed(Problem {
            what: format!("apt-get could not fetch the packages ({})", ending(code)),
            words: Some(said()),
            next: Some(
                "Nothing was changed. Scan again to refresh the package lists, then try again."
                    .into(),
            ),
        })),
        End::Stalled => Err(Stopped::Failed(Problem {
            what: format!(
                "the download stood still for {} and was stopped",
                clock::span(STALL)
            ),
            words: Some(said()),
            next: Some("Nothing was changed. Check the guest's network, then try again.".into()),
        })),
    }
}

fn install(
    apt: &Apt<'_>,
    approval: Approval<'_>,
    words: &[String],
    before: &Before,
    progress: &mut dyn Progress,
) -> Outcome {
    let ended = apt_get(apt, words, INSTALL, false, progress);
    progress.step(StepKind::Verify);
    progress.percent(INSTALL.1 as u8);
    let result = verify::changes(apt, approval.changes, before, progress);
    let (end, lines) = match ended {
        Ok(ended) => ended,
        Err(Stopped::Failed(problem) | Stopped::Interrupted(problem)) => {
            let result = Some(result);
            return Outcome::Failed { problem, result };
        }
        Err(Stopped::Cancelled) => {
            return Outcome::Cancelled {
                result: Some(result),
            };
        }
    };
    let said = failure::words(lines.iter().map(String::as_str));
    match end {
        End::Exit(Some(0)) if result.not_done.is_empty() => Outcome::Applied { result },
        End::Exit(Some(0)) => Outcome::Failed {
            problem: Problem {
                what: format!(
                    "apt-get reported success, and {} of {} packages are not as planned",
                    result.not_done.len(),
                    approval.changes.len()
                ),
                words: None,
                next: Some("Scan the guest to see where it stands.".into()),
            },
            result: Some(result),
        },
        End::Exit(code) => Outcome::Failed {
            problem: Problem {
                what: format!("apt-get failed while it installed ({})", ending(code)),
                words: Some(said),
                next: Some("Repair in the guest what dpkg names (often `dpkg --configure -a`), then scan again.".into()),
            },
            result: Some(result),
        },
        End::Stalled | End::Stopped => Outcome::Interrupted {
            problem: Problem {
                what: format!(
                    "the installation stood still for {} and was stopped in the middle",
                    clock::span(STALL)
                ),
                words: Some(said),
                next: Some("Look at the guest: `dpkg --audit` and `dpkg --configure -a`.".into()),
            },
            result: Some(result),
        },
    }
}

/// One run of apt-get that may change things. Waits and tries again when another was quicker with the lock.
fn apt_get(
    apt: &Apt<'_>,
    words: &[String],
    (from, to): (f32, f32),
    may_stop: bool,
    progress: &mut dyn Progress,
) -> Result<(End, Vec<String>), Stopped> {
    let began = Instant::now();
    loop {
        let mut command = apt.command("apt-get")?;
        command.args(SAME);
        command.args(["-o", "DPkg::Lock::Timeout=30", "-o", "Dpkg::Use-Pty=0"]);
        command.args(["-o", "Dpkg::Options::=--force-confdef"]);
        command.args(["-o", "Dpkg::Options::=--force-confold"]);
        let pipe =
            with_status(&mut command).map_err(|e| apt.lost("a pipe for apt's progress", &e))?;
        command.args(words);
        let mut lines: Vec<String> = Vec::new();
        let end = follow("apt-get", command, Some(pipe), STALL, |event| {
            match event {
                Event::Line(line) => {
                    progress.log(LogLevel::Output, &mask::urls(&line));
                    lines.push(line);
                }
                // What is fetched while it installs lies in the cache already: that is no progress.
                Event::Status(line) if !may_stop && line.starts_with("dlstatus") => {}
                Event::Status(line) => {
                    if let Some((words, percent)) = status::progress(&line) {
                        progress.percent((from + (to - from) * percent / 100.0) as u8);
                        progress.detail(&mask::urls(words));
                    } else if let Some(file) = status::conffile(&line) {
                        progress.log(
                            LogLevel::Warning,
                            &format!("{file}: the version in use is kept"),
                        );
                    }
                }
                Event::Quiet => progress.quiet(),
            }
            if may_stop && progress.cancelled() {
                Verdict::Stop
            } else {
                Verdict::Continue
            }
        })
        .map_err(|e| apt.lost("apt-get", &e))?;
        let refused = !matches!(end, End::Exit(Some(0))) && locks::is_refusal(&lines.join("\n"));
        if refused && began.elapsed() < locks::PATIENCE {
            wait(apt, progress)?;
            std::thread::sleep(Duration::from_secs(1));
            if progress.cancelled() {
                return Err(Stopped::Cancelled);
            }
            continue;
        }
        return Ok((end, lines));
    }
}
