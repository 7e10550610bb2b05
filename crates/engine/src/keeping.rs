//! The database as the user sees it: how large it is, its copies, going back to one, and the passphrase over its secrets.

use secrecy::SecretString;
use store::Backup;

use crate::{Engine, Error, Kind, clock, operations::account};

/// The database and its copies.
#[derive(Clone, Debug)]
pub struct Kept {
    pub bytes: u64,
    /// Newest first.
    pub backups: Vec<Backup>,
    /// The copy that takes the database's place at the next start.
    pub restore: Option<String>,
}

impl Engine {
    /// The database and its copies.
    ///
    /// # Errors
    /// The folder of the copies cannot be read.
    pub fn kept(&self) -> Result<Kept, Error> {
        let store = &self.0.store;
        Ok(Kept {
            bytes: store.size(),
            backups: store.backups()?,
            restore: store.to_restore(),
        })
    }

    /// Makes a checked copy of the database now.
    ///
    /// # Errors
    /// The copy cannot be made or does not pass its check.
    pub async fn back_up(&self) -> Result<Backup, Error> {
        Ok(self.0.store.back_up(clock::now()).await?)
    }

    /// At the next start this copy takes the database's place.
    ///
    /// # Errors
    /// A copy that is not there or is damaged, and [`Kind::Conflict`] while operations run: what they do would be unknown.
    pub async fn restore_at_start(&self, name: &str) -> Result<(), Error> {
        if !self.0.live().is_empty() {
            return Err(Error::new(
                Kind::Conflict,
                "Operations are running; after going back RedFlag would know nothing of them",
            )
            .next("Wait for their end, or cancel them."));
        }
        let done = self.0.store.restore_at_start(name).await;
        let outcome = match &done {
            Ok(()) => "done".to_owned(),
            Err(error) => error.to_string(),
        };
        self.0
            .audit(
                &account(),
                "database.restore",
                name,
                "at the next start",
                &outcome,
            )
            .await;
        Ok(done?)
    }

    /// Replaces the passphrase over the secrets.
    ///
    /// # Errors
    /// [`Kind::Refused`] for a wrong one, [`Kind::BadInput`] for one that is too short, [`Kind::Conflict`] where the key is
    /// not derived from a passphrase.
    pub async fn change_passphrase(
        &self,
        current: SecretString,
        next: SecretString,
    ) -> Result<(), Error> {
        let done = self.0.vault.change_passphrase(current, next).await;
        let outcome = match &done {
            Ok(()) => "done".to_owned(),
            Err(error) => error.to_string(),
        };
        self.0
            .audit(&account(), "passphrase.change", "secrets", "", &outcome)
            .await;
        Ok(done?)
    }
}
