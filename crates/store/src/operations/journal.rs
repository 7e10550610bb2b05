//! Writing operations, jobs and steps. Every step is written before it happens.

use domain::{
    JobId, OperationId, Timestamp,
    operation::{JobState, Problem, StepKind, StepState},
};
use serde::Serialize;
use sqlx::SqliteConnection;

use super::{JobEnd, NewJob, NewOperation, StepChange, log, receipts};
use crate::{
    Store, StoreError, Written,
    column::{from_word, number, to_json, to_json_option, to_word},
};

#[derive(Serialize)]
struct JobColumns<'a> {
    id: String,
    guest: String,
    vmid: u32,
    name: &'a str,
    node: &'a str,
    work: Option<String>,
}

impl<'a> TryFrom<&'a NewJob> for JobColumns<'a> {
    type Error = StoreError;
    fn try_from(job: &'a NewJob) -> Result<Self, StoreError> {
        Ok(Self {
            id: job.id.to_string(),
            guest: job.guest.to_string(),
            vmid: job.vmid.get(),
            name: &job.name,
            node: job.node.as_str(),
            work: to_json_option(job.work.as_ref())?,
        })
    }
}

impl Store {
    /// Adds an operation with its jobs, all waiting. Answers its number.
    ///
    /// # Errors
    /// When the database fails; nothing is written then.
    pub async fn insert_operation(&self, operation: &NewOperation) -> Result<u32, StoreError> {
        let id = operation.id.to_string();
        let waiting = to_word(JobState::Waiting)?;
        let jobs = operation
            .jobs
            .iter()
            .map(JobColumns::try_from)
            .collect::<Result<Vec<_>, _>>()?;
        let jobs = to_json(&jobs)?;
        let mut transaction = self.begin().await?;
        let given = sqlx::query_scalar!(
            "INSERT INTO operations (id, number, kind, subject, plan, plan_short, approved_by, began_at)
             VALUES (?1, (SELECT COALESCE(max(number), 0) + 1 FROM operations), ?2, ?3, ?4, ?5, ?6, ?7)
             RETURNING number",
            id,
            to_word(operation.kind)?,
            operation.subject,
            to_json_option(operation.plan.as_ref())?,
            operation.plan_short,
            operation.approved_by,
            operation.began_at.0
        )
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query!(
            "INSERT INTO jobs (id, operation, position, guest, vmid, name, node, state, work)
             SELECT value ->> 'id', ?1, key, value ->> 'guest', value ->> 'vmid', value ->> 'name', value ->> 'node', ?2,
                    value ->> 'work'
             FROM json_each(?3)",
            id,
            waiting,
            jobs
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "INSERT INTO steps (job, position, kind, state)
             SELECT j.value ->> 'id', s.key, s.value, ?3 FROM json_each(?1) j, json_each(?2) s",
            jobs,
            to_json(operation.kind.steps())?,
            to_word(StepState::Waiting)?
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        number("operations.number", given)
    }

    /// Moves a step. Its beginning is the first time it ran; its end is set by the states that end it, and taken back
    /// when it runs again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the job is unknown or has no such step.
    pub fn set_step(
        &self,
        job: JobId,
        kind: StepKind,
        state: StepState,
        detail: Option<&str>,
        at: Timestamp,
    ) -> Written {
        let detail = detail.map(str::to_owned);
        self.write(move |connection| {
            let detail = detail.clone();
            Box::pin(
                async move { move_step(connection, job, kind, state, detail.as_deref(), at).await },
            )
        })
    }

    /// Moves a job. The same final state twice is allowed and keeps the first end.
    ///
    /// # Errors
    /// [`StoreError::Ended`] when it has another final state, [`StoreError::NotFound`] when it is unknown.
    pub async fn set_job(
        &self,
        job: JobId,
        state: JobState,
        problem: Option<&Problem>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let problem = problem.cloned();
        self.write(move |connection| {
            let problem = problem.clone();
            Box::pin(async move {
                let stands = state_of(connection, job).await?;
                if stands.is_final() {
                    return if stands == state {
                        Ok(())
                    } else {
                        Err(StoreError::Ended { job, state: stands })
                    };
                }
                move_job(connection, job, state, problem.as_ref(), at).await
            })
        })
        .await
    }

    /// Stores what the job is called outside.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the job is unknown.
    pub async fn set_handle(&self, job: JobId, handle: &str) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE jobs SET handle = ?2 WHERE id = ?1",
            job.to_string(),
            handle
        )
        .execute(self.writer())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::not_found("job", job));
        }
        Ok(())
    }

    /// Ends a job in one piece: steps, state, problem, last log lines and receipt. The first end stands: answers false,
    /// and changes nothing, when the job had ended before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the job is unknown or lacks one of the steps, [`StoreError::Ended`] when the state
    /// is not a final one.
    pub async fn close_job(&self, end: &JobEnd) -> Result<bool, StoreError> {
        if !end.state.is_final() {
            return Err(StoreError::Ended {
                job: end.job,
                state: end.state,
            });
        }
        let mut transaction = self.begin().await?;
        if state_of(&mut transaction, end.job).await?.is_final() {
            return Ok(false);
        }
        match end.sequence {
            Some(sequence) => {
                log::take(&mut transaction, end.job, sequence, &end.log).await?;
            }
            None => log::append(&mut transaction, end.job, &end.log).await?,
        }
        for StepChange {
            kind,
            state,
            detail,
        } in &end.steps
        {
            move_step(
                &mut transaction,
                end.job,
                *kind,
                *state,
                detail.as_deref(),
                end.at,
            )
            .await?;
        }
        move_job(
            &mut transaction,
            end.job,
            end.state,
            end.problem.as_ref(),
            end.at,
        )
        .await?;
        if let Some(receipt) = &end.receipt {
            receipts::insert(&mut transaction, receipt).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes that the user asked the operation to stop.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the operation is unknown.
    pub async fn set_cancelling(&self, operation: OperationId) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE operations SET cancelling = 1 WHERE id = ?",
            operation.to_string()
        )
        .execute(self.writer())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::not_found("operation", operation));
        }
        Ok(())
    }

    /// Ends an operation; the first end stands.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the operation is unknown.
    pub async fn end_operation(
        &self,
        operation: OperationId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE operations SET ended_at = COALESCE(ended_at, ?2) WHERE id = ?1",
            operation.to_string(),
            at.0
        )
        .execute(self.writer())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::not_found("operation", operation));
        }
        Ok(())
    }
}

