//! From what is known to what is shown. Pure: the same knowledge at the same moment gives the same tree.

mod states;

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    ClusterId, GuestId, NodeKey, NodeName, Timestamp,
    approval::Approval,
    docker::ImageInUse,
    fleet::{Activity, ClusterRow, Fleet, GuestRow, Link, NodeAccess, NodeRow, Power, Totals},
    inventory::{Inventory, PackageScan, Update, UpdateCounts},
    rule::{self, Place, Rule},
};
use states::{agent_state, counts, image_counts, update_state};
use store::{AgentRecord, ClusterRecord, GuestRecord, NodeRecord};

use crate::shared::Shared;

/// An agent that has not asked for work for this long is offline: two of its longest polls and a minute.
pub(crate) const AGENT_SILENT_AFTER_MS: i64 = 5 * 60 * 1000;

/// Everything that the tree is made from.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub clusters: BTreeMap<ClusterId, Cluster>,
    pub nodes: BTreeMap<NodeKey, Node>,
    pub guests: BTreeMap<GuestId, Guest>,
    pub rules: Vec<Rule>,
    pub shared: Shared,
}

#[derive(Debug)]
pub(crate) struct Cluster {
    pub record: ClusterRecord,
    /// What the last question brought; whoever shows it takes [`Cluster::link`].
    pub answered: Link,
    /// Whether the token may open the consoles of all guests; none before that was learned.
    pub consoles: Option<bool>,
}

impl Cluster {
    /// How it stands. Switched off is said from the record alone, so neither a start nor an answer that was still
    /// under way can make it look watched.
    pub(crate) fn link(&self) -> Link {
        if self.record.enabled {
            self.answered.clone()
        } else {
            Link::Disabled
        }
    }
}

#[derive(Debug)]
pub(crate) struct Node {
    pub record: NodeRecord,
    pub link: Link,
}

/// A guest with what is known beyond Proxmox.
#[derive(Debug)]
pub(crate) struct Guest {
    pub record: GuestRecord,
    pub agent: Option<Agent>,
    pub inventory: Option<Report>,
    /// Those of its containers.
    pub images: Vec<ImageInUse>,
    /// Whose agent was found in it, when it is another RedFlag's.
    pub foreign: Option<String>,
    /// Updates that were approved and are still pending.
    pub approvals: Vec<Approval>,
    pub activity: Option<Activity>,
}

impl Guest {
    /// The user's rule about one of its packages.
    pub(crate) fn ruling<'a>(
        &self,
        rules: &'a [Rule],
        package: &str,
        now: Timestamp,
    ) -> Option<&'a Rule> {
        let place = Place {
            cluster: self.record.cluster,
            node: &self.record.node,
            guest: self.record.id,
        };
        rule::ruling(rules, place, package, now)
    }

    /// What is pending in it, as far as is known.
    pub(crate) fn pending(&self) -> &[Arc<Update>] {
        self.inventory
            .as_ref()
            .map_or(&[], |report| report.inventory.updates())
    }

    /// What its package manager left unfinished, in its words.
    pub(crate) fn interrupted(&self) -> Option<&str> {
        match &self.inventory.as_ref()?.inventory.packages {
            PackageScan::Apt { interrupted, .. } => interrupted.as_deref(),
            PackageScan::Unsupported { .. } | PackageScan::Failed { .. } => None,
        }
    }
}

/// The live agent of a guest.
#[derive(Debug)]
pub(crate) struct Agent {
    pub record: AgentRecord,
    /// It waits for work right now.
    pub polling: bool,
    /// The node through which it came last.
    pub via: Option<NodeName>,
    /// Why it was not heard through its node.
    pub trouble: Option<String>,
}

/// The newest inventory.
#[derive(Debug)]
pub(crate) struct Report {
    pub hash: String,
    /// When the scan behind it ended, by the desktop's clock.
    pub scanned_at: Timestamp,
    pub inventory: Inventory,
}

impl Agent {
    /// Whether it can be given work at `now`.
    pub(crate) fn is_online(&self, now: Timestamp) -> bool {
        self.polling
            || self
                .record
                .last_seen
                .is_some_and(|seen| now.since(seen) < AGENT_SILENT_AFTER_MS)
    }
}

