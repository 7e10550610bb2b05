//! Which key a database uses, how it is found again, and when a new one may be made.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    VaultError, VaultState,
    passphrase::{Derivation, LEAST},
    ring::{self, Ring, SERVICE},
    seal::{self, KEY_BYTES, Key, Place, Sealed},
};
use crate::{
    Store, StoreError,
    column::{from_json, to_json},
};

const SETTING: &str = "vault.key";
const KNOWN: &[u8] = b"RedFlag";
const PLACE: Place<'static> = Place {
    table: "settings",
    row: SETTING,
    column: "verifier",
    purpose: "",
};

/// Whether the key is at hand.
pub(super) enum Condition {
    Open { state: VaultState, key: Arc<Key> },
    ToChoose,
    Needed(PassphraseRecord),
}

/// A known text sealed with the key: tells the right key from a wrong one before anything is written with it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verifier {
    key_id: String,
    /// Hex of nonce and sealed text.
    nonce: String,
    sealed: String,
}

/// What is stored about the key of a database. Never the key.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum KeyRecord {
    Keyring { verifier: Verifier },
    Passphrase(PassphraseRecord),
    Memory { verifier: Verifier },
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct PassphraseRecord {
    verifier: Verifier,
    derivation: Derivation,
}

impl KeyRecord {
    fn kind(&self) -> &'static str {
        match self {
            Self::Keyring { .. } => "a key in the system's keyring",
            Self::Passphrase(_) => "a passphrase",
            Self::Memory { .. } => "a key that its caller keeps",
        }
    }
}

impl Verifier {
    fn of(key: &Key) -> Result<Self, VaultError> {
        let sealed = key.seal(&PLACE, KNOWN)?;
        Ok(Self {
            key_id: key.id.clone(),
            nonce: hex::encode(sealed.nonce),
            sealed: hex::encode(sealed.bytes),
        })
    }

    /// The key under its name, if it is the right one.
    fn check(&self, bytes: Zeroizing<[u8; KEY_BYTES]>) -> Option<Key> {
        let key = Key::new(self.key_id.clone(), bytes);
        let sealed = Sealed {
            nonce: hex::decode(&self.nonce).ok()?.try_into().ok()?,
            bytes: hex::decode(&self.sealed).ok()?,
        };
        let plain = key.unseal(&PLACE, &sealed)?;
        (plain.as_slice() == KNOWN).then_some(key)
    }
}

impl PassphraseRecord {
    pub(super) async fn key(&self, passphrase: SecretString) -> Result<Key, VaultError> {
        let bytes = self.derivation.key(passphrase).await?;
        self.verifier
            .check(bytes)
            .ok_or(VaultError::WrongPassphrase)
    }
}

async fn stored(store: &Store) -> Result<Option<KeyRecord>, VaultError> {
    let text = store.setting(SETTING).await?;
    Ok(text
        .map(|t| from_json("settings.vault.key", &t))
        .transpose()?)
}

/// Stores which key the database uses; fails when another one was stored meanwhile.
async fn settle(store: &Store, record: &KeyRecord) -> Result<(), VaultError> {
    let text = to_json(record)?;
    if store.setting_or(SETTING, &text).await? == text {
        Ok(())
    } else {
        Err(StoreError::Damaged {
            place: "settings.vault.key",
            why: "another program set up the secrets of this database at the same moment; start again"
                .into(),
        }
        .into())
    }
}

