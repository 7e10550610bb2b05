//! Watching clusters: one writer for each, which asks, merges, stores and shows. A failure is a value beside the
//! data, never a failed whole; what does not answer keeps its last picture.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

use domain::{ClusterId, GuestId, NodeKey, NodeName, Vmid, facts::DiscoveryEntry, fleet::Link};
use pve::{Client, ResourceRow};
use store::DiscoveryWrite;
use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    time::{Instant, sleep_until},
};

use crate::{
    Error,
    answers::{seen_guests, seen_nodes},
    asking::Wanted,
    clock,
    failures::cluster_error,
    inner::Inner,
    merge::{Merge, SeenGuest, SeenNode, merge},
    picture::{Guest, Node},
};

/// A node that is down is looked after with the next pass, in milliseconds.
const LOOKED_AFTER_MS: i64 = 10 * 1000;
/// The time of the last answer is stored at most this often, in milliseconds.
const CHECKED_WRITTEN_EVERY_MS: i64 = 60 * 1000;

/// How much of an answer is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    /// What is new or moved; departures wait for the end of the pass, when they are also stored.
    Arrivals,
    All,
}

/// What of a guest's row tells that its configuration changed: name, tags, template.
type Seen = (Option<String>, Vec<String>, bool);

/// The one writer of a cluster.
pub(crate) struct Watch {
    pub(crate) client: Client,
    /// Held during a pass: one writer at a time.
    pass: AsyncMutex<()>,
    /// Ends the pause before the next pass.
    pub(crate) wake: Notify,
    /// Nodes that did not answer about their guests in the last full pass: only the next one asks them again, with
    /// one question first.
    pub(crate) silent: Mutex<BTreeSet<NodeName>>,
}

impl Watch {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            pass: AsyncMutex::new(()),
            wake: Notify::new(),
            silent: Mutex::default(),
        }
    }
}

/// How a full discovery ended.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub nodes: u32,
    /// LXC guests, templates included.
    pub guests: u32,
    pub running: u32,
    pub stopped: u32,
    pub templates: u32,
    /// What could not be read, in the remote's words.
    pub problems: Vec<String>,
}

impl Inner {
    /// Reads a whole cluster now.
    pub(crate) async fn discover(&self, id: ClusterId) -> Result<Summary, Error> {
        let watch = self.watch_of(id)?;
        let result = self.pass(id, &watch, true).await;
        if let Err(error) = &result {
            self.note_failure(id, error, self.rhythm.failing);
        }
        result
    }

    /// One pass over a cluster. A full one reads every configuration; another one those of new and changed guests.
    /// While they are read the list is asked for in its own rhythm, so that a node that answers slowly makes nothing
    /// old.
    pub(crate) async fn pass(
        &self,
        id: ClusterId,
        watch: &Watch,
        full: bool,
    ) -> Result<Summary, Error> {
        let _one_writer = watch.pass.lock().await;
        let began = clock::now();
        let looked = Instant::now();
        let name = self.cluster_name(id);
        let client = &watch.client;
        let answer = client
            .resources()
            .await
            .map_err(|e| cluster_error(&name, e))?;
        let guests = seen_guests(&answer);
        if guests.is_empty() {
            self.doubt_emptiness(id, client, &name).await?;
        }
        let wanted = self.wanted_configs(id, watch, full, &answer);
        // What needs no further question is shown at once.
        let empty = self
            .state
            .read(|known| known.guests.values().all(|g| g.record.cluster != id));
        let mut new = self.show_answer(id, &answer);
        if empty {
            self.state.show(clock::now());
        }
        let latest = Mutex::new((answer, 0));
        let mut problems = Vec::new();
        let learning = async {
            if full {
                self.learn_cluster(id, client, &mut problems).await
            } else {
                BTreeMap::new()
            }
        };
        let reading = async { tokio::join!(learning, self.read_configs(id, watch, full, wanted)) };
        let (addresses, (configs, unread)) = tokio::select! {
            (addresses, configs) = reading => (addresses, configs?),
            never = self.keep_looking(id, client, looked, &latest) => match never {},
        };
        problems.extend(unread);
        let (answer, arrived) = latest.into_inner().unwrap_or_else(PoisonError::into_inner);
        new += arrived;
        let nodes = seen_nodes(&answer, &addresses);
        let mut guests = seen_guests(&answer);
        for guest in &mut guests {
            guest.config = configs.get(&guest.vmid).cloned();
        }
        let merged = self.take(id, &nodes, &guests, Take::All);
        let now = clock::now();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let run = full.then(|| DiscoveryEntry {
            began_at: began,
            ended_at: now,
            nodes: count(nodes.len()),
            guests: count(guests.len()),
            new: new + merged.new,
            gone: count(merged.gone_guests.len()),
            errors: problems.clone(),
        });
        let write = DiscoveryWrite {
            at: now,
            nodes: merged.nodes,
            guests: merged.guests,
            gone_nodes: merged.gone_nodes,
            gone_guests: merged.gone_guests,
            run,
        };
        self.store.apply_discovery(id, &write).await?;
        self.note_answer(id, now).await?;
        for node in nodes.iter().filter(|n| !n.online) {
            problems.push(format!("{} does not answer", node.name));
        }
        let of = |power| {
            count(
                guests
                    .iter()
                    .filter(|g| !g.template && g.power == power)
                    .count(),
            )
        };
        Ok(Summary {
            nodes: count(nodes.len()),
            guests: count(guests.len()),
            running: of(domain::fleet::Power::Running),
            stopped: of(domain::fleet::Power::Stopped),
            templates: count(guests.iter().filter(|g| g.template).count()),
            problems,
        })
    }

