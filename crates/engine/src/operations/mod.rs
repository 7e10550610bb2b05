//! Operations: begun over a scope, run under limits, journalled, taken up again after a restart.

mod console;
mod enrol;
mod fitness;
mod follow;
mod install;
mod journal;
mod look;
mod patience;
mod power;
mod report;
pub(crate) mod restart;
mod run;
mod scan;
pub(crate) mod scope;
mod service;
mod setting;
mod update;
mod upgrade;

pub(crate) use journal::{End, Journal};
pub(crate) use run::Turns;

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    GuestId, JobId, OperationId, Timestamp,
    operation::{Job, JobCounts, JobState, Operation, OperationKind, Step, StepKind, StepState},
    plan::{Plan, PlannedWork},
};
use store::{NewJob, NewOperation};
use tokio_util::sync::CancellationToken;

use crate::{Error, clock, feed::Body, inner::Inner, picture::Guest};

/// One job with what it needs to run, or to be taken up again.
pub(crate) struct Task {
    pub(crate) job: Job,
    pub(crate) work: Option<PlannedWork>,
    /// What the guest's console was set to before the job changed that: empty where nothing was.
    pub(crate) console_before: Option<String>,
}

impl Task {
    /// A job that has not begun.
    pub(crate) fn new(guest: &Guest, kind: OperationKind, work: Option<PlannedWork>) -> Self {
        Self {
            job: waiting_job(guest, kind),
            work,
            console_before: None,
        }
    }
}

/// An operation that is not over.
#[derive(Debug)]
pub(crate) struct Live {
    operation: Operation,
    jobs: BTreeMap<JobId, (JobState, Option<Step>, Option<u8>)>,
    guests: Vec<GuestId>,
    pub(crate) cancel: CancellationToken,
}

impl Live {
    pub(crate) fn new(operation: Operation, jobs: &[Job]) -> Self {
        let mut live = Self {
            operation,
            jobs: BTreeMap::new(),
            guests: jobs.iter().map(|job| job.guest).collect(),
            cancel: CancellationToken::new(),
        };
        for job in jobs {
            live.note(job);
        }
        live
    }

    fn note(&mut self, job: &Job) {
        let at = job
            .steps
            .iter()
            .rev()
            .find(|s| s.state == StepState::Running)
            .cloned();
        let done = job
            .steps
            .iter()
            .filter(|s| !matches!(s.state, StepState::Waiting | StepState::Running))
            .count();
        let by_steps = u8::try_from(done * 100 / job.steps.len().max(1)).unwrap_or(100);
        let percent = if job.state.is_final() {
            Some(100)
        } else {
            Some(job.percent.unwrap_or(by_steps))
        };
        self.jobs.insert(job.id, (job.state, at, percent));
        self.operation.counts = JobCounts::of(self.jobs.values().map(|(state, ..)| *state));
        self.operation.now = self
            .jobs
            .values()
            .rev()
            .find_map(|(_, step, _)| step.clone());
        let sum: u32 = self
            .jobs
            .values()
            .map(|(.., percent)| u32::from(percent.unwrap_or(0)))
            .sum();
        let mean = sum / u32::try_from(self.jobs.len().max(1)).unwrap_or(1);
        self.operation.percent = u8::try_from(mean).ok();
    }

    pub(crate) fn is_open(&self, job: JobId) -> bool {
        self.jobs
            .get(&job)
            .is_some_and(|(state, ..)| !state.is_final())
    }

    /// Whether a job that is not over is about one of `guests`.
    pub(crate) fn concerns(&self, guests: &[GuestId]) -> bool {
        self.guests.iter().any(|guest| guests.contains(guest))
    }

    pub(crate) fn operation(&self) -> &Operation {
        &self.operation
    }
}

fn waiting_job(guest: &Guest, kind: OperationKind) -> Job {
    let step = |kind: &StepKind| Step {
        kind: *kind,
        state: StepState::Waiting,
        detail: None,
        began_at: None,
        ended_at: None,
    };
    Job {
        id: JobId::new(),
        guest: guest.record.id,
        vmid: guest.record.vmid,
        name: guest.record.name.clone(),
        node: guest.record.node.clone(),
        state: JobState::Waiting,
        steps: kind.steps().iter().map(step).collect(),
        problem: None,
        percent: None,
        began_at: None,
        ended_at: None,
    }
}

