//! Repeating what failed in passing.

use std::{future::Future, time::Duration};

use domain::{NodeKey, fleet::Link, operation::LogLevel};
use reach::{ConsoleTrouble, ReachError};
use tokio_util::sync::CancellationToken;

use super::Journal;
use crate::{Error, clock};

/// Before what failed in passing is tried again.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(9),
];

/// Whether the same may go well a moment later.
fn is_passing(error: &ReachError) -> bool {
    matches!(
        error,
        ReachError::Connect { .. }
            | ReachError::Lost { .. }
            | ReachError::Timeout { .. }
            | ReachError::NoMarker { .. }
            | ReachError::Console {
                trouble: ConsoleTrouble::Unreachable { .. },
                ..
            }
    )
}

/// Repeats what a passing failure stopped, with growing pauses of uneven length: many guests fail together when a node
/// is short of breath, and shall not come back together. Everything that is done in a guest here may be repeated.
pub(super) async fn patiently<T, F: Future<Output = Result<T, ReachError>>>(
    journal: &Journal,
    cancel: &CancellationToken,
    ask: impl Fn() -> F,
) -> Result<Result<T, ReachError>, Error> {
    for pause in PAUSES {
        let error = match ask().await {
            Err(error) if is_passing(&error) => error,
            other => return Ok(other),
        };
        let [random] = clock::random::<1>()?;
        let pause = pause.mul_f64(0.7 + 0.6 * f64::from(random) / 255.0);
        let text = format!("{error}; once more in {:.1} s", pause.as_secs_f64());
        journal.note(LogLevel::Warning, text).await?;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = cancel.cancelled() => return Ok(Err(error)),
        }
    }
    Ok(ask().await)
}

/// How long a job waits for a node that does not answer just now.
const OUTAGE: Duration = Duration::from_secs(30);

/// Waits for the end of a short absence of the guest's node, so that a job is not skipped for a moment's silence. What
/// lasts is found by whoever looks next.
pub(super) async fn outlast(journal: &Journal, cancel: &CancellationToken) {
    let guest = journal.job.guest;
    let answering = journal.inner.state.until(OUTAGE, |known| {
        let record = &known.guests.get(&guest)?.record;
        let node = NodeKey {
            cluster: record.cluster,
            node: record.node.clone(),
        };
        let away = matches!(
            known.link_of(&node),
            Link::Unreachable { .. } | Link::Unknown
        );
        (!away).then_some(())
    });
    tokio::select! {
        _ = answering => {}
        () = cancel.cancelled() => {}
    }
}