impl Known {
    /// The tree at `now`, sorted by name and VMID.
    pub(crate) fn fleet(&self, now: Timestamp) -> Fleet {
        let mut nodes: BTreeMap<&NodeKey, NodeRow> = self
            .nodes
            .iter()
            .map(|(k, n)| (k, self.node_row(n)))
            .collect();
        let mut clusters: BTreeMap<ClusterId, ClusterRow> = self
            .clusters
            .iter()
            .map(|(id, c)| (*id, self.cluster_row(c)))
            .collect();
        let mut totals = Totals {
            clusters: u32::try_from(clusters.len()).unwrap_or(u32::MAX),
            nodes: u32::try_from(nodes.len()).unwrap_or(u32::MAX),
            ..Totals::default()
        };
        let mut guests = Vec::with_capacity(self.guests.len());
        for guest in self.guests.values() {
            let row = self.guest_row(guest, now);
            totals.guests += u32::from(!row.template);
            let (current, old) = counts(&row);
            let key = NodeKey {
                cluster: row.cluster,
                node: row.node.clone(),
            };
            if let Some(node) = nodes.get_mut(&key) {
                node.updates += current;
                node.old_updates += old;
            }
            if let Some(cluster) = clusters.get_mut(&row.cluster) {
                cluster.updates += current;
                cluster.old_updates += old;
            }
            totals.updates += current;
            totals.guests_with_updates += u32::from(current.total > 0);
            guests.push(row);
        }
        let mut clusters: Vec<_> = clusters.into_values().collect();
        clusters.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        guests.sort_by(|a, b| (a.cluster, &a.node, a.vmid).cmp(&(b.cluster, &b.node, b.vmid)));
        Fleet {
            clusters,
            nodes: nodes.into_values().collect(),
            guests,
            totals,
        }
    }

    fn cluster_row(&self, cluster: &Cluster) -> ClusterRow {
        let record = &cluster.record;
        let of = |up: bool| {
            self.nodes
                .values()
                .filter(|n| n.record.key.cluster == record.id && (!up || n.record.online))
                .count()
        };
        let (up, all) = (
            u32::try_from(of(true)).unwrap_or(u32::MAX),
            u32::try_from(of(false)).unwrap_or(u32::MAX),
        );
        let link = match cluster.link() {
            Link::Online if up < all => Link::Partly { up, of: all },
            link => link,
        };
        ClusterRow {
            id: record.id,
            name: record.name.clone(),
            address: record.addresses.first().cloned().unwrap_or_default(),
            link,
            quorate: record.quorate,
            version: record.version.clone(),
            updates: UpdateCounts::default(),
            old_updates: UpdateCounts::default(),
            checked_at: record.checked_at,
        }
    }

    fn node_row(&self, node: &Node) -> NodeRow {
        let record = &node.record;
        let access = match &record.access {
            None => {
                let cluster = self.clusters.get(&record.key.cluster);
                if cluster.is_some_and(|c| c.consoles == Some(true)) {
                    NodeAccess::Console
                } else {
                    NodeAccess::None
                }
            }
            Some(access) => NodeAccess::Ssh {
                address: crate::doors::address_of(access).to_string(),
                way: access.way.clone(),
                tried_at: access.tried_at,
                error: access.error.clone(),
            },
        };
        NodeRow {
            key: record.key.clone(),
            link: self.link_of(&record.key),
            address: record.address.clone(),
            access,
            uptime_seconds: record.uptime_seconds,
            cpu: record.cpu,
            memory: record.memory,
            updates: UpdateCounts::default(),
            old_updates: UpdateCounts::default(),
            checked_at: record.seen_at,
        }
    }

    /// How a node stands, seen together with its cluster.
    pub(crate) fn link_of(&self, key: &NodeKey) -> Link {
        match self.clusters.get(&key.cluster).map(Cluster::link) {
            None => Link::Unknown,
            Some(Link::Online | Link::Partly { .. }) => self
                .nodes
                .get(key)
                .map_or(Link::Unknown, |node| node.link.clone()),
            Some(cluster) => cluster,
        }
    }

    fn guest_row(&self, guest: &Guest, now: Timestamp) -> GuestRow {
        let record = &guest.record;
        let key = NodeKey {
            cluster: record.cluster,
            node: record.node.clone(),
        };
        let old = !matches!(self.link_of(&key), Link::Online);
        let reported = guest.inventory.as_ref().map(|r| &r.inventory);
        GuestRow {
            id: record.id,
            cluster: record.cluster,
            node: record.node.clone(),
            vmid: record.vmid,
            name: record.name.clone(),
            power: record.power,
            lock: record.lock.clone(),
            template: record.template,
            tags: record.tags.clone(),
            os: reported
                .map(|i| i.os.name.clone())
                .filter(|n| !n.is_empty())
                .or_else(|| record.ostype.clone()),
            address: reported
                .and_then(|i| i.addresses.first().cloned())
                .or_else(|| record.address.clone()),
            uptime_seconds: if record.power == Power::Running {
                record.uptime_seconds
            } else {
                None
            },
            cpu: record.cpu,
            memory: record.memory,
            agent: agent_state(guest, now),
            updates: update_state(guest, &self.rules, old, now),
            images: image_counts(guest),
            approved: u32::try_from(guest.approvals.len()).unwrap_or(u32::MAX),
            activity: guest.activity.clone(),
            old,
            checked_at: guest.inventory.as_ref().map(|r| r.scanned_at),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
