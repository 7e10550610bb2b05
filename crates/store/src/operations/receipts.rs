//! Receipts: one a job, and the first one stays.

use domain::{GuestId, JobId, NodeName, Vmid, operation::Receipt};
use sqlx::SqliteConnection;

use crate::{
    Store, StoreError,
    column::{from_json, number, parsed, to_json},
};

/// A receipt with what its guest was called then.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundReceipt {
    pub receipt: Receipt,
    pub vmid: Vmid,
    pub name: String,
    pub node: NodeName,
    /// The cluster's name; none when it was removed.
    pub cluster: Option<String>,
}

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

    /// Receipts of all guests that contain `search` (any, where it is empty), newest first; those that follow on the one
    /// of `before`, if that is given.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn receipts(
        &self,
        search: &str,
        before: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<FoundReceipt>, StoreError> {
        let before = before.map(|job| job.to_string());
        // instr() and not LIKE: what people type may hold % and _.
        let rows = sqlx::query!(
            r#"SELECT r.body, j.vmid, j.name, j.node, c.name AS "cluster?"
             FROM receipts r JOIN jobs j ON j.id = r.job
             LEFT JOIN guests g ON g.id = r.guest LEFT JOIN clusters c ON c.id = g.cluster
             WHERE (?1 IS NULL OR (r.ended_at, r.job) < (SELECT ended_at, job FROM receipts WHERE job = ?1)) AND (?2 = '' OR instr(
                 lower(j.vmid || ' ' || j.name || ' ' || j.node || ' ' || ifnull(c.name, '') || ' ' || r.body),
                 lower(?2)) > 0)
             ORDER BY r.ended_at DESC, r.job DESC LIMIT ?3"#,
            before,
            search,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(FoundReceipt {
                    receipt: from_json("receipts.body", &row.body)?,
                    vmid: number::<u32, _>("jobs.vmid", row.vmid)?
                        .try_into()
                        .map_err(|e| crate::column::damaged("jobs.vmid")(&e))?,
                    name: row.name,
                    node: parsed("jobs.node", &row.node)?,
                    cluster: row.cluster,
                })
            })
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
