//! Starting a stopped guest for a job, and stopping it again. Both are written before they are asked for, so that a
//! program that was killed in between still stops what it had started.

use std::time::Duration;

use domain::{
    NodeName,
    fleet::Power,
    operation::{LogLevel, Problem, StepKind, StepState},
};
use pve::{PowerAction, TaskEnd};

use super::Journal;
use crate::{Error, Kind, failures::cluster_error};

/// How long a start may take: mounts and hooks of a slow storage.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How long the guest's own shutdown may take before it is stopped hard.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(60);
/// For Proxmox to notice the end beyond that.
const GRACE: Duration = Duration::from_secs(30);

impl Journal {
    /// Whether this job has started its guest, or may have.
    pub(crate) fn was_started(&self) -> bool {
        matches!(
            self.state_of(StepKind::Start),
            StepState::Running | StepState::Done | StepState::Failed | StepState::Unknown
        )
    }

    /// Starts the guest and waits until Proxmox says that it runs.
    pub(crate) async fn start_guest(&mut self) -> Result<Result<(), Problem>, Error> {
        self.begin(StepKind::Start).await?;
        match self
            .power(StepKind::Start, PowerAction::Start, START_LIMIT)
            .await
        {
            Ok(()) => {
                self.done(StepKind::Start, None).await?;
                Ok(Ok(()))
            }
            Err(error) => {
                // It may run by now: somebody else, or a first try whose answer was lost.
                self.inner.ask_status(self.job.guest).await;
                let running = self.inner.state.read(|known| {
                    let guest = known.guests.get(&self.job.guest);
                    guest.is_some_and(|g| g.record.power == Power::Running)
                });
                if running {
                    self.done(StepKind::Start, None).await?;
                    return Ok(Ok(()));
                }
                Ok(Err(error.problem))
            }
        }
    }

    /// Stops the guest again, by its own init if that ends in time.
    pub(crate) async fn stop_guest(&mut self) -> Result<Result<(), Problem>, Error> {
        self.begin(StepKind::Stop).await?;
        self.inner.ask_status(self.job.guest).await;
        let stopped = self.inner.state.read(|known| {
            let guest = known.guests.get(&self.job.guest);
            guest.is_none_or(|g| g.record.power == Power::Stopped)
        });
        if stopped {
            self.done(StepKind::Stop, None).await?;
            return Ok(Ok(()));
        }
        let action = PowerAction::Shutdown {
            timeout: SHUTDOWN_LIMIT,
            force: true,
        };
        match self
            .power(StepKind::Stop, action, SHUTDOWN_LIMIT + GRACE)
            .await
        {
            Ok(()) => {
                self.done(StepKind::Stop, None).await?;
                Ok(Ok(()))
            }
            Err(error) => {
                let what = format!(
                    "{} was started for the job and could not be stopped again",
                    self.job.name
                );
                let words = error.problem.words.unwrap_or(error.problem.what);
                Ok(Err(Problem {
                    what,
                    words: Some(words),
                    next: Some("Stop it in Proxmox if it shall not run.".into()),
                }))
            }
        }
    }

    /// Asks Proxmox and waits for the end of its task, whose id is written as soon as it is known.
    async fn power(
        &mut self,
        step: StepKind,
        action: PowerAction,
        limit: Duration,
    ) -> Result<(), Error> {
        let (guest, vmid) = (self.job.guest, self.job.vmid);
        let place = self.inner.state.read(|known| {
            let record = &known.guests.get(&guest)?.record;
            Some((record.cluster, record.node.clone()))
        });
        let Some((cluster, node)): Option<(_, NodeName)> = place else {
            return Err(Error::not_found("The LXC"));
        };
        let watch = self.inner.watch_of(cluster)?;
        let name = self.inner.cluster_name(cluster);
        let task = watch
            .client
            .lxc_power(&node, vmid, action)
            .await
            .map_err(|e| cluster_error(&name, e))?;
        self.set(step, StepState::Running, Some(task.to_string()))
            .await?;
        self.note(LogLevel::Info, format!("Proxmox task {task}"))
            .await?;
        let end = watch
            .client
            .wait_task(&task, limit)
            .await
            .map_err(|e| cluster_error(&name, e))?;
        self.inner.ask_status(guest).await;
        match end {
            Some(TaskEnd::Done | TaskEnd::Warnings(_)) => Ok(()),
            Some(TaskEnd::Failed(words)) => Err(Error::new(
                Kind::Conflict,
                format!("Proxmox could not do it with {} on {node}", self.job.name),
            )
            .words(words)
            .next("The task's log in Proxmox says more.")),
            Some(TaskEnd::Unknown) | None => Err(Error::new(
                Kind::Unreachable,
                format!(
                    "How the Proxmox task for {} ended is not known",
                    self.job.name
                ),
            )
            .words(task.to_string())
            .next("Look at the task in Proxmox, then try again.")),
        }
    }
}
