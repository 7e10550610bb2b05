//! A guest's console for a job: made a shell of root, and set back whatever becomes of the job. What was set is written
//! before it is changed, so that a program that was killed in between still sets it back.

use std::time::Duration;

use domain::{
    fleet::Power,
    operation::{JobEvent, LogLevel, Problem, StepKind, StepState},
};
use pve::ConsoleSetting;
use tokio::time::{Instant, sleep};

use super::{
    End, Journal,
    power::{FIRST_PAUSE, LONGEST_PAUSE},
};
use crate::{
    Error, Kind,
    shells::{Shell, awaited},
};

/// Proxmox's word for the mode that RedFlag can use.
const SHELL: &str = "shell";
/// How long a node that fails in passing is asked on, before a job begins.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same at its end: what is not set back now nobody will set back.
const PATIENCE_AT_END: Duration = Duration::from_secs(600);
/// How long the end of a lock is waited for at the end: a backup may take its time.
const LOCK_LIMIT: Duration = Duration::from_secs(3600);
/// How long after its start a guest's setting may take to be in force.
const IN_FORCE: Duration = Duration::from_secs(60);

/// Every step that is about the console.
const ALL: [StepKind; 4] = [
    StepKind::OpenConsole,
    StepKind::RestartGuest,
    StepKind::CloseConsole,
    StepKind::RestartGuestAgain,
];

/// Why the mode was not set.
enum Unset {
    /// Another try may succeed: in words.
    Passing(Error),
    Locked(String),
    For(Error),
}

/// A mode as people read it.
fn word(mode: Option<&str>) -> String {
    match mode {
        Some(mode) => format!("`{mode}`"),
        None => "not set (`tty`)".into(),
    }
}

impl Journal {
    /// The console needs nothing: it is not how this guest is entered, or a shell already.
    pub(super) async fn leave_console(&mut self) -> Result<(), Error> {
        self.pass_over(&ALL).await
    }

    /// Makes the console a shell of root. In force it is after [`Journal::enter_shell`].
    pub(super) async fn open_console(&mut self) -> Result<Result<(), End>, Error> {
        let running = self.present_power().await == Power::Running;
        if self.console_before.is_none() {
            let setting = match self.console_setting(PATIENCE).await {
                Ok(setting) => setting,
                Err(error) => return Ok(Err(End::with(JobEvent::Fail, error.problem))),
            };
            let name = &self.job.name;
            let obstacle = match (&setting.lock, Shell::of(&setting, running)) {
                (Some(lock), _) => format!("{name}: Locked: {lock}"),
                (None, Shell::Awaited { next }) => format!("{name}: {}", awaited(next)),
                (None, Shell::There) => {
                    self.leave_console().await?;
                    return Ok(Ok(()));
                }
                (None, Shell::ToSet { .. }) => String::new(),
            };
            if !obstacle.is_empty() {
                let problem = Problem {
                    what: obstacle,
                    words: None,
                    next: None,
                };
                return Ok(Err(End::with(JobEvent::Skip, problem)));
            }
            let before = setting.active.unwrap_or_default();
            self.inner
                .store
                .set_console_before(self.job.id, &before)
                .await?;
            self.console_before = Some(before);
        }
        let before = self.before();
        let detail = format!("was {}", word(before.as_deref()));
        self.set(
            StepKind::OpenConsole,
            StepState::Running,
            Some(detail.clone()),
        )
        .await?;
        let text = format!("the console becomes a shell of root; it {detail}");
        self.note(LogLevel::Info, text).await?;
        let opened = self
            .set_console(StepKind::OpenConsole, Some(SHELL), PATIENCE, Duration::ZERO)
            .await;
        match opened {
            Ok(()) => {
                self.done(StepKind::OpenConsole, Some(detail)).await?;
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(End::with(JobEvent::Fail, error.problem))),
        }
    }

