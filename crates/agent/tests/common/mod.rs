//! What the agent's tests share: a guest made of shell scripts, and a desktop that remembers what it was told.
#![allow(
    clippy::panic,
    clippy::result_large_err,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "a test that fails may panic, and every test binary uses another part of this"
)]

pub mod call;
pub mod desk;
pub mod desktop;
pub mod guest;
pub mod scenes;

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Longer than anything takes on a busy machine; only a test that fails waits for it.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until `condition` gives something.
pub async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
