//! A command that a user pastes into a node's shell, and what became of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{GuestId, NodeKey, PasteId, Timestamp, Vmid};

/// A pasted command counts for this long, in milliseconds (one hour).
pub const PASTE_LIFETIME_MS: i64 = 60 * 60 * 1000;

/// A command for guests of one node, without its text: that holds a code and is told once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Paste {
    pub id: PasteId,
    pub node: NodeKey,
    pub made_at: Timestamp,
    /// Not good from then on.
    pub until: Timestamp,
    /// Its one use.
    pub fetched: Option<Fetched>,
    pub guests: Vec<PastedGuest>,
}

/// That the node has run the command and was given what it installs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Fetched {
    pub at: Timestamp,
    /// The address that it came from.
    pub by: String,
}

/// A guest that a pasted command is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PastedGuest {
    pub guest: GuestId,
    pub vmid: Vmid,
    pub name: String,
    pub state: PastedState,
}

/// How far a guest of a pasted command is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum PastedState {
    Waiting,
    /// It could not be given an agent any more when the command was run.
    LeftOut {
        why: String,
    },
    /// Its agent has enrolled.
    Enrolled {
        at: Timestamp,
    },
}
