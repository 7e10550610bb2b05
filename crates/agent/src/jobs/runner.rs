//! The process of one job: does the work once, or, when an earlier process was lost in the middle, says so.

use std::{fs::File, thread, time::Duration};

use domain::{
    Timestamp,
    inventory::PackageScan,
    operation::{LogLevel, Problem, StepKind, UpdateFilter},
    plan::{Allowed, PlanFingerprint},
};
use wire::{Action, Applied, Outcome, Work};

use super::{JobDirectory, JobError, Spool, renewal};
use crate::{
    Layout, Tools, clock, init, inventory,
    inventory::Effort,
    packages::{self, Approval, Installed, PackageManager, Progress, Stopped},
    upgrade::{self, Patience, Wanted},
};

/// What became of a call of [`run`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The outcome is written.
    Ended,
    /// Another process works on it, or it ended before.
    NothingToDo,
}

/// Works on the job in `job`. Safe to be called again at any time.
pub fn run(layout: &Layout, tools: &Tools, job: &JobDirectory) -> Result<Ending, JobError> {
    let Some(_lock) = lock(job)? else {
        return Ok(Ending::NothingToDo);
    };
    let mut spool = Spool::open(job)?;
    if spool.has_ended() {
        return Ok(Ending::NothingToDo);
    }
    let work = job.work()?;
    let outcome = if job.begin()? {
        begun(layout, tools, job, &work, &mut spool, clock::now())?
    } else {
        concluded(layout, tools, job, &work, &mut spool)
    };
    spool.end(outcome)?;
    Ok(Ending::Ended)
}

