//! What registries answered about images.

use domain::{
    Timestamp,
    image::{Answered, Listed},
};

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
            let user = answered.user.as_deref().unwrap_or_default();
            sqlx::query!(
                "INSERT INTO image_checks (registry, repository, version, platform, user, held, answered_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
                answered.registry,
                answered.repository,
                answered.version,
                platform,
                user,
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
            "SELECT registry, repository, version, platform, user, held, answered_at FROM image_checks
             ORDER BY registry, repository, version, platform, user"
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Answered {
                    platform: from_json("image_checks.platform", &row.platform)?,
                    held: from_json("image_checks.held", &row.held)?,
                    user: Some(row.user).filter(|user| !user.is_empty()),
                    registry: row.registry,
                    repository: row.repository,
                    version: row.version,
                    at: Timestamp(row.answered_at),
                })
            })
            .collect()
    }

    /// Replaces every list of tags that is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_image_tags(&self, lists: &[Listed]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!("DELETE FROM image_tags")
            .execute(&mut *transaction)
            .await?;
        for list in lists {
            let tags = to_json(&list.tags)?;
            sqlx::query!(
                "INSERT INTO image_tags (registry, repository, tags, listed_at) VALUES (?, ?, ?, ?)",
                list.registry,
                list.repository,
                tags,
                list.at.0
            )
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Every list of tags that is kept.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn image_tags(&self) -> Result<Vec<Listed>, StoreError> {
        let rows = sqlx::query!(
            "SELECT registry, repository, tags, listed_at FROM image_tags ORDER BY registry, repository"
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Listed {
                    tags: from_json("image_tags.tags", &row.tags)?,
                    registry: row.registry,
                    repository: row.repository,
                    at: Timestamp(row.listed_at),
                })
            })
            .collect()
    }
}
