//! What Proxmox says of a guest or a node beyond the tree: asked when somebody looks, kept for when it does not answer.

use domain::{
    GuestId, NodeKey, Timestamp, Vmid,
    facts::{GuestFacts, MountFact, NodeFacts, SnapshotFact},
    fleet::{Link, Power, Usage},
};
use pve::{
    Client, LxcConfig, MountKind, ResourceRow, best_address, repository_verdict, snapshot_obstacle,
};

use crate::{Error, clock, failures::cluster_error, inner::Inner};

/// A guest's facts, of when they are, and why they are not of now.
#[derive(Clone, Debug, Default)]
pub struct KnownFacts {
    pub facts: Option<GuestFacts>,
    pub at: Option<Timestamp>,
    pub problem: Option<String>,
}

/// MiB, as Proxmox's configuration counts memory.
const MEBIBYTE: u64 = 1024 * 1024;

fn mounts(config: &LxcConfig) -> Vec<MountFact> {
    let mount = |mount: pve::Mount| MountFact {
        key: mount.key,
        path: mount.path.unwrap_or_else(|| "/".into()),
        volume: mount.volume.volume,
        size: mount.volume.size,
        bind: mount.kind != MountKind::Volume,
    };
    config.all_mounts().into_iter().map(mount).collect()
}

impl Inner {
    /// Asks for a guest's facts; what was kept serves where Proxmox does not answer.
    pub(crate) async fn guest_facts(&self, guest: GuestId) -> Result<KnownFacts, Error> {
        let record = self
            .state
            .read(|known| known.guests.get(&guest).map(|g| g.record.clone()));
        let record = record.ok_or_else(|| Error::not_found("The LXC"))?;
        let node = NodeKey {
            cluster: record.cluster,
            node: record.node.clone(),
        };
        let asked = match (
            self.state.read(|known| known.link_of(&node)),
            self.watch_of(record.cluster),
        ) {
            // Whoever looks shall not wait for a node that is known to be away.
            (Link::Unreachable { error, .. }, Ok(_)) => Err(error),
            (_, Ok(watch)) => {
                ask_guest(
                    &watch.client,
                    &node,
                    record.vmid,
                    record.power == Power::Running,
                )
                .await
            }
            (_, Err(_)) => Err("the cluster is switched off in RedFlag".into()),
        };
        match asked {
            Ok(facts) => {
                let now = clock::now();
                self.store.set_facts(guest, &facts, now).await?;
                Ok(KnownFacts {
                    facts: Some(facts),
                    at: Some(now),
                    problem: None,
                })
            }
            Err(words) => {
                let (facts, at) = self.store.facts(guest).await?.unzip();
                Ok(KnownFacts {
                    facts,
                    at,
                    problem: Some(words),
                })
            }
        }
    }

    /// Asks a node for its facts. What it does not answer stands in `problems`.
    pub(crate) async fn node_facts(&self, key: &NodeKey) -> Result<NodeFacts, Error> {
        let client = &self.watch_of(key.cluster)?.client;
        let node = &key.node;
        let (status, subscription, repositories) = tokio::join!(
            client.node_status(node),
            client.subscription(node),
            client.apt_repositories(node)
        );
        let mut facts = NodeFacts::default();
        match status {
            Ok(status) => {
                facts.version = status.version;
                facts.kernel = status.kernel;
                facts.processor = status.processor;
                facts.cores = status.cpus;
                facts.load = status.load;
                facts.root_disk = status.root_disk;
            }
            // Without this one there is nothing to show.
            Err(error) => return Err(cluster_error(node.as_str(), error)),
        }
        match subscription {
            Ok(word) => facts.subscription = word,
            Err(error) => facts.problems.push(format!("subscription: {error}")),
        }
        match repositories {
            Ok(found) => {
                facts.repositories = repository_verdict(&found, facts.subscription.as_deref())
            }
            Err(error) => facts.problems.push(format!("package sources: {error}")),
        }
        Ok(facts)
    }
}

/// One visit to a guest's settings. An error is the remote's own words.
async fn ask_guest(
    client: &Client,
    key: &NodeKey,
    vmid: Vmid,
    running: bool,
) -> Result<GuestFacts, String> {
    let node = &key.node;
    let interfaces = async {
        if running {
            client.lxc_interfaces(node, vmid).await.ok().flatten()
        } else {
            None
        }
    };
    let (config, resources, snapshot, interfaces) = tokio::join!(
        client.lxc_config(node, vmid),
        client.resources(),
        client.snapshot_feature(node, vmid),
        interfaces
    );
    let config = config.map_err(|e| e.to_string())?;
    let row = resources
        .map_err(|e| e.to_string())?
        .into_iter()
        .find_map(|row| match row {
            ResourceRow::Lxc(guest) if guest.vmid == vmid => Some(guest),
            ResourceRow::Lxc(_)
            | ResourceRow::Qemu(_)
            | ResourceRow::Node(_)
            | ResourceRow::Storage(_)
            | ResourceRow::Other { .. } => None,
        });
    let mut addresses = Vec::new();
    let found = interfaces.unwrap_or_default();
    addresses.extend(best_address(&found, &config.macs()));
    addresses.extend(found.iter().flat_map(|i| i.addresses.iter().copied()));
    addresses.extend(config.static_address());
    let mut shown: Vec<String> = Vec::new();
    for address in addresses
        .into_iter()
        .filter(|a| !a.is_loopback())
        .map(|a| a.to_string())
    {
        if !shown.contains(&address) {
            shown.push(address);
        }
    }
    Ok(GuestFacts {
        snapshot: match (snapshot, snapshot_obstacle(&config)) {
            (Ok(true), _) => SnapshotFact::Possible,
            (Ok(false), Some(why)) => SnapshotFact::Impossible { why },
            (Ok(false), None) => SnapshotFact::Impossible {
                why: "its storage cannot take snapshots".into(),
            },
            (Err(_), Some(why)) => SnapshotFact::Impossible { why },
            (Err(_), None) => SnapshotFact::Unknown,
        },
        mounts: mounts(&config),
        features: config.feature_list(),
        hostname: config.hostname,
        pool: row.as_ref().and_then(|r| r.pool.clone()),
        ha: row.as_ref().and_then(|r| r.ha_state.clone()),
        ostype: config.ostype,
        arch: config.arch,
        unprivileged: config.unprivileged,
        cores: config.cores,
        memory: config.memory.map(|m| m.saturating_mul(MEBIBYTE)),
        swap: config.swap.map(|m| m.saturating_mul(MEBIBYTE)),
        disk: row.and_then(|r| {
            Some(Usage {
                used: r.disk?,
                total: r.max_disk?,
            })
        }),
        addresses: shown,
    })
}