/// The agent's look at the lock holds it for a moment: that is no other process at work.
fn lock(job: &JobDirectory) -> Result<Option<File>, JobError> {
    for _ in 0..20 {
        if let Some(lock) = job.lock()? {
            return Ok(Some(lock));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(None)
}

fn begun(
    layout: &Layout,
    tools: &Tools,
    job: &JobDirectory,
    work: &Work,
    spool: &mut Spool,
    now: Timestamp,
) -> Result<Outcome, JobError> {
    if now > job.expires_at(work)? {
        return Ok(expired());
    }
    if spool.cancelled() {
        return Ok(Outcome::Cancelled { result: None });
    }
    let manager = match (packages::detect(layout, tools), &work.action) {
        (Ok(manager), _) => Some(manager),
        // A scan reports that there is nothing to ask, and the agent can always go.
        (
            Err(_),
            Action::Scan { .. }
            | Action::Uninstall
            | Action::Restart
            | Action::Upgrade { .. }
            | Action::UpdateImages { .. },
        ) => None,
        (
            Err(reason),
            Action::Plan { .. } | Action::Apply { .. } | Action::Repair | Action::Changelog { .. },
        ) => {
            return Ok(failed("this guest cannot be updated", Some(reason), None));
        }
    };
    Ok(match (&work.action, manager) {
        (Action::Scan { refresh }, manager) => scan(
            layout,
            tools,
            manager.as_deref().filter(|_| *refresh),
            spool,
        ),
        (Action::Plan { only, allowed }, Some(manager)) => {
            spool.step(StepKind::Preflight);
            match manager.plan(only, *allowed) {
                Ok(plan) => Outcome::Planned { plan },
                Err(problem) => Outcome::Failed {
                    problem,
                    result: None,
                },
            }
        }
        (
            Action::Apply {
                only,
                allowed,
                approved,
                changes,
            },
            Some(manager),
        ) => {
            let approval = Approval {
                only,
                allowed: *allowed,
                fingerprint: approved,
                changes,
            };
            noted(layout, tools, job, spool, |before, spool| {
                manager.apply(approval, before, spool)
            })
        }
        (Action::Repair, Some(manager)) => noted(layout, tools, job, spool, |before, spool| {
            manager.repair(before, spool)
        }),
        (Action::Changelog { package }, Some(manager)) => match manager.changelog(package) {
            Ok(text) => Outcome::Changelog { text },
            Err(problem) => Outcome::Failed {
                problem,
                result: None,
            },
        },
        (Action::UpdateImages { images }, _) => renewal::run(layout, tools, job, images, spool),
        (Action::Uninstall, _) => {
            spool.set_step(StepKind::CleanUp);
            Outcome::Uninstalled
        }
        (Action::Restart, _) => {
            spool.step(StepKind::Restart);
            restart(layout, tools)
        }
        (Action::Upgrade { .. }, _) => upgraded(layout, tools, work, spool, upgrade::run),
        (
            Action::Plan { .. } | Action::Apply { .. } | Action::Repair | Action::Changelog { .. },
            None,
        ) => failed("this guest cannot be updated", None, None),
    })
}

/// Does work that changes packages: the versions before it are kept, and an inventory is taken after it.
fn noted(
    layout: &Layout,
    tools: &Tools,
    job: &JobDirectory,
    spool: &mut Spool,
    work: impl FnOnce(&mut dyn FnMut(&Installed), &mut Spool) -> Outcome,
) -> Outcome {
    let mut unsaved = None;
    let outcome = work(
        &mut |installed| unsaved = job.set_before(installed).err(),
        spool,
    );
    if let Some(e) = unsaved {
        spool.log(LogLevel::Warning, &e.to_string());
    }
    spool.step(StepKind::Record);
    record(layout, tools, spool);
    outcome
}

/// Refreshes with `manager`, if there is one, and takes an inventory.
fn scan(
    layout: &Layout,
    tools: &Tools,
    manager: Option<&dyn PackageManager>,
    spool: &mut Spool,
) -> Outcome {
    let mut failure = None;
    if let Some(manager) = manager {
        spool.step(StepKind::Refresh);
        match manager.refresh(spool) {
            Ok(refreshed) => {
                for repository in &refreshed.repositories {
                    if let Some(error) = &repository.error {
                        let text = format!("{}: {error}", repository.name);
                        spool.log(LogLevel::Warning, &text);
                    }
                }
                failure = refreshed.failure().map(|words| Problem {
                    what: "no package list could be fetched".to_owned(),
                    words: Some(words),
                    next: Some(
                        "Check the guest's network, DNS and package sources, then scan again."
                            .to_owned(),
                    ),
                });
            }
            Err(Stopped::Cancelled) => return Outcome::Cancelled { result: None },
            Err(Stopped::Failed(problem) | Stopped::Interrupted(problem)) => {
                failure = Some(problem);
            }
        }
    }
    spool.step(StepKind::Scan);
    let taken = inventory::take(layout, tools, Effort::WhenChanged, clock::now());
    spool.step(StepKind::Record);
    if let Err(e) = inventory::store(layout, &taken) {
        return failed(
            "the inventory could not be stored in the guest",
            Some(e.to_string()),
            Some("See whether the guest's disk is full."),
        );
    }
    spool.percent(100);
    if let PackageScan::Failed { reason } = taken.report.inventory.packages {
        failure.get_or_insert(Problem {
            what: "the package manager could not say what is pending".to_owned(),
            words: Some(reason),
            next: Some("Repair in the guest what it names, then scan again.".to_owned()),
        });
    }
    match failure {
        None => Outcome::Scanned {
            hash: taken.report.hash,
        },
        Some(problem) => Outcome::Failed {
            problem,
            result: None,
        },
    }
}

/// Takes a new inventory after a change; the outcome stands without it.
pub(super) fn record(layout: &Layout, tools: &Tools, spool: &mut Spool) {
    let taken = inventory::take(layout, tools, Effort::Always, clock::now());
    if let Err(e) = inventory::store(layout, &taken) {
        spool.log(LogLevel::Warning, &e.to_string());
    }
    spool.percent(100);
}

/// What to say about work whose process was lost.
fn concluded(
    layout: &Layout,
    tools: &Tools,
    job: &JobDirectory,
    work: &Work,
    spool: &mut Spool,
) -> Outcome {
    match &work.action {
        // Nothing was changed, or can be told again: no doubt is left behind.
        Action::Scan { .. } | Action::Plan { .. } | Action::Changelog { .. } => Outcome::Failed {
            problem: lost(
                "the guest or its agent was restarted in the middle",
                "Nothing was changed. Try again.",
            ),
            result: None,
        },
        Action::UpdateImages { images } => renewal::conclude(layout, tools, job, images, spool),
        Action::Uninstall => Outcome::Uninstalled,
        // It is the restarted agent that finds this.
        Action::Restart => Outcome::Restarted,
        Action::Upgrade { .. } => upgraded(layout, tools, work, spool, upgrade::conclude),
        Action::Apply {
            only,
            allowed,
            approved,
            changes,
        } => {
            let approval = Approval {
                only,
                allowed: *allowed,
                fingerprint: approved,
                changes,
            };
            let Some(before) = job.before() else {
                return Outcome::Failed {
                    problem: lost(
                        "the guest or its agent was restarted before the installation began",
                        "Nothing was changed. Try again.",
                    ),
                    result: None,
                };
            };
            let result = after_loss(layout, tools, approval, &before, spool);
            Outcome::Interrupted {
                problem: lost(
                    "the installation was interrupted: the guest was restarted, or its process was ended",
                    if result
                        .as_ref()
                        .is_some_and(|r| r.database_sound == Some(false))
                    {
                        "See what was done and what was not, and repair the LXC's packages."
                    } else {
                        "See what was done and what was not. Make a new plan for the rest."
                    },
                ),
                result,
            }
        }
        Action::Repair => {
            let approval = Approval {
                only: &UpdateFilter::All,
                allowed: Allowed::default(),
                fingerprint: &PlanFingerprint::of([]),
                changes: &[],
            };
            let before = job.before().unwrap_or_default();
            match after_loss(layout, tools, approval, &before, spool) {
                Some(result) if result.database_sound == Some(true) => Outcome::Repaired { result },
                result => Outcome::Interrupted {
                    problem: lost(
                        "the repair was interrupted: the guest was restarted, or its process was ended",
                        "Repair it again.",
                    ),
                    result: result.filter(|_| !before.is_empty()),
                },
            }
        }
    }
}

pub(super) fn lost(what: &str, next: &str) -> Problem {
    Problem {
        what: what.to_owned(),
        words: None,
        next: Some(next.to_owned()),
    }
}

/// What work that changes packages has done until its process was lost.
fn after_loss(
    layout: &Layout,
    tools: &Tools,
    approval: Approval<'_>,
    before: &Installed,
    spool: &mut Spool,
) -> Option<Applied> {
    spool.step(StepKind::Verify);
    let manager = packages::detect(layout, tools).ok();
    let before = Some(before).filter(|b| !b.is_empty());
    let result = manager.map(|manager| manager.conclude(approval, before, spool));
    spool.step(StepKind::Record);
    record(layout, tools, spool);
    result
}

/// Has the service started again. This process is none of the service's, so it sees it through.
fn restart(layout: &Layout, tools: &Tools) -> Outcome {
    let init = init::detect(layout, tools);
    match init::restart(init, layout, tools) {
        Ok(()) => Outcome::Restarted,
        Err(e) => failed(
            "the agent's service could not be started again",
            Some(e.to_string()),
            Some("Look into the LXC: `redflag-agent status` and its log say more."),
        ),
    }
}

type Upgrade = fn(&Layout, &Tools, &Wanted, Patience, &mut dyn Progress) -> Outcome;

fn upgraded(
    layout: &Layout,
    tools: &Tools,
    work: &Work,
    spool: &mut Spool,
    upgrade: Upgrade,
) -> Outcome {
    match Wanted::of(work) {
        Some(wanted) => upgrade(layout, tools, &wanted, Patience::from_environment(), spool),
        None => failed("this is no upgrade", None, None),
    }
}

fn expired() -> Outcome {
    failed(
        "the work came too late to be begun: it had expired",
        None,
        Some("Nothing was changed. Ask for it again."),
    )
}

fn failed(what: &str, words: Option<String>, next: Option<&str>) -> Outcome {
    Outcome::Failed {
        problem: Problem {
            what: what.to_owned(),
            words,
            next: next.map(str::to_owned),
        },
        result: None,
    }
}
