//! Reading operations back, as shown and as needed to go on with them.

use std::collections::HashMap;

use domain::{
    GuestId, JobId, OperationId, Timestamp,
    operation::{Job, JobCounts, JobState, Operation, Step, StepState},
};
use sqlx::SqliteConnection;

use super::{JobRecord, OperationRecord};
use crate::{
    Store, StoreError,
    column::{from_json_option, from_word, moment, number, parsed, to_json},
};

struct OperationColumns {
    id: String,
    number: i64,
    kind: String,
    subject: String,
    plan: Option<String>,
    plan_short: Option<String>,
    approved_by: Option<String>,
    began_at: i64,
    ended_at: Option<i64>,
    cancelling: bool,
}

struct JobColumns {
    id: String,
    operation: String,
    guest: String,
    vmid: i64,
    name: String,
    node: String,
    state: String,
    work: Option<String>,
    handle: Option<String>,
    console_before: Option<String>,
    problem: Option<String>,
    report_sequence: i64,
    began_at: Option<i64>,
    ended_at: Option<i64>,
}

macro_rules! select_operations {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            OperationColumns,
            r#"SELECT id, number, kind, subject, plan, plan_short, approved_by, began_at, ended_at,
                      cancelling AS "cancelling: bool"
               FROM operations "# + $tail
            $(, $argument)*
        )
    };
}

macro_rules! select_jobs {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            JobColumns,
            "SELECT id, operation, guest, vmid, name, node, state, work, handle, console_before, problem,
                    report_sequence, began_at, ended_at
             FROM jobs " + $tail
            $(, $argument)*
        )
    };
}

impl Store {
    /// What has not ended, oldest first, with everything that is needed to go on.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn unfinished_operations(&self) -> Result<Vec<OperationRecord>, StoreError> {
        let mut look = self.look().await?;
        let rows = select_operations!("WHERE ended_at IS NULL ORDER BY number")
            .fetch_all(&mut *look)
            .await?;
        let mut operations = Vec::with_capacity(rows.len());
        for row in rows {
            operations.push(whole(&mut look, row).await?);
        }
        Ok(operations)
    }

    /// What has not ended and the newest `ended` of what has, newest first.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn operations(&self, ended: u32) -> Result<Vec<Operation>, StoreError> {
        let mut look = self.look().await?;
        let rows = select_operations!(
            "WHERE ended_at IS NULL OR number IN
                (SELECT number FROM operations WHERE ended_at IS NOT NULL ORDER BY number DESC LIMIT ?)
             ORDER BY number DESC",
            ended
        )
        .fetch_all(&mut *look)
        .await?;
        let mut operations = Vec::with_capacity(rows.len());
        for row in rows {
            operations.push(if row.ended_at.is_some() {
                let states =
                    sqlx::query_scalar!("SELECT state FROM jobs WHERE operation = ?", row.id)
                        .fetch_all(&mut *look)
                        .await?
                        .into_iter()
                        .map(|state| from_word("jobs.state", state))
                        .collect::<Result<Vec<JobState>, _>>()?;
                shown(&row, JobCounts::of(states), None)?
            } else {
                whole(&mut look, row).await?.operation
            });
        }
        Ok(operations)
    }

    /// One operation with its jobs.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn operation(&self, id: OperationId) -> Result<Option<OperationRecord>, StoreError> {
        let mut look = self.look().await?;
        let row = select_operations!("WHERE id = ?", id.to_string())
            .fetch_optional(&mut *look)
            .await?;
        match row {
            Some(row) => Ok(Some(whole(&mut look, row).await?)),
            None => Ok(None),
        }
    }

    /// One job.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn job(&self, id: JobId) -> Result<Option<JobRecord>, StoreError> {
        let mut look = self.look().await?;
        let rows = select_jobs!("WHERE id = ?", id.to_string())
            .fetch_all(&mut *look)
            .await?;
        Ok(with_steps(&mut look, rows).await?.pop())
    }

    /// The newest jobs of a guest, newest first.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn jobs_of_guest(
        &self,
        guest: GuestId,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let mut look = self.look().await?;
        let rows = select_jobs!(
            "WHERE guest = ? ORDER BY rowid DESC LIMIT ?",
            guest.to_string(),
            limit
        )
        .fetch_all(&mut *look)
        .await?;
        with_steps(&mut look, rows).await
    }
}

