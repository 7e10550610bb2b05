//! What is known, shared: changed under one lock, shown through the feed, awaited by conditions.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::Timestamp;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{clock, feed::Feed, picture::Known};

/// The least time between two patches, so that a burst of news becomes one.
const FRAME: Duration = Duration::from_millis(100);
/// The longest time between two looks at the clock: rows grow old without news.
const AGEING: Duration = Duration::from_secs(20);

/// Knowledge with its listeners.
#[derive(Debug)]
pub(crate) struct State {
    known: Mutex<Known>,
    moved: watch::Sender<u64>,
    feed: Arc<Feed>,
}

impl State {
    /// Begins with what the store held.
    pub(crate) fn new(known: Known, feed: Arc<Feed>) -> Self {
        Self {
            known: Mutex::new(known),
            moved: watch::Sender::new(0),
            feed,
        }
    }

    /// Looks at what is known. `look` must be short: everybody waits for it.
    pub(crate) fn read<R>(&self, look: impl FnOnce(&Known) -> R) -> R {
        // A panic half-way through a change is a fault of ours; going on with what is there beats stopping.
        look(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what is known; the window hears of it within a frame.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Known) -> R) -> R {
        let result = change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
        self.moved.send_modify(|count| *count += 1);
        result
    }

    /// Waits until `look` sees what it wants; none when `limit` passes first.
    pub(crate) async fn until<R>(
        &self,
        limit: Duration,
        look: impl Fn(&Known) -> Option<R>,
    ) -> Option<R> {
        let mut moved = self.moved.subscribe();
        let deadline = Instant::now() + limit;
        loop {
            if let Some(found) = self.read(&look) {
                return Some(found);
            }
            if tokio::time::timeout_at(deadline, moved.changed())
                .await
                .is_err()
            {
                return self.read(&look);
            }
        }
    }

    /// Brings the picture up to date now.
    pub(crate) fn show(&self, now: Timestamp) {
        let fleet = self.read(|known| known.fleet(now));
        self.feed.show(fleet, now);
    }

    /// Keeps the picture up to date until `stop`.
    pub(crate) async fn keep_showing(&self, stop: CancellationToken) {
        let mut moved = self.moved.subscribe();
        loop {
            self.show(clock::now());
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tokio::time::timeout(AGEING, moved.changed()) => {}
            }
            tokio::time::sleep(FRAME).await;
            moved.mark_unchanged();
        }
    }
}
