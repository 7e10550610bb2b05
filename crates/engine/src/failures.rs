//! Failures of Proxmox's API and of logins as a use case's own: which thing, in whose words, and what to do next.

use pve::SessionError;

use crate::{Error, Kind};

/// A failure of Proxmox's API as a use case's, naming the cluster.
pub(crate) fn cluster_error(name: &str, error: pve::Error) -> Error {
    use pve::Error as E;
    let what = if name.is_empty() {
        "The Proxmox node".to_owned()
    } else {
        name.to_owned()
    };
    let words = error.to_string();
    let (kind, sentence, next) = match &error {
        E::Connect { .. } => (
            Kind::Unreachable,
            format!("{what} cannot be reached"),
            "Check the address, that the node is on, and that nothing blocks port 8006.",
        ),
        E::MaybeSent { .. } => (
            Kind::Unreachable,
            format!("{what} broke off its answer"),
            "Try again.",
        ),
        E::NodeUnreachable { .. } => (
            Kind::Unreachable,
            format!("A node of {what} does not answer"),
            "Look whether it is on.",
        ),
        E::CertificateChanged { .. } => (
            Kind::IdentityChanged,
            format!("{what} shows another certificate than was accepted"),
            "Compare it on the node before you accept it; until then nothing is sent.",
        ),
        E::Unauthorised { .. } => (
            Kind::Refused,
            format!("{what} refuses the token"),
            "Check its id and secret, and that it has not expired; or make a new token.",
        ),
        E::Forbidden { .. } => (
            Kind::Forbidden,
            format!("The token of {what} lacks a privilege"),
            "Grant it as the wizard shows.",
        ),
        E::Locked { .. } => (
            Kind::Conflict,
            format!("{what}: locked"),
            "Try again when that is over.",
        ),
        E::NotImplemented { .. } => (
            Kind::Conflict,
            format!("This version of Proxmox on {what} cannot do it"),
            "Update Proxmox.",
        ),
        E::Gone { .. } => (
            Kind::NotFound,
            format!("{what}: it is not there any more"),
            "Discover the cluster again.",
        ),
        E::Remote { .. } => (
            Kind::Internal,
            format!("{what} answered with an error"),
            "Read its words; try again.",
        ),
        E::Protocol { .. } => (
            Kind::Internal,
            format!("The answer of {what} is not understood"),
            "Check that the address is a Proxmox VE node's.",
        ),
        E::Setup(_) => (
            Kind::BadInput,
            format!("{what} cannot be asked"),
            "Correct what the words name.",
        ),
    };
    Error::new(kind, sentence).words(words).next(next)
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
