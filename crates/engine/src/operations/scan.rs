//! A scan of one guest: the agent fetches the package lists and reads what is pending.

use std::time::Duration;

use domain::operation::{JobEvent, OperationKind, Problem, StepKind};
use tokio_util::sync::CancellationToken;
use wire::{Action, Outcome};

use super::{
    End, Journal,
    follow::{Followed, follow},
};
use crate::Error;

/// How long the inventory may take after the agent has said that it is done.
const INVENTORY_LIMIT: Duration = Duration::from_secs(60);

/// Runs the job to its end and closes it.
pub(crate) async fn run(
    journal: &mut Journal,
    resumed: bool,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let Some(agent) = journal.check(OperationKind::Scan, resumed).await? else {
        return Ok(());
    };
    let followed = follow(journal, agent, Action::Scan { refresh: true }, cancel).await?;
    let (outcome, stored) = match followed {
        Followed::Given(end) => return journal.close_with_agent(agent, *end, None).await,
        Followed::Ended { outcome, stored } => (outcome, stored),
    };
    let end = match *outcome {
        Outcome::Scanned { hash } => {
            journal.advance_to(StepKind::Record, None, Some(95)).await?;
            let guest = journal.job.guest;
            let found = journal.inner.state.until(INVENTORY_LIMIT, |known| {
                let report = known.guests.get(&guest)?.inventory.as_ref()?;
                (report.hash == hash).then(|| report.inventory.clone())
            });
            match found.await {
                Some(inventory) => {
                    let counts = inventory.counts();
                    let detail = if counts.total == 0 {
                        "up to date".into()
                    } else {
                        format!("{} updates", counts.total)
                    };
                    journal.done(StepKind::Record, Some(detail)).await?;
                    match inventory.packages {
                        domain::inventory::PackageScan::Failed { reason } => End::with(
                            JobEvent::Fail,
                            Problem {
                                what: format!(
                                    "The package manager of {} could not say what is pending",
                                    journal.job.name
                                ),
                                words: Some(reason),
                                next: Some(
                                    "Correct what it names inside the LXC, then scan again.".into(),
                                ),
                            },
                        ),
                        domain::inventory::PackageScan::Apt { .. }
                        | domain::inventory::PackageScan::Unsupported { .. } => End::success(),
                    }
                }
                None => End::with(
                    JobEvent::Fail,
                    Problem {
                        what: format!(
                            "The agent of {} finished the scan, but its inventory has not arrived",
                            journal.job.name
                        ),
                        words: None,
                        next: Some("Scan again.".into()),
                    },
                ),
            }
        }
        other => End::other(&journal.job.name, other),
    };
    journal.close_with_agent(agent, end, Some(stored)).await
}