fn new_key(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Key {
    Key::new(Uuid::new_v4().to_string(), bytes)
}

fn open(state: VaultState, key: Key) -> Condition {
    Condition::Open {
        state,
        key: Arc::new(key),
    }
}

fn bytes_of(secret: &[u8]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    secret.try_into().ok().map(Zeroizing::new)
}

pub(super) async fn from_caller(
    store: &Store,
    bytes: [u8; KEY_BYTES],
) -> Result<Condition, VaultError> {
    let bytes = Zeroizing::new(bytes);
    let key = match stored(store).await? {
        Some(KeyRecord::Memory { verifier }) => {
            verifier.check(bytes).ok_or(VaultError::KeyWrong {
                origin: "handed over",
            })?
        }
        Some(other @ (KeyRecord::Keyring { .. } | KeyRecord::Passphrase(_))) => {
            return Err(VaultError::OtherKind {
                stored: other.kind(),
                asked: "a key that is handed over",
            });
        }
        None => {
            let key = new_key(bytes);
            let verifier = Verifier::of(&key)?;
            settle(store, &KeyRecord::Memory { verifier }).await?;
            key
        }
    };
    Ok(open(VaultState::Keyring, key))
}

pub(super) async fn from_system(
    store: &Store,
    ring: &Arc<dyn Ring>,
) -> Result<Condition, VaultError> {
    match stored(store).await? {
        Some(KeyRecord::Passphrase(record)) => Ok(Condition::Needed(record)),
        Some(KeyRecord::Keyring { verifier }) => {
            let key = find(store, ring, &verifier).await?;
            Ok(open(VaultState::Keyring, key))
        }
        Some(other @ KeyRecord::Memory { .. }) => Err(VaultError::OtherKind {
            stored: other.kind(),
            asked: "the system's keyring",
        }),
        None => first(store, ring).await,
    }
}

/// Finds the key of a database that has one in the keyring.
async fn find(store: &Store, ring: &Arc<dyn Ring>, verifier: &Verifier) -> Result<Key, VaultError> {
    let entry = store.id().to_string();
    let name = entry.clone();
    let unavailable = |words| VaultError::KeyringUnavailable { words };
    let found = ring::ask(ring, move |ring| match ring.read(&name)? {
        Some(secret) => Ok(Some(secret)),
        // Only a keyring that keeps what it is given can say that something is missing.
        None => ring::probe(ring, &name).map(|()| None),
    })
    .await
    .map_err(unavailable)?;
    let secret = found.ok_or(VaultError::KeyMissing {
        service: SERVICE,
        entry,
    })?;
    bytes_of(&secret)
        .and_then(|bytes| verifier.check(bytes))
        .ok_or(VaultError::KeyWrong {
            origin: "from the system's keyring",
        })
}

/// Sets up a database that never had a key: in the keyring if that works, else with a passphrase to be chosen.
async fn first(store: &Store, ring: &Arc<dyn Ring>) -> Result<Condition, VaultError> {
    let entry = store.id().to_string();
    let fresh = seal::random::<KEY_BYTES>()?;
    let kept = ring::ask(ring, move |ring| {
        ring::probe(ring, &entry)?;
        // An entry without a record in the database: the program ended between the two. It is used, not replaced.
        if let Some(secret) = ring.read(&entry)? {
            return Ok(secret);
        }
        ring.write(&entry, fresh.as_slice())?;
        match ring.read(&entry)? {
            Some(back) if back.as_slice() == fresh.as_slice() => Ok(back),
            Some(_) | None => Err("the new key could not be read back".into()),
        }
    })
    .await;
    match kept {
        Ok(secret) => {
            let bytes = bytes_of(&secret).ok_or(VaultError::KeyWrong {
                origin: "from the system's keyring",
            })?;
            let key = new_key(bytes);
            let verifier = Verifier::of(&key)?;
            settle(store, &KeyRecord::Keyring { verifier }).await?;
            Ok(open(VaultState::Keyring, key))
        }
        Err(words) => {
            tracing::warn!("there is no usable keyring, so a passphrase is needed: {words}");
            Ok(Condition::ToChoose)
        }
    }
}

/// Makes `passphrase` the passphrase of the database.
pub(super) async fn choose(store: &Store, passphrase: SecretString) -> Result<Key, VaultError> {
    let (key, record) = derive(passphrase).await?;
    settle(store, &record).await?;
    Ok(key)
}

/// The record of the passphrase that the database uses; none where it uses another kind of key.
pub(super) async fn passphrase(store: &Store) -> Result<Option<PassphraseRecord>, VaultError> {
    match stored(store).await? {
        Some(KeyRecord::Passphrase(record)) => Ok(Some(record)),
        Some(KeyRecord::Keyring { .. } | KeyRecord::Memory { .. }) | None => Ok(None),
    }
}

/// The name and the text of a new passphrase's record, as they are stored.
pub(super) async fn replacement(
    passphrase: SecretString,
) -> Result<(Key, &'static str, String), VaultError> {
    let (key, record) = derive(passphrase).await?;
    let text = to_json(&record)?;
    Ok((key, SETTING, text))
}

async fn derive(passphrase: SecretString) -> Result<(Key, KeyRecord), VaultError> {
    if passphrase.expose_secret().chars().count() < LEAST {
        return Err(VaultError::PassphraseTooShort { least: LEAST });
    }
    let derivation = Derivation::with_salt(*seal::random::<16>()?);
    let key = new_key(derivation.key(passphrase).await?);
    let record = PassphraseRecord {
        verifier: Verifier::of(&key)?,
        derivation,
    };
    Ok((key, KeyRecord::Passphrase(record)))
}
