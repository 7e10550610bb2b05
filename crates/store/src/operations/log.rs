//! The log lines of jobs, and which reports of an agent they came with.

use domain::{JobId, Timestamp, operation::LogLine};
use sqlx::SqliteConnection;

use super::{StepChange, journal};
use crate::{
    Store, StoreError, Written,
    column::{from_word, number, to_json},
};

impl Store {
    /// Adds lines to a job's log.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the job is unknown.
    pub fn append_log(&self, job: JobId, lines: &[LogLine]) -> Written {
        let lines = lines.to_vec();
        self.write(move |connection| {
            let lines = lines.clone();
            Box::pin(async move { append(connection, job, &lines).await })
        })
    }

    /// Stores a report of the agent that does not end the job: its sequence, its lines and the step it is at. Answers
    /// false, and changes nothing, when a report of this or a later sequence is stored already.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the job is unknown or has no such step.
    pub async fn take_report(
        &self,
        job: JobId,
        sequence: u32,
        lines: &[LogLine],
        step: Option<&StepChange>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if !take(&mut transaction, job, sequence, lines).await? {
            return Ok(false);
        }
        if let Some(StepChange {
            kind,
            state,
            detail,
        }) = step
        {
            journal::move_step(&mut transaction, job, *kind, *state, detail.as_deref(), at).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// The newest stored report of a job; 0 before the first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the job is unknown.
    pub async fn report_sequence(&self, job: JobId) -> Result<u32, StoreError> {
        let sequence = sqlx::query_scalar!(
            "SELECT report_sequence FROM jobs WHERE id = ?",
            job.to_string()
        )
        .fetch_optional(self.readers())
        .await?
        .ok_or_else(|| StoreError::not_found("job", job))?;
        number("jobs.report_sequence", sequence)
    }

    /// Lines of a job's log after the first `after`, at most `limit`, and the number of lines in all.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn log(
        &self,
        job: JobId,
        after: u32,
        limit: u32,
    ) -> Result<(Vec<LogLine>, u32), StoreError> {
        let id = job.to_string();
        let mut look = self.look().await?;
        let total = sqlx::query_scalar!(
            r#"SELECT COALESCE(max(line), 0) AS "total!: i64" FROM job_log WHERE job = ?"#,
            id
        )
        .fetch_one(&mut *look)
        .await?;
        let rows = sqlx::query!(
            "SELECT at, level, text FROM job_log WHERE job = ? AND line > ? ORDER BY line LIMIT ?",
            id,
            after,
            limit
        )
        .fetch_all(&mut *look)
        .await?;
        let lines = rows
            .into_iter()
            .map(|row| {
                Ok(LogLine {
                    at: Timestamp(row.at),
                    level: from_word("job_log.level", row.level)?,
                    text: row.text,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok((lines, number("job_log.line", total)?))
    }
}

/// Takes the lines of a report unless it is stored already; answers whether it did.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    job: JobId,
    sequence: u32,
    lines: &[LogLine],
) -> Result<bool, StoreError> {
    let id = job.to_string();
    let stored = sqlx::query_scalar!("SELECT report_sequence FROM jobs WHERE id = ?", id)
        .fetch_optional(&mut *connection)
        .await?
        .ok_or_else(|| StoreError::not_found("job", job))?;
    if stored >= i64::from(sequence) {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE jobs SET report_sequence = ?2 WHERE id = ?1",
        id,
        sequence
    )
    .execute(&mut *connection)
    .await?;
    append(connection, job, lines).await?;
    Ok(true)
}

pub(super) async fn append(
    connection: &mut SqliteConnection,
    job: JobId,
    lines: &[LogLine],
) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO job_log (job, line, at, level, text)
         SELECT ?1, (SELECT COALESCE(max(line), 0) FROM job_log WHERE job = ?1) + 1 + key, value ->> 'at',
                value ->> 'level', value ->> 'text'
         FROM json_each(?2)",
        job.to_string(),
        to_json(lines)?
    )
    .execute(connection)
    .await
    .map_err(StoreError::missing_reference("job", job))?;
    Ok(())
}
