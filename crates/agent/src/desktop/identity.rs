//! Who the agent is to the desktop: its key pair, made in the guest, and the certificate for it.

use domain::{AgentId, GuestId, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Layout,
    files::{self, FileError},
};

/// An identity that cannot be read, made or written.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the key pair cannot be made: {0}")]
    Key(#[from] tls::Error),
}

/// The public part, stored beside the key and its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    pub agent: AgentId,
    pub guest: GuestId,
    pub renew_at: Timestamp,
}

impl Identity {
    /// The stored identity with its key and certificate; none before the enrolment.
    pub fn load(layout: &Layout) -> Result<Option<(Self, tls::Identity)>, IdentityError> {
        finish(layout)?;
        let Some(identity) = files::read_json_if_there::<Self>(&layout.identity())? else {
            return Ok(None);
        };
        let pair = tls::Identity {
            chain_pem: files::read(&layout.certificate())?,
            key_pem: Zeroizing::new(files::read(&layout.key())?),
        };
        Ok(Some((identity, pair)))
    }

    /// Replaces key, certificate and identity, in such an order that a crash leaves either the old or the new.
    pub fn store(
        &self,
        layout: &Layout,
        key_pem: &Zeroizing<String>,
        certificate_pem: &str,
    ) -> Result<(), IdentityError> {
        files::make_private_dir(&layout.state_dir())?;
        // Key and certificate must change together: all wait beside, and the last one to appear decides.
        files::write(&waiting(layout.key()), key_pem.as_bytes(), 0o600)?;
        files::write(
            &waiting(layout.certificate()),
            certificate_pem.as_bytes(),
            0o600,
        )?;
        files::write_json(&waiting(layout.identity()), self)?;
        finish(layout)
    }

    /// Forgets key, certificate and identity.
    pub fn forget(layout: &Layout) -> Result<(), IdentityError> {
        for path in [layout.identity(), layout.certificate(), layout.key()] {
            files::remove(&path)?;
            files::remove(&waiting(path))?;
        }
        Ok(())
    }
}

/// Where a file waits for those that belong to it.
fn waiting(path: std::path::PathBuf) -> std::path::PathBuf {
    path.with_added_extension("next")
}

/// Puts a waiting identity in its place, if it is complete.
fn finish(layout: &Layout) -> Result<(), IdentityError> {
    let last = waiting(layout.identity());
    if !last.exists() {
        return Ok(());
    }
    for path in [layout.key(), layout.certificate(), layout.identity()] {
        let from = waiting(path.clone());
        match std::fs::rename(&from, &path) {
            // Done by an attempt before this one.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            other => other.map_err(files::failed("move", &from))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            agent: AgentId::new(),
            guest: GuestId::new(),
            renew_at: Timestamp(9),
        }
    }

    #[test]
    fn a_crash_between_the_files_leaves_a_matching_pair() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        assert!(Identity::load(&layout).unwrap().is_none());
        let old = identity();
        old.store(&layout, &Zeroizing::new("key 1".into()), "certificate 1")
            .unwrap();
        // Killed before the identity was written: the old pair stands.
        files::write(&waiting(layout.key()), b"key 2", 0o600).unwrap();
        files::write(&waiting(layout.certificate()), b"certificate 2", 0o600).unwrap();
        let (read, pair) = Identity::load(&layout).unwrap().unwrap();
        assert_eq!(read, old);
        assert_eq!(
            (&*pair.chain_pem, pair.key_pem.as_str()),
            ("certificate 1", "key 1")
        );
        // Killed after it: the new pair is put in place, even when one file is there already.
        let new = identity();
        files::write_json(&waiting(layout.identity()), &new).unwrap();
        std::fs::rename(waiting(layout.key()), layout.key()).unwrap();
        let (read, pair) = Identity::load(&layout).unwrap().unwrap();
        assert_eq!(read, new);
        assert_eq!(
            (&*pair.chain_pem, pair.key_pem.as_str()),
            ("certificate 2", "key 2")
        );
    }
}
