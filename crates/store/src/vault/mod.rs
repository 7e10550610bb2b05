//! Secrets: sealed in the database under a key that lies elsewhere, or is derived from what the user knows.
//!
//! What breaks if this is wrong: a second key made for a database that has one loses every secret in it. So a key is made
//! only for a database that never had one, and only in a keyring that was seen to keep what it is given.

mod change;
mod error;
mod key;
mod passphrase;
mod ring;
mod seal;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};

use domain::ids::InvalidId;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Store, StoreError, column::to_word};
pub use error::VaultError;
use key::Condition;
use ring::{Ring, SystemRing};
use seal::{Key, Place, Sealed};

/// Where the key comes from.
pub enum KeySource {
    /// The system's keyring, unless the database uses a passphrase already; a passphrase where there is no keyring.
    Auto,
    /// This key. For tests and other throw-away databases.
    Memory([u8; 32]),
}

/// Where the key lies, and whether it is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultState {
    /// In the system's keyring, or handed over by the caller; open.
    Keyring,
    /// Derived from a passphrase; open.
    Passphrase,
    /// There is no keyring, and no passphrase has been chosen yet.
    PassphraseToChoose,
    /// A passphrase was chosen and must be entered.
    PassphraseNeeded,
}

/// What a secret is for. Stored by name: never rename one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SecretPurpose {
    /// The secret half of a Proxmox API token.
    ClusterToken,
    /// RedFlag's own SSH key.
    SshKey,
    /// The key of RedFlag's CA.
    CaKey,
    /// The password of an image registry.
    RegistryPassword,
}

/// Refers to a kept secret; says nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretId(pub Uuid);

impl SecretId {
    fn new() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SecretId {
    type Err = InvalidId;
    fn from_str(s: &str) -> Result<Self, InvalidId> {
        Uuid::parse_str(s).map(Self).map_err(|e| InvalidId {
            what: "secret id",
            value: s.to_owned(),
            why: e.to_string(),
        })
    }
}

/// The secrets of one database. Copies share the key.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    condition: RwLock<Condition>,
    /// One unlocking at a time: it may choose the passphrase.
    unlocking: tokio::sync::Mutex<()>,
    /// Held by whoever uses the key, and alone by who replaces it.
    sealing: tokio::sync::RwLock<()>,
}

impl Vault {
    /// Opens the secrets of a database, as far as that is possible without the user.
    ///
    /// # Errors
    /// [`VaultError::KeyringUnavailable`], [`VaultError::KeyMissing`] or [`VaultError::KeyWrong`] when the database was
    /// sealed with a key that cannot be had now; nothing is changed then. [`VaultError::OtherKind`] when `source` does not
    /// fit the database.
    pub async fn open(store: &Store, source: KeySource) -> Result<Self, VaultError> {
        Self::open_with(store, source, Arc::new(SystemRing)).await
    }

    async fn open_with(
        store: &Store,
        source: KeySource,
        ring: Arc<dyn Ring>,
    ) -> Result<Self, VaultError> {
        let condition = match source {
            KeySource::Auto => key::from_system(store, &ring).await?,
            KeySource::Memory(bytes) => key::from_caller(store, bytes).await?,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                store: store.clone(),
                condition: RwLock::new(condition),
                unlocking: tokio::sync::Mutex::new(()),
                sealing: tokio::sync::RwLock::new(()),
            }),
        })
    }

    /// Where the key lies, and whether it is at hand.
    pub fn state(&self) -> VaultState {
        match &*self.condition() {
            Condition::Open { state, .. } => *state,
            Condition::ToChoose => VaultState::PassphraseToChoose,
            Condition::Needed(_) => VaultState::PassphraseNeeded,
        }
    }

    fn condition(&self) -> std::sync::RwLockReadGuard<'_, Condition> {
        self.inner
            .condition
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self) -> Result<Arc<Key>, VaultError> {
        match &*self.condition() {
            Condition::Open { key, .. } => Ok(Arc::clone(key)),
            Condition::ToChoose | Condition::Needed(_) => Err(VaultError::Locked),
        }
    }

    /// Opens with a passphrase; at the first time it becomes the passphrase of the database. Does nothing when the vault
    /// is open already.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`], and [`VaultError::PassphraseTooShort`] for one that is chosen.
    pub async fn unlock(&self, passphrase: SecretString) -> Result<(), VaultError> {
        let _one = self.inner.unlocking.lock().await;
        let derived = match &*self.condition() {
            Condition::Open { .. } => return Ok(()),
            Condition::ToChoose => None,
            Condition::Needed(record) => Some(record.clone()),
        };
        let key = match derived {
            Some(record) => record.key(passphrase).await?,
            None => key::choose(&self.inner.store, passphrase).await?,
        };
        *self
            .inner
            .condition
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Condition::Open {
            state: VaultState::Passphrase,
            key: Arc::new(key),
        };
        Ok(())
    }

    /// Seals and stores a secret.
    ///
    /// # Errors
    /// [`VaultError::Locked`] while the passphrase is missing.
    pub async fn keep(
        &self,
        purpose: SecretPurpose,
        secret: SecretString,
    ) -> Result<SecretId, VaultError> {
        let _using = self.inner.sealing.read().await;
        let key = self.key()?;
        let id = SecretId::new();
        let row = id.to_string();
        let purpose = to_word(purpose)?;
        let sealed = key.seal(&place(&row, &purpose), secret.expose_secret().as_bytes())?;
        sqlx::query!(
            "INSERT INTO secrets (id, purpose, key_id, nonce, sealed) VALUES (?, ?, ?, ?, ?)",
            row,
            purpose,
            key.id,
            sealed.nonce.as_slice(),
            sealed.bytes
        )
        .execute(self.inner.store.writer())
        .await
        .map_err(StoreError::from)?;
        Ok(id)
    }

    /// Reads a secret.
    ///
    /// # Errors
    /// [`VaultError::NoSecret`] when it is not kept, [`VaultError::Broken`] when it cannot be unsealed, and
    /// [`VaultError::Locked`] while the passphrase is missing.
    pub async fn reveal(&self, id: &SecretId) -> Result<SecretString, VaultError> {
        let _using = self.inner.sealing.read().await;
        let key = self.key()?;
        let row = id.to_string();
        let stored = sqlx::query!(
            "SELECT purpose, nonce, sealed FROM secrets WHERE id = ?",
            row
        )
        .fetch_optional(self.inner.store.readers())
        .await
        .map_err(StoreError::from)?
        .ok_or_else(|| VaultError::NoSecret { id: row.clone() })?;
        let broken = || VaultError::Broken { id: row.clone() };
        let sealed = Sealed {
            nonce: stored.nonce.try_into().map_err(|_| broken())?,
            bytes: stored.sealed,
        };
        let plain = key
            .unseal(&place(&row, &stored.purpose), &sealed)
            .ok_or_else(broken)?;
        let text = std::str::from_utf8(&plain).map_err(|_| broken())?;
        Ok(SecretString::from(text))
    }

    /// Removes a secret. Answers false when it was not kept.
    ///
    /// # Errors
    /// When the database fails, as it does for the secret of a cluster that still refers to it.
    pub async fn forget(&self, id: &SecretId) -> Result<bool, VaultError> {
        let done = sqlx::query!("DELETE FROM secrets WHERE id = ?", id.to_string())
            .execute(self.inner.store.writer())
            .await
            .map_err(StoreError::from)?;
        Ok(done.rows_affected() > 0)
    }
}

fn place<'a>(row: &'a str, purpose: &'a str) -> Place<'a> {
    Place {
        table: "secrets",
        row,
        column: "sealed",
        purpose,
    }
}
