//! What can go wrong between RedFlag and a Proxmox node, in words for people and kinds for decisions.

mod words;

use std::{collections::BTreeMap, error::Error as StdError, fmt, io};

use domain::host::{Certificate, Fingerprint};
use tls::CertificateRefused;

/// A failed request. Kinds keep whether it can have reached the node.
#[derive(Clone, Debug)]
pub enum Error {
    /// No address answered: surely not sent.
    Connect { failures: Vec<ConnectFailure> },
    /// The connection broke or fell silent after the request had begun: it may have been carried out.
    MaybeSent { address: String, words: String },
    /// The node shows another certificate than was accepted; nothing was sent.
    CertificateChanged {
        address: String,
        presented: Fingerprint,
        /// What it says about itself, where it can be read.
        certificate: Option<Box<Certificate>>,
        words: String,
    },
    /// The token is refused. The client asks nothing more until it gets another one.
    Unauthorised { words: String },
    /// A privilege is missing.
    Forbidden {
        /// Such as `/vms/101`.
        path: Option<String>,
        /// Such as `VM.Audit`; alternatives are joined by `|`.
        privilege: Option<String>,
        words: String,
    },
    /// The guest is locked; `lock` is Proxmox's word: `backup`, `snapshot`, `migrate`, …
    Locked { lock: String, words: String },
    /// This version of Proxmox has no such call.
    NotImplemented { words: String },
    /// The guest, node or task is not there (any more).
    Gone { words: String },
    /// The node answers for another one that it cannot reach. `status` is 595 (not connected), 596, 597 or 599.
    NodeUnreachable {
        address: String,
        status: u16,
        words: String,
    },
    /// Any other refusal, in Proxmox's words; `errors` names parameters.
    Remote {
        status: u16,
        message: String,
        errors: BTreeMap<String, String>,
    },
    /// The answer is not what Proxmox answers.
    Protocol {
        address: String,
        what: String,
        words: String,
    },
    /// The request could not be made at all: a setting is wrong.
    Setup(String),
}

impl StdError for Error {}

impl Error {
    /// Whether the request certainly had no effect on the node.
    pub fn surely_not_done(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::CertificateChanged { .. }
            | Self::Unauthorised { .. }
            | Self::Forbidden { .. }
            | Self::Locked { .. }
            | Self::NotImplemented { .. }
            | Self::Gone { .. }
            | Self::Setup(_) => true,
            Self::NodeUnreachable { status, .. } => *status == 595,
            Self::Remote { status, .. } => matches!(status, 400 | 506),
            Self::MaybeSent { .. } | Self::Protocol { .. } => false,
        }
    }

    /// Whether the request may have had its effect although no clear answer came: whoever sent it must look first.
    pub fn may_be_done(&self) -> bool {
        match self {
            Self::MaybeSent { .. } | Self::Protocol { .. } => true,
            Self::NodeUnreachable { status, .. } => *status != 595,
            // Of something between, which does not know either.
            Self::Remote { status, .. } => matches!(status, 502..=504),
            Self::Connect { .. }
            | Self::CertificateChanged { .. }
            | Self::Unauthorised { .. }
            | Self::Forbidden { .. }
            | Self::Locked { .. }
            | Self::NotImplemented { .. }
            | Self::Gone { .. }
            | Self::Setup(_) => false,
        }
    }

    /// Whether another try may succeed without anybody doing anything: the network, or a busy node.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connect { .. }
            | Self::MaybeSent { .. }
            | Self::NodeUnreachable { .. }
            | Self::Locked { .. } => true,
            Self::Remote { status, .. } => *status >= 500 && *status != 506,
            Self::CertificateChanged { .. }
            | Self::Unauthorised { .. }
            | Self::Forbidden { .. }
            | Self::NotImplemented { .. }
            | Self::Gone { .. }
            | Self::Protocol { .. }
            | Self::Setup(_) => false,
        }
    }
}

/// One address that could not be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectFailure {
    pub address: String,
    pub kind: ConnectKind,
}

