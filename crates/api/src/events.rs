//! What is pushed to the window, in order, on one channel.

use domain::{
    JobId, OperationId, Timestamp,
    fleet::FleetPatch,
    operation::{Job, LogLine, Operation},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One push. `seq` counts up by one; whoever sees a gap fetches the snapshot again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[ts(type = "number")]
    pub seq: u64,
    pub at: Timestamp,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Body {
    /// Rows of the tree changed.
    Fleet { patch: FleetPatch },
    /// An operation began, moved or ended.
    Operation { operation: Operation },
    /// A job of an operation moved.
    Job { operation: OperationId, job: Job },
    /// New lines in a job's log.
    Log { job: JobId, lines: Vec<LogLine> },
    /// Making a plan: so many guests have answered.
    PlanProgress { answered: u32, of: u32 },
}
