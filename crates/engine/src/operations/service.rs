//! Restarting the service of an agent, and taking an agent out, both through the node: they must work just when the
//! agent itself does not answer.

use std::time::Duration;

use domain::{
    AgentId,
    operation::{JobEvent, LogLevel, OperationKind, Problem, StepKind, StepState},
};
use reach::ReachError;
use tokio_util::sync::CancellationToken;

use super::{End, Journal, scope};
use crate::{Error, clock};

/// How long an agent may take to report after its restart.
const CHECK_IN_LIMIT: Duration = Duration::from_secs(60);
/// Status of the agent's own uninstallation while it is at work.
const AT_WORK: i32 = 8;

impl Journal {
    /// The check before a job on the agent itself; the job is closed as skipped when it cannot be done.
    async fn agent_to_treat(&mut self, kind: OperationKind) -> Result<Option<AgentId>, Error> {
        self.begin(StepKind::Check).await?;
        self.inner.ask_status(self.job.guest).await;
        let guest = self.job.guest;
        let found = self.inner.state.read(|known| {
            let guest = known.guests.get(&guest).ok_or("it is not there any more")?;
            if let Some(why) = scope::obstacle(known, guest, kind, clock::now()) {
                return Err(why);
            }
            let agent = guest.agent.as_ref().ok_or("No agent installed")?;
            Ok(agent.record.id)
        });
        match found {
            Ok(agent) => {
                self.done(StepKind::Check, None).await?;
                Ok(Some(agent))
            }
            Err(why) => {
                let what = format!("{}: {why}", self.job.name);
                let problem = Problem {
                    what,
                    words: None,
                    next: None,
                };
                self.close(End::with(JobEvent::Skip, problem)).await?;
                Ok(None)
            }
        }
    }
}

fn failed(error: &ReachError) -> End {
    End::with(JobEvent::Fail, error.problem())
}

/// Starts the service again and waits until the agent reports.
pub(crate) async fn restart(
    journal: &mut Journal,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let Some(agent) = journal.agent_to_treat(OperationKind::RestartAgent).await? else {
        return Ok(());
    };
    let inner = journal.inner.clone();
    let (guest, vmid, name) = (
        journal.job.guest,
        journal.job.vmid,
        journal.job.name.clone(),
    );
    let node = match inner.road_to(guest).await {
        Ok(node) => node,
        Err(error) => {
            return journal
                .close(End::with(JobEvent::Fail, error.problem))
                .await;
        }
    };
    journal.begin(StepKind::Restart).await?;
    let began = clock::now();
    if let Err(error) = node.restart(vmid).await {
        return journal.close(failed(&error)).await;
    }
    journal.done(StepKind::Restart, None).await?;
    journal.begin(StepKind::CheckIn).await?;
    let reported = inner.state.until(CHECK_IN_LIMIT, |known| {
        let agent = known.guests.get(&guest)?.agent.as_ref()?;
        let since = agent.record.last_seen?.since(began);
        (since >= 0 && agent.polling).then(|| agent.record.version.clone())
    });
    let version = tokio::select! {
        version = reported => version,
        // The service has been started; only the waiting ends.
        () = cancel.cancelled() => None,
    };
    let end = match version {
        Some(version) => {
            journal
                .done(StepKind::CheckIn, Some(format!("version {version}")))
                .await?;
            End::success()
        }
        None if cancel.is_cancelled() => End::with(
            JobEvent::Cancel,
            Problem {
                what: format!(
                    "The agent of {name} was started again; its report was not waited for"
                ),
                words: None,
                next: None,
            },
        ),
        None => End::with(
            JobEvent::Fail,
            Problem {
                what: format!(
                    "The agent of {name} was started again, but has not reported within a minute"
                ),
                words: None,
                next: Some("`redflag-agent status` inside the LXC says what it tries.".into()),
            },
        ),
    };
    tracing::debug!(%agent, "restarted");
    journal.close(end).await
}

/// Takes the agent out of its guest, then forgets it: its certificate is worth nothing from then on.
pub(crate) async fn remove(journal: &mut Journal) -> Result<(), Error> {
    let taken_out = journal.state_of(StepKind::Remove) == StepState::Done;
    let Some(agent) = journal.agent_to_treat(OperationKind::RemoveAgent).await? else {
        return Ok(());
    };
    let inner = journal.inner.clone();
    let (guest, vmid) = (journal.job.guest, journal.job.vmid);
    if !taken_out {
        let node = match inner.road_to(guest).await {
            Ok(node) => node,
            Err(error) => {
                return journal
                    .close(End::with(JobEvent::Fail, error.problem))
                    .await;
            }
        };
        journal.begin(StepKind::Remove).await?;
        match node.remove(vmid).await {
            Ok(()) => journal.done(StepKind::Remove, None).await?,
            Err(ReachError::Script { status, stderr, .. }) if status == AT_WORK => {
                let what = format!("The agent of {} is at work", journal.job.name);
                let problem = Problem {
                    what,
                    words: Some(stderr),
                    next: Some("Wait until its job has ended, then remove it.".into()),
                };
                return journal.close(End::with(JobEvent::Fail, problem)).await;
            }
            Err(error) => return journal.close(failed(&error)).await,
        }
    }
    journal.begin(StepKind::CleanUp).await?;
    inner.store.revoke_agent(agent, clock::now()).await?;
    inner.sessions.end(guest);
    inner.state.change(|known| {
        if let Some(guest) = known.guests.get_mut(&guest) {
            guest.agent = None;
            guest.inventory = None;
        }
    });
    journal
        .note(LogLevel::Info, "the agent's certificate is revoked")
        .await?;
    journal.done(StepKind::CleanUp, None).await?;
    journal.close(End::success()).await
}
