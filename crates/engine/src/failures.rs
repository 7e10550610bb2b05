//! Failures of Proxmox's API and of logins as a use case's own: which thing, in whose words, and what to do next.

use pve::SessionError;

use crate::{Error, Kind};

/// A failure of Proxmox's API as a use case's, naming the cluster. What happened stands in the headline and in Proxmox's
/// words, what to do in `next`: nothing twice.
pub(crate) fn cluster_error(name: &str, error: pve::Error) -> Error {
    use pve::Error as E;
    let what = if name.is_empty() {
        "The Proxmox node"
    } else {
        name
    };
    let advice = match &error {
        E::NotImplemented { .. } => Some("Update Proxmox there; a newer version may"),
        E::Setup(_) => Some("Correct what the words name"),
        other => other.advice(),
    };
    let next = advice.unwrap_or("Try again; if it stays so, read the node's own log");
    let cause = error.cause();
    let (kind, headline, words) = match error {
        E::Connect { .. } => (
            Kind::Unreachable,
            format!("{what} cannot be reached"),
            cause,
        ),
        E::MaybeSent { address, words } => (
            Kind::Unreachable,
            format!("{what} did not answer in full"),
            format!("{address}: {words}"),
        ),
        E::NodeUnreachable { .. } => (
            Kind::Unreachable,
            format!("A node of {what} does not answer"),
            cause,
        ),
        E::CertificateChanged {
            address,
            presented,
            words,
            ..
        } => (
            Kind::IdentityChanged,
            format!("{what} shows another certificate than was accepted"),
            format!("{address}, SHA-256 {presented}: {}", distrust(&words)),
        ),
        E::Unauthorised { words } => (
            Kind::Refused,
            format!("{what} refuses the token"),
            if words.is_empty() {
                "Proxmox gives no reason".to_owned()
            } else {
                words
            },
        ),
        E::Forbidden {
            path: Some(path),
            privilege: Some(privilege),
            ..
        } => (
            Kind::Forbidden,
            format!("The token of {what} lacks a privilege"),
            format!("{} on {path}", privilege.replace('|', " or ")),
        ),
        E::Forbidden { words, .. } => (
            Kind::Forbidden,
            format!("{what} does not allow this to a token"),
            words,
        ),
        E::Locked { lock, words } => (
            Kind::Conflict,
            format!("{what}: the LXC is locked ({lock})"),
            words,
        ),
        E::NotImplemented { words } => (
            Kind::Conflict,
            format!("This version of Proxmox on {what} cannot do it"),
            words,
        ),
        E::Gone { words } => (
            Kind::NotFound,
            format!("{what}: it is not there any more"),
            words,
        ),
        E::Remote { .. } => (
            Kind::Internal,
            format!("{what} answered with an error"),
            cause,
        ),
        E::Protocol {
            address,
            what: asked,
            words,
        } => (
            Kind::Internal,
            format!("The answer of {what} is not understood"),
            format!("{address}, {asked}: {words}"),
        ),
        E::Setup(_) => (Kind::BadInput, format!("{what} cannot be asked"), cause),
    };
    Error::new(kind, headline)
        .words(words)
        .next(format!("{next}."))
}

/// Why a certificate is not trusted, without the words of those who write such programs.
fn distrust(words: &str) -> &str {
    if words.ends_with("UnknownIssuer") {
        "it was not accepted before, and the cluster's own authority did not issue it"
    } else {
        words
    }
}

/// A failed login, or a failed step after it.
pub(crate) fn session_error(address: &str, error: SessionError) -> Error {
    let words = error.to_string();
    match error {
        SessionError::Api(error) => cluster_error(address, error),
        SessionError::NoRealm { .. } => {
            Error::new(Kind::BadInput, "The user needs its realm").words(words).next("Write it as Proxmox does: root@pam.")
        }
        SessionError::Password { .. } => {
            Error::new(Kind::Refused, format!("{address} refuses the login")).words(words).next("Check user and password; nothing was changed.")
        }
        SessionError::SecondFactor { .. } => Error::new(Kind::Refused, "This login asks for a second factor")
            .words(words)
            .next("Make the token by hand with the lines that the next page shows, or use an account without a second factor."),
        SessionError::Step { .. } => Error::new(Kind::Forbidden, "The token could not be made")
            .words(words)
            .next("Use an account that may manage users and roles, such as root@pam, or make the token by hand."),
    }
}
