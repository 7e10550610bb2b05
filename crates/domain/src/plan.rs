//! Exactly what a job will do, made before it is approved.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ts_rs::TS;

use crate::{
    GuestId, NodeName, PlanId, Timestamp, Vmid,
    docker::ImagePlan,
    inventory::Severity,
    operation::{OperationKind, UpdateFilter},
};

/// A plan may be approved for this long at most, in milliseconds (60 minutes).
pub const PLAN_LIFETIME_MS: i64 = 60 * 60 * 1000;

/// Identifies the content of a plan: equal fingerprints promise equal changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct PlanFingerprint(String);

impl PlanFingerprint {
    /// SHA-256 of the parts in order; no two lists of parts give the same text to hash.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        Self(hex::encode(hasher.finalize()))
    }

    /// The form shown to people: `7f3a-c91e`.
    pub fn short(&self) -> String {
        format!("{}-{}", &self.0[..4], &self.0[4..8])
    }

    /// All 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One package that a plan changes. `from` is none for an added, `to` none for a removed one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PackageChange {
    pub package: String,
    pub arch: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// An upgrade with what people want to know about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedUpgrade {
    #[serde(flatten)]
    pub change: PackageChange,
    pub origin: String,
    pub suite: String,
    pub severity: Severity,
    /// Download size in bytes, where known.
    #[ts(type = "number | null")]
    pub size: Option<u64>,
}

/// A package that stays as it is although a newer version exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeptBack {
    pub package: String,
    pub why: String,
    /// What the user may allow so that it is installed after all.
    #[serde(default)]
    pub remedy: Option<Remedy>,
}

/// What an update of one guest will do, from the package manager's own simulation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GuestPlan {
    pub upgraded: Vec<PlannedUpgrade>,
    pub added: Vec<PackageChange>,
    pub removed: Vec<PackageChange>,
    pub kept_back: Vec<KeptBack>,
    /// Bytes to fetch.
    #[ts(type = "number")]
    pub download: u64,
    /// Bytes that the guest's root file system must have free, download and unpacking together.
    #[ts(type = "number")]
    pub disk_needed: u64,
    /// Bytes that it has free.
    #[ts(type = "number")]
    pub disk_free: u64,
    /// Running units whose files the plan replaces, as far as can be told.
    pub restarts: Vec<String>,
    /// Configuration files of these packages that were changed in the guest: the new version may bring others, and
    /// these stay.
    #[serde(default)]
    pub conffiles: Vec<String>,
}

impl GuestPlan {
    /// Over every change of a package, in an order of its own, and over nothing that may differ between two
    /// honest simulations of the same change (sizes, free space).
    pub fn fingerprint(&self) -> PlanFingerprint {
        let mut lines: Vec<String> = self
            .upgraded
            .iter()
            .map(|u| &u.change)
            .chain(&self.added)
            .chain(&self.removed)
            .map(|c| {
                let end = |v: &Option<String>| v.clone().unwrap_or_else(|| "-".into());
                format!("{}:{} {} {}", c.package, c.arch, end(&c.from), end(&c.to))
            })
            .collect();
        lines.sort();
        PlanFingerprint::of(lines.iter().map(String::as_str))
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.upgraded.is_empty() && self.added.is_empty() && self.removed.is_empty()
    }
}

/// What will be done to one guest of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum PlannedWork {
    Update {
        plan: GuestPlan,
        fingerprint: PlanFingerprint,
        /// What the agent is asked for, where the plan's own filter must be put into packages for each guest.
        #[serde(default)]
        #[ts(skip)]
        only: Option<UpdateFilter>,
        /// In what it differs from what was approved, in words.
        #[serde(default)]
        moved: Vec<String>,
    },
    /// Put an agent in; `reach` says how the guest is entered, for people: `SSH to pve1`.
    Enrol {
        reach: String,
        /// It is stopped: it is started for this and stopped again afterwards.
        #[serde(default)]
        start: bool,
        /// An agent of another RedFlag may be in it, and is replaced.
        #[serde(default)]
        take_over: bool,
        /// Its console is no shell: it becomes one for this and is set back afterwards, and a guest that runs is
        /// restarted for both.
        #[serde(default)]
        shell: bool,
    },
    /// Start the agent's service again.
    RestartAgent { reach: String },
    /// Take the agent out.
    RemoveAgent { reach: String },
    /// Replace the agent by another version.
    UpgradeAgent { from: String, to: String },
    /// Let dpkg end what was interrupted; `words` are its own about what that is.
    Repair { words: String },
    /// Renew images under their containers.
    UpdateImages {
        plan: ImagePlan,
        fingerprint: PlanFingerprint,
    },
    /// Restart it, by its own shutdown; after `patience` seconds it is stopped hard.
    RestartGuest { patience: u32 },
}

