//! Nodes as last seen, and how their guests are entered.

use domain::{ClusterId, NodeKey, Timestamp, access::AccessWay, fleet::Usage, host::HostKey};
use serde::{Deserialize, Serialize};

use crate::{
    Store, StoreError,
    column::{from_json_option, moment, number_option, parsed, real, to_json_option, usage},
};

/// A node as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRecord {
    pub key: NodeKey,
    pub address: Option<String>,
    pub online: bool,
    pub uptime_seconds: Option<u32>,
    /// Load of the processors, 0 to 1.
    pub cpu: Option<f32>,
    pub memory: Option<Usage>,
    pub seen_at: Option<Timestamp>,
    /// Since when it is no longer part of its cluster.
    pub gone_at: Option<Timestamp>,
    /// Set by [`Store::set_access`] alone; a discovery neither reads nor changes it.
    pub access: Option<AccessRecord>,
}

/// The SSH way into a node, and how its last try went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRecord {
    pub host: String,
    pub port: u16,
    pub user: String,
    /// The host key that the user accepted.
    pub host_key: HostKey,
    /// Rows of versions that knew one way alone have none.
    #[serde(default)]
    pub way: AccessWay,
    pub tried_at: Option<Timestamp>,
    /// Why the last try failed.
    pub error: Option<String>,
}

struct Columns {
    cluster: String,
    name: String,
    address: Option<String>,
    online: bool,
    uptime_seconds: Option<i64>,
    cpu: Option<f64>,
    memory_used: Option<i64>,
    memory_total: Option<i64>,
    seen_at: Option<i64>,
    gone_at: Option<i64>,
    access: Option<String>,
}

macro_rules! select {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Columns,
            r#"SELECT cluster, name, address, online AS "online: bool", uptime_seconds, cpu, memory_used, memory_total,
                      seen_at, gone_at, access
               FROM nodes "# + $tail
            $(, $argument)*
        )
    };
}

impl TryFrom<Columns> for NodeRecord {
    type Error = StoreError;
    fn try_from(row: Columns) -> Result<Self, StoreError> {
        Ok(Self {
            key: NodeKey {
                cluster: parsed("nodes.cluster", &row.cluster)?,
                node: parsed("nodes.name", &row.name)?,
            },
            address: row.address,
            online: row.online,
            uptime_seconds: number_option("nodes.uptime_seconds", row.uptime_seconds)?,
            cpu: real(row.cpu),
            memory: usage("nodes.memory", row.memory_used, row.memory_total)?,
            seen_at: moment(row.seen_at),
            gone_at: moment(row.gone_at),
            access: from_json_option("nodes.access", row.access)?,
        })
    }
}

impl Store {
    /// The nodes of all clusters, without those that are gone.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn nodes(&self) -> Result<Vec<NodeRecord>, StoreError> {
        select!("WHERE gone_at IS NULL ORDER BY cluster, name")
            .fetch_all(self.readers())
            .await?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    /// The nodes of one cluster, those that are gone included.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn nodes_of(&self, cluster: ClusterId) -> Result<Vec<NodeRecord>, StoreError> {
        select!("WHERE cluster = ? ORDER BY name", cluster.to_string())
            .fetch_all(self.readers())
            .await?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    /// One node.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn node(&self, key: &NodeKey) -> Result<Option<NodeRecord>, StoreError> {
        select!(
            "WHERE cluster = ? AND name = ?",
            key.cluster.to_string(),
            key.node.as_str()
        )
        .fetch_optional(self.readers())
        .await?
        .map(TryInto::try_into)
        .transpose()
    }

    /// Sets or removes the way into a node.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such node.
    pub async fn set_access(
        &self,
        key: &NodeKey,
        access: Option<&AccessRecord>,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE nodes SET access = ?3 WHERE cluster = ?1 AND name = ?2",
            key.cluster.to_string(),
            key.node.as_str(),
            to_json_option(access)?
        )
        .execute(self.writer())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::not_found("node", &key.node));
        }
        Ok(())
    }
}