    /// Restarts a guest that runs with another console than it shall have, and looks that the shell is in force.
    pub(super) async fn enter_shell(&mut self) -> Result<Result<(), End>, Error> {
        if self.console_before.is_none() {
            return Ok(Ok(()));
        }
        let fail = |error: Error| Ok(Err(End::with(JobEvent::Fail, error.problem)));
        let runs = self.present_power().await == Power::Running;
        match self.console_setting(PATIENCE).await {
            Ok(setting) if runs && setting.active.as_deref() == Some(SHELL) => {}
            Ok(_) => {
                if let Err(error) = self.restart_guest(StepKind::RestartGuest).await {
                    return fail(error);
                }
                if let Err(error) = self.in_force(Some(SHELL)).await {
                    return fail(error);
                }
            }
            Err(error) => return fail(error),
        }
        match self.state_of(StepKind::RestartGuest) {
            StepState::Waiting => self.pass_over(&[StepKind::RestartGuest]).await?,
            StepState::Running | StepState::Unknown => {
                self.done(StepKind::RestartGuest, None).await?;
            }
            StepState::Done | StepState::Failed | StepState::Skipped => {}
        }
        Ok(Ok(()))
    }

    /// Sets the console back to what it was, and restarts a guest that runs with another one. The problem is what the
    /// user must do where that fails.
    pub(super) async fn close_console(&mut self) -> Result<Result<(), Problem>, Error> {
        if self.console_before.is_none() {
            return Ok(Ok(()));
        }
        let before = self.before();
        self.begin(StepKind::CloseConsole).await?;
        let closed = self.put_back(before.as_deref()).await;
        let Err(error) = closed else {
            return Ok(Ok(()));
        };
        for step in [StepKind::CloseConsole, StepKind::RestartGuestAgain] {
            if self.state_of(step) == StepState::Running {
                self.set(step, StepState::Failed, None).await?;
            }
        }
        let (vmid, node) = (self.job.vmid, &self.job.node);
        let command = match before.as_deref() {
            Some(mode) => format!("pct set {vmid} --cmode {mode}"),
            None => format!("pct set {vmid} --delete cmode"),
        };
        let problem = error.problem;
        Ok(Err(Problem {
            what: format!(
                "The console of {} is not set back: whoever may open it in Proxmox is root there without a password",
                self.job.name
            ),
            words: Some(match problem.words {
                Some(words) => format!("{}: {words}", problem.what),
                None => problem.what,
            }),
            next: Some(format!("On {node} run `{command}`, then restart the LXC.")),
        }))
    }

    async fn put_back(&mut self, before: Option<&str>) -> Result<(), Error> {
        let setting = match self.console_setting(PATIENCE_AT_END).await {
            Ok(setting) => setting,
            // With the guest its console is gone.
            Err(_) if !self.guest_is_known() => {
                self.done(StepKind::CloseConsole, None).await?;
                return self.pass_over(&[StepKind::RestartGuestAgain]).await;
            }
            Err(error) => return Err(error),
        };
        // What somebody else has set meanwhile is theirs.
        let next = setting.after_start();
        let (target, theirs) = match next == before || next == Some(SHELL) {
            true => (before.map(str::to_owned), false),
            false => (next.map(str::to_owned), true),
        };
        let target = target.as_deref();
        if theirs {
            let text = format!(
                "somebody has set the console meanwhile to {}: that stays",
                word(target)
            );
            self.note(LogLevel::Warning, text).await?;
        } else {
            self.set_console(StepKind::CloseConsole, target, PATIENCE_AT_END, LOCK_LIMIT)
                .await?;
        }
        self.done(StepKind::CloseConsole, Some(word(target)))
            .await?;
        let setting = self.console_setting(PATIENCE_AT_END).await?;
        let (fresh, power) = (
            setting.active.as_deref() == target,
            self.present_power().await,
        );
        // A restart of ours may have left it stopped.
        let fell = !self.was_started()
            && power == Power::Stopped
            && (self.has_begun(StepKind::RestartGuestAgain)
                || self.has_begun(StepKind::RestartGuest)
                    && self.state_of(StepKind::RestartGuest) != StepState::Done);
        if fell || (power != Power::Stopped && !fresh) {
            self.until_unlocked().await?;
            self.restart_guest(StepKind::RestartGuestAgain).await?;
            self.in_force(target).await?;
        }
        match self.state_of(StepKind::RestartGuestAgain) {
            StepState::Running | StepState::Unknown => {
                self.done(StepKind::RestartGuestAgain, None).await
            }
            StepState::Waiting | StepState::Done | StepState::Failed | StepState::Skipped => {
                self.pass_over(&[StepKind::RestartGuestAgain]).await
            }
        }
    }

    fn guest_is_known(&self) -> bool {
        let guest = self.job.guest;
        self.inner
            .state
            .read(|known| known.guests.contains_key(&guest))
    }

