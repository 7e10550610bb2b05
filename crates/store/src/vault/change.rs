//! Another passphrase: everything sealed is sealed anew, in one transaction.

use std::sync::{Arc, PoisonError};

use secrecy::SecretString;

use super::{Condition, Key, Sealed, Vault, VaultError, VaultState, key, place};
use crate::StoreError;

impl Vault {
    /// Replaces the passphrase. Ending anywhere in between leaves all as it was.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`], [`VaultError::PassphraseTooShort`], [`VaultError::NoPassphrase`] where the key is
    /// not derived from one.
    pub async fn change_passphrase(
        &self,
        current: SecretString,
        next: SecretString,
    ) -> Result<(), VaultError> {
        let _one = self.inner.unlocking.lock().await;
        let store = &self.inner.store;
        let record = key::passphrase(store)
            .await?
            .ok_or(VaultError::NoPassphrase)?;
        let old = record.key(current).await?;
        let (new, setting, text) = key::replacement(next).await?;
        // Nobody may seal with the old key what is read with the new one.
        let _alone = self.inner.sealing.write().await;
        let mut transaction = store.begin().await?;
        let rows = sqlx::query!("SELECT id, purpose, nonce, sealed FROM secrets")
            .fetch_all(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        for row in rows {
            let sealed = again(&old, &new, &row.id, &row.purpose, row.nonce, row.sealed)?;
            let nonce = sealed.nonce.as_slice();
            sqlx::query!(
                "UPDATE secrets SET key_id = ?, nonce = ?, sealed = ? WHERE id = ?",
                new.id,
                nonce,
                sealed.bytes,
                row.id
            )
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        }
        sqlx::query!("UPDATE settings SET value = ? WHERE key = ?", text, setting)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::from)?;
        transaction.commit().await.map_err(StoreError::from)?;
        *self
            .inner
            .condition
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Condition::Open {
            state: VaultState::Passphrase,
            key: Arc::new(new),
        };
        Ok(())
    }
}

fn again(
    old: &Key,
    new: &Key,
    id: &str,
    purpose: &str,
    nonce: Vec<u8>,
    bytes: Vec<u8>,
) -> Result<Sealed, VaultError> {
    let broken = || VaultError::Broken { id: id.to_owned() };
    let sealed = Sealed {
        nonce: nonce.try_into().map_err(|_| broken())?,
        bytes,
    };
    let place = place(id, purpose);
    let plain = old.unseal(&place, &sealed).ok_or_else(broken)?;
    new.seal(&place, &plain)
}
