//! What was asked of a lab: for benches that count requests or ask the same again, and for tests.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// So many of the newest requests are kept.
const KEPT: usize = 100_000;

/// One request that a node has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// When it had been read whole.
    pub at: Instant,
    /// Label of the cluster.
    pub cluster: String,
    /// Name of the node that was asked, which need not be the one that the path names.
    pub node: String,
    pub method: String,
    /// Path and query, from `/api2/` on.
    pub path: String,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Records {
    newest: Mutex<VecDeque<RequestRecord>>,
    connections: AtomicU64,
}

impl Records {
    fn lock(&self) -> MutexGuard<'_, VecDeque<RequestRecord>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, record: RequestRecord) {
        let mut newest = self.lock();
        if newest.len() == KEPT {
            newest.pop_front();
        }
        newest.push_back(record);
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        self.lock().iter().cloned().collect()
    }

    pub(crate) fn forget(&self) {
        self.lock().clear();
        self.connections.store(0, Ordering::Relaxed);
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}