    /// What was set before; the inner none: nothing.
    fn before(&self) -> Option<String> {
        self.console_before
            .clone()
            .filter(|before| !before.is_empty())
    }

    /// Reads what is set, for as long as that fails in passing.
    async fn console_setting(&self, patience: Duration) -> Result<ConsoleSetting, Error> {
        let deadline = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let place = self.place()?;
            let vmid = self.job.vmid;
            match place.client.lxc_console_setting(&place.node, vmid).await {
                Ok(setting) => return Ok(setting),
                // A guest that moved to another node is gone from the one before until the next look at the cluster.
                Err(error)
                    if (error.is_passing() || matches!(error, pve::Error::Gone { .. }))
                        && Instant::now() + pause < deadline => {}
                Err(error) => return Err(place.failed(error)),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sets the mode and looks that it is set, which also tells the end of a request whose answer was lost. What fails
    /// in passing is tried again within `patience`, a lock is waited for within `locks`.
    async fn set_console(
        &mut self,
        step: StepKind,
        mode: Option<&str>,
        patience: Duration,
        locks: Duration,
    ) -> Result<(), Error> {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let failed = match self.try_console(mode).await {
                Ok(()) => return Ok(()),
                Err(Unset::For(error)) => return Err(error),
                Err(Unset::Passing(error)) if began.elapsed() < patience => error.told(),
                Err(Unset::Passing(error)) => return Err(error),
                Err(Unset::Locked(lock)) if began.elapsed() < locks => {
                    format!("waiting for the end of a lock ({lock})")
                }
                Err(Unset::Locked(lock)) => return Err(self.locked(&lock)),
            };
            self.say(step, failed, None);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn locked(&self, lock: &str) -> Error {
        Error::new(
            Kind::Conflict,
            format!("{} is locked ({lock})", self.job.name),
        )
        .next("Wait until that has ended, then try again.")
    }

    async fn try_console(&self, mode: Option<&str>) -> Result<(), Unset> {
        let place = self.place().map_err(Unset::For)?;
        let unset = |error: pve::Error| match error {
            pve::Error::Locked { lock, .. } => Unset::Locked(lock),
            error if error.is_passing() => Unset::Passing(place.failed(error)),
            error => Unset::For(place.failed(error)),
        };
        let (client, node, vmid) = (&place.client, &place.node, self.job.vmid);
        let setting = client.lxc_console_setting(node, vmid).await;
        let setting = setting.map_err(unset)?;
        if setting.after_start() == mode {
            return Ok(());
        }
        if let Some(lock) = setting.lock {
            return Err(Unset::Locked(lock));
        }
        // Another change in between is a refusal that passes.
        let digest = setting.digest.as_deref();
        let set = client.set_lxc_cmode(node, vmid, mode, digest).await;
        set.map_err(unset)?;
        let setting = client.lxc_console_setting(node, vmid).await;
        match setting.map_err(unset)?.after_start() == mode {
            true => Ok(()),
            false => Err(Unset::Passing(
                Error::new(
                    Kind::Conflict,
                    format!(
                        "Proxmox took the console of {} and has another",
                        self.job.name
                    ),
                )
                .next("Look at its options in Proxmox, then try again."),
            )),
        }
    }

    /// Waits until nothing holds the guest.
    async fn until_unlocked(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + LOCK_LIMIT;
        let mut pause = FIRST_PAUSE;
        loop {
            self.inner.ask_status(self.job.guest).await;
            let lock = self.inner.state.read(|known| {
                let guest = known.guests.get(&self.job.guest)?;
                guest.record.lock.clone()
            });
            let Some(lock) = lock else {
                return Ok(());
            };
            if Instant::now() > deadline {
                return Err(self.locked(&lock));
            }
            let text = format!("waiting for the end of a lock ({lock})");
            self.say(StepKind::RestartGuestAgain, text, None);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Looks until what was set is in force: the end of a restart does not prove it.
    async fn in_force(&self, mode: Option<&str>) -> Result<(), Error> {
        let deadline = Instant::now() + IN_FORCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let setting = self.console_setting(PATIENCE).await?;
            if setting.active.as_deref() == mode {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Error::new(
                    Kind::Conflict,
                    format!(
                        "{} was restarted, but its console is {} and not {}",
                        self.job.name,
                        word(setting.active.as_deref()),
                        word(mode)
                    ),
                )
                .next("Look at its options in Proxmox: another change may wait there."));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
