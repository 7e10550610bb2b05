//! What a job did to a guest, kept for good.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{JobState, Problem};
use crate::{
    GuestId, JobId, OperationId, Timestamp,
    docker::RenewedImage,
    plan::{PackageChange, PlanFingerprint},
};

/// What a job did to a guest. One ends every update job, however it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub job: JobId,
    pub operation: OperationId,
    pub number: u32,
    pub guest: GuestId,
    pub outcome: JobState,
    pub plan: PlanFingerprint,
    /// Who approved it: the account of the operating system.
    pub approved_by: String,
    pub began_at: Timestamp,
    pub ended_at: Timestamp,
    /// What really changed, by the package database before and after.
    pub changes: Vec<PackageChange>,
    /// Of the plan, what was not done.
    pub not_done: Vec<PackageChange>,
    /// Configuration files whose old version was kept, with where the new one lies.
    pub kept_files: Vec<String>,
    /// How the new versions differ from what is in use.
    #[serde(default)]
    pub differences: Vec<FileDifference>,
    /// Units that ran before, and whether they run now.
    pub services: Vec<ServiceCheck>,
    /// Whether `dpkg --audit` found nothing; none when it could not be asked.
    pub database_sound: Option<bool>,
    /// Images that were to be renewed, and what their containers run from now.
    #[serde(default)]
    pub images: Vec<RenewedImage>,
    pub problem: Option<Problem>,
}

/// A configuration file whose version in use was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FileDifference {
    /// Where the new version lies.
    pub path: String,
    /// From the one in use to the new one, in the unified form; cut off at [`DIFFERENCE_LIMIT`] bytes.
    pub text: String,
}

/// The most that is kept of one file's difference, in bytes.
pub const DIFFERENCE_LIMIT: usize = 16 * 1024;

/// A unit that ran before an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServiceCheck {
    pub unit: String,
    pub active: bool,
}
