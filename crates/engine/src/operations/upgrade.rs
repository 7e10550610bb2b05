//! An agent becomes the version that this RedFlag carries. It fetches the program itself, over its own connection, and
//! brings the old one back if the new one does not report.

use domain::operation::OperationKind;
use tokio_util::sync::CancellationToken;
use wire::{Action, Outcome};

use super::{
    End, Journal,
    follow::{Followed, follow},
    scope::CARRIED,
};
use crate::Error;

/// Runs the job to its end and closes it.
pub(crate) async fn run(
    journal: &mut Journal,
    resumed: bool,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let Some(agent) = journal.check(OperationKind::UpgradeAgent, resumed).await? else {
        return Ok(());
    };
    let binary = journal.inner.agent_binary()?;
    let action = Action::Upgrade {
        version: CARRIED.into(),
        sha256: hex::encode(binary.sha256),
        size: binary.bytes.len() as u64,
    };
    let (end, stored) = match follow(journal, agent, action, cancel).await? {
        Followed::Given(end) => (*end, None),
        Followed::Ended { outcome, stored } => {
            let end = match *outcome {
                Outcome::Upgraded { .. } => End::success(),
                other => End::other(&journal.job.name, other),
            };
            (end, Some(stored))
        }
    };
    journal.close_with_agent(agent, end, stored).await
}
