//! From Proxmox's answers to what the engine merges.

use std::collections::BTreeMap;

use domain::{NodeName, fleet::Usage};
use pve::{LxcConfig, NodeState, ResourceRow};

use crate::merge::{SeenConfig, SeenGuest, SeenNode};

#[expect(
    clippy::cast_possible_truncation,
    reason = "a load between 0 and 1 loses nothing that is shown"
)]
fn load(value: f64) -> f32 {
    value as f32
}

fn usage(used: Option<u64>, total: Option<u64>) -> Option<Usage> {
    Some(Usage {
        used: used?,
        total: total?,
    })
}

fn seconds(value: Option<u64>) -> Option<u32> {
    value.map(|s| u32::try_from(s).unwrap_or(u32::MAX))
}

/// The nodes of an answer; `addresses` are those that the cluster's own status gave.
pub(crate) fn seen_nodes(
    rows: &[ResourceRow],
    addresses: &BTreeMap<NodeName, String>,
) -> Vec<SeenNode> {
    let node = |row: &ResourceRow| match row {
        ResourceRow::Node(node) => Some(SeenNode {
            name: node.node.clone(),
            // Without Sys.Audit a node is `unknown`; then only its guests tell, and a node that answers is up.
            online: node.state != NodeState::Offline,
            address: addresses.get(&node.node).cloned(),
            uptime_seconds: seconds(node.uptime),
            cpu: node.cpu.map(load),
            memory: usage(node.mem, node.max_mem),
        }),
        ResourceRow::Lxc(_)
        | ResourceRow::Qemu(_)
        | ResourceRow::Storage(_)
        | ResourceRow::Other { .. } => None,
    };
    let mut nodes: Vec<SeenNode> = rows.iter().filter_map(node).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    nodes
}

/// The LXC guests of an answer.
pub(crate) fn seen_guests(rows: &[ResourceRow]) -> Vec<SeenGuest> {
    let guest = |row: &ResourceRow| match row {
        ResourceRow::Lxc(guest) => Some(SeenGuest {
            vmid: guest.vmid,
            node: guest.node.clone(),
            name: guest.name.clone(),
            power: guest.power,
            lock: guest.lock.clone(),
            template: guest.template,
            tags: guest.tags.clone(),
            uptime_seconds: seconds(guest.uptime),
            cpu: guest.cpu.map(load),
            memory: usage(guest.mem, guest.max_mem),
            config: None,
        }),
        ResourceRow::Qemu(_)
        | ResourceRow::Node(_)
        | ResourceRow::Storage(_)
        | ResourceRow::Other { .. } => None,
    };
    let mut guests: Vec<SeenGuest> = rows.iter().filter_map(guest).collect();
    guests.sort_by_key(|guest| guest.vmid);
    guests
}

/// What is kept of a guest's configuration.
pub(crate) fn seen_config(config: LxcConfig) -> SeenConfig {
    SeenConfig {
        address: config.static_address().map(|ip| ip.to_string()),
        macs: config.macs().iter().map(|mac| mac.to_lowercase()).collect(),
        hostname: config.hostname,
        ostype: config.ostype,
        root_volume: config.rootfs.map(|volume| volume.volume),
        digest: config.digest,
    }
}
