//! The tree as shown: cluster → node → guest, every state named honestly.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ClusterId, GuestId, NodeKey, NodeName, OperationId, Timestamp, Vmid, access::AccessWay,
    inventory::UpdateCounts, operation::StepKind,
};

/// The whole picture at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Fleet {
    pub clusters: Vec<ClusterRow>,
    pub nodes: Vec<NodeRow>,
    pub guests: Vec<GuestRow>,
    pub totals: Totals,
}

/// Sums over what is known to be current; old pictures are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    pub clusters: u32,
    pub nodes: u32,
    /// LXC guests, templates not counted.
    pub guests: u32,
    pub updates: UpdateCounts,
    /// Guests with at least one update.
    pub guests_with_updates: u32,
}

/// Whether what is shown of a cluster or node is the present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Link {
    /// Not asked yet since the program started.
    Unknown,
    /// The user has switched it off: nothing is asked.
    Disabled,
    Online,
    /// Some nodes of the cluster do not answer.
    Partly {
        up: u32,
        of: u32,
    },
    /// The last try failed; `error` names what, in the remote's words.
    Unreachable {
        error: String,
        next_try: Option<Timestamp>,
    },
    /// The token is refused; nothing more is asked until it is replaced.
    Refused {
        error: String,
    },
    /// The certificate is another one than was accepted.
    CertificateChanged {
        error: String,
    },
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ClusterRow {
    pub id: ClusterId,
    pub name: String,
    /// `host:port` of the node through which it is reached now.
    pub address: String,
    pub link: Link,
    /// None for a stand-alone node.
    pub quorate: Option<bool>,
    /// Of the version of the entry node: `8.4.21`.
    pub version: Option<String>,
    pub updates: UpdateCounts,
    /// The same sum over pictures that are not current.
    pub old_updates: UpdateCounts,
    /// Last successful answer.
    pub checked_at: Option<Timestamp>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeRow {
    pub key: NodeKey,
    pub link: Link,
    pub address: Option<String>,
    /// Whether RedFlag may enter its guests through SSH.
    pub access: NodeAccess,
    pub uptime_seconds: Option<u32>,
    /// Load of the processors, 0 to 1.
    pub cpu: Option<f32>,
    pub memory: Option<Usage>,
    pub updates: UpdateCounts,
    pub old_updates: UpdateCounts,
    pub checked_at: Option<Timestamp>,
}

/// Used of total, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Usage {
    #[ts(type = "number")]
    pub used: u64,
    #[ts(type = "number")]
    pub total: u64,
}

/// Whether the guests of a node can be entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum NodeAccess {
    /// Nothing set up.
    None,
    /// No SSH, but the API token may open the consoles of LXCs.
    Console,
    /// `user@host:port`, tried at `tried_at`.
    Ssh {
        address: String,
        way: AccessWay,
        tried_at: Option<Timestamp>,
        error: Option<String>,
    },
}

/// Power state as Proxmox says it; `Unknown` when it has no statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Power {
    Running,
    Stopped,
    Unknown,
}

/// One guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GuestRow {
    pub id: GuestId,
    pub cluster: ClusterId,
    pub node: NodeName,
    pub vmid: Vmid,
    pub name: String,
    pub power: Power,
    /// Proxmox's lock, in its word: `backup`, `snapshot`, `migrate`, …
    pub lock: Option<String>,
    pub template: bool,
    pub tags: Vec<String>,
    /// What the agent found, else Proxmox's type: `Debian GNU/Linux 12 (bookworm)`, `debian`.
    pub os: Option<String>,
    pub address: Option<String>,
    pub uptime_seconds: Option<u32>,
    pub cpu: Option<f32>,
    pub memory: Option<Usage>,
    pub agent: AgentState,
    pub updates: UpdateState,
    /// None where no container engine was found.
    pub images: Option<ImageCounts>,
    /// Updates that are approved and still pending.
    pub approved: u32,
    /// What runs on it now.
    pub activity: Option<Activity>,
    /// Its node does not answer: everything here is the last known picture.
    pub old: bool,
    /// When updates were last read.
    pub checked_at: Option<Timestamp>,
}

