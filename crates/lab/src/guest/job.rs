//! Doing what the desktop asks: scan, plan, apply, uninstall, with the steps and the words of the real agent.

use domain::{
    JobId, Timestamp,
    operation::{LogLevel, Problem, ServiceCheck, StepKind, UpdateFilter},
    plan::{Allowed, PackageChange, PlanFingerprint},
};
use tokio_util::sync::CancellationToken;
use wire::{Action, Applied, Outcome, Work};

use super::{agent::Inside, apt, images, output, reporter::Reporter};
use crate::world::{machine::AgentJob, millis};

/// Begins a job unless it is known already or came too late.
pub(super) fn begin(inside: &Inside, work: Work, stop: &CancellationToken) {
    let id = work.id;
    let late = work.expires_at < work.sent_at;
    let new = inside
        .agent(|a| {
            let new = !a.jobs.contains_key(&id);
            if new {
                a.jobs.insert(
                    id,
                    AgentJob {
                        work: work.clone(),
                        sequence: 0,
                        unsent: None,
                        outcome: None,
                        touched: false,
                        cancelled: false,
                    },
                );
            }
            new
        })
        .unwrap_or(false);
    if !new {
        return;
    }
    let (inside, stop) = (inside.clone(), stop.clone());
    inside.ground.tasks.clone().spawn(async move {
        let reporter = Reporter::new(&inside, id);
        let doing = async {
            let _turn = inside.turn.lock().await;
            let outcome = if late {
                failed("the work came too late to be begun", None, None)
            } else {
                run(&inside, &work.action, id, &reporter).await
            };
            reporter.end(outcome);
        };
        tokio::select! {
            () = stop.cancelled() => {}
            ((), ()) = async { tokio::join!(doing, reporter.deliver()) } => {
                if matches!(work.action, Action::Uninstall) {
                    inside.change(super::uninstall);
                }
            }
        }
    });
}

/// After a restart: what was under way is reported as interrupted, what was only unreported is reported.
pub(super) fn resume(inside: &Inside, id: JobId, stop: &CancellationToken) {
    let reporter = Reporter::new(inside, id);
    let open = inside.look_job(id, |j| j.outcome.is_none().then_some(j.touched));
    if let Some(Some(touched)) = open {
        let next = if touched {
            "scan the guest, then plan the update again"
        } else {
            "start it again"
        };
        reporter.end(Outcome::Interrupted {
            problem: Problem {
                what: "the agent was restarted in the middle of the job".into(),
                words: None,
                next: Some(next.into()),
            },
            result: None,
        });
    } else {
        // The end was made but perhaps not heard.
        let outcome = inside.look_job(id, |j| j.outcome.clone()).flatten();
        if let Some(outcome) = outcome {
            reporter.end(outcome);
        }
    }
    let stop = stop.clone();
    inside.ground.tasks.spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = reporter.deliver() => {}
        }
    });
}

async fn run(inside: &Inside, action: &Action, id: JobId, reporter: &Reporter) -> Outcome {
    match action {
        Action::Scan { refresh } => scan(inside, *refresh, reporter).await,
        Action::Plan { only, allowed } => {
            reporter.step(StepKind::Preflight, None, None);
            wait_for_lock(inside, StepKind::Preflight, reporter).await;
            inside.pace.step().await;
            match inside.look(|g| apt::plan(&g.machine, only, *allowed)) {
                Some(plan) => Outcome::Planned { plan },
                None => failed("the guest is gone", None, None),
            }
        }
        Action::Apply {
            only,
            allowed,
            approved,
            changes: _,
        } => apply(inside, (only, *allowed), approved, id, reporter).await,
        Action::Repair => repair(inside, reporter).await,
        Action::Changelog { package } => {
            inside.pace.step().await;
            match inside
                .look(|g| apt::changelog(&g.machine, package))
                .flatten()
            {
                Some(text) => Outcome::Changelog { text },
                None => failed(
                    &format!("the changelog of {package} cannot be fetched"),
                    Some(format!("E: Unable to locate package {package}")),
                    None,
                ),
            }
        }
        Action::UpdateImages { images } => images::update(inside, images, reporter).await,
        Action::Uninstall => {
            reporter.step(StepKind::CleanUp, None, None);
            inside.pace.step().await;
            Outcome::Uninstalled
        }
        Action::Restart => {
            inside.pace.step().await;
            Outcome::Restarted
        }
        Action::Upgrade { version, .. } => {
            inside.pace.step().await;
            inside.agent(|agent| agent.version.clone_from(version));
            Outcome::Upgraded {
                version: version.clone(),
            }
        }
    }
}

