//! Identities. Each kind is a type of its own, so that one cannot be passed for another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

/// A text that is not the identity it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a valid {what}: {why}")]
pub struct InvalidId {
    pub what: &'static str,
    pub value: String,
    pub why: String,
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(type = "string")]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identity, ordered by the time of its making (UUID version 7).
            #[expect(clippy::new_without_default, reason = "an identity is made on purpose")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(s: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(s).map(Self).map_err(|e| InvalidId { what: $what, value: s.to_owned(), why: e.to_string() })
            }
        }
    )*};
}

uuid_id! {
    /// A cluster as RedFlag knows it, whichever node it was added through.
    ClusterId = "cluster id";
    /// A guest for its whole life, across migrations; a reused VMID is a new guest.
    GuestId = "guest id";
    /// One enrolled agent; a re-enrolled guest gets a new one.
    AgentId = "agent id";
    /// One thing the user asked for over a scope.
    OperationId = "operation id";
    /// The part of an operation that concerns one guest; also the id of the work its agent does.
    JobId = "job id";
    /// A plan that may be approved.
    PlanId = "plan id";
    /// One update of one guest that somebody approved.
    ApprovalId = "approval id";
    /// A rule about updates: ignore, snooze, hold.
    RuleId = "rule id";
    /// A command that is pasted into a node's shell.
    PasteId = "id of a pasted command";
}

/// Proxmox's number of a guest, unique within its cluster: 100 to 999999999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "u32", into = "u32")]
#[ts(type = "number")]
pub struct Vmid(u32);

impl Vmid {
    /// The plain number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Vmid {
    type Error = InvalidId;
    fn try_from(value: u32) -> Result<Self, InvalidId> {
        if (100..=999_999_999).contains(&value) {
            Ok(Self(value))
        } else {
            Err(InvalidId {
                what: "VMID",
                value: value.to_string(),
                why: "it must lie between 100 and 999999999".into(),
            })
        }
    }
}

impl From<Vmid> for u32 {
    fn from(value: Vmid) -> Self {
        value.0
    }
}

impl fmt::Display for Vmid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a Proxmox node: one DNS label. Checked, since it becomes part of URLs and paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct NodeName(String);

impl NodeName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for NodeName {
    type Error = InvalidId;
    fn try_from(value: String) -> Result<Self, InvalidId> {
        let label = value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if label && !value.is_empty() && value.len() <= 63 && !value.starts_with('-') {
            Ok(Self(value))
        } else {
            Err(InvalidId {
                what: "node name",
                value,
                why: "it must be one DNS label of letters, digits and hyphens".into(),
            })
        }
    }
}

impl FromStr for NodeName {
    type Err = InvalidId;
    fn from_str(s: &str) -> Result<Self, InvalidId> {
        Self::try_from(s.to_owned())
    }
}

impl From<NodeName> for String {
    fn from(value: NodeName) -> Self {
        value.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A node: names repeat between clusters, so the cluster belongs to the identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NodeKey {
    pub cluster: ClusterId,
    pub node: NodeName,
}