/// A guest that a plan includes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedGuest {
    pub guest: GuestId,
    pub vmid: Vmid,
    pub name: String,
    pub node: NodeName,
    /// Operating system, where known.
    pub os: Option<String>,
    pub work: PlannedWork,
}

/// A guest that was selected and is not in the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    pub guest: GuestId,
    pub vmid: Vmid,
    pub name: String,
    pub why: String,
    /// What the user may allow so that it can be done after all.
    #[serde(default)]
    pub remedy: Option<Remedy>,
}

/// A permission without which a guest is left out of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Remedy {
    /// Start the stopped guest, and stop it again afterwards.
    Start,
    /// Replace the agent of another RedFlag.
    TakeOver,
    /// Make the guest's console a shell of root and restart the guest for it, and set both back afterwards.
    Shell,
    /// Remove the packages that stand in the way of an update.
    Removals,
    /// Update Docker's engine, which restarts every Docker container of the guest.
    Engine,
}

/// What a plan may do beyond what its kind does by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct Allowed {
    /// Start stopped guests for the job, and stop them again afterwards.
    pub start: bool,
    /// Replace agents of another RedFlag.
    pub take_over: bool,
    /// Make consoles shells of root and restart guests for it, and set both back afterwards.
    pub shell: bool,
    /// Remove the packages that stand in the way of updates.
    pub removals: bool,
    /// Update Docker's engine, too.
    pub engine: bool,
}

/// A plan over all selected guests, as shown in the plan dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub id: PlanId,
    pub kind: OperationKind,
    /// Which updates it is about.
    #[serde(default)]
    pub only: UpdateFilter,
    #[serde(default)]
    pub allowed: Allowed,
    pub made_at: Timestamp,
    /// After this moment it cannot be approved any more.
    pub good_until: Timestamp,
    pub fingerprint: PlanFingerprint,
    /// The short form of the fingerprint.
    pub short: String,
    pub guests: Vec<PlannedGuest>,
    pub left_out: Vec<LeftOut>,
    /// At most this many failed guests before the rest is not begun.
    pub stop_after: u32,
    /// The share of guests that this is, in percent.
    #[serde(default = "usual_stop")]
    pub stop_percent: u8,
    /// One guest first, and the rest only if that went well.
    #[serde(default)]
    pub canary: bool,
    /// Security updates without a grade that a filter by severity leaves out.
    #[serde(default)]
    pub unrated: u32,
}

/// The usual stop rule.
pub const STOP_PERCENT: u8 = 20;

fn usual_stop() -> u8 {
    STOP_PERCENT
}

/// How many guests may fail when `percent` of `guests` may: one at least, so that a single failure of a few does not
/// stop the rest.
pub fn stop_after(percent: u8, guests: usize) -> u32 {
    if percent >= 100 {
        return u32::MAX;
    }
    let share = guests.saturating_mul(usize::from(percent)) / 100;
    u32::try_from(share).unwrap_or(u32::MAX).max(1)
}

impl Plan {
    /// The fingerprint over the fingerprints of its guests.
    pub fn fingerprint_of(kind: OperationKind, guests: &[PlannedGuest]) -> PlanFingerprint {
        let mut lines: Vec<String> = guests
            .iter()
            .map(|g| match &g.work {
                PlannedWork::Update { fingerprint, .. } => {
                    format!("{} update {fingerprint}", g.guest)
                }
                PlannedWork::Enrol {
                    reach,
                    start,
                    take_over,
                    shell,
                } => format!(
                    "{} enrol {reach} start={start} take_over={take_over} shell={shell}",
                    g.guest
                ),
                PlannedWork::RestartAgent { reach } => format!("{} restart {reach}", g.guest),
                PlannedWork::RemoveAgent { reach } => format!("{} remove {reach}", g.guest),
                PlannedWork::RestartGuest { patience } => {
                    format!("{} restart-guest {patience}", g.guest)
                }
                PlannedWork::UpgradeAgent { from, to } => {
                    format!("{} upgrade {from} {to}", g.guest)
                }
                PlannedWork::Repair { words } => format!("{} repair {words}", g.guest),
                PlannedWork::UpdateImages { fingerprint, .. } => {
                    format!("{} images {fingerprint}", g.guest)
                }
            })
            .collect();
        lines.sort();
        lines.insert(0, format!("{kind:?}"));
        PlanFingerprint::of(lines.iter().map(String::as_str))
    }
}
