//! Work for agents: what was handed over, who waits for it, and what came back.
//!
//! The rule that keeps this safe: a report is acknowledged only after whoever follows the job has stored it, and an
//! agent never begins a job twice. So handing over and reporting may both be repeated.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{AgentId, JobId, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use wire::{Action, JobReport, Outcome, Work};

/// Work that an agent has not begun after this long is not begun at all, in milliseconds (10 minutes).
const EXPIRES_AFTER_MS: i64 = 10 * 60 * 1000;

/// A report on its way to the job's follower. Dropping `stored` without sending refuses the acknowledgement.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub report: JobReport,
    pub stored: oneshot::Sender<()>,
}

#[derive(Debug)]
struct Handed {
    action: Action,
    reports: mpsc::Sender<Delivery>,
    cancel: bool,
}

/// All work that is out.
#[derive(Debug)]
pub(crate) struct Desk {
    agents: Mutex<HashMap<AgentId, BTreeMap<JobId, Handed>>>,
    moved: watch::Sender<u64>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            agents: Mutex::default(),
            moved: watch::Sender::new(0),
        }
    }
}

/// What there is for an agent that asks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Errand {
    pub work: Vec<Work>,
    pub cancel: Vec<JobId>,
    /// Jobs that the agent holds and nobody follows.
    pub unknown: Vec<JobId>,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, HashMap<AgentId, BTreeMap<JobId, Handed>>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.moved.send_modify(|count| *count += 1);
    }

    /// Asks something that changes nothing, and so needs no journal; none when there is no answer within `limit`.
    pub(crate) async fn ask(
        &self,
        agent: AgentId,
        action: Action,
        limit: Duration,
    ) -> Option<Outcome> {
        let job = JobId::new();
        let mut reports = self.hand_over(agent, job, action);
        let answer = tokio::time::timeout(limit, async {
            while let Some(delivery) = reports.recv().await {
                let _ = delivery.stored.send(());
                if let Some(outcome) = delivery.report.outcome {
                    return Some(outcome);
                }
            }
            None
        })
        .await;
        self.close(agent, job);
        answer.ok().flatten()
    }

    /// Puts work out for `agent` (again, if it is the same job) and returns its reports in the order they come.
    pub(crate) fn hand_over(
        &self,
        agent: AgentId,
        job: JobId,
        action: Action,
    ) -> mpsc::Receiver<Delivery> {
        let (reports, receiver) = mpsc::channel(16);
        self.lock().entry(agent).or_default().insert(
            job,
            Handed {
                action,
                reports,
                cancel: false,
            },
        );
        self.wake();
        receiver
    }

    /// Takes work back: nobody follows it any more.
    pub(crate) fn close(&self, agent: AgentId, job: JobId) {
        if let Some(jobs) = self.lock().get_mut(&agent) {
            jobs.remove(&job);
        }
        self.wake();
    }

    /// Asks for a job to stop at its next safe point.
    pub(crate) fn cancel(&self, agent: AgentId, job: JobId) {
        if let Some(handed) = self
            .lock()
            .get_mut(&agent)
            .and_then(|jobs| jobs.get_mut(&job))
        {
            handed.cancel = true;
        }
        self.wake();
    }

    /// Whether the agent was asked to stop this job.
    pub(crate) fn is_cancelled(&self, agent: AgentId, job: JobId) -> bool {
        self.lock()
            .get(&agent)
            .and_then(|jobs| jobs.get(&job))
            .is_some_and(|h| h.cancel)
    }

    /// What there is for `agent`, which holds the jobs `held`.
    pub(crate) fn errand(&self, agent: AgentId, held: &[JobId], now: Timestamp) -> Errand {
        let agents = self.lock();
        let none = BTreeMap::new();
        let jobs = agents.get(&agent).unwrap_or(&none);
        let send = |(id, handed): (&JobId, &Handed)| Work {
            id: *id,
            action: handed.action.clone(),
            sent_at: now,
            expires_at: now.plus_millis(EXPIRES_AFTER_MS),
        };
        Errand {
            work: jobs
                .iter()
                .filter(|(id, h)| !held.contains(id) && !h.cancel)
                .map(send)
                .collect(),
            cancel: jobs
                .iter()
                .filter(|(id, h)| held.contains(id) && h.cancel)
                .map(|(id, _)| *id)
                .collect(),
            unknown: held
                .iter()
                .filter(|id| !jobs.contains_key(id))
                .copied()
                .collect(),
        }
    }

    /// Where the reports of a job go; none when nobody follows it.
    pub(crate) fn follower(&self, agent: AgentId, job: JobId) -> Option<mpsc::Sender<Delivery>> {
        self.lock()
            .get(&agent)?
            .get(&job)
            .map(|h| h.reports.clone())
    }

    /// Changes with every change of what is out.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_repeated_until_the_agent_holds_it() {
        let (desk, agent, job, now) = (Desk::default(), AgentId::new(), JobId::new(), Timestamp(5));
        let _reports = desk.hand_over(agent, job, Action::Scan { refresh: true });
        assert_eq!(desk.errand(agent, &[], now).work.len(), 1);
        assert_eq!(
            desk.errand(agent, &[], now).work.len(),
            1,
            "the answer may have been lost, so it is sent again"
        );
        assert_eq!(
            desk.errand(agent, &[job], now),
            Errand::default(),
            "the agent has it"
        );
        desk.cancel(agent, job);
        assert_eq!(desk.errand(agent, &[job], now).cancel, vec![job]);
        desk.close(agent, job);
        assert_eq!(
            desk.errand(agent, &[job], now).unknown,
            vec![job],
            "nobody follows it any more"
        );
    }
}
