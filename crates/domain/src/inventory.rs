//! What an agent reports about its guest.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Timestamp, docker::DockerScan, rule::RuleKind};

/// A guest as its agent sees it. Stored whole, compared by [`Inventory::hash`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// When the scan ended, by the guest's clock. Not part of the hash.
    pub scanned_at: Timestamp,
    pub os: Os,
    /// As Debian names it: `amd64`, `arm64`, …
    pub arch: String,
    /// Global addresses of the guest, the one of the default route first.
    pub addresses: Vec<String>,
    pub packages: PackageScan,
    /// Services that still use files which an update has replaced, by systemd unit name.
    pub restarts: Vec<String>,
    /// One for each container engine; agents that are older look for none.
    #[serde(default)]
    pub docker: Vec<DockerScan>,
}

/// From `/etc/os-release`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Os {
    /// `ID`, such as `debian`; empty when the file is missing.
    pub id: String,
    /// `VERSION_ID`, such as `12`.
    pub version: String,
    /// `PRETTY_NAME`, shown to people.
    pub name: String,
}

/// The answer of the package manager, or why there is none. An error is never an empty list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum PackageScan {
    Apt {
        /// Equal ones of many guests may be one in memory.
        updates: Vec<Arc<Update>>,
        /// Number of installed packages.
        installed: u32,
        /// When the package lists were last fetched successfully; none when never.
        lists_at: Option<Timestamp>,
        repositories: Vec<Repository>,
        /// What `dpkg --audit` and the state files say of an interrupted run, if they do.
        interrupted: Option<String>,
    },
    /// No package manager that RedFlag can use; `reason` names what was looked for.
    Unsupported { reason: String },
    /// The scan failed; `reason` holds the package manager's own words.
    Failed { reason: String },
}

/// One source of packages and how its last refresh went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// URI without credentials, and suite, as apt prints them: `http://deb.debian.org/debian bookworm`.
    pub name: String,
    /// apt's own words, if the last refresh failed.
    pub error: Option<String>,
}

/// One package with a newer version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    pub package: String,
    /// The source that it was built from, by which updates of one fix are put together: `openssl` for `libssl3`.
    /// Empty from agents that are older.
    #[serde(default)]
    pub source: String,
    pub arch: String,
    pub installed: String,
    pub candidate: String,
    /// Who publishes it: `Debian`, `Docker`, …
    pub origin: String,
    /// Suite or codename it comes from: `bookworm-security`.
    pub suite: String,
    pub severity: Severity,
    /// Download size in bytes, where known.
    #[ts(type = "number | null")]
    pub size: Option<u64>,
    /// Why an update of everything would not install it; none when it would.
    pub blocked: Option<Blocked>,
}

/// How urgent an update is. Only an advisory gives a grade; a security suite alone says "security, unrated".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    SecurityUnrated,
    Unknown,
}

impl Severity {
    /// Whether it is a security update of any grade.
    pub fn is_security(self) -> bool {
        self != Self::Unknown
    }
}

/// Why an available version is not installed by an update of everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Blocked {
    /// `apt-mark hold`.
    Held,
    /// The resolver leaves it; `why` in its words, where it gives any.
    KeptBack { why: String },
    /// Ubuntu's phased roll-out has not reached this machine.
    Phased,
    /// A pin in apt's preferences prefers another version.
    Pinned,
    /// It can only be installed if these packages are removed, which needs the user's own word.
    Removes { packages: Vec<String> },
}

impl Blocked {
    /// In a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Held => "held by apt-mark".to_owned(),
            Self::KeptBack { why } => why.clone(),
            Self::Phased => "phased: its roll-out has not reached this machine".to_owned(),
            Self::Pinned => "pinned by apt's preferences".to_owned(),
            Self::Removes { packages } => format!("it would remove {}", packages.join(", ")),
        }
    }
}

impl Update {
    /// The source package, or the package where its agent names none.
    pub fn source(&self) -> &str {
        if self.source.is_empty() {
            &self.package
        } else {
            &self.source
        }
    }

    /// As apt takes it: `libssl3:amd64`, or the name alone for every architecture.
    pub fn qualified(&self) -> String {
        match self.arch.as_str() {
            "all" => self.package.clone(),
            arch => format!("{}:{arch}", self.package),
        }
    }
}

impl Inventory {
    /// What is pending; nothing where that is not known.
    pub fn updates(&self) -> &[Arc<Update>] {
        match &self.packages {
            PackageScan::Apt { updates, .. } => updates,
            PackageScan::Unsupported { .. } | PackageScan::Failed { .. } => &[],
        }
    }

    /// Numbers for the tree: (security, total) of updates that would be installed, and how many are blocked.
    pub fn counts(&self) -> UpdateCounts {
        self.counts_under(|_| None)
    }

    /// The same under the user's rules.
    pub fn counts_under(&self, rule: impl Fn(&Update) -> Option<RuleKind>) -> UpdateCounts {
        let mut counts = UpdateCounts::default();
        if let PackageScan::Apt { updates, .. } = &self.packages {
            for update in updates {
                let rule = rule(update);
                if matches!(rule, Some(RuleKind::Ignore | RuleKind::Snooze)) {
                    counts.ignored += 1;
                } else if update.blocked.is_some() || rule == Some(RuleKind::Hold) {
                    counts.blocked += 1;
                } else {
                    counts.total += 1;
                    counts.security += u32::from(update.severity.is_security());
                }
            }
        }
        counts
    }

    /// SHA-256 (hex) over everything but the time of the scan: equal hashes need no second transfer.
    pub fn hash(&self) -> String {
        use sha2::{Digest, Sha256};
        let timeless = Self {
            scanned_at: Timestamp(0),
            ..self.clone()
        };
        // The Debug form names every field in order; unlike JSON it cannot fail.
        hex::encode(Sha256::digest(format!("{timeless:?}").as_bytes()))
    }
}

/// Sums of pending updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct UpdateCounts {
    /// Those that would be installed, security included.
    pub total: u32,
    pub security: u32,
    /// Held, kept back, phased or pinned; not in `total`.
    pub blocked: u32,
    /// Ignored or snoozed by the user; in none of the others.
    #[serde(default)]
    pub ignored: u32,
}

impl std::ops::AddAssign for UpdateCounts {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.security += other.security;
        self.blocked += other.blocked;
        self.ignored += other.ignored;
    }
}
