//! What all servers of a lab share, and which of its nodes a server is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use futures_util::future::BoxFuture;
use tokio::sync::OwnedMutexGuard;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    console::Terminals,
    faults::Faults,
    links::Links,
    options::Options,
    pve::{authority::Authority, login::TicketKey},
    records::Records,
    ssh,
    world::{Broadcasts, Cluster, Down, Live, Node, World},
};

/// Switches a real guest as a task of that kind does (`vzstart`, `vzreboot`, …). Until what it gives is dropped nobody
/// else looks whether the guest runs.
pub(crate) type Switch =
    Arc<dyn Fn(&str) -> BoxFuture<'static, anyhow::Result<OwnedMutexGuard<()>>> + Send + Sync>;

/// The switches of real guests, by cluster and number.
#[derive(Default)]
pub(crate) struct Switches(Mutex<HashMap<(usize, u32), Switch>>);

impl std::fmt::Debug for Switches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Switches")
    }
}

impl Switches {
    pub(crate) fn connect(&self, cluster: usize, vmid: u32, switch: Switch) {
        let mut switches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        switches.insert((cluster, vmid), switch);
    }

    pub(crate) fn of(&self, cluster: usize, vmid: u32) -> Option<Switch> {
        let switches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        switches.get(&(cluster, vmid)).cloned()
    }
}

/// What all servers of a lab share.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) live: Live,
    pub(crate) faults: Faults,
    pub(crate) links: Links,
    pub(crate) options: Options,
    pub(crate) statistics_kept: i64,
    pub(crate) authorities: Vec<Authority>,
    /// Of each cluster.
    pub(crate) ticket_keys: Vec<TicketKey>,
    /// The sshd of each node, by cluster and node; empty without SSH.
    pub(crate) doors: Vec<Vec<ssh::Door>>,
    pub(crate) records: Records,
    pub(crate) terminals: Terminals,
    pub(crate) switches: Switches,
    /// What each node has last read of the broadcasts, and when.
    pub(crate) seen: Mutex<HashMap<Place, (Instant, Arc<Broadcasts>)>>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Ground {
    /// What a node knows of the broadcasts: it looks again when that is too old. None: the newest.
    pub(crate) fn broadcast_at(&self, place: Place) -> Option<Arc<Broadcasts>> {
        if self.options.list_cache.is_zero() {
            return None;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, broadcast)) = seen.get(&place)
            && at.elapsed() < self.options.list_cache
        {
            return Some(broadcast.clone());
        }
        let newest = self
            .live
            .read(|w| w.clusters.get(place.cluster).map(|c| c.broadcast.clone()))?;
        seen.insert(place, (Instant::now(), newest.clone()));
        Some(newest)
    }
}

/// Which node a server is: positions never change while a lab runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) cluster: usize,
    pub(crate) node: usize,
}

impl Place {
    /// The cluster and the node, as they are now.
    pub(crate) fn find(self, world: &World) -> Option<(&Cluster, &Node)> {
        let cluster = world.clusters.get(self.cluster)?;
        Some((cluster, cluster.nodes.get(self.node)?))
    }

    /// Whether the node is down.
    pub(crate) fn down(self, world: &World) -> Option<Down> {
        self.find(world).and_then(|(_, node)| node.down)
    }

    /// Whether nothing listens on the port of its API.
    pub(crate) fn shut(self, world: &World) -> bool {
        self.find(world)
            .is_some_and(|(_, node)| node.down.is_some() || node.api_closed)
    }
}

/// Waits until the API of a node listens (`shut` false) or does not.
pub(crate) async fn until_api(ground: &Ground, place: Place, shut: bool) {
    ground.live.until(|w| place.shut(w) == shut).await;
}
