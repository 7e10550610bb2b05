//! What Proxmox knows of a cluster, a node or a guest beyond the tree's columns; shown in the details.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{NodeName, Timestamp, fleet::Usage, host::Fingerprint};

/// A guest's configuration and what follows from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct GuestFacts {
    pub hostname: Option<String>,
    pub pool: Option<String>,
    /// As the HA manager says it: `started`, `stopped`, `ignored`; none when it does not manage the guest.
    pub ha: Option<String>,
    /// Chosen when the guest was made; the system inside may be another.
    pub ostype: Option<String>,
    pub arch: Option<String>,
    pub unprivileged: bool,
    /// `nesting=1`, `keyctl=1`, …
    pub features: Vec<String>,
    pub mounts: Vec<MountFact>,
    /// None: all of the node's.
    pub cores: Option<u32>,
    /// In bytes.
    #[ts(type = "number | null")]
    pub memory: Option<u64>,
    /// In bytes.
    #[ts(type = "number | null")]
    pub swap: Option<u64>,
    /// Used and size of the root disk, in bytes.
    pub disk: Option<Usage>,
    /// All addresses, the chosen one first.
    pub addresses: Vec<String>,
    pub snapshot: SnapshotFact,
}

/// A mount point, the root disk included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MountFact {
    /// `rootfs`, `mp0`, …
    pub key: String,
    /// Where it is inside; `/` for the root disk.
    pub path: String,
    /// Volume, or the host's path or device that is bound in.
    pub volume: String,
    /// As Proxmox writes it: `8G`.
    pub size: Option<String>,
    /// A path or device of the host: not part of snapshots.
    pub bind: bool,
}

/// Whether Proxmox can take a snapshot of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum SnapshotFact {
    /// Not asked, or not answered.
    #[default]
    Unknown,
    Possible,
    /// `why` names the mount point or storage that rules it out.
    Impossible {
        why: String,
    },
}

/// What a node says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeFacts {
    /// `8.4.21`.
    pub version: Option<String>,
    pub kernel: Option<String>,
    pub processor: Option<String>,
    pub cores: Option<u32>,
    /// Averages over 1, 5 and 15 minutes, as the node writes them.
    pub load: Vec<String>,
    pub root_disk: Option<Usage>,
    /// `active`, `notfound`, …
    pub subscription: Option<String>,
    pub repositories: RepositoryVerdict,
    /// What could not be asked, in the remote's words.
    pub problems: Vec<String>,
}

/// Where a node's Proxmox packages come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RepositoryVerdict {
    #[default]
    Unknown,
    /// Enterprise with an active subscription.
    Enterprise,
    NoSubscription,
    /// Enterprise without an active subscription: it cannot be read, so no updates arrive.
    EnterpriseWithoutSubscription,
    Test,
    /// None is enabled: no updates arrive.
    Missing,
}

/// The token of a cluster, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TokenFacts {
    /// `user@realm!name`.
    pub id: String,
    /// When its secret was entered here; Proxmox keeps no date of its own.
    pub entered_at: Timestamp,
    /// None: it does not expire, or Proxmox does not tell.
    pub expires_at: Option<Timestamp>,
    /// Older than a year, or expiring within 30 days.
    pub rotate: bool,
}

/// A certificate that is accepted for a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedCertificate {
    pub sha256: Fingerprint,
    /// The node that showed it, where known.
    pub node: Option<NodeName>,
}

/// One full discovery, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryEntry {
    pub began_at: Timestamp,
    pub ended_at: Timestamp,
    pub nodes: u32,
    pub guests: u32,
    pub new: u32,
    pub gone: u32,
    pub errors: Vec<String>,
}