/// Why there was no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectKind {
    /// The name has no address.
    Dns,
    /// Nothing listens on the port.
    Refused,
    /// The network has no way to it.
    NoRoute,
    /// Silence.
    Timeout,
    /// It speaks, but not TLS.
    NotTls,
    /// It speaks plain http.
    PlainHttp,
    /// It closed the connection before TLS was set up.
    Closed,
    /// TLS could not be agreed on.
    Tls(String),
    /// Another certificate than was accepted, on an address tried after others.
    Certificate(Fingerprint),
    Other(String),
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, kind } = self;
        let host = crate::address::host_of(address);
        match kind {
            ConnectKind::Dns => write!(
                f,
                "the name {host} cannot be found; check its spelling and this computer's DNS"
            ),
            ConnectKind::Refused => write!(
                f,
                "{address} refuses the connection; nothing listens on that port, or a firewall says so"
            ),
            ConnectKind::NoRoute => write!(
                f,
                "there is no route to {address}; check that this computer is in the same network or VPN"
            ),
            ConnectKind::Timeout => write!(
                f,
                "{address} does not answer; it may be off, or a firewall drops the connection"
            ),
            ConnectKind::NotTls => write!(
                f,
                "what answers at {address} does not speak https; Proxmox listens on port 8006"
            ),
            ConnectKind::PlainHttp => write!(
                f,
                "what answers at {address} speaks plain http; Proxmox speaks https on port 8006"
            ),
            ConnectKind::Closed => write!(
                f,
                "{address} closes the connection before it is secure; it may not be a Proxmox node"
            ),
            ConnectKind::Tls(words) => write!(f, "no secure connection to {address}: {words}"),
            ConnectKind::Certificate(sha256) => write!(
                f,
                "{address} shows a certificate that was not accepted (SHA-256 {sha256})"
            ),
            ConnectKind::Other(words) => write!(f, "cannot connect to {address}: {words}"),
        }
    }
}

/// The causes of an error, outermost first, with those that I/O errors hide.
pub(crate) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// Why a connection failed, from the error of whoever tried.
pub(crate) fn connect_kind(error: &(dyn StdError + 'static)) -> ConnectKind {
    if let Some(refused) = CertificateRefused::in_chain(error) {
        return ConnectKind::Certificate(refused.presented());
    }
    let mut last = String::new();
    for cause in causes(error) {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return match tls {
                rustls::Error::InvalidMessage(_) => ConnectKind::NotTls,
                other => ConnectKind::Tls(other.to_string()),
            };
        }
        if let Some(kind) = cause
            .downcast_ref::<io::Error>()
            .and_then(|io| io_kind(io.kind()))
        {
            return kind;
        }
        last = cause.to_string();
    }
    ConnectKind::Other(last)
}

fn io_kind(kind: io::ErrorKind) -> Option<ConnectKind> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some(ConnectKind::Refused),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some(ConnectKind::NoRoute)
        }
        io::ErrorKind::TimedOut => Some(ConnectKind::Timeout),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(ConnectKind::Closed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectFailure, ConnectKind, connect_kind};
    use std::io;

    #[test]
    fn each_way_of_not_connecting_reads_differently() {
        for (kind, expected, says) in [
            (
                io::ErrorKind::ConnectionRefused,
                ConnectKind::Refused,
                "refuses",
            ),
            (
                io::ErrorKind::HostUnreachable,
                ConnectKind::NoRoute,
                "no route",
            ),
            (
                io::ErrorKind::NetworkUnreachable,
                ConnectKind::NoRoute,
                "no route",
            ),
            (
                io::ErrorKind::TimedOut,
                ConnectKind::Timeout,
                "does not answer",
            ),
            (
                io::ErrorKind::ConnectionReset,
                ConnectKind::Closed,
                "closes",
            ),
        ] {
            // As it arrives from below: wrapped.
            let error = io::Error::other(io::Error::other(io::Error::from(kind)));
            let seen = connect_kind(&error);
            assert_eq!(seen, expected);
            let failure = ConnectFailure {
                address: "[::1]:8006".into(),
                kind: seen,
            };
            let text = failure.to_string();
            assert!(text.contains(says) && text.contains("[::1]:8006"), "{text}");
        }
        let failure = ConnectFailure {
            address: "pve1.lan:8006".into(),
            kind: ConnectKind::Dns,
        };
        assert!(
            failure
                .to_string()
                .contains("the name pve1.lan cannot be found")
        );
    }
}
