//! An update of one guest, the renewal of its images, or the repair of its packages: exactly what was approved, or nothing; a receipt however it
//! ends.

use domain::{
    JobId, OperationId,
    docker::{PlannedContainer, PlannedImage, RenewedContainer, RenewedImage},
    operation::{JobEvent, JobState, OperationKind, Problem, Receipt, StepKind, UpdateFilter},
    plan::{Allowed, GuestPlan, PackageChange, PlanFingerprint},
};
use tokio_util::sync::CancellationToken;
use wire::{Action, Applied, Outcome};

use super::{
    End, Journal, account,
    follow::{Followed, follow},
};
use crate::{Error, clock};

/// What was approved for one guest.
pub(crate) struct Approved {
    /// An update of packages or images, or a repair with nothing in its plan.
    pub(crate) kind: OperationKind,
    pub(crate) plan: GuestPlan,
    pub(crate) images: Vec<PlannedImage>,
    /// Of this guest's part: what the agent compares.
    pub(crate) fingerprint: PlanFingerprint,
    /// Of the whole plan that was approved: what a person knows.
    pub(crate) approved: PlanFingerprint,
    pub(crate) only: UpdateFilter,
    pub(crate) allowed: Allowed,
    pub(crate) number: u32,
}

impl Approved {
    fn action(&self) -> Action {
        match self.kind {
            OperationKind::Repair => return Action::Repair,
            OperationKind::UpdateImages => {
                let images = self.images.clone();
                return Action::UpdateImages { images };
            }
            _ => {}
        }
        Action::Apply {
            only: self.only.clone(),
            allowed: self.allowed,
            approved: self.fingerprint.clone(),
            changes: self.changes(),
        }
    }

    fn changes(&self) -> Vec<PackageChange> {
        let upgraded = self.plan.upgraded.iter().map(|u| u.change.clone());
        upgraded
            .chain(self.plan.added.iter().cloned())
            .chain(self.plan.removed.iter().cloned())
            .collect()
    }

    /// The receipt of a job that ended with `event`. Without a result nothing is known to have changed.
    fn receipt(
        &self,
        journal: &Journal,
        event: JobEvent,
        problem: Option<Problem>,
        result: Option<Applied>,
    ) -> Receipt {
        let result = result.unwrap_or_else(|| Applied {
            not_done: self.changes(),
            images: self.images.iter().map(as_it_was).collect(),
            ..Applied::default()
        });
        let (job, operation): (JobId, OperationId) = (journal.job.id, journal.operation);
        Receipt {
            job,
            operation,
            number: self.number,
            guest: journal.job.guest,
            outcome: JobState::Running
                .apply(event)
                .unwrap_or(JobState::Interrupted),
            plan: self.approved.clone(),
            approved_by: account(),
            began_at: journal.began_at(),
            ended_at: clock::now(),
            changes: result.changes,
            not_done: result.not_done,
            kept_files: result.kept_files,
            differences: result.differences,
            services: result.services,
            database_sound: result.database_sound,
            images: result.images,
            problem,
        }
    }
}

/// Of an image that nothing was done to.
fn as_it_was(image: &PlannedImage) -> RenewedImage {
    let container = |planned: &PlannedContainer| RenewedContainer {
        name: planned.name.clone(),
        image_id: Some(image.from.clone()),
        running: planned.running,
        follows: false,
    };
    let own = image.containers.iter().filter(|c| !c.follows);
    RenewedImage {
        socket: image.socket.clone(),
        image: image.image.clone(),
        from: image.from.clone(),
        to: None,
        containers: own.map(container).collect(),
        problem: Some("nothing was done".into()),
        kept_until: None,
    }
}

