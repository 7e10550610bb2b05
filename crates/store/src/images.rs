//! What registries answered about images.

use domain::{Timestamp, image::Answered};

use crate::{
    Store, StoreError,
    column::{from_json, to_json},
};

impl Store {
    /// Replaces everything that is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_image_checks(&self, answers: &[Answered]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!("DELETE FROM image_checks")
            .execute(&mut *transaction)
            .await?;
        for answered in answers {
            let platform = to_json(&answered.platform)?;
            let held = to_json(&answered.held)?;
            sqlx::query!(
                "INSERT INTO image_checks (registry, repository, version, platform, held, answered_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
                answered.registry,
                answered.repository,
                answered.version,
                platform,
                held,
                answered.at.0
            )
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Everything that is kept, in the order of its names.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn image_checks(&self) -> Result<Vec<Answered>, StoreError> {
        let rows = sqlx::query!(
            "SELECT registry, repository, version, platform, held, answered_at FROM image_checks
             ORDER BY registry, repository, version, platform"
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Answered {
                    platform: from_json("image_checks.platform", &row.platform)?,
                    held: from_json("image_checks.held", &row.held)?,
                    registry: row.registry,
                    repository: row.repository,
                    version: row.version,
                    at: Timestamp(row.answered_at),
                })
            })
            .collect()
    }
}
