//! Restarting guests as such.

use domain::{
    fleet::Power,
    operation::{JobEvent, OperationKind, Problem, StepKind},
};

use super::{End, Journal, power::SHUTDOWN_LIMIT, scope};
use crate::{Error, clock};

/// How long a guest's own shutdown may take before it is stopped hard, in seconds.
pub(crate) const PATIENCE: u32 = SHUTDOWN_LIMIT.as_secs() as u32;

/// Restarts one; what another life of the program asked for is not asked for twice.
pub(super) async fn run(journal: &mut Journal, resumed: bool) -> Result<(), Error> {
    if resumed && journal.has_begun(StepKind::RestartGuest) {
        journal.settle().await?;
        if journal.present_power().await == Power::Running {
            journal.done(StepKind::RestartGuest, None).await?;
            return journal.close(End::success()).await;
        }
    } else {
        journal.begin(StepKind::Check).await?;
        journal.inner.ask_status(journal.job.guest).await;
        if let Some(why) = obstacle(journal) {
            let problem = Problem {
                what: format!("{}: {why}", journal.job.name),
                words: None,
                next: None,
            };
            return journal.close(End::with(JobEvent::Skip, problem)).await;
        }
        journal.done(StepKind::Check, None).await?;
    }
    match journal.restart_guest(StepKind::RestartGuest).await {
        Ok(()) => {
            journal.done(StepKind::RestartGuest, None).await?;
            journal.close(End::success()).await
        }
        Err(error) => {
            journal
                .close(End::with(JobEvent::Fail, error.problem))
                .await
        }
    }
}

fn obstacle(journal: &Journal) -> Option<String> {
    journal
        .inner
        .state
        .read(|known| match known.guests.get(&journal.job.guest) {
            Some(guest) => scope::obstacle(known, guest, OperationKind::RestartGuest, clock::now()),
            None => Some("it is not there any more".into()),
        })
}
