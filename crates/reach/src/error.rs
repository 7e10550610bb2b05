//! What can go wrong on the way into a guest, in sentences for people, each with what to do next.

use std::{fmt, time::Duration};

use domain::{Vmid, host::HostKey, operation::Problem};

use crate::{ConsoleTrouble, NodeAddress, Verb, Via};

/// Where a command was to run: a node, or a guest on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub via: Via,
    pub vmid: Option<Vmid>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.vmid {
            Some(vmid) => write!(f, "LXC {vmid} on {}", self.via),
            None => self.via.fmt(f),
        }
    }
}

/// Why a command on a node or in a guest failed. `words` are the remote's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReachError {
    #[error("{node} cannot be reached by SSH: {words}")]
    Connect { node: NodeAddress, words: String },
    #[error("{node} refused the login: {words}")]
    Auth { node: NodeAddress, words: String },
    #[error(
        "{node} shows another host key than was accepted: {} {} instead of {} {}",
        presented.algorithm, presented.fingerprint, accepted.algorithm, accepted.fingerprint
    )]
    HostKeyChanged {
        node: NodeAddress,
        accepted: Box<HostKey>,
        presented: Box<HostKey>,
    },
    #[error("the stored SSH key cannot be used: {words}")]
    PrivateKey { words: String },
    #[error("{place} is not running there: {words}")]
    NotRunning { place: Place, words: String },
    #[error("{place} does not exist there: {words}")]
    NoSuchGuest { place: Place, words: String },
    #[error("{place} cannot be entered: {words}")]
    NotAllowed { place: Place, words: String },
    #[error("{place}: `{verb}` ended with status {status}: {stderr}")]
    Script {
        place: Place,
        verb: Verb,
        status: i32,
        stderr: String,
    },
    /// The shell did not get to the script's end: it is taken as not run.
    #[error("{place}: `{verb}` did not run: {words}")]
    NoMarker {
        place: Place,
        verb: Verb,
        /// Exit status of the command that should have run the script.
        exit: Option<i32>,
        words: String,
    },
    /// The connection ended while the script may have been running.
    #[error("{place}: the connection was lost during `{verb}`: {words}")]
    Lost {
        place: Place,
        verb: Verb,
        words: String,
    },
    #[error("{place}: `{verb}` did not end within {} s", limit.as_secs())]
    Timeout {
        place: Place,
        verb: Verb,
        limit: Duration,
    },
    #[error("{place}: `{verb}` wrote more than {limit} bytes and was cut off")]
    TooMuchOutput {
        place: Place,
        verb: Verb,
        /// In bytes.
        limit: usize,
    },
    #[error("{place}: the answer to `{verb}` cannot be read: {words}")]
    Garbled {
        place: Place,
        verb: Verb,
        words: String,
    },
    /// The guest's console cannot be used as it is now; nothing was run.
    #[error("{place}: {trouble}")]
    Console {
        place: Place,
        trouble: ConsoleTrouble,
    },
    /// Nothing was sent: what was to be sent is not what it should be.
    #[error("nothing was sent to {place}: {why}")]
    BadInput { place: Place, why: String },
}

impl ReachError {
    /// Whether the remote script surely did not run, so that repeating it cannot do anything twice.
    pub fn surely_not_run(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::Auth { .. }
            | Self::HostKeyChanged { .. }
            | Self::PrivateKey { .. }
            | Self::NotRunning { .. }
            | Self::NoSuchGuest { .. }
            | Self::NotAllowed { .. }
            | Self::NoMarker { .. }
            | Self::Console { .. }
            | Self::BadInput { .. } => true,
            Self::Script { .. }
            | Self::Lost { .. }
            | Self::Timeout { .. }
            | Self::TooMuchOutput { .. }
            | Self::Garbled { .. } => false,
        }
    }

    /// What to do next, for people.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Connect { .. } => {
                "Check the node's address and port, that it is switched on and that its sshd runs; then try again."
            }
            Self::Auth { .. } => {
                "Check user and password, put RedFlag's public key into the account's authorized_keys, or choose another key."
            }
            Self::HostKeyChanged { .. } => {
                "Compare the new key on the node's console. Accept it only if you know why it changed; until then nothing is sent."
            }
            Self::PrivateKey { .. } => {
                "Set up the access to this node again; that makes a new key."
            }
            Self::NotRunning { .. } => "Start the LXC, then try again.",
            Self::NoSuchGuest { .. } => {
                "Discover the cluster again: the LXC may have been moved or removed."
            }
            Self::NotAllowed { .. } => {
                "The account must be root on a Proxmox node with lxc-attach, or be let in by the lines that RedFlag shows for other accounts. Check user and node."
            }
            Self::Script { .. } => "Read the message, mend its cause in the LXC, then try again.",
            Self::NoMarker { .. } => "Read the message and try again; nothing was changed.",
            Self::Lost { .. } => "Try again: every step may be repeated.",
            Self::Timeout { .. } => {
                "The LXC may be overloaded or frozen by a running snapshot or backup. Wait for that, then try again."
            }
            Self::TooMuchOutput { .. } | Self::Garbled { .. } => {
                "Look into the LXC: its shell or start-up files write what they should not."
            }
            Self::Console { trouble, .. } => trouble.next(),
            Self::BadInput { .. } => "Set it right and try again.",
        }
    }

    /// The remote's own words, where it gave any.
    pub fn words(&self) -> Option<&str> {
        let words = match self {
            Self::Connect { words, .. }
            | Self::Auth { words, .. }
            | Self::PrivateKey { words }
            | Self::NotRunning { words, .. }
            | Self::NoSuchGuest { words, .. }
            | Self::NotAllowed { words, .. }
            | Self::NoMarker { words, .. }
            | Self::Lost { words, .. }
            | Self::Garbled { words, .. } => words,
            Self::Script { stderr, .. } => stderr,
            Self::Console { trouble, .. } => return trouble.words(),
            Self::HostKeyChanged { .. }
            | Self::Timeout { .. }
            | Self::TooMuchOutput { .. }
            | Self::BadInput { .. } => return None,
        };
        (!words.is_empty()).then_some(words.as_str())
    }

    /// The same as a job's problem.
    pub fn problem(&self) -> Problem {
        Problem {
            what: self.to_string(),
            words: self.words().map(str::to_owned),
            next: Some(self.next().to_owned()),
        }
    }
}