/// Who uses this program, for receipts and the audit: the account of the operating system.
pub(crate) fn account() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
        .unwrap_or_else(|| "the desktop's user".into())
}

impl Inner {
    /// Writes an operation with its jobs, and lets it run.
    pub(crate) async fn begin_operation(
        self: &Arc<Self>,
        kind: OperationKind,
        subject: String,
        plan: Option<Plan>,
        tasks: Vec<Task>,
    ) -> Result<OperationId, Error> {
        let (id, now) = (OperationId::new(), clock::now());
        let approved = plan.as_ref().map(|plan| plan.short.clone());
        let new = NewOperation {
            id,
            kind,
            subject: subject.clone(),
            plan,
            plan_short: approved.clone(),
            approved_by: Some(account()),
            began_at: now,
            jobs: tasks
                .iter()
                .map(|task| NewJob {
                    id: task.job.id,
                    guest: task.job.guest,
                    vmid: task.job.vmid,
                    name: task.job.name.clone(),
                    node: task.job.node.clone(),
                    work: task.work.clone(),
                })
                .collect(),
        };
        let number = self.store.insert_operation(&new).await?;
        self.audit_of_plan(
            &account(),
            &format!("{kind:?}"),
            &subject,
            &format!("operation {number}, {} LXCs", tasks.len()),
            approved.as_deref(),
            "begun",
        )
        .await;
        let operation = Operation {
            id,
            number,
            kind,
            subject,
            counts: JobCounts::default(),
            now: None,
            percent: None,
            began_at: now,
            ended_at: None,
            plan: approved,
            cancelling: false,
        };
        self.take_up(operation, new.plan.as_ref(), tasks);
        Ok(id)
    }

    /// Runs an operation that is written, from wherever its jobs stand.
    pub(crate) fn take_up(
        self: &Arc<Self>,
        operation: Operation,
        plan: Option<&Plan>,
        tasks: Vec<Task>,
    ) {
        let rules = run::Rules::of(plan);
        let jobs: Vec<Job> = tasks.iter().map(|task| task.job.clone()).collect();
        let live = Live::new(operation.clone(), &jobs);
        let cancel = live.cancel.clone();
        self.feed.tell(
            Body::Operation {
                operation: live.operation.clone(),
            },
            clock::now(),
        );
        self.live().insert(operation.id, live);
        let inner = Arc::clone(self);
        self.tasks.spawn(async move {
            Box::pin(run::operation(inner, operation, rules, tasks, cancel)).await
        });
    }

    /// Notes that a job of an operation moved, and tells the drawer.
    pub(crate) fn operation_moved(&self, id: OperationId, job: &Job) {
        let told = self.live().get_mut(&id).map(|live| {
            live.note(job);
            live.operation.clone()
        });
        if let Some(operation) = told {
            self.feed.tell(Body::Operation { operation }, clock::now());
        }
    }

    /// Ends an operation whose jobs are all over.
    pub(crate) async fn operation_over(
        &self,
        id: OperationId,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.store.end_operation(id, now).await?;
        let ended = self.live().remove(&id).map(|mut live| {
            live.operation.ended_at = Some(now);
            live.operation.now = None;
            live.operation.percent = None;
            live.operation
        });
        if let Some(operation) = ended {
            // The rows first: whoever hears of the end finds no guest that still seems to be at work.
            self.state.show(clock::now());
            self.feed.tell(Body::Operation { operation }, now);
        }
        Ok(())
    }

    /// Asks an operation to stop: what waits is not begun, what runs stops at its next safe point.
    pub(crate) async fn cancel_operation(&self, id: OperationId) -> Result<(), Error> {
        let told = self.live().get_mut(&id).map(|live| {
            live.operation.cancelling = true;
            live.cancel.cancel();
            live.operation.clone()
        });
        let Some(operation) = told else {
            return Err(Error::new(
                crate::Kind::Conflict,
                "The operation is over; there is nothing to cancel",
            ));
        };
        self.store.set_cancelling(id).await?;
        self.audit(
            &account(),
            "cancel",
            &operation.subject,
            &format!("operation {}", operation.number),
            "asked",
        )
        .await;
        self.feed.tell(Body::Operation { operation }, clock::now());
        Ok(())
    }
}
