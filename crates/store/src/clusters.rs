//! The clusters that the user added.

use domain::{ClusterId, Timestamp, host::Fingerprint};

use crate::{
    SecretId, Store, StoreError,
    column::{from_json, moment, parsed, parsed_option, to_json},
};

/// A cluster, how it is reached and by what it is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRecord {
    pub id: ClusterId,
    pub name: String,
    /// `host:port` of its nodes, the entry first.
    pub addresses: Vec<String>,
    /// `user@realm!name`.
    pub token_id: String,
    pub token_secret: SecretId,
    /// Certificates that the user accepted by their fingerprint.
    pub leaves: Vec<Fingerprint>,
    /// The cluster's own CA, learned over an accepted connection.
    pub ca_pem: Option<String>,
    pub ca_fingerprint: Option<Fingerprint>,
    /// Of the entry node: `8.4.21`.
    pub version: Option<String>,
    /// None for a stand-alone node.
    pub quorate: Option<bool>,
    pub added_at: Timestamp,
    /// Last successful answer.
    pub checked_at: Option<Timestamp>,
    /// Whether anything is asked of it.
    pub enabled: bool,
    /// When the token's secret was entered here.
    pub token_entered_at: Timestamp,
}

struct Columns {
    id: String,
    name: String,
    addresses: String,
    token_id: String,
    token_secret: String,
    leaves: String,
    ca_pem: Option<String>,
    ca_fingerprint: Option<String>,
    version: Option<String>,
    quorate: Option<bool>,
    added_at: i64,
    checked_at: Option<i64>,
    enabled: bool,
    token_entered_at: Option<i64>,
}

macro_rules! select {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Columns,
            r#"SELECT id, name, addresses, token_id, token_secret, leaves, ca_pem, ca_fingerprint, version,
                      quorate AS "quorate: bool", added_at, checked_at, enabled AS "enabled: bool",
                      token_entered_at
               FROM clusters "# + $tail
            $(, $argument)*
        )
    };
}

impl TryFrom<Columns> for ClusterRecord {
    type Error = StoreError;
    fn try_from(row: Columns) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("clusters.id", &row.id)?,
            name: row.name,
            addresses: from_json("clusters.addresses", &row.addresses)?,
            token_id: row.token_id,
            token_secret: parsed("clusters.token_secret", &row.token_secret)?,
            leaves: from_json("clusters.leaves", &row.leaves)?,
            ca_pem: row.ca_pem,
            ca_fingerprint: parsed_option("clusters.ca_fingerprint", row.ca_fingerprint)?,
            version: row.version,
            quorate: row.quorate,
            added_at: Timestamp(row.added_at),
            checked_at: moment(row.checked_at),
            enabled: row.enabled,
            token_entered_at: Timestamp(row.token_entered_at.unwrap_or(row.added_at)),
        })
    }
}

impl Store {
    /// Adds a cluster.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the token's secret was not kept before.
    pub async fn insert_cluster(&self, cluster: &ClusterRecord) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO clusters (id, name, addresses, token_id, token_secret, leaves, ca_pem, ca_fingerprint, version,
                                   quorate, added_at, checked_at, enabled, token_entered_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            cluster.id.to_string(),
            cluster.name,
            to_json(&cluster.addresses)?,
            cluster.token_id,
            cluster.token_secret.to_string(),
            to_json(&cluster.leaves)?,
            cluster.ca_pem,
            cluster.ca_fingerprint.map(|f| f.to_string()),
            cluster.version,
            cluster.quorate,
            cluster.added_at.0,
            cluster.checked_at.map(|t| t.0),
            cluster.enabled,
            cluster.token_entered_at.0
        )
        .execute(self.writer())
        .await
        .map_err(StoreError::missing_reference(
            "secret",
            cluster.token_secret,
        ))?;
        Ok(())
    }

    /// Writes a whole record over the stored one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such cluster, or its token's secret was not kept before.
    pub async fn update_cluster(&self, cluster: &ClusterRecord) -> Result<(), StoreError> {
        let id = cluster.id.to_string();
        let done = sqlx::query!(
            "UPDATE clusters SET name = ?2, addresses = ?3, token_id = ?4, token_secret = ?5, leaves = ?6, ca_pem = ?7,
                    ca_fingerprint = ?8, version = ?9, quorate = ?10, added_at = ?11, checked_at = ?12, enabled = ?13,
                    token_entered_at = ?14
             WHERE id = ?1",
            id,
            cluster.name,
            to_json(&cluster.addresses)?,
            cluster.token_id,
            cluster.token_secret.to_string(),
            to_json(&cluster.leaves)?,
            cluster.ca_pem,
            cluster.ca_fingerprint.map(|f| f.to_string()),
            cluster.version,
            cluster.quorate,
            cluster.added_at.0,
            cluster.checked_at.map(|t| t.0),
            cluster.enabled,
            cluster.token_entered_at.0
        )
        .execute(self.writer())
        .await
        .map_err(StoreError::missing_reference(
            "secret",
            cluster.token_secret,
        ))?;
        found(done.rows_affected(), id)
    }

    /// Notes a successful answer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such cluster.
    pub async fn touch_cluster(&self, id: ClusterId, at: Timestamp) -> Result<(), StoreError> {
        let id = id.to_string();
        let done = sqlx::query!(
            "UPDATE clusters SET checked_at = ?2 WHERE id = ?1",
            id,
            at.0
        )
        .execute(self.writer())
        .await?;
        found(done.rows_affected(), id)
    }

    /// Forgets a cluster with its nodes, guests, agents, inventories and its token's secret. Operations and receipts
    /// stay. Answers false when there was none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_cluster(&self, id: ClusterId) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let removed = sqlx::query_scalar!(
            "DELETE FROM clusters WHERE id = ? RETURNING token_secret",
            id.to_string()
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(secret) = &removed {
            sqlx::query!(
                "DELETE FROM secrets WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM clusters WHERE token_secret = ?1)",
                secret
            )
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(removed.is_some())
    }

    /// All clusters, in the order in which they were added.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn clusters(&self) -> Result<Vec<ClusterRecord>, StoreError> {
        select!("ORDER BY added_at, id")
            .fetch_all(self.readers())
            .await?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    /// One cluster.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn cluster(&self, id: ClusterId) -> Result<Option<ClusterRecord>, StoreError> {
        select!("WHERE id = ?", id.to_string())
            .fetch_optional(self.readers())
            .await?
            .map(TryInto::try_into)
            .transpose()
    }

    /// The cluster whose own CA has this fingerprint.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn cluster_by_ca(
        &self,
        ca: Fingerprint,
    ) -> Result<Option<ClusterRecord>, StoreError> {
        select!(
            "WHERE ca_fingerprint = ? ORDER BY added_at LIMIT 1",
            ca.to_string()
        )
        .fetch_optional(self.readers())
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// The cluster for which this certificate was accepted.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn cluster_by_leaf(
        &self,
        leaf: Fingerprint,
    ) -> Result<Option<ClusterRecord>, StoreError> {
        select!(
            "WHERE EXISTS (SELECT 1 FROM json_each(leaves) WHERE value = ?) ORDER BY added_at LIMIT 1",
            leaf.to_string()
        )
        .fetch_optional(self.readers())
        .await?
        .map(TryInto::try_into)
        .transpose()
    }
}

fn found(rows: u64, id: String) -> Result<(), StoreError> {
    if rows == 0 {
        Err(StoreError::not_found("cluster", id))
    } else {
        Ok(())
    }
}
