//! How the guests of a node are entered: what opens its sshd, what the account may do there, and which road is best.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::NodeName;

/// The way into a node by SSH, beside its address. The default is the usual one: RedFlag's own key, as root, directly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessWay {
    pub key: AccessKey,
    pub entry: AccessEntry,
    /// Another node of the cluster, where this computer has no way of its own to the address.
    pub through: Option<NodeName>,
}

/// What opens a node's sshd. Only where a key is; never the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum AccessKey {
    /// RedFlag's own.
    #[default]
    Own,
    /// One in a file of the user's, read anew for each connection. `~/` stands for the home folder.
    File { path: String },
    /// Those of the ssh-agent that runs beside RedFlag.
    Agent {
        /// None: the one that the environment names.
        socket: Option<String>,
        /// `SHA256:…` of the only key to try; none: all that it holds.
        only: Option<String>,
    },
}

/// How an account gets from the node into its guests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AccessEntry {
    /// As root, by `lxc-attach`.
    #[default]
    Attach,
    /// As another account, which sudo allows `pct exec` and nothing else.
    Sudo,
    /// As root, but with a key that is bound to a program which enters guests and does nothing else.
    Wrapper,
}

/// A road into guests, and what is to be said about it here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Road {
    pub kind: RoadKind,
    pub fit: Fit,
    /// For people: what it takes, or why it does not work here.
    pub reason: String,
}

/// A road into guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RoadKind {
    Ssh,
    Console,
    /// A command that the user pastes into a node's shell.
    Paste,
}

/// Whether a road can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Fit {
    /// At once.
    Ready,
    /// After something that the user does or agrees to.
    NeedsSomething,
    /// Not here.
    No,
}
