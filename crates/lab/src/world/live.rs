//! The world while it runs: behind a lock, with a sign for those who wait for a change.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::sync::watch;

use super::World;

/// A shared [`World`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Live {
    world: Arc<Mutex<World>>,
    changes: watch::Sender<u64>,
}

impl Live {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world: Arc::new(Mutex::new(world)),
            changes: watch::Sender::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // A test that panicked while it looked has changed nothing by halves: the data is plain.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the world.
    pub fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the world and wakes everyone who waits for a change.
    pub fn change<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let result = act(&mut self.lock());
        self.changes.send_modify(|n| *n += 1);
        result
    }

    /// Waits until `condition` holds. Never gives up: a test's own limit ends it.
    pub async fn until(&self, mut condition: impl FnMut(&World) -> bool) {
        let mut changes = self.changes.subscribe();
        while !self.read(&mut condition) {
            // The sender lives as long as self.
            let _ = changes.changed().await;
        }
    }

    /// Counts up with every change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// Seconds since 1970, by this machine's clock.
pub(crate) fn seconds() -> i64 {
    millis() / 1000
}

/// Milliseconds since 1970, by this machine's clock.
pub(crate) fn millis() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
