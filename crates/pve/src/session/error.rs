//! What can go wrong between a password and a token, in words for people.

use crate::Error;

/// A failed login, or a step that failed after it. Never holds a password or ticket.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SessionError {
    #[error("{user:?} has no realm. Write the user as Proxmox does: root@pam")]
    NoRealm { user: String },
    #[error(
        "{address} refuses the password of {user} ({words}). Check the user with its realm (root@pam for the \
         node's own root) and the password; it was not kept"
    )]
    Password {
        address: String,
        user: String,
        words: String,
    },
    #[error(
        "{user} logs in with a second factor, which RedFlag does not take. Make the token by hand: run the \
         printed commands as root in a node's shell, then enter its id and secret here"
    )]
    SecondFactor { user: String },
    /// `done` are the commands whose effect stands.
    #[error("{doing} failed: {}{}", told(.user, .error), standing(.done))]
    Step {
        doing: String,
        user: String,
        error: Error,
        done: Vec<String>,
    },
    #[error(transparent)]
    Api(#[from] Error),
}

/// The error as it concerns a user and not a token.
fn told(user: &str, error: &Error) -> String {
    match error {
        Error::Unauthorised { words } => {
            format!("Proxmox does not accept the login of {user} any more ({words}); log in again")
        }
        Error::Forbidden {
            path: Some(path),
            privilege: Some(privilege),
            ..
        } => format!("{user} lacks the privilege {privilege} on {path}; root@pam has it"),
        Error::Forbidden { words, .. } => {
            format!("Proxmox does not allow it to {user} ({words}); root@pam may")
        }
        other => other.to_string(),
    }
}

fn standing(done: &[String]) -> String {
    match done.is_empty() {
        true => "; nothing was changed".to_owned(),
        false => format!("; done before, and still there: {}", done.join("; ")),
    }
}
