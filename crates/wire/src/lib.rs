//! What agent and desktop say to each other. One HTTP API, JSON bodies, mutual TLS for all but enrolment.
//!
//! The set of actions is closed: there is no "run this command line", so whoever holds the desktop's keys can
//! do to a guest what this file lists and nothing else.

pub mod carried;
mod machine;

use std::net::SocketAddr;

use domain::{
    AgentId, GuestId, JobId, Timestamp,
    docker::{PlannedImage, RenewedImage},
    inventory::Inventory,
    operation::{FileDifference, LogLine, Problem, ServiceCheck, StepKind, UpdateFilter},
    plan::{Allowed, GuestPlan, PackageChange, PlanFingerprint},
};
use serde::{Deserialize, Serialize};

pub use machine::{About, Init, Machine, MachineAnswer, MachineRequest};

/// Version of this protocol; an agent that is told a higher `minimum` must be upgraded first.
pub const PROTOCOL: u32 = 1;
/// How much of a new agent one answer carries, in bytes: small enough for any link, and a lost one costs little.
pub const PROGRAM_CHUNK: usize = 256 * 1024;
/// Largest accepted request body in bytes, an inventory of some 20,000 updates.
pub const BODY_LIMIT: usize = 8 * 1024 * 1024;
/// The longest that a check-in may be kept waiting for work, in seconds.
pub const LONGEST_POLL_SECONDS: u32 = 120;
/// Where the routes stand, below `https://desktop:port`.
pub mod path {
    pub const ENROL: &str = "/v1/enrol";
    pub const RENEW: &str = "/v1/renew";
    pub const CHECK_IN: &str = "/v1/checkin";
    pub const INVENTORY: &str = "/v1/inventory";
    /// Followed by `/` and the job's id.
    pub const JOBS: &str = "/v1/jobs";
    /// An agent that finds itself on another machine than it was enrolled on.
    pub const MACHINE: &str = "/v1/machine";
    /// Followed by `/`, the SHA-256 of an agent's binary in hex, `/`, and the byte to begin with.
    pub const PROGRAM: &str = "/v1/agent";
}

/// What the desktop writes into the guest before `redflag-agent install`; on stdin, since it holds the code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bootstrap {
    /// Where the desktop may be reached, most likely first.
    pub endpoints: Vec<SocketAddr>,
    /// The desktop's CA (PEM). The only one the agent trusts.
    pub ca_pem: String,
    /// Name in the gateway's certificate; checked instead of the address.
    pub server_name: String,
    /// Single-use and short-lived.
    pub code: EnrolmentCode,
}

/// The single-use code of one enrolment. Does not print itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnrolmentCode(pub String);

impl std::fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnrolmentCode(…)")
    }
}

/// `POST /v1/enrol`, the one call without a client certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolRequest {
    pub protocol: u32,
    pub code: EnrolmentCode,
    /// PKCS#10 request (PEM) for a key pair made inside the guest.
    pub request_pem: String,
    pub version: String,
    pub hostname: String,
    /// MAC addresses of the guest's interfaces, lower case with colons: part of the birth mark.
    pub macs: Vec<String>,
    #[serde(default)]
    pub about: About,
}

/// The answer: who the agent is from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolResponse {
    pub agent: AgentId,
    pub guest: GuestId,
    pub certificate_pem: String,
    /// When to ask for the next certificate.
    pub renew_at: Timestamp,
    pub endpoints: Vec<SocketAddr>,
}

/// `POST /v1/renew`: a new certificate for a new or the same key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewRequest {
    pub request_pem: String,
}

/// The answer to [`RenewRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewResponse {
    pub certificate_pem: String,
    pub renew_at: Timestamp,
}

/// `POST /v1/checkin`: I am here; is there work?
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckInRequest {
    pub protocol: u32,
    pub version: String,
    /// Hash of the newest inventory that the agent holds; none before the first scan.
    pub inventory: Option<String>,
    /// How long ago the scan behind it ended, in milliseconds of the guest's monotonic clock where possible: an
    /// unchanged scan sends no inventory, and clocks differ.
    #[serde(default)]
    pub scanned_ms_ago: Option<u64>,
    /// Changes with every start of the agent's process: two at once mean a cloned guest.
    pub session: String,
    /// Jobs that the agent knows: running, or ended and not yet acknowledged.
    pub jobs: Vec<JobId>,
    /// How long the answer may be kept back for want of work, in seconds; at most [`LONGEST_POLL_SECONDS`].
    pub wait_seconds: u32,
    #[serde(default)]
    pub about: About,
}

