//! Starting, stopping and restarting a guest for a job. Each is written before it is asked for, so that a program that
//! was killed in between still takes it back; and what Proxmox says of a task is held against how the guest stands.

use std::time::Duration;

use domain::{
    NodeName,
    fleet::Power,
    operation::{LogLevel, Problem, StepKind, StepState},
};
use pve::{Client, PowerAction, TaskEnd};

use super::Journal;
use crate::{Error, Kind, failures::cluster_error};

/// How long a start may take: mounts and hooks of a slow storage.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How long the guest's own shutdown may take before it is stopped hard.
pub(super) const SHUTDOWN_LIMIT: Duration = Duration::from_secs(60);
/// For Proxmox to notice the end beyond that.
const GRACE: Duration = Duration::from_secs(30);
/// How long after the end of a task the guest may still come to stand as it shall: the HA manager only hands the wish
/// over, and a restart is carried out by the guest's own service.
const SETTLE: Duration = Duration::from_secs(60);
/// Between two looks at the guest: the first pause, and the longest.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(200);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// The tasks that another life of this job may have left running.
const TASKS: [&str; 6] = [
    "vzstart",
    "vzstop",
    "vzshutdown",
    "vzreboot",
    "hastart",
    "hastop",
];

/// Where a guest is asked about now.
pub(super) struct Place {
    pub(super) client: Client,
    pub(super) node: NodeName,
    /// Of the cluster.
    pub(super) name: String,
}

impl Place {
    pub(super) fn failed(&self, error: pve::Error) -> Error {
        cluster_error(&self.name, error)
    }
}

impl Journal {
    /// Whether this job has started its guest, or may have.
    pub(crate) fn was_started(&self) -> bool {
        self.has_begun(StepKind::Start)
    }

