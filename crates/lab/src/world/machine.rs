//! What is inside a simulated guest: packages, package lists, files, services and the agent.

use std::{collections::BTreeMap, net::SocketAddr};

use domain::{
    AgentId, GuestId, JobId, Timestamp,
    docker::DockerScan,
    inventory::{Blocked, Inventory, Os, Repository, Severity},
};
use wire::{EnrolmentCode, JobReport, Outcome, Work};

/// One operating system with what is installed on it. Survives stops and starts like a disk.
#[derive(Clone, Debug)]
pub struct Machine {
    pub os: Os,
    /// Installed packages that something may happen to.
    pub packages: BTreeMap<String, Package>,
    /// Number of further installed packages, of which only the count matters.
    pub others: u32,
    /// What the repositories hold now.
    pub published: BTreeMap<String, Candidate>,
    /// What the guest's package lists say; equal to `published` after a refresh.
    pub lists: BTreeMap<String, Candidate>,
    pub lists_at: Option<Timestamp>,
    pub repositories: Vec<Repository>,
    /// Set while dpkg was ended in the middle.
    pub interrupted: Option<String>,
    /// Systemd units and whether they run.
    pub units: BTreeMap<String, bool>,
    /// Units that still use replaced files.
    pub restarts: Vec<String>,
    /// What its container engines tell.
    pub docker: Vec<DockerScan>,
    /// Free bytes of the root file system.
    pub free: u64,
    /// `systemd`, `openrc`, …: what the probe of an installation finds.
    pub init: String,
    /// Files that were put in from outside, by path.
    pub files: BTreeMap<String, File>,
    pub quirks: Quirks,
    pub agent: Option<Agent>,
}

/// One installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    pub version: String,
    pub arch: String,
    /// `apt-mark hold`.
    pub held: bool,
    /// Units that use it.
    pub units: Vec<String>,
}

/// A version that can be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub version: String,
    pub origin: String,
    pub suite: String,
    pub severity: Severity,
    /// Bytes to fetch.
    pub size: u64,
    /// Why an update of everything leaves it; a hold is noted at the package instead.
    pub blocked: Option<Blocked>,
    /// Packages that it newly needs: name and version.
    pub brings: Vec<(String, String)>,
    /// A configuration file that the administrator changed and the new version would replace.
    pub kept_file: Option<String>,
    /// The source package, where it is called otherwise.
    pub source: Option<String>,
}

/// A file that came in through the simulated sshd.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Size in bytes.
    pub size: usize,
    /// Hex.
    pub sha256: String,
    /// Permission bits.
    pub mode: u32,
    /// Of small files only: a thousand copies of the agent would fill the memory.
    pub content: Option<Vec<u8>>,
}

impl File {
    /// Largest content that is kept.
    const KEPT: usize = 64 * 1024;

    pub fn new(content: &[u8], mode: u32) -> Self {
        use sha2::{Digest, Sha256};
        Self {
            size: content.len(),
            sha256: hex::encode(Sha256::digest(content)),
            mode,
            content: (content.len() <= Self::KEPT).then(|| content.to_vec()),
        }
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A bootstrap file holds an enrolment code.
        write!(f, "File({} bytes, {:o})", self.size, self.mode)
    }
}

/// What may go wrong inside.
#[derive(Clone, Debug, Default)]
pub struct Quirks {
    /// Who holds apt's lock, in dpkg's words: `unattended-upgr (812)`. Work waits until it is none again.
    pub apt_lock: Option<String>,
    /// Fetching the package lists fails with these words.
    pub repository_error: Option<String>,
    /// Installing this package fails.
    pub breaks_on: Option<String>,
    /// This unit is dead after an update.
    pub kills_unit: Option<String>,
    /// The agent neither calls nor answers.
    pub silent: bool,
    /// `redflag-agent install` fails with these words.
    pub install_error: Option<String>,
}

/// The agent and what it keeps on its disk.
#[derive(Clone, Debug)]
pub struct Agent {
    pub version: String,
    pub endpoints: Vec<SocketAddr>,
    pub ca_pem: String,
    pub server_name: String,
    pub standing: Standing,
    /// The newest scan and its hash.
    pub inventory: Option<(String, Inventory)>,
    /// Jobs that it knows, until the desktop has acknowledged or forgotten them.
    pub jobs: BTreeMap<JobId, AgentJob>,
    /// Of the process that runs now.
    pub session: Option<String>,
    /// Counts installations: a new one replaces the process.
    pub installation: u64,
}

/// How the agent stands with its desktop.
#[derive(Clone, Debug)]
pub enum Standing {
    Enrolling {
        code: EnrolmentCode,
        /// What it asks with; the same again when the answer was lost.
        asking: Option<Asking>,
    },
    Enrolled(Identity),
    /// It was told to stop asking, in these words.
    Refused {
        why: String,
    },
}

/// A key pair that is not certified yet, and the request for it.
#[derive(Clone)]
pub struct Asking {
    pub key_pem: String,
    pub request_pem: String,
}

impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asking(…)")
    }
}

/// Who an enrolled agent is.
#[derive(Clone)]
pub struct Identity {
    pub agent: AgentId,
    pub guest: GuestId,
    pub certificate_pem: String,
    pub key_pem: String,
    pub renew_at: Timestamp,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("agent", &self.agent)
            .field("guest", &self.guest)
            .finish_non_exhaustive()
    }
}

/// A job as the agent has it on disk.
#[derive(Clone, Debug)]
pub struct AgentJob {
    pub work: Work,
    /// Last sequence number that was sent or is about to be.
    pub sequence: u32,
    /// What was made but not yet acknowledged.
    pub unsent: Option<JobReport>,
    pub outcome: Option<Outcome>,
    /// It has begun to change packages.
    pub touched: bool,
    pub cancelled: bool,
}

impl Machine {
    /// How many packages are installed.
    pub fn installed(&self) -> u32 {
        self.others + u32::try_from(self.packages.len()).unwrap_or(u32::MAX)
    }

    /// Publishes a version in the guest's repositories; the guest sees it after its next refresh.
    pub fn publish(&mut self, package: &str, candidate: Candidate) {
        self.published.insert(package.to_owned(), candidate);
    }

    /// Whether the agent is there and enrolled.
    pub fn enrolled(&self) -> bool {
        matches!(
            self.agent,
            Some(Agent {
                standing: Standing::Enrolled(_),
                ..
            })
        )
    }
}
