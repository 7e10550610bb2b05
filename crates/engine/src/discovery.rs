//! Watching clusters: one writer for each, which asks, merges, stores and shows. A failure is a value beside the
//! data, never a failed whole; what does not answer keeps its last picture.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use domain::{ClusterId, GuestId, NodeKey, facts::DiscoveryEntry, fleet::Link};
use pve::Client;
use store::DiscoveryWrite;
use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    time::Instant,
};

use crate::{
    Error, Kind,
    answers::{seen_guests, seen_nodes},
    clock,
    failures::cluster_error,
    inner::Inner,
    merge::{Merge, SeenGuest, SeenNode, merge},
    picture::{Guest, Node},
};

/// Between two looks at the state while somebody watches, and while nobody does.
const WATCHED_EVERY: Duration = Duration::from_secs(10);
const UNWATCHED_EVERY: Duration = Duration::from_secs(60);
/// Between two full discoveries.
const FULL_EVERY: Duration = Duration::from_secs(300);
/// A cluster that fails for longer than this is asked less and less often.
const PATIENCE: Duration = Duration::from_secs(600);
/// After a failure: the first pause, and the longest.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(180);
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

/// The one writer of a cluster.
pub(crate) struct Watch {
    pub(crate) client: Client,
    /// Held during a pass: one writer at a time.
    pass: AsyncMutex<()>,
    /// Ends the pause before the next pass.
    wake: Notify,
}

impl Watch {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            pass: AsyncMutex::new(()),
            wake: Notify::new(),
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
    /// Begins to watch every stored cluster.
    pub(crate) async fn begin_watching(self: &Arc<Self>) -> Result<(), Error> {
        for cluster in self.store.clusters().await? {
            let id = cluster.id;
            if !cluster.enabled {
                continue;
            }
            match self.client_of(&cluster).await {
                Ok(client) => self.watch(id, client),
                // One cluster whose token cannot be read does not keep the others from being watched.
                Err(error) => self.set_link(
                    id,
                    Link::Refused {
                        error: error.to_string(),
                    },
                ),
            }
        }
        Ok(())
    }

    /// Watches a cluster from now on, in place of an earlier watch.
    pub(crate) fn watch(self: &Arc<Self>, id: ClusterId, client: Client) {
        let watch = Arc::new(Watch::new(client));
        self.watches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, Arc::clone(&watch));
        let inner = Arc::clone(self);
        self.tasks
            .spawn(async move { Box::pin(inner.keep_watching(id, watch)).await });
    }

    /// Stops watching a cluster; its picture stays.
    pub(crate) fn unwatch(&self, id: ClusterId) {
        let watch = self
            .watches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        if let Some(watch) = watch {
            watch.wake.notify_one();
        }
    }

    pub(crate) fn watch_of(&self, id: ClusterId) -> Result<Arc<Watch>, Error> {
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        watches
            .get(&id)
            .cloned()
            .ok_or_else(|| Error::not_found("The cluster"))
    }

    async fn keep_watching(&self, id: ClusterId, watch: Arc<Watch>) {
        let mut last_full: Option<Instant> = None;
        let mut pause = FIRST_PAUSE;
        let mut failing_since: Option<Instant> = None;
        loop {
            let full = last_full.is_none_or(|at| at.elapsed() >= FULL_EVERY);
            let wait = match self.pass(id, &watch, full).await {
                Ok(_) => {
                    if full {
                        last_full = Some(Instant::now());
                    }
                    pause = FIRST_PAUSE;
                    failing_since = None;
                    if self.feed.is_watched() {
                        WATCHED_EVERY
                    } else {
                        UNWATCHED_EVERY
                    }
                }
                Err(error) => {
                    let wait = pause;
                    // A short absence (a reboot, an update) is asked after at the usual pace.
                    if failing_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                    self.note_failure(id, &error, wait);
                    wait
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                () = watch.wake.notified() => {}
            }
            let current = self
                .watches
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&id)
                .cloned();
            if current.is_none_or(|current| !Arc::ptr_eq(&current, &watch)) {
                return;
            }
        }
    }

    fn set_link(&self, id: ClusterId, link: Link) {
        self.state.change(|known| {
            if let Some(cluster) = known.clusters.get_mut(&id) {
                cluster.answered = link;
            }
        });
    }

    pub(crate) fn note_failure(&self, id: ClusterId, error: &Error, wait: Duration) {
        let words = match &error.problem.words {
            Some(words) => format!("{}: {words}", error.problem.what),
            None => error.problem.what.clone(),
        };
        let link = match error.kind {
            Kind::Refused => Link::Refused { error: words },
            Kind::IdentityChanged => Link::CertificateChanged { error: words },
            _ => {
                let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                Link::Unreachable {
                    error: words,
                    next_try: Some(clock::now().plus_millis(millis)),
                }
            }
        };
        self.set_link(id, link);
    }

    /// Reads a whole cluster now.
    pub(crate) async fn discover(&self, id: ClusterId) -> Result<Summary, Error> {
        let watch = self.watch_of(id)?;
        let result = self.pass(id, &watch, true).await;
        if let Err(error) = &result {
            self.note_failure(id, error, FIRST_PAUSE);
        }
        result
    }

    /// One pass over a cluster. A full one reads every configuration; another one those of new and changed guests.
    pub(crate) async fn pass(
        &self,
        id: ClusterId,
        watch: &Watch,
        full: bool,
    ) -> Result<Summary, Error> {
        let _one_writer = watch.pass.lock().await;
        let began = clock::now();
        let name = self.cluster_name(id);
        let client = &watch.client;
        let answer = client
            .resources()
            .await
            .map_err(|e| cluster_error(&name, e))?;
        let mut guests = seen_guests(&answer);
        if guests.is_empty() {
            self.doubt_emptiness(id, client, &name).await?;
        }
        // What needs no further question is shown at once.
        let empty = self
            .state
            .read(|known| known.guests.values().all(|g| g.record.cluster != id));
        let arrived = self.take(
            id,
            &seen_nodes(&answer, &BTreeMap::new()),
            &guests,
            Take::Arrivals,
        );
        if empty {
            self.state.show(clock::now());
        }
        let mut problems = Vec::new();
        let addresses = if full {
            self.learn_cluster(id, client, &mut problems).await
        } else {
            BTreeMap::new()
        };
        let nodes = seen_nodes(&answer, &addresses);
        let asked = self
            .read_configs(id, client, full, &nodes, &mut guests)
            .await?;
        problems.extend(asked);
        let merged = self.take(id, &nodes, &guests, Take::All);
        let now = clock::now();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let run = full.then(|| DiscoveryEntry {
            began_at: began,
            ended_at: now,
            nodes: count(nodes.len()),
            guests: count(guests.len()),
            new: arrived.new + merged.new,
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
