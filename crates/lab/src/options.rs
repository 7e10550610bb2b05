//! How a lab behaves: as the real thing by default, at once for tests.

use std::time::Duration;

/// Which ports the nodes take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ports {
    /// This one for the API, and 22 for SSH, on addresses that stay the same; others where these are taken.
    Fixed(u16),
    /// Whatever is free.
    #[default]
    Free,
}

/// How a lab behaves.
#[derive(Clone, Debug)]
pub struct Options {
    pub seed: u64,
    /// Added to every answer of the API.
    pub latency: Duration,
    pub ports: Ports,
    /// Whether each node has a simulated sshd.
    pub ssh: bool,
    /// How long a refused token waits for its 401.
    pub refusal_delay: Duration,
    /// How often nodes broadcast their figures; zero means that they are always current.
    pub statistics: Duration,
    /// How long a node keeps what it read of the broadcasts before it looks again.
    pub list_cache: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long a proxied request to a node without a route takes to fail.
    pub no_route: Duration,
    /// How long a power task takes.
    pub task_time: Duration,
    /// How long one small step of a package manager takes inside a guest.
    pub pace: Duration,
}

impl Default for Options {
    /// As the real thing behaves.
    fn default() -> Self {
        Self {
            seed: 1,
            latency: Duration::ZERO,
            ports: Ports::Free,
            ssh: true,
            refusal_delay: Duration::from_secs(3),
            statistics: Duration::from_secs(10),
            list_cache: Duration::from_secs(2),
            keep_alive: Duration::from_secs(5),
            no_route: Duration::from_millis(3_100),
            task_time: Duration::from_millis(1_500),
            pace: Duration::from_millis(250),
        }
    }
}

impl Options {
    /// The same with every answer so much later.
    #[must_use]
    pub fn with_latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// For tests: nothing waits, figures are always current.
    pub fn quick() -> Self {
        Self {
            refusal_delay: Duration::ZERO,
            statistics: Duration::ZERO,
            list_cache: Duration::ZERO,
            no_route: Duration::ZERO,
            task_time: Duration::ZERO,
            pace: Duration::ZERO,
            ..Self::default()
        }
    }
}