/// Waits while another program holds apt's lock, and says who.
async fn wait_for_lock(inside: &Inside, step: StepKind, reporter: &Reporter) {
    let holder = || inside.look(|g| g.machine.quirks.apt_lock.clone()).flatten();
    let mut told = false;
    let mut changes = inside.ground.live.changes();
    while let Some(holder) = holder() {
        if reporter.cancelled() {
            return;
        }
        if !told {
            let words = format!("dpkg is locked by {holder}");
            reporter.line(LogLevel::Warning, format!("{words}, waiting"));
            reporter.step(step, Some(words), None);
            told = true;
        }
        // Looks again at every change; the sender outlives this.
        let _ = changes.changed().await;
    }
    if told {
        reporter.step(step, None, None);
    }
}

async fn scan(inside: &Inside, refresh: bool, reporter: &Reporter) -> Outcome {
    if refresh {
        reporter.step(StepKind::Refresh, None, Some(5));
        wait_for_lock(inside, StepKind::Refresh, reporter).await;
        let result = inside.change(|m| {
            let result = apt::refresh(m, Timestamp(millis()));
            (result, output::refresh(m))
        });
        let (result, lines) = result.unwrap_or((Ok(()), Vec::new()));
        let count = lines.len().max(1);
        for (n, line) in lines.into_iter().enumerate() {
            inside.pace.step().await;
            reporter.lines(line.lines().map(str::to_owned));
            let percent = u8::try_from(5 + 70 * (n + 1) / count).unwrap_or(75);
            reporter.step(StepKind::Refresh, None, Some(percent));
            if reporter.cancelled() {
                return Outcome::Cancelled { result: None };
            }
        }
        if let Err(words) = result {
            // The old lists are still worth reading; the failure stands at the repository.
            reporter.line(LogLevel::Warning, format!("E: {words}"));
        }
    }
    reporter.step(StepKind::Scan, None, Some(80));
    inside.pace.step().await;
    if reporter.cancelled() {
        return Outcome::Cancelled { result: None };
    }
    let hash = inside.scan();
    Outcome::Scanned { hash }
}

/// What broke configures now: whoever made it break has mended it.
async fn repair(inside: &Inside, reporter: &Reporter) -> Outcome {
    reporter.step(StepKind::Repair, None, Some(20));
    inside.pace.step().await;
    inside.change(|m| {
        m.interrupted = None;
        m.quirks.breaks_on = None;
    });
    reporter.step(StepKind::Verify, None, Some(95));
    inside.pace.step().await;
    inside.scan();
    Outcome::Repaired {
        result: Applied {
            database_sound: Some(true),
            services: services(inside, &[]),
            ..Applied::default()
        },
    }
}

