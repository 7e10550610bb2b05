//! Who is who before the first command: the node's host key, and RedFlag's own key and how it gets onto the node.

use std::sync::Arc;

use domain::host::HostKey;
use russh::keys::{Algorithm, PrivateKey, key::safe_rng, ssh_key::LineEnding};
use secrecy::SecretString;

use crate::{
    Entry, NodeAddress, Place, ReachError, Verb,
    connection::{self, Connection},
    login::Login,
    run::{Errand, Failed},
    script::Payload,
};

/// The new key could not be made.
#[derive(Debug, thiserror::Error)]
#[error("no SSH key could be made: {0}")]
pub struct InvalidKey(#[from] russh::keys::ssh_key::Error);

/// The host key that the node's sshd shows now. Handshake only: nothing is trusted, nobody logs in.
///
/// # Errors
/// [`ReachError::Connect`].
pub async fn probe_host_key(node: &NodeAddress) -> Result<HostKey, ReachError> {
    connection::look(node, None).await
}

/// A new Ed25519 key: the private part in OpenSSH's format, and the public line for `authorized_keys`.
///
/// # Errors
/// [`InvalidKey`], which would be a fault of the program.
pub fn generate_key() -> Result<(SecretString, String), InvalidKey> {
    let mut key = PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519)?;
    key.set_comment("redflag");
    let private = key.to_openssh(LineEnding::LF)?;
    let public = key.public_key().to_openssh()?;
    Ok((SecretString::from(private.as_str()), public))
}

/// Logs in with the password, once, and puts `public_line` into the account's `authorized_keys` if it is not there.
/// A symbolic link there (as on Proxmox nodes) is written through, so that one call opens the whole cluster.
///
/// # Errors
/// [`ReachError::Auth`] for a wrong password, [`ReachError::HostKeyChanged`], [`ReachError::Script`] where the file
/// cannot be written.
pub async fn install_key(
    node: &NodeAddress,
    accepted: &HostKey,
    password: SecretString,
    public_line: &str,
) -> Result<(), ReachError> {
    install_by(node, accepted, password, public_line, None).await
}

/// [`install_key`], directly or through another node.
pub(crate) async fn install_by(
    node: &NodeAddress,
    accepted: &HostKey,
    password: SecretString,
    public_line: &str,
    through: Option<Arc<Connection>>,
) -> Result<(), ReachError> {
    let place = Place {
        via: node.clone().into(),
        vmid: None,
    };
    let line = public_line.trim();
    let blob = line
        .split_whitespace()
        .nth(1)
        .filter(|blob| blob.starts_with("AAAA"))
        .ok_or_else(|| ReachError::BadInput {
            place: place.clone(),
            why: "that is no public key line".into(),
        })?;
    let errand = Errand::new(
        place,
        Entry::Attach,
        Verb::RunKey,
        &[("line", line), ("blob", blob)],
        &Payload::None,
    )?;
    let connection = Connection::open(node, accepted, Login::Password(&password), through).await?;
    drop(password);
    match errand.run(&connection).await {
        Ok(_) => Ok(()),
        Err(Failed::Ended(error)) => Err(error),
        Err(Failed::NotSent(words) | Failed::Full(words)) => Err(ReachError::Connect {
            node: node.clone(),
            words,
        }),
    }
}
