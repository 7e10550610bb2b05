//! Guests as last seen.

use domain::{
    ClusterId, GuestId, NodeName, Timestamp, Vmid,
    facts::GuestFacts,
    fleet::{Power, Usage},
};

use crate::{
    Store, StoreError,
    column::{from_json, from_word, moment, number, number_option, parsed, real, to_json, usage},
};

/// A guest as last seen.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestRecord {
    pub id: GuestId,
    pub cluster: ClusterId,
    pub node: NodeName,
    pub vmid: Vmid,
    pub name: String,
    pub power: Power,
    /// Proxmox's lock, in its word.
    pub lock: Option<String>,
    pub template: bool,
    pub tags: Vec<String>,
    /// Proxmox's type: `debian`.
    pub ostype: Option<String>,
    /// MAC addresses of its networks: the birth mark.
    pub macs: Vec<String>,
    /// Name of the root volume: a hint beside the birth mark.
    pub root_volume: Option<String>,
    /// Proxmox's digest of the configuration that the fields above come from.
    pub config_digest: Option<String>,
    pub address: Option<String>,
    pub uptime_seconds: Option<u32>,
    /// Load of its processors, 0 to 1.
    pub cpu: Option<f32>,
    /// Used and allowed memory.
    pub memory: Option<Usage>,
    pub first_seen: Timestamp,
    pub seen_at: Option<Timestamp>,
    /// Since when Proxmox no longer lists it.
    pub gone_at: Option<Timestamp>,
}

struct Columns {
    id: String,
    cluster: String,
    node: String,
    vmid: i64,
    name: String,
    power: String,
    lock: Option<String>,
    template: bool,
    tags: String,
    ostype: Option<String>,
    macs: String,
    root_volume: Option<String>,
    config_digest: Option<String>,
    address: Option<String>,
    uptime_seconds: Option<i64>,
    cpu: Option<f64>,
    memory_used: Option<i64>,
    memory_total: Option<i64>,
    first_seen: i64,
    seen_at: Option<i64>,
    gone_at: Option<i64>,
}

macro_rules! select {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Columns,
            r#"SELECT id, cluster, node, vmid, name, power, lock, template AS "template: bool", tags, ostype, macs,
                      root_volume, config_digest, address, uptime_seconds, cpu, memory_used, memory_total, first_seen,
                      seen_at, gone_at
               FROM guests "# + $tail
            $(, $argument)*
        )
    };
}

impl TryFrom<Columns> for GuestRecord {
    type Error = StoreError;
    fn try_from(row: Columns) -> Result<Self, StoreError> {
        let vmid: u32 = number("guests.vmid", row.vmid)?;
        Ok(Self {
            id: parsed("guests.id", &row.id)?,
            cluster: parsed("guests.cluster", &row.cluster)?,
            node: parsed("guests.node", &row.node)?,
            vmid: number("guests.vmid", vmid)?,
            name: row.name,
            power: from_word("guests.power", row.power)?,
            lock: row.lock,
            template: row.template,
            tags: from_json("guests.tags", &row.tags)?,
            ostype: row.ostype,
            macs: from_json("guests.macs", &row.macs)?,
            root_volume: row.root_volume,
            config_digest: row.config_digest,
            address: row.address,
            uptime_seconds: number_option("guests.uptime_seconds", row.uptime_seconds)?,
            cpu: real(row.cpu),
            memory: usage("guests.memory", row.memory_used, row.memory_total)?,
            first_seen: Timestamp(row.first_seen),
            seen_at: moment(row.seen_at),
            gone_at: moment(row.gone_at),
        })
    }
}

impl Store {
    /// The guests of all clusters, without those that are gone.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn guests(&self) -> Result<Vec<GuestRecord>, StoreError> {
        select!("WHERE gone_at IS NULL ORDER BY cluster, vmid")
            .fetch_all(self.readers())
            .await?
            .into_iter()
            .map(TryInto::try_into)
            .collect()
    }

    /// The guests of one cluster, those that are gone included: a guest that comes back is the one it was.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn guests_of(&self, cluster: ClusterId) -> Result<Vec<GuestRecord>, StoreError> {
        select!(
            "WHERE cluster = ? ORDER BY vmid, first_seen",
            cluster.to_string()
        )
        .fetch_all(self.readers())
        .await?
        .into_iter()
        .map(TryInto::try_into)
        .collect()
    }

    /// One guest, also when it is gone.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn guest(&self, id: GuestId) -> Result<Option<GuestRecord>, StoreError> {
        select!("WHERE id = ?", id.to_string())
            .fetch_optional(self.readers())
            .await?
            .map(TryInto::try_into)
            .transpose()
    }

    /// Keeps what Proxmox said of a guest's configuration at `at`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such guest.
    pub async fn set_facts(
        &self,
        id: GuestId,
        facts: &GuestFacts,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE guests SET facts = ?2, facts_at = ?3 WHERE id = ?1",
            id.to_string(),
            to_json(facts)?,
            at.0
        )
        .execute(self.writer())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::not_found("guest", id));
        }
        Ok(())
    }

    /// What is kept of a guest's configuration, and of when it is.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn facts(&self, id: GuestId) -> Result<Option<(GuestFacts, Timestamp)>, StoreError> {
        let row = sqlx::query!(
            "SELECT facts, facts_at FROM guests WHERE id = ?",
            id.to_string()
        )
        .fetch_optional(self.readers())
        .await?;
        match row {
            Some(row) => match (row.facts, row.facts_at) {
                (Some(facts), Some(at)) => {
                    Ok(Some((from_json("guests.facts", &facts)?, Timestamp(at))))
                }
                _ => Ok(None),
            },
            None => Ok(None),
        }
    }
}