/// What an operation does to a guest right now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    pub operation: OperationId,
    /// None while it waits for its turn.
    pub step: Option<StepKind>,
    pub percent: Option<u8>,
}

/// How the agent of a guest stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum AgentState {
    NotInstalled,
    /// Answers; `version` is its own.
    Online {
        version: String,
        since: Timestamp,
        /// It is older than the one that this RedFlag carries.
        older: bool,
        /// The node that carries its connection, where it cannot reach this computer by itself.
        via: Option<NodeName>,
    },
    /// The guest runs and the agent is silent since `last_seen`.
    Offline {
        last_seen: Option<Timestamp>,
        /// Why it was not heard through its node, where that was tried.
        trouble: Option<String>,
    },
    /// The guest does not run, so the agent cannot answer.
    Off {
        last_seen: Option<Timestamp>,
    },
}

/// What is known about the updates of a guest. Only a fresh successful scan says `UpToDate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum UpdateState {
    /// Nothing would be installed; so many are blocked, and so many were set aside by the user.
    UpToDate {
        blocked: u32,
        ignored: u32,
    },
    Updates {
        counts: UpdateCounts,
    },
    /// Nothing is known, and why: `No agent`, `Not running`, `Not scanned yet`.
    Unknown {
        why: UnknownReason,
    },
    /// Known from an earlier time only.
    Stale {
        counts: UpdateCounts,
        since: Timestamp,
    },
    /// The last scan failed; `counts` are from the last good one.
    Error {
        reason: String,
        counts: Option<UpdateCounts>,
        /// What is wrong is an interrupted run of the package manager, which can be ended.
        repairable: bool,
    },
    /// RedFlag does not update it: a template, or no package manager that it knows.
    Unsupported {
        reason: String,
    },
}

/// The container images in use in a guest. Those that are in neither figure are good news or none of RedFlag's business:
/// current, pinned by their digest, or made here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImageCounts {
    /// Different ones, by reference and content.
    pub total: u32,
    /// Their tags name something newer.
    pub updates: u32,
    /// Nobody could say how they stand, or nobody has asked yet; an engine that did not answer counts as one.
    pub unclear: u32,
}

/// Why nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum UnknownReason {
    NoAgent,
    NotRunning,
    NotScanned,
}

/// Two scan intervals of 24 hours: after that a scan is old.
pub const STALE_AFTER_MS: i64 = 2 * 24 * 3600 * 1000;

/// A change of the picture. Rows replace those with the same identity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FleetPatch {
    pub clusters: Vec<ClusterRow>,
    pub nodes: Vec<NodeRow>,
    pub guests: Vec<GuestRow>,
    pub gone_clusters: Vec<ClusterId>,
    pub gone_nodes: Vec<NodeKey>,
    pub gone_guests: Vec<GuestId>,
    pub totals: Option<Totals>,
}

impl FleetPatch {
    /// What turns `old` into `new`.
    pub fn between(old: &Fleet, new: &Fleet) -> Self {
        fn changed<T: PartialEq + Clone, K: Ord + Clone>(
            old: &[T],
            new: &[T],
            key: impl Fn(&T) -> K,
        ) -> (Vec<T>, Vec<K>) {
            let before: std::collections::BTreeMap<K, &T> =
                old.iter().map(|r| (key(r), r)).collect();
            let now: std::collections::BTreeSet<K> = new.iter().map(&key).collect();
            let rows = new
                .iter()
                .filter(|r| before.get(&key(r)) != Some(r))
                .cloned()
                .collect();
            (
                rows,
                before.into_keys().filter(|k| !now.contains(k)).collect(),
            )
        }
        let (clusters, gone_clusters) = changed(&old.clusters, &new.clusters, |r| r.id);
        let (nodes, gone_nodes) = changed(&old.nodes, &new.nodes, |r| r.key.clone());
        let (guests, gone_guests) = changed(&old.guests, &new.guests, |r| r.id);
        let totals = (old.totals != new.totals).then_some(new.totals);
        Self {
            clusters,
            nodes,
            guests,
            gone_clusters,
            gone_nodes,
            gone_guests,
            totals,
        }
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
