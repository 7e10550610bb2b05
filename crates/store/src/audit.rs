//! The append-only record of privileged acts.

use domain::Timestamp;
use sqlx::SqliteConnection;

use crate::{Store, StoreError};

/// One privileged act. Holds no secrets: `detail` is for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub at: Timestamp,
    /// The account of the operating system, or `RedFlag` for what nobody asked for.
    pub actor: String,
    /// What was done: `cluster.add`, `reach.run`, `plan.approve`.
    pub act: String,
    /// To what: a name that people know, with an id where names repeat.
    pub target: String,
    pub detail: Option<String>,
    /// Fingerprint of the plan that allowed it.
    pub plan: Option<String>,
    /// `done`, or why not, in a few words.
    pub outcome: String,
}

impl Store {
    /// Adds an entry. It cannot be changed or removed afterwards.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let entry = entry.clone();
        self.write(move |connection| {
            let entry = entry.clone();
            Box::pin(async move { insert(connection, &entry).await })
        })
        .await
    }

    /// Entries whose text contains `search` (any, where it is empty), older than `before`, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_entries(
        &self,
        search: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, AuditEntry)>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        // instr() and not LIKE: what people type may hold % and _.
        let rows = sqlx::query!(
            "SELECT id, at, actor, act, target, detail, plan, outcome FROM audit
             WHERE id < ?1 AND (?2 = '' OR instr(
                 lower(actor || ' ' || act || ' ' || target || ' ' || ifnull(detail, '') || ' ' || ifnull(plan, '') || ' ' || outcome),
                 lower(?2)) > 0)
             ORDER BY id DESC LIMIT ?3",
            before,
            search,
            limit
        )
        .fetch_all(self.readers())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let entry = AuditEntry {
                    at: Timestamp(row.at),
                    actor: row.actor,
                    act: row.act,
                    target: row.target,
                    detail: row.detail,
                    plan: row.plan,
                    outcome: row.outcome,
                };
                (row.id, entry)
            })
            .collect())
    }
}

async fn insert(connection: &mut SqliteConnection, entry: &AuditEntry) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO audit (at, actor, act, target, detail, plan, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)",
        entry.at.0,
        entry.actor,
        entry.act,
        entry.target,
        entry.detail,
        entry.plan,
        entry.outcome
    )
    .execute(connection)
    .await?;
    Ok(())
}
