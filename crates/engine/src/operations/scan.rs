//! A scan of one guest: the agent fetches the package lists and reads what is pending.

use std::time::Duration;

use domain::{
    inventory::{Inventory, PackageScan},
    operation::{JobEvent, OperationKind, Problem, StepKind},
};
use tokio_util::sync::CancellationToken;
use wire::{Action, Outcome};

use super::{
    End, Journal,
    follow::{Followed, follow},
};
use crate::Error;

/// How long the inventory may take after the agent has said that it is done.
const INVENTORY_LIMIT: Duration = Duration::from_secs(60);

/// What a scan found, in a few words; none where the package manager could not say.
fn found_in(inventory: &Inventory) -> Option<String> {
    let PackageScan::Apt {
        interrupted,
        repositories,
        ..
    } = &inventory.packages
    else {
        return None;
    };
    let counts = inventory.counts();
    // Nothing pending in what could be read says nothing about what could not.
    let sure = interrupted.is_none() && repositories.iter().all(|r| r.error.is_none());
    let updates = match (counts.total, counts.blocked) {
        (0, 0) if sure => "up to date".to_owned(),
        (0, _) => "no updates to install".to_owned(),
        (1, _) => "1 update".to_owned(),
        (total, _) => format!("{total} updates"),
    };
    Some(match counts.blocked {
        0 => updates,
        blocked => format!("{updates}, {blocked} held or kept back"),
    })
}

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
                    journal.done(StepKind::Record, found_in(&inventory)).await?;
                    match inventory.packages {
                        PackageScan::Failed { reason } => End::with(
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
                        PackageScan::Apt { .. } | PackageScan::Unsupported { .. } => End::success(),
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
