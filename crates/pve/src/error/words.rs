//! What a person reads about a failed request: what happened, in whose words, and what to do next.

use std::{collections::BTreeMap, fmt};

use super::{ConnectFailure, ConnectKind, Error};

impl fmt::Display for Error {
    /// What happened and what to do, in one text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Connect { failures } = self {
            // Each address has its own reason and its own advice.
            let words: Vec<String> = failures.iter().map(ToString::to_string).collect();
            return f.write_str(&words.join("; "));
        }
        let cause = self.cause();
        match self.advice() {
            Some(advice) if cause.ends_with(['.', '!', '?']) => write!(f, "{cause} {advice}"),
            Some(advice) => write!(f, "{cause}. {advice}"),
            None => f.write_str(&cause),
        }
    }
}

impl Error {
    /// What happened, in the remote's words where it said something; no advice and no full stop.
    pub fn cause(&self) -> String {
        match self {
            Self::Connect { failures } => {
                let causes: Vec<String> = failures.iter().map(ConnectFailure::cause).collect();
                causes.join("; ")
            }
            Self::MaybeSent { address, words } => {
                format!("{address} did not answer in full: {words}")
            }
            Self::CertificateChanged {
                address,
                presented,
                words,
                ..
            } => format!(
                "{address} shows another certificate than was accepted (SHA-256 {presented}): {words}"
            ),
            Self::Unauthorised { words } if words.is_empty() => {
                "Proxmox refuses the token".to_owned()
            }
            Self::Unauthorised { words } => format!("Proxmox refuses the token ({words})"),
            Self::Forbidden {
                path: Some(path),
                privilege: Some(privilege),
                ..
            } => format!("the token lacks the privilege {privilege} on {path}"),
            Self::Forbidden { words, .. } => {
                format!("Proxmox does not allow it to a token: {words}")
            }
            Self::Locked { lock, words } => format!("it is locked ({lock}): {words}"),
            Self::NotImplemented { words } => {
                format!("this version of Proxmox cannot do it: {words}")
            }
            Self::Gone { words } => format!("it is not there any more: {words}"),
            Self::NodeUnreachable {
                address,
                status,
                words,
            } => match status {
                595 => format!("{address} cannot reach the node in question: {words} ({status})"),
                596 => format!(
                    "the node in question took a request from {address} and did not answer it: {words} ({status})"
                ),
                _ => format!(
                    "the answer of the node in question broke off on its way through {address}: {words} ({status})"
                ),
            },
            Self::Remote {
                status,
                message,
                errors,
            } => format!("Proxmox answers {status}: {message}{}", listed(errors)),
            Self::Protocol {
                address,
                what,
                words,
            } => format!("the answer of {address} to {what} is not understood: {words}"),
            Self::Setup(words) => words.clone(),
        }
    }

    /// What to do about it, without a full stop; none where Proxmox's words say it.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::Connect { failures } => failures.first()?.kind.advice(),
            Self::MaybeSent { .. } => {
                "Try again; if it stays so, look at the node's load and the network"
            }
            Self::CertificateChanged { .. } => "Compare it on the node before you accept it",
            Self::Unauthorised { .. } => {
                "It may be wrong, expired or deleted; make a new one or correct it"
            }
            Self::Forbidden {
                path: Some(_),
                privilege: Some(_),
                ..
            } => "Grant it to the token and to its user",
            Self::Forbidden { .. } => "No privilege changes that; a login as root@pam may",
            Self::Locked { .. } => "Try again when that is over",
            Self::NotImplemented { .. } => "A newer one may",
            Self::Gone { .. } => "It may have been moved or deleted; discover the cluster again",
            Self::NodeUnreachable { status, .. } => match status {
                595 => "See whether that node is on and in the cluster's network",
                596 => "It may be overloaded or hang; see whether a storage of it does not answer",
                _ => "Try again",
            },
            Self::Remote {
                status, message, ..
            } => return about_refusal(*status, message),
            Self::Protocol { .. } => {
                "Check that a Proxmox VE node answers there, and nothing in between"
            }
            Self::Setup(_) => return None,
        })
    }
}

/// What to do about a refusal that Proxmox's words do not explain to everybody.
fn about_refusal(status: u16, message: &str) -> Option<&'static str> {
    Some(match status {
        400 | 506 => {
            "RedFlag asks in a way that this version of Proxmox does not take; update both"
        }
        502..=504 => {
            "That is no answer of Proxmox but of something in between; give the node's own address"
        }
        500 if message.contains("no quorum") => {
            "The cluster has lost its quorum and changes nothing until enough of its nodes are back"
        }
        500 if message.contains("got timeout") => "The node is busy; try again",
        _ => return None,
    })
}

fn listed(errors: &BTreeMap<String, String>) -> String {
    errors
        .iter()
        .map(|(name, words)| format!("; {name}: {words}"))
        .collect()
}

impl ConnectFailure {
    /// Which address, and why, without advice.
    fn cause(&self) -> String {
        let Self { address, kind } = self;
        match kind {
            ConnectKind::Dns => {
                let host = crate::address::host_of(address);
                format!("the name {host} cannot be found")
            }
            ConnectKind::Refused => format!("{address} refuses the connection"),
            ConnectKind::NoRoute => format!("there is no route to {address}"),
            ConnectKind::Timeout => format!("{address} does not answer"),
            ConnectKind::NotTls => format!("what answers at {address} does not speak https"),
            ConnectKind::PlainHttp => format!("what answers at {address} speaks plain http"),
            ConnectKind::Closed => {
                format!("{address} closes the connection before it is secure")
            }
            ConnectKind::Tls(_) | ConnectKind::Certificate(_) | ConnectKind::Other(_) => {
                self.to_string()
            }
        }
    }
}

impl ConnectKind {
    fn advice(&self) -> &'static str {
        match self {
            Self::Dns => "Check its spelling and this computer's DNS",
            Self::Refused => "Check address and port; nothing listens there, or a firewall says so",
            Self::NoRoute => "Check that this computer is in the same network or VPN",
            Self::Timeout => {
                "See whether the node is on, and whether a firewall drops the connection"
            }
            Self::NotTls | Self::PlainHttp => "Correct the port: Proxmox speaks https on 8006",
            Self::Closed => "Check that a Proxmox VE node answers there",
            Self::Tls(_) => "Check that a Proxmox VE node answers there, and nothing in between",
            Self::Certificate(_) => "Compare it on the node before you accept it",
            Self::Other(_) => "Check address and network, and try again",
        }
    }
}
