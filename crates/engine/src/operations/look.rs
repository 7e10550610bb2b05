//! The first and the last step of jobs that an agent does: may it be done now, and how is it closed.

use domain::{
    AgentId,
    operation::{JobEvent, OperationKind, Problem, StepKind, StepState},
};
use tokio::sync::oneshot;
use wire::Outcome;

use super::{End, Journal, scope};
use crate::{Error, clock};

impl Journal {
    /// The check before an agent's job: its agent, or why the job cannot be done now. A job that was already handed
    /// over is not checked again: it may be running.
    pub(crate) async fn look(
        &mut self,
        kind: OperationKind,
        resumed: bool,
    ) -> Result<Result<AgentId, Problem>, Error> {
        let guest = self.job.guest;
        let agent_of = |known: &crate::picture::Known| {
            known
                .guests
                .get(&guest)?
                .agent
                .as_ref()
                .map(|a| a.record.id)
        };
        if resumed && self.state_of(StepKind::Send) != StepState::Waiting {
            return Ok(self.inner.state.read(agent_of).ok_or_else(|| Problem {
                what: format!(
                    "{} has no agent any more; how the job ended is not known",
                    self.job.name
                ),
                words: None,
                next: Some("Install the agent again and scan.".into()),
            }));
        }
        self.begin(StepKind::Check).await?;
        self.inner.ask_status(guest).await;
        let now = clock::now();
        let found = self
            .inner
            .state
            .read(|known| match known.guests.get(&guest) {
                None => Err(format!("{} is not there any more", self.job.name)),
                Some(known_guest) => match scope::obstacle(known, known_guest, kind, now) {
                    Some(why) => Err(why),
                    None => agent_of(known).ok_or_else(|| "No agent installed".into()),
                },
            });
        match found {
            Ok(agent) => {
                self.done(StepKind::Check, None).await?;
                Ok(Ok(agent))
            }
            Err(why) => Ok(Err(Problem {
                what: format!("{}: {why}", self.job.name),
                words: None,
                next: None,
            })),
        }
    }

    /// As [`Journal::look`], for jobs that leave no receipt: an obstacle closes the job as skipped.
    pub(crate) async fn check(
        &mut self,
        kind: OperationKind,
        resumed: bool,
    ) -> Result<Option<AgentId>, Error> {
        match self.look(kind, resumed).await? {
            Ok(agent) => Ok(Some(agent)),
            Err(problem) => {
                self.close(End::with(JobEvent::Skip, problem)).await?;
                Ok(None)
            }
        }
    }

    /// Closes the job, and only then lets the agent forget it.
    pub(crate) async fn close_with_agent(
        &mut self,
        agent: AgentId,
        end: End,
        stored: Option<oneshot::Sender<()>>,
    ) -> Result<(), Error> {
        self.close(end).await?;
        if let Some(stored) = stored {
            // The agent may have hung up; it asks again and is told to forget the job.
            let _ = stored.send(());
        }
        self.inner.desk.close(agent, self.job.id);
        Ok(())
    }
}

impl End {
    /// The end of a job whose outcome is none of its own kind.
    pub(crate) fn other(name: &str, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Failed { problem, .. } => Self::with(JobEvent::Fail, problem),
            Outcome::Interrupted { problem, .. } => Self::with(JobEvent::Interrupt, problem),
            Outcome::Cancelled { .. } => Self::with(
                JobEvent::Cancel,
                Problem {
                    what: format!("The job for {name} was cancelled"),
                    words: None,
                    next: None,
                },
            ),
            other @ (Outcome::Scanned { .. }
            | Outcome::Planned { .. }
            | Outcome::Applied { .. }
            | Outcome::Repaired { .. }
            | Outcome::PlanMoved { .. }
            | Outcome::Changelog { .. }
            | Outcome::Uninstalled
            | Outcome::Restarted
            | Outcome::Upgraded { .. }) => Self::with(
                JobEvent::Fail,
                Problem {
                    what: format!("The agent of {name} answered with something that was not asked"),
                    words: Some(format!("{other:?}").chars().take(200).collect()),
                    next: Some(
                        "Install the agent again: its version may not fit this RedFlag.".into(),
                    ),
                },
            ),
        }
    }
}