/// The answer to a check-in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckInResponse {
    /// Work to begin. May repeat what was handed out before: the agent knows jobs by their id and never begins
    /// one twice.
    pub work: Vec<Work>,
    /// Jobs to stop at the next safe point.
    pub cancel: Vec<JobId>,
    /// The desktop lacks the inventory whose hash was given.
    pub want_inventory: bool,
    /// Jobs among the agent's that the desktop does not know or has closed: forget them.
    pub forget: Vec<JobId>,
    /// Where the desktop may be reached from now on; empty means as before.
    pub endpoints: Vec<SocketAddr>,
}

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    pub id: JobId,
    pub action: Action,
    /// Not to be begun after this moment, by the desktop's clock; the agent compares with `sent_at`.
    pub expires_at: Timestamp,
    pub sent_at: Timestamp,
}

/// Everything that an agent can be asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Action {
    /// Read what is pending; `refresh` fetches the package lists first.
    Scan { refresh: bool },
    /// Simulate an update.
    Plan {
        only: UpdateFilter,
        #[serde(default)]
        allowed: Allowed,
    },
    /// Do what was approved, if a new simulation still gives the same fingerprint.
    Apply {
        only: UpdateFilter,
        #[serde(default)]
        allowed: Allowed,
        approved: PlanFingerprint,
        changes: Vec<PackageChange>,
    },
    /// Let the package manager end what was interrupted, without removing anything.
    Repair,
    /// Renew these images under their containers, as the plan says.
    UpdateImages { images: Vec<PlannedImage> },
    /// Fetch what changed in the newest version of a package.
    Changelog { package: String },
    /// Remove the agent and all it has written.
    Uninstall,
    /// Start the agent's service again.
    Restart,
    /// Become the agent with this SHA-256 (hex), which is fetched in pieces. The present one is kept and comes back by
    /// itself if the new one does not check in.
    Upgrade {
        version: String,
        sha256: String,
        /// In bytes.
        size: u64,
    },
}

/// `PUT /v1/inventory`: the body is the [`Inventory`] itself, wrapped with its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryReport {
    pub hash: String,
    pub inventory: Inventory,
}

/// `PUT /v1/jobs/{id}`: how a job goes. Idempotent by `sequence`, which counts up from 1 within the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobReport {
    pub sequence: u32,
    /// The step that it is at.
    pub step: StepKind,
    pub detail: Option<String>,
    /// 0 to 100 within the whole job.
    pub percent: Option<u8>,
    /// Log lines since the report before this one.
    pub log: Vec<LogLine>,
    /// Present in the last report.
    pub outcome: Option<Outcome>,
}

/// The answer to a [`JobReport`]; with an outcome it means that the desktop has stored it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobAcknowledgement {
    pub sequence: u32,
    /// Stop at the next safe point.
    pub cancel: bool,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Outcome {
    /// The inventory follows, or has not changed.
    Scanned {
        hash: String,
    },
    Planned {
        plan: GuestPlan,
    },
    Applied {
        result: Applied,
    },
    /// The package database is sound again.
    Repaired {
        result: Applied,
    },
    /// Stopped at a safe point because it was asked to; what was already done stands in `result`.
    Cancelled {
        result: Option<Applied>,
    },
    /// What the simulation gives now is not what was approved: nothing was changed.
    PlanMoved {
        plan: GuestPlan,
    },
    Failed {
        problem: Problem,
        result: Option<Applied>,
    },
    /// It ended in the middle (agent or guest restarted, out of time): needs a look.
    Interrupted {
        problem: Problem,
        result: Option<Applied>,
    },
    Changelog {
        text: String,
    },
    Uninstalled,
    Restarted,
    /// The agent that answers now is the one that was asked for.
    Upgraded {
        version: String,
    },
}

/// What an update did, by the package database before and after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    pub changes: Vec<PackageChange>,
    pub not_done: Vec<PackageChange>,
    /// Configuration files whose old version was kept: path of the new one (`…​.dpkg-dist`).
    pub kept_files: Vec<String>,
    /// How the new ones differ from those in use.
    #[serde(default)]
    pub differences: Vec<FileDifference>,
    pub services: Vec<ServiceCheck>,
    pub database_sound: Option<bool>,
    #[serde(default)]
    pub images: Vec<RenewedImage>,
}

/// The body of every answer that is not 2xx.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    pub code: RefusalCode,
    /// For people: what and why.
    pub message: String,
}

/// Why a call was refused, for the agent's own decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalCode {
    /// Enrolment code unknown, used or expired.
    CodeInvalid,
    /// The certificate was revoked, or its agent is gone: stop asking until enrolled again.
    Revoked,
    /// Two machines use this identity.
    Cloned,
    ProtocolTooOld,
    Malformed,
    NotFound,
    /// Come back later.
    Busy,
    Internal,
}