async fn whole(
    connection: &mut SqliteConnection,
    row: OperationColumns,
) -> Result<OperationRecord, StoreError> {
    let jobs = select_jobs!("WHERE operation = ? ORDER BY position", row.id)
        .fetch_all(&mut *connection)
        .await?;
    let jobs = with_steps(connection, jobs).await?;
    let counts = JobCounts::of(jobs.iter().map(|j| j.job.state));
    let now = jobs
        .iter()
        .filter(|j| j.job.state == JobState::Running)
        .max_by_key(|j| j.job.began_at)
        .and_then(|j| {
            j.job
                .steps
                .iter()
                .rfind(|s| s.state == StepState::Running)
                .cloned()
        });
    Ok(OperationRecord {
        operation: shown(&row, counts, now)?,
        plan: from_json_option("operations.plan", row.plan)?,
        approved_by: row.approved_by,
        jobs,
    })
}

fn shown(
    row: &OperationColumns,
    counts: JobCounts,
    now: Option<Step>,
) -> Result<Operation, StoreError> {
    Ok(Operation {
        id: parsed("operations.id", &row.id)?,
        number: number("operations.number", row.number)?,
        kind: from_word("operations.kind", row.kind.clone())?,
        subject: row.subject.clone(),
        counts,
        now,
        percent: None,
        began_at: Timestamp(row.began_at),
        ended_at: moment(row.ended_at),
        plan: row.plan_short.clone(),
        cancelling: row.cancelling,
    })
}

/// Reads the steps of all the jobs at once.
async fn with_steps(
    connection: &mut SqliteConnection,
    jobs: Vec<JobColumns>,
) -> Result<Vec<JobRecord>, StoreError> {
    let ids: Vec<&str> = jobs.iter().map(|j| j.id.as_str()).collect();
    let rows = sqlx::query!(
        "SELECT job, kind, state, detail, began_at, ended_at FROM steps
         WHERE job IN (SELECT value FROM json_each(?)) ORDER BY job, position",
        to_json(&ids)?
    )
    .fetch_all(connection)
    .await?;
    let mut steps: HashMap<String, Vec<Step>> = HashMap::with_capacity(jobs.len());
    for row in rows {
        steps.entry(row.job).or_default().push(Step {
            kind: from_word("steps.kind", row.kind)?,
            state: from_word("steps.state", row.state)?,
            detail: row.detail,
            began_at: moment(row.began_at),
            ended_at: moment(row.ended_at),
        });
    }
    jobs.into_iter()
        .map(|row| {
            let vmid: u32 = number("jobs.vmid", row.vmid)?;
            Ok(JobRecord {
                job: Job {
                    id: parsed("jobs.id", &row.id)?,
                    guest: parsed("jobs.guest", &row.guest)?,
                    vmid: number("jobs.vmid", vmid)?,
                    name: row.name,
                    node: parsed("jobs.node", &row.node)?,
                    state: from_word("jobs.state", row.state)?,
                    steps: steps.remove(&row.id).unwrap_or_default(),
                    problem: from_json_option("jobs.problem", row.problem)?,
                    percent: None,
                    began_at: moment(row.began_at),
                    ended_at: moment(row.ended_at),
                },
                operation: parsed("jobs.operation", &row.operation)?,
                work: from_json_option("jobs.work", row.work)?,
                handle: row.handle,
                console_before: row.console_before,
                sequence: number("jobs.report_sequence", row.report_sequence)?,
            })
        })
        .collect()
}
