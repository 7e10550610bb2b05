//! Operations, their jobs and steps, and the rules by which they move.

mod receipt;

pub use receipt::{DIFFERENCE_LIMIT, FileDifference, Receipt, ServiceCheck};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ClusterId, GuestId, JobId, NodeKey, NodeName, OperationId, Timestamp, Vmid, inventory::Severity,
};

/// What the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum OperationKind {
    /// Put agents into guests.
    Enrol,
    /// Refresh the package lists and read what is pending.
    Scan,
    /// Install pending updates.
    Update,
    /// Start the services of agents again, through their nodes.
    RestartAgent,
    /// Take agents out of guests, with everything of them.
    RemoveAgent,
    /// Replace older agents by the one that this RedFlag carries.
    UpgradeAgent,
    /// Let the package manager end what was interrupted.
    Repair,
    /// Fetch what the tags of images name now, and make their containers anew.
    UpdateImages,
    /// Restart the guests themselves.
    RestartGuest,
}

/// One thing that was selected; an operation reaches every guest below it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Target {
    Fleet,
    Cluster { cluster: ClusterId },
    Node { node: NodeKey },
    Guest { guest: GuestId },
}

/// Which pending updates an operation is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum UpdateFilter {
    #[default]
    All,
    /// Security updates of any grade.
    Security,
    /// These packages and what they need.
    Packages { names: Vec<String> },
    /// What was approved for each guest. An agent never sees this one: it is asked for the packages.
    Approved,
    /// Updates of these severities. An agent never sees this one, either.
    Severities { severities: Vec<Severity> },
    /// Of container images these, by the name that containers give them. An agent never sees this one, either.
    Images {
        names: Vec<String>,
        /// And whatever has an update in a compose project that uses one of them: what belongs together moves together.
        projects: bool,
    },
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    Waiting,
    Running,
    Done,
    Failed,
    /// Not needed, or not reached.
    Skipped,
    /// It was running when the program ended, and nothing tells how it went.
    Unknown,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum JobState {
    Waiting,
    Running,
    Succeeded,
    Failed,
    /// Was not begun, for a stated reason.
    Skipped,
    /// Stopped by the user between two steps.
    Cancelled,
    /// Ended in the middle; the guest needs a look.
    Interrupted,
}

impl JobState {
    /// Whether nothing will change it any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// What can happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobEvent {
    Begin,
    Succeed,
    Fail,
    Skip,
    Cancel,
    Interrupt,
}

/// A transition that the rules do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {state:?} cannot {event:?}")]
pub struct Illegal {
    pub state: JobState,
    pub event: JobEvent,
}

impl JobState {
    /// The state after `event`.
    ///
    /// # Errors
    /// [`Illegal`] for anything that would leave a final state or skip the beginning.
    pub fn apply(self, event: JobEvent) -> Result<Self, Illegal> {
        use JobEvent as E;
        use JobState as S;
        match (self, event) {
            (S::Waiting, E::Begin) => Ok(S::Running),
            (S::Waiting, E::Skip) => Ok(S::Skipped),
            (S::Waiting | S::Running, E::Cancel) => Ok(S::Cancelled),
            (S::Running, E::Succeed) => Ok(S::Succeeded),
            (S::Running, E::Fail) => Ok(S::Failed),
            (S::Running, E::Skip) => Ok(S::Skipped),
            (S::Running, E::Interrupt) => Ok(S::Interrupted),
            (state, event) => Err(Illegal { state, event }),
        }
    }
}

/// The steps of a job, in the order they run. Stored by name: never rename one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StepKind {
    /// Is the guest in a state for it, and is the agent there (or not there yet)?
    Check,
    /// Let the guest's console be a shell of root, where the plan says so.
    OpenConsole,
    /// Start the guest, where it was stopped and the plan says so.
    Start,
    /// Restart the guest, so that its console is that shell.
    RestartGuest,
    /// Copy the agent's binary into the guest and compare its SHA-256.
    Copy,
    /// Write its configuration with a single-use code.
    Configure,
    /// Let the agent set up its own service.
    Install,
    /// Wait for its first report.
    CheckIn,
    /// Remove what only the installation needed.
    CleanUp,
    /// Stop the guest again that was started for the job.
    Stop,
    /// Set the console back to what it was.
    CloseConsole,
    /// Restart the guest again, so that its console is that.
    RestartGuestAgain,
    /// Start the agent's service again.
    Restart,
    /// Take the agent out.
    Remove,
    /// Hand the work to the agent.
    Send,
    /// `apt-get update`.
    Refresh,
    /// Read what is pending.
    Scan,
    /// Simulate again and compare with what was approved.
    Preflight,
    /// Fetch the packages.
    Download,
    /// Install them.
    Apply,
    /// Let dpkg configure what it left unfinished.
    Repair,
    /// Check versions, package database and services.
    Verify,
    /// Write the receipt, or the inventory.
    Record,
}

