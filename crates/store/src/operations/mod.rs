//! The journal: operations, their jobs and steps, logs and receipts.

mod journal;
mod log;
mod read;
mod receipts;

pub use receipts::FoundReceipt;

use domain::{
    GuestId, JobId, NodeName, OperationId, Timestamp, Vmid,
    operation::{
        Job, JobState, LogLine, Operation, OperationKind, Problem, Receipt, StepKind, StepState,
    },
    plan::{Plan, PlannedWork},
};

/// An operation that is about to begin. Its jobs wait, with the steps of its kind.
#[derive(Clone, Debug)]
pub struct NewOperation {
    pub id: OperationId,
    pub kind: OperationKind,
    /// For people: `nextcloud`, `5 LXCs`.
    pub subject: String,
    /// The approved plan, where the kind has one.
    pub plan: Option<Plan>,
    /// Its fingerprint in the short form.
    pub plan_short: Option<String>,
    /// The account of the operating system that approved it.
    pub approved_by: Option<String>,
    pub began_at: Timestamp,
    pub jobs: Vec<NewJob>,
}

/// A job that waits.
#[derive(Clone, Debug)]
pub struct NewJob {
    pub id: JobId,
    pub guest: GuestId,
    pub vmid: Vmid,
    pub name: String,
    pub node: NodeName,
    pub work: Option<PlannedWork>,
}

/// A stored job: as shown, and what is needed to go on with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// `percent` is not stored and always none.
    pub job: Job,
    pub operation: OperationId,
    pub work: Option<PlannedWork>,
    /// What the job is called outside (UPID, id of the agent's job), as soon as it is known.
    pub handle: Option<String>,
    /// What the guest's console was set to before the job changed that: Proxmox's word, or empty where nothing was
    /// set. None while the job has changed nothing.
    pub console_before: Option<String>,
    /// Newest stored report of the agent; 0 before the first.
    pub sequence: u32,
}

/// A stored operation with everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationRecord {
    pub operation: Operation,
    pub plan: Option<Plan>,
    pub approved_by: Option<String>,
    /// In the order of the plan.
    pub jobs: Vec<JobRecord>,
}

/// A step that moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepChange {
    pub kind: StepKind,
    pub state: StepState,
    pub detail: Option<String>,
}

/// The end of a job, written in one piece by [`crate::Store::close_job`].
#[derive(Clone, Debug)]
pub struct JobEnd {
    pub job: JobId,
    /// A final one.
    pub state: JobState,
    pub problem: Option<Problem>,
    pub steps: Vec<StepChange>,
    pub receipt: Option<Receipt>,
    /// Lines of the agent's last report.
    pub log: Vec<LogLine>,
    /// Sequence of that report; its lines are left out when it is stored already.
    pub sequence: Option<u32>,
    pub at: Timestamp,
}
