//! A guest's console for a job: made a shell of root, and set back whatever becomes of the job. What was set is written
//! before it is changed, so that a program that was killed in between still sets it back.

use std::time::Duration;

use domain::{
    fleet::Power,
    operation::{JobEvent, LogLevel, Problem, StepKind, StepState},
};

use tokio::time::{Instant, sleep};

use super::{
    End, Journal,
    power::LONGEST_PAUSE,
    setting::{LOCK_LIMIT, PATIENCE, word},
};
use crate::{
    Error, Kind,
    shells::{Shell, awaited},
};

/// Proxmox's word for the mode that RedFlag can use.
const SHELL: &str = "shell";
/// The same at its end: what is not set back now nobody will set back.
const PATIENCE_AT_END: Duration = Duration::from_secs(600);

/// Every step that is about the console.
const ALL: [StepKind; 4] = [
    StepKind::OpenConsole,
    StepKind::RestartGuest,
    StepKind::CloseConsole,
    StepKind::RestartGuestAgain,
];

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
                if let Err(error) = self.in_force(Some(SHELL), PATIENCE).await {
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
            self.restart_back(target).await?;
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

    /// Restarts the guest with the console that it had, for as long as the node cannot be reached or a lock is in the way.
    async fn restart_back(&mut self, target: Option<&str>) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE_AT_END;
        loop {
            self.until_unlocked(StepKind::RestartGuestAgain).await?;
            let Err(error) = self.restart_guest(StepKind::RestartGuestAgain).await else {
                return self.in_force(target, PATIENCE_AT_END).await;
            };
            let passes = error.kind == Kind::Unreachable || self.lock().await.is_some();
            if !passes || Instant::now() > deadline {
                return Err(error);
            }
            let text = format!("{}; once more", error.told());
            self.note(LogLevel::Warning, text).await?;
            sleep(LONGEST_PAUSE).await;
            // The restart may have been carried out, or be under way.
            self.settle().await?;
            let setting = self.console_setting(PATIENCE_AT_END).await?;
            let runs = self.present_power().await == Power::Running;
            if runs && setting.active.as_deref() == target {
                return Ok(());
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
}
