//! Why a secret cannot be kept or read, in words that say what to do.

use crate::StoreError;

/// A failure of the vault. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the secrets are locked: enter the passphrase first")]
    Locked,
    #[error("this is not the passphrase that was chosen for this database")]
    WrongPassphrase,
    #[error("the passphrase is too short: choose at least {least} characters")]
    PassphraseTooShort { least: usize },
    #[error(
        "the secrets of this database are not sealed with a passphrase, so there is none to change"
    )]
    NoPassphrase,
    /// The database needs a key from the keyring, and the keyring does not answer.
    #[error(
        "the secrets of this database are sealed with a key in the system's keyring, which cannot be read now ({words}): unlock the keyring, or start RedFlag inside the desktop session, and try again"
    )]
    KeyringUnavailable { words: String },
    /// The keyring works and has no such entry. No second key is made: it would read nothing.
    #[error(
        "the secrets of this database are sealed with a key that the system's keyring does not hold any more (service \"{service}\", entry \"{entry}\"): restore that entry, or move the data folder away and add the clusters again"
    )]
    KeyMissing {
        service: &'static str,
        entry: String,
    },
    /// A key is there, and it is not the one that sealed this database.
    #[error(
        "the key given for this database ({origin}) is not the one that its secrets were sealed with: restore the right one, or move the data folder away and add the clusters again"
    )]
    KeyWrong { origin: &'static str },
    /// The database was set up for another way of keeping the key.
    #[error("the secrets of this database are sealed with {stored}, so {asked} cannot open them")]
    OtherKind {
        stored: &'static str,
        asked: &'static str,
    },
    #[error("there is no secret {id}: enter it again")]
    NoSecret { id: String },
    /// Damaged, moved from another row, or sealed with another key.
    #[error(
        "the stored secret {id} cannot be unsealed: it was changed, or sealed with another key; enter it again"
    )]
    Broken { id: String },
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    #[error("the passphrase could not be turned into a key: {0}")]
    Derivation(String),
}
