//! Which consoles are shells that RedFlag can use, and what it takes to make them some: asked while a plan is made.

use std::collections::BTreeMap;

use domain::{
    ClusterId, NodeName, Vmid,
    fleet::Power,
    plan::{Allowed, LeftOut, PlannedGuest, PlannedWork, Remedy},
};
use pve::{ConsoleSetting, Permissions};
use reach::ConsoleMode;

use crate::{
    Error,
    candidates::{Ask, Candidate},
    failures::cluster_error,
    inner::Inner,
    roads,
};

/// What the change of a console's mode needs, and the restarts for it.
const CHANGE: [&str; 2] = ["VM.Config.Options", "VM.PowerMgmt"];

/// What stands between a guest and a shell on its console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// Nothing: it is one, or is with the guest's start.
    There,
    /// The mode must be set first.
    ToSet { present: ConsoleMode },
    /// A change that somebody else made waits for the guest's next start.
    Awaited { next: ConsoleMode },
}

impl Shell {
    /// Judges what is set.
    pub(crate) fn of(setting: &ConsoleSetting, running: bool) -> Self {
        let next = roads::mode(setting.after_start());
        let active = match running {
            true => roads::mode(setting.active.as_deref()),
            false => next,
        };
        match active {
            ConsoleMode::Shell => Self::There,
            _ if setting.waiting.is_some() => Self::Awaited { next },
            present @ (ConsoleMode::Tty | ConsoleMode::Console) => Self::ToSet { present },
        }
    }
}

/// Why a change that waits is not touched.
pub(crate) fn awaited(next: ConsoleMode) -> String {
    format!(
        "A change of its console to `{next}` waits for its next start: restart it or take the change back in Proxmox first"
    )
}

/// What a plan may do to consoles.
pub(crate) struct Leave {
    allowed: bool,
    /// Of each cluster with a guest that is entered over its console.
    permissions: BTreeMap<ClusterId, Result<Permissions, Error>>,
}

impl Leave {
    /// What the token lacks to change the console of a guest; the error is why that is not known.
    fn lacks(&self, cluster: ClusterId, vmid: Vmid) -> Result<Vec<&'static str>, &Error> {
        let path = format!("/vms/{vmid}");
        match self.permissions.get(&cluster) {
            Some(Ok(permissions)) => Ok(CHANGE
                .into_iter()
                .filter(|privilege| !permissions.holds(&path, privilege))
                .collect()),
            Some(Err(error)) => Err(error),
            None => Ok(CHANGE.to_vec()),
        }
    }
}

impl Inner {
    /// What the plan may do to the consoles of its candidates.
    pub(crate) async fn leave_at_consoles(
        &self,
        candidates: &[Candidate],
        allowed: Allowed,
    ) -> Leave {
        let mut permissions = BTreeMap::new();
        for candidate in candidates {
            if let Candidate::In(_, Ask::Console(cluster)) = candidate
                && !permissions.contains_key(cluster)
            {
                permissions.insert(*cluster, self.permissions_in(*cluster).await);
            }
        }
        Leave {
            allowed: allowed.shell,
            permissions,
        }
    }

    async fn permissions_in(&self, cluster: ClusterId) -> Result<Permissions, Error> {
        let asked = self.watch_of(cluster)?.client.permissions().await;
        asked.map_err(|e| cluster_error(&self.cluster_name(cluster), e))
    }

    async fn console_setting(
        &self,
        cluster: ClusterId,
        node: &NodeName,
        vmid: Vmid,
    ) -> Result<ConsoleSetting, Error> {
        let client = &self.watch_of(cluster)?.client;
        let asked = client.lxc_console_setting(node, vmid).await;
        asked.map_err(|e| cluster_error(&self.cluster_name(cluster), e))
    }

    /// Whether a guest can be entered over its console as it is, or may be after a change.
    pub(crate) async fn look_at_console(
        &self,
        mut guest: PlannedGuest,
        cluster: ClusterId,
        leave: &Leave,
    ) -> Result<PlannedGuest, LeftOut> {
        let out = |why: String, remedy: Option<Remedy>| LeftOut {
            guest: guest.guest,
            vmid: guest.vmid,
            name: guest.name.clone(),
            why,
            remedy,
        };
        let asked = self.console_setting(cluster, &guest.node, guest.vmid).await;
        let setting = asked.map_err(|error| out(error.told(), None))?;
        let running = self.state.read(|known| {
            let found = known.guests.get(&guest.guest);
            found.is_some_and(|found| found.record.power == Power::Running)
        });
        let present = match Shell::of(&setting, running) {
            Shell::There => return Ok(guest),
            Shell::Awaited { next } => return Err(out(awaited(next), None)),
            Shell::ToSet { present } => present,
        };
        let lacking = leave.lacks(cluster, guest.vmid);
        let lacking = lacking.map_err(|error| out(error.told(), None))?;
        if !lacking.is_empty() {
            let lacking = lacking.join(" and ");
            let why = format!(
                "Its console is `{present}`, and the API token may not make it a shell: it lacks {lacking} on /vms/{}",
                guest.vmid
            );
            return Err(out(why, None));
        }
        if !leave.allowed {
            let why = match running {
                true => format!(
                    "Its console is `{present}`: RedFlag must set it to a shell and restart the LXC twice"
                ),
                false => format!(
                    "Its console is `{present}`: RedFlag must set it to a shell while the LXC runs for this"
                ),
            };
            return Err(out(why, Some(Remedy::Shell)));
        }
        if let PlannedWork::Enrol { shell, .. } = &mut guest.work {
            *shell = true;
        }
        Ok(guest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(active: Option<&str>, waiting: Option<Option<&str>>) -> ConsoleSetting {
        ConsoleSetting {
            active: active.map(str::to_owned),
            waiting: waiting.map(|next| next.map(str::to_owned)),
            ..ConsoleSetting::default()
        }
    }

    #[test]
    fn a_change_of_somebody_elses_is_told_from_a_mode_that_may_be_set() {
        use ConsoleMode as M;
        let to_set = |present| Shell::ToSet { present };
        let awaited = |next| Shell::Awaited { next };
        for (active, waiting, running, stopped) in [
            (None, None, to_set(M::Tty), to_set(M::Tty)),
            (
                Some("console"),
                None,
                to_set(M::Console),
                to_set(M::Console),
            ),
            (Some("shell"), None, Shell::There, Shell::There),
            // In force until its next start, which for a stopped one comes first.
            (Some("shell"), Some(None), Shell::There, awaited(M::Tty)),
            (None, Some(Some("shell")), awaited(M::Shell), Shell::There),
            (
                None,
                Some(Some("console")),
                awaited(M::Console),
                awaited(M::Console),
            ),
        ] {
            let setting = setting(active, waiting);
            assert_eq!(Shell::of(&setting, true), running, "{setting:?} running");
            assert_eq!(Shell::of(&setting, false), stopped, "{setting:?} stopped");
        }
    }
}