    /// Asks for the list in its rhythm and shows what arrived and how the nodes stand, until it is dropped. Failures
    /// are the next pass's to tell.
    async fn keep_looking(
        &self,
        id: ClusterId,
        client: &Client,
        mut looked: Instant,
        latest: &Mutex<(Vec<ResourceRow>, u32)>,
    ) -> Infallible {
        loop {
            sleep_until(looked + self.rhythm.watched).await;
            looked = Instant::now();
            if let Ok(answer) = client.resources().await {
                let new = self.show_answer(id, &answer);
                let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
                *latest = (answer, latest.1 + new);
            }
        }
    }

    /// Shows what an answer tells by itself; how many guests are new.
    fn show_answer(&self, id: ClusterId, answer: &[ResourceRow]) -> u32 {
        let nodes = seen_nodes(answer, &BTreeMap::new());
        self.take(id, &nodes, &seen_guests(answer), Take::Arrivals)
            .new
    }

    /// Configurations that are to be read: all in a full pass, else those of guests that are new or have changed, since
    /// a number that is used again shows first in a row that changes.
    fn wanted_configs(
        &self,
        id: ClusterId,
        watch: &Watch,
        full: bool,
        answer: &[ResourceRow],
    ) -> Wanted {
        let known: BTreeMap<Vmid, Seen> = self.state.read(|known| {
            let of_cluster = known.guests.values().map(|g| &g.record);
            let read = of_cluster.filter(|r| r.cluster == id && r.config_digest.is_some());
            read.map(|r| (r.vmid, (Some(r.name.clone()), r.tags.clone(), r.template)))
                .collect()
        });
        let silent = watch.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let nodes = seen_nodes(answer, &BTreeMap::new());
        let up: BTreeSet<NodeName> = nodes
            .into_iter()
            .filter(|n| n.online && (full || !silent.contains(&n.name)))
            .map(|n| n.name)
            .collect();
        let mut wanted = Wanted::new();
        for guest in seen_guests(answer) {
            // Without statistics there is nothing to compare with.
            let changed = || {
                let now = (guest.name.clone(), guest.tags.clone(), guest.template);
                guest.name.is_some() && known.get(&guest.vmid) != Some(&now)
            };
            if up.contains(&guest.node) && (full || !known.contains_key(&guest.vmid) || changed()) {
                wanted.entry(guest.node).or_default().push(guest.vmid);
            }
        }
        wanted
    }

    pub(crate) fn cluster_name(&self, id: ClusterId) -> String {
        self.state
            .read(|known| known.clusters.get(&id).map(|c| c.record.name.clone()))
            .unwrap_or_default()
    }

    /// Merges an answer into what is known and shows it.
    fn take(&self, id: ClusterId, nodes: &[SeenNode], guests: &[SeenGuest], what: Take) -> Merge {
        let now = clock::now();
        self.state.change(|known| {
            if !known.clusters.contains_key(&id) {
                // Removed while the answer was under way.
                return Merge::default();
            }
            let merged = merge(
                id,
                known
                    .nodes
                    .values()
                    .map(|n| &n.record)
                    .filter(|r| r.key.cluster == id),
                known
                    .guests
                    .values()
                    .map(|g| &g.record)
                    .filter(|r| r.cluster == id),
                nodes,
                guests,
                now,
                GuestId::new,
            );
            if what == Take::All {
                for gone in &merged.gone_guests {
                    known.guests.remove(gone);
                }
                for gone in &merged.gone_nodes {
                    known.nodes.remove(&NodeKey {
                        cluster: id,
                        node: gone.clone(),
                    });
                }
            }
            for record in &merged.nodes {
                let link = if record.online {
                    Link::Online
                } else {
                    Link::Unreachable {
                        error: "the cluster says that it is offline".into(),
                        next_try: Some(now.plus_millis(LOOKED_AFTER_MS)),
                    }
                };
                known.nodes.insert(
                    record.key.clone(),
                    Node {
                        record: record.clone(),
                        link,
                    },
                );
            }
            for record in &merged.guests {
                match known.guests.get_mut(&record.id) {
                    Some(guest) => guest.record = record.clone(),
                    None => {
                        let guest = Guest {
                            record: record.clone(),
                            agent: None,
                            inventory: None,
                            images: Vec::new(),
                            foreign: None,
                            approvals: Vec::new(),
                            activity: None,
                        };
                        known.guests.insert(record.id, guest);
                    }
                }
            }
            if let Some(cluster) = known.clusters.get_mut(&id) {
                cluster.answered = Link::Online;
                cluster.record.checked_at = Some(now);
            }
            merged
        })
    }

    async fn note_answer(&self, id: ClusterId, now: domain::Timestamp) -> Result<(), Error> {
        let stored = self.store.cluster(id).await?.and_then(|c| c.checked_at);
        if stored.is_none_or(|at| now.since(at) > CHECKED_WRITTEN_EVERY_MS) {
            self.store.touch_cluster(id, now).await?;
        }
        Ok(())
    }
}
