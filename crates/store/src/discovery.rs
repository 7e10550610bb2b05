//! What a discovery found, written in one transaction that touches only the rows that differ.

use domain::{ClusterId, GuestId, NodeName, Timestamp, facts::DiscoveryEntry};
use serde::Serialize;

use crate::{
    GuestRecord, NodeRecord, Store, StoreError,
    column::{from_json, number, to_json, to_word},
};

/// Runs kept for each cluster: more than a day at one in five minutes.
const KEPT_RUNS: i64 = 500;

/// What one pass over a cluster changes.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscoveryWrite {
    /// When it was seen; becomes `gone_at` of what is gone.
    pub at: Timestamp,
    pub nodes: Vec<NodeRecord>,
    pub guests: Vec<GuestRecord>,
    pub gone_nodes: Vec<NodeName>,
    pub gone_guests: Vec<GuestId>,
    /// Present for a full discovery.
    pub run: Option<DiscoveryEntry>,
}

#[derive(Serialize)]
struct NodeColumns<'a> {
    name: &'a str,
    address: &'a Option<String>,
    online: bool,
    uptime: Option<u32>,
    cpu: Option<f32>,
    used: Option<u64>,
    total: Option<u64>,
    seen: Option<i64>,
    gone: Option<i64>,
}

#[derive(Serialize)]
struct GuestColumns<'a> {
    id: String,
    node: &'a str,
    vmid: u32,
    name: &'a str,
    power: String,
    lock: &'a Option<String>,
    template: bool,
    tags: &'a [String],
    ostype: &'a Option<String>,
    macs: &'a [String],
    volume: &'a Option<String>,
    digest: &'a Option<String>,
    address: &'a Option<String>,
    uptime: Option<u32>,
    cpu: Option<f32>,
    used: Option<u64>,
    total: Option<u64>,
    first: i64,
    seen: Option<i64>,
    gone: Option<i64>,
}

impl<'a> From<&'a NodeRecord> for NodeColumns<'a> {
    fn from(node: &'a NodeRecord) -> Self {
        Self {
            name: node.key.node.as_str(),
            address: &node.address,
            online: node.online,
            uptime: node.uptime_seconds,
            cpu: node.cpu,
            used: node.memory.map(|m| m.used),
            total: node.memory.map(|m| m.total),
            seen: node.seen_at.map(|t| t.0),
            gone: node.gone_at.map(|t| t.0),
        }
    }
}

impl<'a> TryFrom<&'a GuestRecord> for GuestColumns<'a> {
    type Error = StoreError;
    fn try_from(guest: &'a GuestRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: guest.id.to_string(),
            node: guest.node.as_str(),
            vmid: guest.vmid.get(),
            name: &guest.name,
            power: to_word(guest.power)?,
            lock: &guest.lock,
            template: guest.template,
            tags: &guest.tags,
            ostype: &guest.ostype,
            macs: &guest.macs,
            volume: &guest.root_volume,
            digest: &guest.config_digest,
            address: &guest.address,
            uptime: guest.uptime_seconds,
            cpu: guest.cpu,
            used: guest.memory.map(|m| m.used),
            total: guest.memory.map(|m| m.total),
            first: guest.first_seen.0,
            seen: guest.seen_at.map(|t| t.0),
            gone: guest.gone_at.map(|t| t.0),
        })
    }
}

