//! What is set about the console of a job's guest: read, set, and waited for.

use std::time::Duration;

use domain::operation::StepKind;
use pve::ConsoleSetting;
use tokio::time::{Instant, sleep};

use super::{
    Journal,
    power::{FIRST_PAUSE, LONGEST_PAUSE},
};
use crate::{Error, Kind};

/// How long a node that fails in passing is asked on, while a job has done nothing yet that must be taken back.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long after its start a guest's setting may take to be in force.
const IN_FORCE: Duration = Duration::from_secs(60);

/// How long the end of a lock is waited for where something must be taken back: a backup may take its time.
pub(super) const LOCK_LIMIT: Duration = Duration::from_secs(3600);

/// Why the mode was not set.
enum Unset {
    /// Another try may succeed: in words.
    Passing(Error),
    Locked(String),
    For(Error),
}

/// A mode as people read it.
pub(super) fn word(mode: Option<&str>) -> String {
    match mode {
        Some(mode) => format!("`{mode}`"),
        None => "not set (`tty`)".into(),
    }
}

impl Journal {
    /// Reads what is set, for as long as that fails in passing.
    pub(super) async fn console_setting(
        &self,
        patience: Duration,
    ) -> Result<ConsoleSetting, Error> {
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

    /// Sets the mode, and tells the audit.
    pub(super) async fn set_console(
        &mut self,
        step: StepKind,
        mode: Option<&str>,
        patience: Duration,
        locks: Duration,
    ) -> Result<(), Error> {
        let done = self.keep_setting(step, mode, patience, locks).await;
        self.audit("lxc.console", &word(mode), &done).await;
        done
    }

    /// Sets the mode and looks that it is set, which also tells the end of a request whose answer was lost. What fails
    /// in passing is tried again within `patience`, a lock is waited for within `locks`.
    async fn keep_setting(
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

    /// What holds the guest now.
    pub(super) async fn lock(&self) -> Option<String> {
        self.inner.ask_status(self.job.guest).await;
        self.inner.state.read(|known| {
            let guest = known.guests.get(&self.job.guest)?;
            guest.record.lock.clone()
        })
    }

    /// Waits until nothing holds the guest.
    pub(super) async fn until_unlocked(&mut self, step: StepKind) -> Result<(), Error> {
        let deadline = Instant::now() + LOCK_LIMIT;
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(lock) = self.lock().await else {
                return Ok(());
            };
            if Instant::now() > deadline {
                return Err(self.locked(&lock));
            }
            let text = format!("waiting for the end of a lock ({lock})");
            self.say(step, text, None);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Looks until what was set is in force: the end of a restart does not prove it.
    pub(super) async fn in_force(
        &self,
        mode: Option<&str>,
        patience: Duration,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + IN_FORCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let setting = self.console_setting(patience).await?;
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
