//! Updates that were approved, and how that ended.

use domain::{
    ApprovalId, Timestamp,
    approval::{Approval, ApprovalEnd},
};
use serde::Serialize;

use crate::{
    Store, StoreError,
    column::{from_word, parsed, to_json, to_word},
};

#[derive(Serialize)]
struct New<'a> {
    id: String,
    guest: String,
    package: &'a str,
    arch: &'a str,
    version: &'a str,
    severity: String,
    by: &'a str,
    at: i64,
    through: &'a str,
}

impl Store {
    /// Adds approvals. One of the same package and guest that is open stays as it is.
    ///
    /// # Errors
    /// When a guest is unknown or the database fails; then none is added.
    pub async fn insert_approvals(&self, approvals: &[Approval]) -> Result<(), StoreError> {
        let rows = approvals
            .iter()
            .map(|a| {
                Ok(New {
                    id: a.id.to_string(),
                    guest: a.guest.to_string(),
                    package: &a.package,
                    arch: &a.arch,
                    version: &a.version,
                    severity: to_word(a.severity)?,
                    by: &a.approved_by,
                    at: a.approved_at.0,
                    through: &a.through,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        let rows = to_json(&rows)?;
        sqlx::query!(
            "INSERT INTO approvals (id, guest, package, arch, version, severity, approved_by, approved_at, through)
             SELECT value ->> 'id', value ->> 'guest', value ->> 'package', value ->> 'arch', value ->> 'version',
                    value ->> 'severity', value ->> 'by', value ->> 'at', value ->> 'through'
             FROM json_each(?1) WHERE true
             ON CONFLICT (guest, package, arch) WHERE ended_at IS NULL DO NOTHING",
            rows
        )
        .execute(self.writer())
        .await?;
        Ok(())
    }

    /// Ends approvals; those that are over stay as they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_approvals(
        &self,
        ids: &[ApprovalId],
        end: ApprovalEnd,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let (ids, end) = (to_json(&ids)?, to_word(end)?);
        sqlx::query!(
            "UPDATE approvals SET ended_at = ?2, ended = ?3
             WHERE ended_at IS NULL AND id IN (SELECT value FROM json_each(?1))",
            ids,
            at.0,
            end
        )
        .execute(self.writer())
        .await?;
        Ok(())
    }

    /// Those that are open, oldest first.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn open_approvals(&self) -> Result<Vec<Approval>, StoreError> {
        let rows = sqlx::query!(
            "SELECT id, guest, package, arch, version, severity, approved_by, approved_at, through
             FROM approvals WHERE ended_at IS NULL ORDER BY approved_at, id"
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Approval {
                    id: parsed("approvals.id", &row.id)?,
                    guest: parsed("approvals.guest", &row.guest)?,
                    package: row.package,
                    arch: row.arch,
                    version: row.version,
                    severity: from_word("approvals.severity", row.severity)?,
                    approved_by: row.approved_by,
                    approved_at: Timestamp(row.approved_at),
                    through: row.through,
                })
            })
            .collect()
    }
}