impl Store {
    /// Writes what a pass over `cluster` found. A row whose lasting columns equal the stored ones is not written: load,
    /// uptime and `seen_at` move all the time and come along only when something else changed. The access of nodes and
    /// `first_seen` of known guests stay as they are. Records of another cluster are written to `cluster`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such cluster. Nothing is written then.
    pub async fn apply_discovery(
        &self,
        cluster: ClusterId,
        write: &DiscoveryWrite,
    ) -> Result<(), StoreError> {
        let id = cluster.to_string();
        let nodes: Vec<NodeColumns<'_>> = write.nodes.iter().map(Into::into).collect();
        let guests = write
            .guests
            .iter()
            .map(GuestColumns::try_from)
            .collect::<Result<Vec<_>, _>>()?;
        let missing = || StoreError::missing_reference("cluster", cluster);
        let mut transaction = self.begin().await?;

        // What is gone comes first: its VMID may be in use again.
        sqlx::query!(
            "UPDATE guests SET gone_at = ?2
             WHERE cluster = ?1 AND gone_at IS NULL AND id IN (SELECT value FROM json_each(?3))",
            id,
            write.at.0,
            to_json(&write.gone_guests)?
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "UPDATE nodes SET gone_at = ?2, online = 0
             WHERE cluster = ?1 AND gone_at IS NULL AND name IN (SELECT value FROM json_each(?3))",
            id,
            write.at.0,
            to_json(&write.gone_nodes)?
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "INSERT INTO nodes (cluster, name, address, online, uptime_seconds, cpu, memory_used, memory_total, seen_at,
                                gone_at)
             SELECT ?1, value ->> 'name', value ->> 'address', value ->> 'online', value ->> 'uptime', value ->> 'cpu',
                    value ->> 'used', value ->> 'total', value ->> 'seen', value ->> 'gone'
             FROM json_each(?2) WHERE true
             ON CONFLICT (cluster, name) DO UPDATE SET
                address = excluded.address, online = excluded.online, uptime_seconds = excluded.uptime_seconds,
                cpu = excluded.cpu, memory_used = excluded.memory_used, memory_total = excluded.memory_total,
                seen_at = excluded.seen_at, gone_at = excluded.gone_at
             WHERE (address, online, gone_at) IS NOT (excluded.address, excluded.online, excluded.gone_at)",
            id,
            to_json(&nodes)?
        )
        .execute(&mut *transaction)
        .await
        .map_err(missing())?;
        sqlx::query!(
            "INSERT INTO guests (id, cluster, node, vmid, name, power, lock, template, tags, ostype, macs, root_volume,
                                 config_digest, address, uptime_seconds, cpu, memory_used, memory_total, first_seen,
                                 seen_at, gone_at)
             SELECT value ->> 'id', ?1, value ->> 'node', value ->> 'vmid', value ->> 'name', value ->> 'power',
                    value ->> 'lock', value ->> 'template', value -> 'tags', value ->> 'ostype', value -> 'macs',
                    value ->> 'volume', value ->> 'digest', value ->> 'address', value ->> 'uptime', value ->> 'cpu',
                    value ->> 'used', value ->> 'total', value ->> 'first', value ->> 'seen', value ->> 'gone'
             FROM json_each(?2) WHERE true
             ON CONFLICT (id) DO UPDATE SET
                cluster = excluded.cluster, node = excluded.node, vmid = excluded.vmid, name = excluded.name,
                power = excluded.power, lock = excluded.lock, template = excluded.template, tags = excluded.tags,
                ostype = excluded.ostype, macs = excluded.macs, root_volume = excluded.root_volume,
                config_digest = excluded.config_digest, address = excluded.address,
                uptime_seconds = excluded.uptime_seconds, cpu = excluded.cpu, memory_used = excluded.memory_used,
                memory_total = excluded.memory_total, seen_at = excluded.seen_at, gone_at = excluded.gone_at
             WHERE (cluster, node, vmid, name, power, lock, template, tags, ostype, macs, root_volume, config_digest,
                    address, memory_total, gone_at)
                IS NOT (excluded.cluster, excluded.node, excluded.vmid, excluded.name, excluded.power, excluded.lock,
                        excluded.template, excluded.tags, excluded.ostype, excluded.macs, excluded.root_volume,
                        excluded.config_digest, excluded.address, excluded.memory_total, excluded.gone_at)",
            id,
            to_json(&guests)?
        )
        .execute(&mut *transaction)
        .await
        .map_err(missing())?;
        if let Some(run) = &write.run {
            sqlx::query!(
                "INSERT INTO discovery_runs (cluster, began_at, ended_at, nodes, guests, new, gone, errors)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                id,
                run.began_at.0,
                run.ended_at.0,
                run.nodes,
                run.guests,
                run.new,
                run.gone,
                to_json(&run.errors)?
            )
            .execute(&mut *transaction)
            .await
            .map_err(missing())?;
            sqlx::query!(
                "DELETE FROM discovery_runs WHERE cluster = ?1 AND id <=
                    (SELECT id FROM discovery_runs WHERE cluster = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                id,
                KEPT_RUNS
            )
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Full discoveries of a cluster, newest first.
    ///
    /// # Errors
    /// When the database fails or holds what cannot be read.
    pub async fn discoveries(
        &self,
        cluster: ClusterId,
        limit: u32,
    ) -> Result<Vec<DiscoveryEntry>, StoreError> {
        let rows = sqlx::query!(
            "SELECT began_at, ended_at, nodes, guests, new, gone, errors FROM discovery_runs
             WHERE cluster = ? ORDER BY id DESC LIMIT ?",
            cluster.to_string(),
            limit
        )
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(DiscoveryEntry {
                    began_at: Timestamp(row.began_at),
                    ended_at: Timestamp(row.ended_at),
                    nodes: number("discovery_runs.nodes", row.nodes)?,
                    guests: number("discovery_runs.guests", row.guests)?,
                    new: number("discovery_runs.new", row.new)?,
                    gone: number("discovery_runs.gone", row.gone)?,
                    errors: from_json("discovery_runs.errors", &row.errors)?,
                })
            })
            .collect()
    }
}
