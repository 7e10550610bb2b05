//! Receipts: one a job, and the first one stays.

use domain::{GuestId, JobId, operation::Receipt};
use sqlx::SqliteConnection;

use crate::{
    Store, StoreError,
    column::{from_json, to_json},
};

impl Store {
    /// Stores a receipt. Answers false, and changes nothing, when its job has one already.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the job is unknown.
    pub async fn insert_receipt(&self, receipt: &Receipt) -> Result<bool, StoreError> {
        let mut connection = self.writer().acquire().await?;
        insert(&mut connection, receipt).await
    }

    /// The receipt of a job.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn receipt(&self, job: JobId) -> Result<Option<Receipt>, StoreError> {
        sqlx::query_scalar!("SELECT body FROM receipts WHERE job = ?", job.to_string())
            .fetch_optional(self.readers())
            .await?
            .map(|body| from_json("receipts.body", &body))
            .transpose()
    }

    /// The newest receipts of a guest, newest first.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn receipts_of(
        &self,
        guest: GuestId,
        limit: u32,
    ) -> Result<Vec<Receipt>, StoreError> {
        sqlx::query_scalar!(
            "SELECT body FROM receipts WHERE guest = ? ORDER BY ended_at DESC, job DESC LIMIT ?",
            guest.to_string(),
            limit
        )
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|body| from_json("receipts.body", body))
        .collect()
    }
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    receipt: &Receipt,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO receipts (job, operation, guest, ended_at, body) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (job) DO NOTHING",
        receipt.job.to_string(),
        receipt.operation.to_string(),
        receipt.guest.to_string(),
        receipt.ended_at.0,
        to_json(receipt)?
    )
    .execute(connection)
    .await
    .map_err(StoreError::missing_reference("job", receipt.job))?;
    Ok(done.rows_affected() > 0)
}