async fn apply(
    inside: &Inside,
    (only, allowed): (&UpdateFilter, Allowed),
    approved: &PlanFingerprint,
    id: JobId,
    reporter: &Reporter,
) -> Outcome {
    reporter.step(StepKind::Preflight, None, Some(2));
    wait_for_lock(inside, StepKind::Preflight, reporter).await;
    if reporter.cancelled() {
        return Outcome::Cancelled { result: None };
    }
    inside.pace.step().await;
    let Some(plan) = inside.look(|g| apt::plan(&g.machine, only, allowed)) else {
        return failed("the guest is gone", None, None);
    };
    if plan.fingerprint() != *approved {
        return Outcome::PlanMoved { plan };
    }
    if plan.disk_free < plan.disk_needed {
        return failed(
            "not enough free space in the guest",
            Some(format!(
                "E: You don't have enough free space in /var/cache/apt/archives/. {} bytes needed, {} free",
                plan.disk_needed, plan.disk_free
            )),
            None,
        );
    }
    let changes = apt::changes(&plan);
    let total = changes.len();
    let percent = |from: usize, to: usize, n: usize| {
        u8::try_from(from + (to - from) * n / total.max(1)).unwrap_or(100)
    };
    for (n, change) in changes.iter().enumerate() {
        let detail = format!("{} of {total} packages", n + 1);
        reporter.step(StepKind::Download, Some(detail), Some(percent(5, 40, n)));
        inside.pace.step().await;
        let size = plan
            .upgraded
            .iter()
            .find(|u| u.change == *change)
            .and_then(|u| u.size)
            .unwrap_or(50_000);
        if let Some(line) = inside.look(|g| output::get(&g.machine, n + 1, change, size)) {
            reporter.line(LogLevel::Output, line);
        }
        if reporter.cancelled() {
            return Outcome::Cancelled { result: None };
        }
    }
    reporter.line(LogLevel::Output, output::fetched(&plan));
    if let Some(line) = inside.look(|g| output::begin(&g.machine)) {
        reporter.line(LogLevel::Output, line);
    }
    inside.job(id, |j| j.touched = true);
    let mut result = Applied::default();
    for (n, change) in changes.iter().enumerate() {
        let detail = format!("{} of {total} packages: {}", n + 1, change.package);
        reporter.step(StepKind::Apply, Some(detail), Some(percent(40, 92, n)));
        reporter.lines(output::unpack(change));
        inside.pace.step().await;
        match inside.change(|m| apt::install_one(m, change)) {
            Some(Ok(kept)) => {
                reporter.lines(output::configure(change, kept.as_deref()));
                result
                    .kept_files
                    .extend(kept.map(|f| format!("{f}.dpkg-dist")));
                result.changes.push(change.clone());
            }
            Some(Err(words)) => {
                reporter.lines(words.lines().map(str::to_owned));
                result.not_done = changes[n..].to_vec();
                result.database_sound = Some(false);
                result.services = services(inside, &[]);
                inside.scan();
                return failed(
                    &format!("installing {} failed", change.package),
                    Some(words),
                    Some(result),
                );
            }
            None => return failed("the guest is gone", None, Some(result)),
        }
        // Between two packages is a safe point.
        if reporter.cancelled() && n + 1 < total {
            result.not_done = changes[n + 1..].to_vec();
            result.database_sound = Some(true);
            result.services = services(inside, &changes);
            inside.scan();
            return Outcome::Cancelled {
                result: Some(result),
            };
        }
    }
    if let Some(line) = inside.look(|g| output::triggers(&g.machine)) {
        reporter.line(LogLevel::Output, line);
    }
    reporter.step(StepKind::Verify, None, Some(95));
    inside.pace.step().await;
    result.services = services(inside, &changes);
    result.database_sound = inside.look(|g| g.machine.interrupted.is_none());
    inside.scan();
    Outcome::Applied { result }
}

/// Units that ran before, and whether they run now; a quirk may have killed one of the updated.
fn services(inside: &Inside, changes: &[PackageChange]) -> Vec<ServiceCheck> {
    inside
        .change(|m| {
            let before: Vec<String> = m
                .units
                .iter()
                .filter(|(_, active)| **active)
                .map(|(unit, _)| unit.clone())
                .collect();
            if let Some(victim) = m.quirks.kills_unit.clone()
                && !changes.is_empty()
            {
                m.units.insert(victim, false);
            }
            before
                .into_iter()
                .map(|unit| ServiceCheck {
                    active: m.units.get(&unit).copied().unwrap_or(false),
                    unit,
                })
                .collect()
        })
        .unwrap_or_default()
}

pub(super) fn failed(what: &str, words: Option<String>, result: Option<Applied>) -> Outcome {
    Outcome::Failed {
        problem: Problem {
            what: what.to_owned(),
            words,
            next: Some("look at the log of the job, then try again".into()),
        },
        result,
    }
}