impl OperationKind {
    /// The steps of one job of this kind, in order.
    pub fn steps(self) -> &'static [StepKind] {
        use StepKind as K;
        match self {
            Self::Enrol => &[
                K::Check,
                K::OpenConsole,
                K::Start,
                K::RestartGuest,
                K::Copy,
                K::Configure,
                K::Install,
                K::CheckIn,
                K::CleanUp,
                K::Stop,
                K::CloseConsole,
                K::RestartGuestAgain,
            ],
            Self::RestartAgent => &[K::Check, K::Restart, K::CheckIn],
            Self::RestartGuest => &[K::Check, K::RestartGuest],
            Self::RemoveAgent => &[K::Check, K::Remove, K::CleanUp],
            Self::UpgradeAgent => &[
                K::Check,
                K::Send,
                K::Preflight,
                K::Copy,
                K::Restart,
                K::CheckIn,
            ],
            Self::Scan => &[K::Check, K::Send, K::Refresh, K::Scan, K::Record],
            Self::Repair => &[K::Check, K::Send, K::Repair, K::Verify, K::Record],
            Self::Update | Self::UpdateImages => &[
                K::Check,
                K::Send,
                K::Preflight,
                K::Download,
                K::Apply,
                K::Verify,
                K::Record,
            ],
        }
    }
}

/// One step as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub kind: StepKind,
    pub state: StepState,
    /// A figure or a reason: `12 of 14 packages`, `dpkg is locked by unattended-upgr (812)`.
    pub detail: Option<String>,
    pub began_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// One job as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub id: JobId,
    pub guest: GuestId,
    pub vmid: Vmid,
    pub name: String,
    pub node: NodeName,
    pub state: JobState,
    pub steps: Vec<Step>,
    /// Why it failed, was skipped or is in doubt, and what to do next.
    pub problem: Option<Problem>,
    /// 0 to 100 over the whole job, while it runs and where it can be told.
    pub percent: Option<u8>,
    pub began_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// What went wrong, where, in whose words, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// One sentence that names what failed and where.
    pub what: String,
    /// The remote's own words, if it gave any.
    pub words: Option<String>,
    /// What to do next.
    pub next: Option<String>,
}

/// How many jobs of an operation are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct JobCounts {
    pub waiting: u32,
    pub running: u32,
    pub succeeded: u32,
    pub failed: u32,
    pub skipped: u32,
    pub cancelled: u32,
    pub interrupted: u32,
}

impl JobCounts {
    /// Counts the states.
    pub fn of(states: impl IntoIterator<Item = JobState>) -> Self {
        let mut counts = Self::default();
        for state in states {
            *match state {
                JobState::Waiting => &mut counts.waiting,
                JobState::Running => &mut counts.running,
                JobState::Succeeded => &mut counts.succeeded,
                JobState::Failed => &mut counts.failed,
                JobState::Skipped => &mut counts.skipped,
                JobState::Cancelled => &mut counts.cancelled,
                JobState::Interrupted => &mut counts.interrupted,
            } += 1;
        }
        counts
    }

    /// All jobs.
    pub fn all(self) -> u32 {
        self.waiting
            + self.running
            + self.succeeded
            + self.failed
            + self.skipped
            + self.cancelled
            + self.interrupted
    }

    /// Whether nothing is left to do.
    pub fn is_final(self) -> bool {
        self.waiting == 0 && self.running == 0
    }
}

/// One operation as shown in the drawer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    pub id: OperationId,
    /// Counts up from 1; what people call it: `#12`.
    pub number: u32,
    pub kind: OperationKind,
    /// What it is about, for people: `nextcloud`, `pve2`, `5 LXCs`.
    pub subject: String,
    pub counts: JobCounts,
    /// The step that the newest running job is at, and its detail.
    pub now: Option<Step>,
    pub percent: Option<u8>,
    pub began_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Fingerprint of the approved plan, short form.
    pub plan: Option<String>,
    /// The user asked it to stop.
    pub cancelling: bool,
}

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    pub at: Timestamp,
    pub level: LogLevel,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum LogLevel {
    Info,
    Warning,
    Error,
    /// A line of the package manager's own output.
    Output,
}
