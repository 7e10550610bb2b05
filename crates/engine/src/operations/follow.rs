//! Following a job that an agent does: its reports become steps and log lines, its outcome goes to the caller.

use std::time::Duration;

use domain::{
    AgentId,
    operation::{JobEvent, Problem, StepKind, StepState},
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use wire::{Action, Outcome};

use super::{End, Journal};
use crate::{Error, clock};

/// How often a silent agent is looked after.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Silence after which a job is given up as in doubt, in milliseconds (30 minutes): a reboot of the node, or an
/// unplugged cable, is over by then.
const GIVEN_UP_AFTER_MS: i64 = 30 * 60 * 1000;
/// Work that was never picked up and is cancelled is over after this, in milliseconds.
const CANCELLED_UNBEGUN_AFTER_MS: i64 = 15 * 1000;

/// How following ended.
pub(crate) enum Followed {
    /// The agent told how it ended. `stored` is to be sent once that is written.
    Ended {
        outcome: Box<Outcome>,
        stored: oneshot::Sender<()>,
    },
    /// The job is over without the agent's word.
    Given(Box<End>),
}

/// Hands `action` to the agent and follows it until it ends. Repeating this after a restart is safe: the agent
/// knows jobs by their id.
pub(crate) async fn follow(
    journal: &mut Journal,
    agent: AgentId,
    action: Action,
    cancel: &CancellationToken,
) -> Result<Followed, Error> {
    let inner = journal.inner.clone();
    let job = journal.job.id;
    if journal.state_of(StepKind::Send) != StepState::Done {
        journal.begin(StepKind::Send).await?;
    }
    inner.store.set_handle(job, &agent.to_string()).await?;
    let mut reports = inner.desk.hand_over(agent, job, action);
    let mut heard = inner.store.report_sequence(job).await?;
    let mut silent_since = clock::now();
    let mut cancelled_at = None;
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            delivery = reports.recv() => {
                let Some(delivery) = delivery else {
                    return Err(Error::new(crate::Kind::Internal, "a newer follower took the job over"));
                };
                silent_since = clock::now();
                let report = delivery.report;
                if report.sequence > heard {
                    inner.store.take_report(job, report.sequence, &report.log, None, clock::now()).await?;
                    if !report.log.is_empty() {
                        inner.feed.tell(crate::feed::Body::Log { job, lines: report.log }, clock::now());
                    }
                    heard = report.sequence;
                    journal.advance_to(report.step, report.detail, report.percent).await?;
                }
                match report.outcome {
                    Some(outcome) => return Ok(Followed::Ended { outcome: Box::new(outcome), stored: delivery.stored }),
                    // The agent may have gone away meanwhile; it will ask again.
                    None => drop(delivery.stored.send(())),
                }
            }
            () = cancel.cancelled(), if cancelled_at.is_none() => {
                inner.desk.cancel(agent, job);
                cancelled_at = Some(clock::now());
            }
            _ = look.tick() => {
                let now = clock::now();
                let unbegun = heard == 0 && cancelled_at.is_some_and(|at| now.since(at) > CANCELLED_UNBEGUN_AFTER_MS);
                if unbegun {
                    let what = format!("Cancelled before the agent of {} began", journal.job.name);
                    return Ok(Followed::Given(Box::new(End::with(JobEvent::Cancel, Problem { what, words: None, next: None }))));
                }
                let silent = now.since(silent_since);
                let online = inner.state.read(|known| {
                    known.guests.get(&journal.job.guest).and_then(|g| g.agent.as_ref()).is_some_and(|a| a.is_online(now))
                });
                if online && heard > 0 {
                    silent_since = now;
                } else if silent > GIVEN_UP_AFTER_MS {
                    return Ok(Followed::Given(Box::new(End::with(JobEvent::Interrupt, Problem {
                        what: format!("The agent of {} has been silent for 30 minutes; how the job ended is not known", journal.job.name),
                        words: None,
                        next: Some("Look whether the LXC runs and reaches this computer, then scan it: the scan shows what is installed.".into()),
                    }))));
                }
            }
        }
    }
}
