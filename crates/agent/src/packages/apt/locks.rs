//! Waiting for apt's and dpkg's locks, and telling who holds them. A held lock is a normal state, not an error.

use std::{
    fs::{self, File},
    thread,
    time::{Duration, Instant},
};

use domain::operation::Problem;
use rustix::process::{Flock, FlockType, fcntl_getlk};

use crate::{
    Layout,
    packages::{Progress, Stopped},
};

/// The locks that an installation takes.
pub(super) const DATABASE: [&str; 3] = [
    "var/lib/dpkg/lock-frontend",
    "var/lib/dpkg/lock",
    "var/cache/apt/archives/lock",
];
/// The lock that a refresh takes.
pub(super) const LISTS: [&str; 1] = ["var/lib/apt/lists/lock"];

/// How often a held lock is looked at.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a lock is waited for: unattended-upgrades may run for an hour on a slow machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(2 * 3600);

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// The lock's path, as in the guest.
    pub lock: String,
    /// 0 when the process is not visible from inside the guest.
    pub pid: i32,
    /// Its name as the kernel has it, at most 15 characters: `unattended-upgr`.
    pub name: Option<String>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} (process {})", self.pid),
            None if self.pid > 0 => write!(f, "process {}", self.pid),
            None => f.write_str("a process that cannot be seen from here"),
        }
    }
}

/// The first of `locks` that another process holds, and who.
pub(super) fn holder(layout: &Layout, locks: &[&str]) -> Option<Holder> {
    locks.iter().find_map(|lock| {
        // Asking for a write lock needs a file open for writing; a lock file that is not there is not held.
        let file = File::options().write(true).open(layout.at(lock)).ok()?;
        let held = fcntl_getlk(&file, &Flock::from(FlockType::WriteLock)).ok()??;
        let pid = held.pid.map_or(0, |p| p.as_raw_pid());
        let name = (pid > 0)
            .then(|| fs::read_to_string(layout.at(&format!("proc/{pid}/comm"))).ok())
            .flatten()
            .map(|n| n.trim().to_owned())
            .filter(|n| !n.is_empty());
        Some(Holder {
            lock: format!("/{lock}"),
            pid,
            name,
        })
    })
}

/// Waits until none of `locks` is held, and says meanwhile whose they are.
pub(super) fn wait(
    layout: &Layout,
    locks: &[&str],
    patience: Duration,
    progress: &mut dyn Progress,
) -> Result<(), Stopped> {
    let began = Instant::now();
    let mut told: Option<Holder> = None;
    while let Some(holder) = holder(layout, locks) {
        if progress.cancelled() {
            return Err(Stopped::Cancelled);
        }
        if began.elapsed() > patience {
            return Err(Stopped::Failed(Problem {
                what: format!("{} is still held by {holder}", holder.lock),
                words: None,
                next: Some(format!(
                    "Waited {}. See what {holder} does in the guest, then try again.",
                    crate::clock::span(patience)
                )),
            }));
        }
        if told.as_ref() != Some(&holder) {
            progress.detail(&format!("waiting: {} is held by {holder}", holder.lock));
            told = Some(holder);
        }
        progress.quiet();
        thread::sleep(PAUSE);
    }
    if told.is_some() {
        progress.detail("the lock is free");
    }
    Ok(())
}

/// Whether apt ended because of a lock.
pub(super) fn is_refusal(words: &str) -> bool {
    words.contains("Could not get lock")
        || words.contains("Unable to acquire the dpkg frontend lock")
        || words.contains("Unable to lock directory")
        || words.contains("Unable to lock the administration directory")
}
