//! What is told to the audit table about each command that ran, or should have run, on a node.

use domain::Vmid;

use crate::{Verb, Via};

/// One remote command, after it ended or was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRecord {
    pub via: Via,
    /// The guest that was entered; none for the node itself.
    pub vmid: Option<Vmid>,
    pub verb: Verb,
    /// Exit status of the script; none when it is not known to have ended.
    pub exit: Option<i32>,
    pub duration_ms: u64,
    /// Why it did not go well, for people.
    pub error: Option<String>,
}

/// Takes one record per command. Called from async code: it must not block.
pub trait CommandLog: Send + Sync {
    /// A command ended.
    fn ran(&self, record: &CommandRecord);
}