    /// Whether a step has been begun, by this life of the program or another.
    pub(super) fn has_begun(&self, step: StepKind) -> bool {
        matches!(
            self.state_of(step),
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
                if self.present_power().await == Power::Running {
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
        if self.present_power().await == Power::Stopped {
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
                self.set(StepKind::Stop, StepState::Failed, None).await?;
                Ok(Err(Problem {
                    what,
                    words: Some(words),
                    next: Some("Stop it in Proxmox if it shall not run.".into()),
                }))
            }
        }
    }

    /// Restarts the guest, so that what is set for its next start comes into force; starts it where it does not run.
    pub(super) async fn restart_guest(&mut self, step: StepKind) -> Result<(), Error> {
        self.begin(step).await?;
        let (action, limit) = match self.present_power().await {
            Power::Stopped => (PowerAction::Start, START_LIMIT),
            Power::Running | Power::Unknown => {
                let timeout = SHUTDOWN_LIMIT;
                (
                    PowerAction::Reboot { timeout },
                    SHUTDOWN_LIMIT + GRACE + START_LIMIT,
                )
            }
        };
        self.power(step, action, limit).await
    }

    /// How the guest stands now, by its node; as it was last seen where that does not answer, and stopped when it is
    /// gone.
    pub(super) async fn present_power(&self) -> Power {
        self.inner.ask_status(self.job.guest).await;
        self.inner.state.read(|known| {
            let guest = known.guests.get(&self.job.guest);
            guest.map_or(Power::Stopped, |guest| guest.record.power)
        })
    }

    /// Where to ask about the guest.
    pub(super) fn place(&self) -> Result<Place, Error> {
        let found = self.inner.state.read(|known| {
            let record = &known.guests.get(&self.job.guest)?.record;
            Some((record.cluster, record.node.clone()))
        });
        let Some((cluster, node)) = found else {
            return Err(Error::not_found("The LXC"));
        };
        Ok(Place {
            client: self.inner.watch_of(cluster)?.client.clone(),
            node,
            name: self.inner.cluster_name(cluster),
        })
    }

    /// Waits for the ends of tasks that another life of this job asked for: what they do is not to be done twice, and
    /// how the guest stands means nothing before.
    pub(super) async fn settle(&self) -> Result<(), Error> {
        let steps = [
            StepKind::Start,
            StepKind::RestartGuest,
            StepKind::Stop,
            StepKind::RestartGuestAgain,
        ];
        if !steps.iter().any(|step| self.has_begun(*step)) {
            return Ok(());
        }
        let Ok(place) = self.place() else {
            return Ok(());
        };
        let asked = place.client.lxc_tasks(&place.node, self.job.vmid).await;
        let tasks = match asked {
            Ok(tasks) => tasks,
            Err(error) => {
                let text = format!("whether a task of before still runs is not known: {error}");
                return self.note(LogLevel::Warning, text).await;
            }
        };
        for task in tasks {
            if task.is_running() && TASKS.contains(&task.upid.kind()) {
                self.note(LogLevel::Info, format!("waiting for {}", task.upid))
                    .await?;
                let limit = SHUTDOWN_LIMIT + GRACE + START_LIMIT;
                if let Err(error) = place.client.wait_task(&task.upid, limit).await {
                    let text = format!("how it ended is not known: {error}");
                    self.note(LogLevel::Warning, text).await?;
                }
            }
        }
        Ok(())
    }

    /// Switches the guest, and tells the audit.
    async fn power(
        &mut self,
        step: StepKind,
        action: PowerAction,
        limit: Duration,
    ) -> Result<(), Error> {
        let done = self.switch(step, action, limit).await;
        let act = match action {
            PowerAction::Start => "lxc.start",
            PowerAction::Stop | PowerAction::Shutdown { .. } => "lxc.stop",
            PowerAction::Reboot { .. } => "lxc.restart",
        };
        let detail = self.job.steps.iter().find(|s| s.kind == step);
        let detail = detail.and_then(|s| s.detail.as_deref()).unwrap_or_default();
        self.audit(act, detail, &done).await;
        done
    }

    /// Asks Proxmox and waits for the end of its task, whose id is written as soon as it is known; then until the guest
    /// stands as it shall.
    async fn switch(
        &mut self,
        step: StepKind,
        action: PowerAction,
        limit: Duration,
    ) -> Result<(), Error> {
        let place = self.place()?;
        let vmid = self.job.vmid;
        let task = place
            .client
            .lxc_power(&place.node, vmid, action)
            .await
            .map_err(|e| place.failed(e))?;
        self.set(step, StepState::Running, Some(task.to_string()))
            .await?;
        self.note(LogLevel::Info, format!("Proxmox task {task}"))
            .await?;
        let end = place
            .client
            .wait_task(&task, limit)
            .await
            .map_err(|e| place.failed(e))?;
        match end {
            Some(TaskEnd::Done | TaskEnd::Warnings(_)) => {}
            Some(TaskEnd::Failed(words)) => {
                self.inner.ask_status(self.job.guest).await;
                return Err(Error::new(
                    Kind::Conflict,
                    format!(
                        "Proxmox could not do it with {} on {}",
                        self.job.name, place.node
                    ),
                )
                .words(words)
                .next("The task's log in Proxmox says more."));
            }
            Some(TaskEnd::Unknown) | None => {
                self.inner.ask_status(self.job.guest).await;
                return Err(Error::new(
                    Kind::Unreachable,
                    format!(
                        "How the Proxmox task for {} ended is not known",
                        self.job.name
                    ),
                )
                .words(task.to_string())
                .next("Look at the task in Proxmox, then try again."));
            }
        }
        let wanted = match action {
            PowerAction::Start | PowerAction::Reboot { .. } => Power::Running,
            PowerAction::Stop | PowerAction::Shutdown { .. } => Power::Stopped,
        };
        if self.comes_to(wanted).await {
            return Ok(());
        }
        let stands = match wanted {
            Power::Running => "does not run",
            Power::Stopped | Power::Unknown => "still runs",
        };
        Err(Error::new(
            Kind::Conflict,
            format!(
                "Proxmox calls it done, but {} {stands} on {}",
                self.job.name, place.node
            ),
        )
        .words(task.to_string())
        .next("The task's log and the LXC's own log in Proxmox say more."))
    }

    /// Looks until the guest stands as it shall. A task's OK does not prove it.
    async fn comes_to(&self, wanted: Power) -> bool {
        let deadline = tokio::time::Instant::now() + SETTLE;
        let mut pause = FIRST_PAUSE;
        while self.present_power().await != wanted {
            if tokio::time::Instant::now() > deadline {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        true
    }
}