/// Runs the job to its end and closes it with its receipt.
pub(crate) async fn run(
    journal: &mut Journal,
    approved: &Approved,
    resumed: bool,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let agent = match journal.look(approved.kind, resumed).await? {
        Ok(agent) => agent,
        Err(problem) => {
            let receipt = approved.receipt(journal, JobEvent::Skip, Some(problem.clone()), None);
            return journal
                .close(End {
                    event: JobEvent::Skip,
                    problem: Some(problem),
                    receipt: Some(receipt),
                })
                .await;
        }
    };
    let followed = follow(journal, agent, approved.action(), cancel).await?;
    let (event, problem, result, stored) = match followed {
        Followed::Given(end) => (end.event, end.problem, None, None),
        Followed::Ended { outcome, stored } => {
            let (event, problem, result) = judge(&journal.job.name, *outcome);
            if event == JobEvent::Succeed {
                journal.advance_to(StepKind::Record, None, Some(99)).await?;
                journal.done(StepKind::Record, None).await?;
            }
            (event, problem, result, Some(stored))
        }
    };
    let receipt = approved.receipt(journal, event, problem.clone(), result);
    journal
        .close_with_agent(
            agent,
            End {
                event,
                problem,
                receipt: Some(receipt),
            },
            stored,
        )
        .await
}

/// What an outcome means for the job.
fn judge(name: &str, outcome: Outcome) -> (JobEvent, Option<Problem>, Option<Applied>) {
    match outcome {
        Outcome::Applied { result } | Outcome::Repaired { result } => {
            match shortfall(name, &result) {
                None => (JobEvent::Succeed, None, Some(result)),
                Some(problem) => (JobEvent::Fail, Some(problem), Some(result)),
            }
        }
        Outcome::Cancelled { result } => {
            let what = format!("The job for {name} was cancelled");
            (
                JobEvent::Cancel,
                Some(Problem {
                    what,
                    words: None,
                    next: None,
                }),
                result,
            )
        }
        Outcome::PlanMoved { plan } => {
            let problem = Problem {
                what: format!(
                    "The packages of {name} have moved since the plan was approved; nothing was changed"
                ),
                words: Some(summary(&plan)),
                next: Some("Make a new plan and approve it.".into()),
            };
            (JobEvent::Skip, Some(problem), None)
        }
        Outcome::Failed { problem, result } => (JobEvent::Fail, Some(problem), result),
        Outcome::Interrupted { problem, result } => (JobEvent::Interrupt, Some(problem), result),
        other @ (Outcome::Scanned { .. }
        | Outcome::Planned { .. }
        | Outcome::Changelog { .. }
        | Outcome::Uninstalled
        | Outcome::Restarted
        | Outcome::Upgraded { .. }) => {
            let end = End::other(name, other);
            (end.event, end.problem, None)
        }
    }
}

/// What is wrong with an update that the package manager calls done.
fn shortfall(name: &str, result: &Applied) -> Option<Problem> {
    let stopped: Vec<&str> = result
        .services
        .iter()
        .filter(|s| !s.active)
        .map(|s| s.unit.as_str())
        .collect();
    let missing: Vec<&str> = result.not_done.iter().map(|c| c.package.as_str()).collect();
    let (what, next) = if result.database_sound == Some(false) {
        (
            format!("The package database of {name} is not sound after the update"),
            "Repair the packages of the LXC, then scan it.",
        )
    } else if !missing.is_empty() {
        (
            format!(
                "Not everything of the plan was installed in {name}: {}",
                missing.join(", ")
            ),
            "Read the log, then make a new plan.",
        )
    } else if !stopped.is_empty() {
        (
            format!(
                "Services of {name} that ran before do not run now: {}",
                stopped.join(", ")
            ),
            "Look at them with `systemctl status` inside the LXC.",
        )
    } else {
        return None;
    };
    Some(Problem {
        what,
        words: None,
        next: Some(next.into()),
    })
}

fn summary(plan: &GuestPlan) -> String {
    let names: Vec<String> = plan
        .upgraded
        .iter()
        .map(|u| {
            format!(
                "{} {}",
                u.change.package,
                u.change.to.as_deref().unwrap_or("?")
            )
        })
        .collect();
    if names.is_empty() {
        "Now: nothing to install".into()
    } else {
        format!("Now: {}", names.join(", "))
    }
}