async fn state_of(connection: &mut SqliteConnection, job: JobId) -> Result<JobState, StoreError> {
    let state = sqlx::query_scalar!("SELECT state FROM jobs WHERE id = ?", job.to_string())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| StoreError::not_found("job", job))?;
    from_word("jobs.state", state)
}

async fn move_job(
    connection: &mut SqliteConnection,
    job: JobId,
    state: JobState,
    problem: Option<&Problem>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let begins = state == JobState::Running;
    sqlx::query!(
        "UPDATE jobs SET state = ?2, problem = ?3,
                began_at = CASE WHEN ?4 THEN COALESCE(began_at, ?6) ELSE began_at END,
                ended_at = CASE WHEN ?5 THEN ?6 END
         WHERE id = ?1",
        job.to_string(),
        to_word(state)?,
        to_json_option(problem)?,
        begins,
        state.is_final(),
        at.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn move_step(
    connection: &mut SqliteConnection,
    job: JobId,
    kind: StepKind,
    state: StepState,
    detail: Option<&str>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (begins, ends) = match state {
        StepState::Waiting => (false, false),
        StepState::Running => (true, false),
        StepState::Done | StepState::Failed => (true, true),
        StepState::Skipped | StepState::Unknown => (false, true),
    };
    let word = to_word(kind)?;
    let done = sqlx::query!(
        "UPDATE steps SET state = ?3, detail = ?4,
                began_at = CASE WHEN ?5 THEN COALESCE(began_at, ?7) ELSE began_at END,
                ended_at = CASE WHEN ?6 THEN ?7 END
         WHERE job = ?1 AND kind = ?2",
        job.to_string(),
        word,
        to_word(state)?,
        detail,
        begins,
        ends,
        at.0
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::not_found(
            "step",
            format!("{word} of job {job}"),
        ));
    }
    Ok(())
}
