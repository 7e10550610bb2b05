//! When each cluster is asked: often while somebody watches, seldom otherwise, ever less while it fails.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use domain::{ClusterId, fleet::Link};
use pve::Client;
use tokio::time::Instant;

use crate::{Error, Kind, clock, discovery::Watch, inner::Inner};

/// How often clusters are asked.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    /// Between the beginnings of two looks at the state, while somebody watches.
    pub watched: Duration,
    /// The same while nobody does.
    pub unwatched: Duration,
    /// Between two full discoveries.
    pub full: Duration,
    /// Between the beginnings of two tries while a cluster fails.
    pub failing: Duration,
    /// A cluster that fails for longer than this is asked less and less often.
    pub patience: Duration,
    /// The longest time between two tries.
    pub longest: Duration,
    /// How long the answer of a single guest's configuration is waited for.
    pub config: Duration,
    /// How long the whole of any answer is waited for. Proxmox's own proxy gives up after 30 s, and its words are worth
    /// waiting for.
    pub answer: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            watched: Duration::from_secs(10),
            unwatched: Duration::from_secs(60),
            full: Duration::from_secs(300),
            failing: Duration::from_secs(10),
            patience: Duration::from_secs(600),
            longest: Duration::from_secs(180),
            config: Duration::from_secs(10),
            answer: Duration::from_secs(40),
        }
    }
}

impl Rhythm {
    /// What is left of `every` since `began`; some of it always is, so that a cluster that answers slowly is not asked
    /// without a pause.
    fn rest(every: Duration, began: Instant) -> Duration {
        every.saturating_sub(began.elapsed()).max(every / 10)
    }
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

    /// Ends the pauses of the clusters that `wanted` picks by how they answered last.
    pub(crate) fn wake(&self, wanted: impl Fn(&Link) -> bool) {
        let ids: Vec<ClusterId> = self.state.read(|known| {
            let wanted = known.clusters.iter().filter(|(_, c)| wanted(&c.answered));
            wanted.map(|(id, _)| *id).collect()
        });
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            if let Some(watch) = watches.get(&id) {
                watch.wake.notify_one();
            }
        }
    }

    async fn keep_watching(&self, id: ClusterId, watch: Arc<Watch>) {
        let rhythm = self.rhythm;
        let mut last_full: Option<Instant> = None;
        let mut every = rhythm.failing;
        let mut failing_since: Option<Instant> = None;
        loop {
            let began = Instant::now();
            let full = last_full.is_none_or(|at| at.elapsed() >= rhythm.full);
            let wait = match self.pass(id, &watch, full).await {
                Ok(_) => {
                    if full {
                        last_full = Some(began);
                    }
                    every = rhythm.failing;
                    if failing_since.take().is_some() {
                        // Most often it was this computer's own network: the others are likely back as well.
                        self.wake(|link| matches!(link, Link::Unreachable { .. }));
                    }
                    let watched = self.feed.is_watched();
                    let every = if watched {
                        rhythm.watched
                    } else {
                        rhythm.unwatched
                    };
                    Rhythm::rest(every, began)
                }
                Err(error) => {
                    let wait = Rhythm::rest(every, began);
                    // A short absence (a reboot, an update) is asked after at the usual pace.
                    if failing_since.get_or_insert(began).elapsed() > rhythm.patience {
                        every = (every * 2).min(rhythm.longest);
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

    /// Shows that a cluster did not answer as it should; the next try comes after `wait`.
    pub(crate) fn note_failure(&self, id: ClusterId, error: &Error, wait: Duration) {
        let words = error.told();
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
}
