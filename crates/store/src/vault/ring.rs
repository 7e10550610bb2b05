//! The operating system's keyring. Reading nothing does not prove that it works: a locked or absent collection also
//! answers "no entry", so a canary is written before anything is concluded from that.

use std::sync::Arc;

use keyring::{Entry, Error};
use zeroize::Zeroizing;

/// The service under which all entries stand.
pub(super) const SERVICE: &str = "RedFlag";

/// A place for keys outside the database. `Err` holds the place's own words.
pub(super) trait Ring: Send + Sync {
    /// None when there is no such entry, as far as it says.
    fn read(&self, entry: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String>;
    fn write(&self, entry: &str, secret: &[u8]) -> Result<(), String>;
    fn delete(&self, entry: &str) -> Result<(), String>;
}

/// The one of the running system.
pub(super) struct SystemRing;

fn open(entry: &str) -> Result<Entry, String> {
    if let Err(error) = Entry::store_status() {
        return Err(error.to_string());
    }
    Entry::new(SERVICE, entry).map_err(|e| e.to_string())
}

impl Ring for SystemRing {
    fn read(&self, entry: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        match open(entry)?.get_secret() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(other) => Err(other.to_string()),
        }
    }

    fn write(&self, entry: &str, secret: &[u8]) -> Result<(), String> {
        open(entry)?.set_secret(secret).map_err(|e| e.to_string())
    }

    fn delete(&self, entry: &str) -> Result<(), String> {
        open(entry)?.delete_credential().map_err(|e| e.to_string())
    }
}

/// Runs `act` where it may block: keyrings talk to other processes and may ask the user.
pub(super) async fn ask<T: Send + 'static>(
    ring: &Arc<dyn Ring>,
    act: impl FnOnce(&dyn Ring) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let ring = Arc::clone(ring);
    match tokio::task::spawn_blocking(move || act(&*ring)).await {
        Ok(answer) => answer,
        Err(error) => Err(format!("the keyring call was lost: {error}")),
    }
}

/// Writes, reads and removes a canary.
pub(super) fn probe(ring: &dyn Ring, store: &str) -> Result<(), String> {
    let entry = format!("{store}/probe");
    ring.write(&entry, b"canary")?;
    let read = ring.read(&entry)?;
    ring.delete(&entry)?;
    match read {
        Some(back) if back.as_slice() == b"canary" => Ok(()),
        Some(_) | None => Err("what was written could not be read back".into()),
    }
}
