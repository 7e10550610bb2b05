//! What a cluster's answer changes in what is known: identities, arrivals, departures. Pure.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ClusterId, GuestId, NodeKey, NodeName, Timestamp, Vmid,
    fleet::{Power, Usage},
};
use store::{GuestRecord, NodeRecord};

/// A node as the cluster lists it.
#[derive(Clone, Debug)]
pub(crate) struct SeenNode {
    pub name: NodeName,
    pub online: bool,
    pub address: Option<String>,
    pub uptime_seconds: Option<u32>,
    pub cpu: Option<f32>,
    pub memory: Option<Usage>,
}

/// A guest as the cluster lists it.
#[derive(Clone, Debug)]
pub(crate) struct SeenGuest {
    pub vmid: Vmid,
    pub node: NodeName,
    /// None when Proxmox has no statistics of it.
    pub name: Option<String>,
    pub power: Power,
    pub lock: Option<String>,
    pub template: bool,
    pub tags: Vec<String>,
    pub uptime_seconds: Option<u32>,
    pub cpu: Option<f32>,
    pub memory: Option<Usage>,
    /// What its configuration says, when that was read.
    pub config: Option<SeenConfig>,
}

/// The parts of a guest's configuration that are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct SeenConfig {
    pub hostname: Option<String>,
    pub ostype: Option<String>,
    /// Lower case, with colons.
    pub macs: Vec<String>,
    pub root_volume: Option<String>,
    pub digest: Option<String>,
    /// A static address, without its prefix length.
    pub address: Option<String>,
}

/// What to write after an answer.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    pub nodes: Vec<NodeRecord>,
    pub guests: Vec<GuestRecord>,
    pub gone_nodes: Vec<NodeName>,
    pub gone_guests: Vec<GuestId>,
    /// Guests that were not known before.
    pub new: u32,
}

/// Whether two sets of MAC addresses speak of two machines: both known, nothing in common.
fn another_birth(known: &[String], seen: &[String]) -> bool {
    !known.is_empty() && !seen.is_empty() && !known.iter().any(|mac| seen.contains(mac))
}

/// Joins an answer with what is known of the cluster. `new_id` makes the identities of new guests.
pub(crate) fn merge<'a>(
    cluster: ClusterId,
    known_nodes: impl IntoIterator<Item = &'a NodeRecord>,
    known_guests: impl IntoIterator<Item = &'a GuestRecord>,
    nodes: &[SeenNode],
    guests: &[SeenGuest],
    now: Timestamp,
    mut new_id: impl FnMut() -> GuestId,
) -> Merge {
    let mut out = Merge::default();
    let known_nodes: BTreeMap<&NodeName, &NodeRecord> =
        known_nodes.into_iter().map(|n| (&n.key.node, n)).collect();
    for seen in nodes {
        let before = known_nodes.get(&seen.name);
        out.nodes.push(NodeRecord {
            key: NodeKey {
                cluster,
                node: seen.name.clone(),
            },
            address: seen
                .address
                .clone()
                .or_else(|| before.and_then(|b| b.address.clone())),
            online: seen.online,
            uptime_seconds: seen
                .uptime_seconds
                .or_else(|| before.and_then(|b| b.uptime_seconds)),
            cpu: seen.cpu,
            memory: seen.memory.or_else(|| before.and_then(|b| b.memory)),
            // A node that is down keeps the time at which it was last up.
            seen_at: if seen.online {
                Some(now)
            } else {
                before.and_then(|b| b.seen_at)
            },
            gone_at: None,
            access: before.and_then(|b| b.access.clone()),
        });
    }
    let listed: BTreeSet<&NodeName> = nodes.iter().map(|n| &n.name).collect();
    let down: BTreeSet<&NodeName> = nodes
        .iter()
        .filter(|n| !n.online)
        .map(|n| &n.name)
        .collect();
    out.gone_nodes = known_nodes
        .values()
        .filter(|n| !listed.contains(&n.key.node))
        .map(|n| n.key.node.clone())
        .collect();

    let mut known_guests: BTreeMap<Vmid, &GuestRecord> =
        known_guests.into_iter().map(|g| (g.vmid, g)).collect();
    for seen in guests {
        let before = known_guests.remove(&seen.vmid);
        let config = seen.config.clone().unwrap_or_default();
        let same = before.filter(|b| !another_birth(&b.macs, &config.macs));
        if let (Some(old), None) = (before, same) {
            // The VMID was reused: the old guest's history ends here.
            out.gone_guests.push(old.id);
        }
        out.new += u32::from(same.is_none());
        // Nothing is known of a guest whose node is down: its last picture stays.
        let silent = seen.power == Power::Unknown;
        let name = seen.name.clone().or(config.hostname);
        out.guests.push(GuestRecord {
            id: same.map_or_else(&mut new_id, |b| b.id),
            cluster,
            node: seen.node.clone(),
            vmid: seen.vmid,
            name: name
                .or_else(|| same.map(|b| b.name.clone()))
                .unwrap_or_else(|| format!("LXC {}", seen.vmid)),
            power: if silent {
                same.map_or(Power::Unknown, |b| b.power)
            } else {
                seen.power
            },
            lock: seen.lock.clone(),
            template: seen.template || (silent && same.is_some_and(|b| b.template)),
            tags: if silent {
                same.map(|b| b.tags.clone()).unwrap_or_default()
            } else {
                seen.tags.clone()
            },
            ostype: config
                .ostype
                .or_else(|| same.and_then(|b| b.ostype.clone())),
            macs: if config.macs.is_empty() {
                same.map(|b| b.macs.clone()).unwrap_or_default()
            } else {
                config.macs
            },
            root_volume: config
                .root_volume
                .or_else(|| same.and_then(|b| b.root_volume.clone())),
            config_digest: config
                .digest
                .or_else(|| same.and_then(|b| b.config_digest.clone())),
            address: config
                .address
                .or_else(|| same.and_then(|b| b.address.clone())),
            uptime_seconds: seen.uptime_seconds,
            cpu: seen.cpu,
            memory: seen.memory.or_else(|| same.and_then(|b| b.memory)),
            first_seen: same.map_or(now, |b| b.first_seen),
            seen_at: if silent {
                same.and_then(|b| b.seen_at)
            } else {
                Some(now)
            },
            gone_at: None,
        });
    }
    // What is not listed is gone, unless its node is down and so cannot list it.
    out.gone_guests.extend(
        known_guests
            .values()
            .filter(|g| !down.contains(&g.node))
            .map(|g| g.id),
    );
    out
}

#[cfg(test)]
mod tests;
