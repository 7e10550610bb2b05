//! How much is asked of a cluster at a time, and how long it is waited for.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

/// Bounds of one client. `over_all` may be shared by the clients of all clusters.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Requests in flight over all clusters that share it.
    pub over_all: Arc<Semaphore>,
    /// Requests in flight for one node. A Proxmox node runs about three of the costly ones at once; more only
    /// wait there.
    pub per_node: usize,
    /// Name, TCP and TLS together.
    pub connect: Duration,
    /// The whole of one request. Proxmox's own proxy gives up after 30 s, and its words are worth waiting for.
    pub answer: Duration,
    /// A read that has waited this long for what any node can answer itself is asked of another address as well: a node
    /// that was switched off does not say so.
    pub second_after: Duration,
    /// The same for reads that are about one node, which may be slow itself through whatever address it is asked.
    pub second_after_proxied: Duration,
    /// A connection that has been idle for longer is not used again. pveproxy closes after 5 s.
    pub idle: Duration,
    /// The largest answer that is read, in bytes.
    pub body: usize,
}

/// Requests in flight over all clusters, unless another number is shared.
pub(crate) const OVER_ALL: usize = 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            over_all: Arc::new(Semaphore::new(OVER_ALL)),
            per_node: 4,
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(40),
            second_after: Duration::from_secs(1),
            second_after_proxied: Duration::from_secs(10),
            idle: Duration::from_secs(4),
            body: 32 * 1024 * 1024,
        }
    }
}
