//! Errors as the window gets them: a code where something branches on it, words for people everywhere.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What kind of failure it is. A code exists only where somebody acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Code {
    /// The command or its fields are not understood.
    BadInput,
    /// Nothing answers there.
    Unreachable,
    /// The certificate or host key is not the accepted one.
    IdentityChanged,
    /// Token or key is refused.
    Refused,
    /// A privilege is missing.
    Forbidden,
    NotFound,
    /// What was approved is not what would be done now, or the plan is too old.
    PlanMoved,
    /// The store of secrets waits for its passphrase.
    Locked,
    /// It cannot be done in the present state.
    Conflict,
    /// A fault of RedFlag's own.
    Internal,
}

/// A failed command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct Error {
    pub code: Code,
    /// One sentence: what failed, and where.
    pub message: String,
    /// The remote's own words.
    pub words: Option<String>,
    /// What to do next.
    pub next: Option<String>,
}

impl Error {
    /// An error with a message alone.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            words: None,
            next: None,
        }
    }

    /// The same with the remote's own words.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.words = Some(words.into());
        self
    }

    /// The same with what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}
