//! The agents that were enrolled, and the certificates by which they are known.

use domain::{AgentId, GuestId, Timestamp, host::Fingerprint};
use sqlx::SqliteConnection;

use crate::{
    Store, StoreError,
    column::{moment, parsed, parsed_option},
};

/// One enrolled agent. A guest has at most one that is not revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRecord {
    pub id: AgentId,
    pub guest: GuestId,
    pub certificate: Fingerprint,
    /// The one before a renewal, valid until the renewed one is used for the first time.
    pub previous_certificate: Option<Fingerprint>,
    pub version: String,
    pub enrolled_at: Timestamp,
    pub renewed_at: Option<Timestamp>,
    pub last_seen: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// It came through its node the last time: by itself it does not reach this computer.
    pub carried: bool,
}

struct Columns {
    id: String,
    guest: String,
    certificate: String,
    previous_certificate: Option<String>,
    version: String,
    enrolled_at: i64,
    renewed_at: Option<i64>,
    last_seen: Option<i64>,
    revoked_at: Option<i64>,
    carried: bool,
}

macro_rules! select {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Columns,
            "SELECT id, guest, certificate, previous_certificate, version, enrolled_at, renewed_at, last_seen, revoked_at,
                    carried AS \"carried: bool\"
             FROM agents " + $tail
            $(, $argument)*
        )
    };
}

impl TryFrom<Columns> for AgentRecord {
    type Error = StoreError;
    fn try_from(row: Columns) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("agents.id", &row.id)?,
            guest: parsed("agents.guest", &row.guest)?,
            certificate: parsed("agents.certificate", &row.certificate)?,
            previous_certificate: parsed_option(
                "agents.previous_certificate",
                row.previous_certificate,
            )?,
            version: row.version,
            enrolled_at: Timestamp(row.enrolled_at),
            renewed_at: moment(row.renewed_at),
            last_seen: moment(row.last_seen),
            revoked_at: moment(row.revoked_at),
            carried: row.carried,
        })
    }
}

impl Store {
    /// Adds an agent and revokes those that its guest had before, at the time of the enrolment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such guest.
    pub async fn insert_agent(&self, agent: &AgentRecord) -> Result<(), StoreError> {
        let agent = agent.clone();
        self.write(move |connection| {
            let agent = agent.clone();
            Box::pin(async move { insert(connection, &agent).await })
        })
        .await
    }

    /// The agent that a certificate was issued to, as its present or its previous one. A revoked agent is found too:
    /// look at `revoked_at`.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn agent_by_certificate(
        &self,
        certificate: Fingerprint,
    ) -> Result<Option<AgentRecord>, StoreError> {
        select!(
            "WHERE certificate = ?1 OR previous_certificate = ?1 LIMIT 1",
            certificate.to_string()
        )
        .fetch_optional(self.readers())
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// The agent of a guest that is not revoked.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn agent_of_guest(&self, guest: GuestId) -> Result<Option<AgentRecord>, StoreError> {
        select!("WHERE guest = ? AND revoked_at IS NULL", guest.to_string())
            .fetch_optional(self.readers())
            .await?
            .map(TryInto::try_into)
            .transpose()
    }

    /// One agent, revoked or not.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn agent(&self, id: AgentId) -> Result<Option<AgentRecord>, StoreError> {
        select!("WHERE id = ?", id.to_string())
            .fetch_optional(self.readers())
            .await?
            .map(TryInto::try_into)
            .transpose()
    }

    /// All agents that are not revoked.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn agents(&self) -> Result<Vec<AgentRecord>, StoreError> {
        select!("WHERE revoked_at IS NULL ORDER BY enrolled_at, id")
            .fetch_all(self.readers())
            .await?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    /// Notes a sign of life and the version that gave it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such agent.
    pub async fn touch_agent(
        &self,
        id: AgentId,
        version: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, version) = (id.to_string(), version.to_owned());
        self.write(move |connection| {
            let (id, version) = (id.clone(), version.clone());
            Box::pin(async move {
                let done = sqlx::query!(
                    "UPDATE agents SET last_seen = ?2, version = ?3 WHERE id = ?1",
                    id,
                    at.0,
                    version
                )
                .execute(connection)
                .await?;
                found(done.rows_affected(), id)
            })
        })
        .await
    }

    /// Notes whether an agent comes through its node.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such agent.
    pub async fn set_carried(&self, id: AgentId, carried: bool) -> Result<(), StoreError> {
        let id = id.to_string();
        self.write(move |connection| {
            let id = id.clone();
            Box::pin(async move {
                let done =
                    sqlx::query!("UPDATE agents SET carried = ?2 WHERE id = ?1", id, carried)
                        .execute(connection)
                        .await?;
                found(done.rows_affected(), id)
            })
        })
        .await
    }

    /// Gives an agent a new certificate. The one in use stays valid until [`Store::settle_certificate`]; a renewed one
    /// that was never used (its answer was lost) is dropped for the newer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such agent, or it is revoked.
    pub async fn renew_certificate(
        &self,
        id: AgentId,
        certificate: Fingerprint,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = id.to_string();
        let done = sqlx::query!(
            "UPDATE agents SET previous_certificate = COALESCE(previous_certificate, certificate), certificate = ?2,
                    renewed_at = ?3
             WHERE id = ?1 AND revoked_at IS NULL",
            id,
            certificate.to_string(),
            at.0
        )
        .execute(self.writer())
        .await?;
        found(done.rows_affected(), id)
    }

    /// Notes that a certificate was used: if it is the renewed one, the one before it ends. Answers whether that
    /// changed anything, and writes only then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle_certificate(
        &self,
        id: AgentId,
        used: Fingerprint,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE agents SET previous_certificate = NULL
             WHERE id = ? AND certificate = ? AND previous_certificate IS NOT NULL",
            id.to_string(),
            used.to_string()
        )
        .execute(self.writer())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Revokes an agent; the first time stands.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such agent.
    pub async fn revoke_agent(&self, id: AgentId, at: Timestamp) -> Result<(), StoreError> {
        let id = id.to_string();
        let done = sqlx::query!(
            "UPDATE agents SET revoked_at = COALESCE(revoked_at, ?2) WHERE id = ?1",
            id,
            at.0
        )
        .execute(self.writer())
        .await?;
        found(done.rows_affected(), id)
    }
}

fn found(rows: u64, id: String) -> Result<(), StoreError> {
    if rows == 0 {
        Err(StoreError::not_found("agent", id))
    } else {
        Ok(())
    }
}

async fn insert(connection: &mut SqliteConnection, agent: &AgentRecord) -> Result<(), StoreError> {
    let guest = agent.guest.to_string();
    sqlx::query!(
        "UPDATE agents SET revoked_at = ?2 WHERE guest = ?1 AND revoked_at IS NULL",
        guest,
        agent.enrolled_at.0
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO agents (id, guest, certificate, previous_certificate, version, enrolled_at, renewed_at, last_seen,
                                 revoked_at, carried)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        agent.id.to_string(),
        guest,
        agent.certificate.to_string(),
        agent.previous_certificate.map(|f| f.to_string()),
        agent.version,
        agent.enrolled_at.0,
        agent.renewed_at.map(|t| t.0),
        agent.last_seen.map(|t| t.0),
        agent.revoked_at.map(|t| t.0),
        agent.carried
    )
    .execute(&mut *connection)
    .await
    .map_err(StoreError::missing_reference("guest", agent.guest))?;
    Ok(())
}
