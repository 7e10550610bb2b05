//! Single values by name.

use crate::{Store, StoreError};

impl Store {
    /// The value of a setting; none when it was never set.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(
            sqlx::query_scalar!("SELECT value FROM settings WHERE key = ?", key)
                .fetch_optional(self.readers())
                .await?,
        )
    }

    /// Sets a setting.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO settings (key, value) VALUES (?, ?)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value",
            key,
            value
        )
        .execute(self.writer())
        .await?;
        Ok(())
    }

    /// Sets a setting unless it has a value; answers the value that stands.
    pub(crate) async fn setting_or(&self, key: &str, value: &str) -> Result<String, StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
            key,
            value
        )
        .execute(&mut *transaction)
        .await?;
        let stands = sqlx::query_scalar!("SELECT value FROM settings WHERE key = ?", key)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(stands)
    }
}
