//! Whether a guest can take the agent, and whose agent is in it already.

use domain::{host::Fingerprint, operation::Problem};
use reach::{GuestProbe, Init, Standing};

use super::{Journal, install::problem};

/// Room that the binary and its state need, in bytes: the old and the new binary, and a full spool.
const ROOM: u64 = 24 * 1024 * 1024;

/// Why a guest cannot take the agent. `restarted`: it will be restarted, or stopped, when the agent is in it.
pub(super) fn unfit(name: &str, probe: &GuestProbe, restarted: bool) -> Option<Problem> {
    if restarted && probe.init == Init::None {
        return Some(problem(
            format!(
                "{name} has no init system that would start the agent again after the restart that its console needs"
            ),
            None,
            "Set up access to its node by SSH, then install the agent over that.",
        ));
    }
    if !probe.root {
        return Some(problem(
            format!("Commands do not run as root in {name}"),
            None,
            "Let the node account be root, or allow it lxc-attach.",
        ));
    }
    if probe.arch != "x86_64" {
        return Some(problem(
            format!(
                "{name} has the architecture {}; this RedFlag carries the agent for x86_64",
                probe.arch
            ),
            None,
            "Nothing to do now: other architectures come with a later version.",
        ));
    }
    if let Some(folder) = probe.read_only.first() {
        return Some(problem(
            format!("{folder} cannot be written in {name}"),
            Some(format!("read-only: {}", probe.read_only.join(", "))),
            "Mount it writable inside the LXC, then try again.",
        ));
    }
    if !probe.missing.is_empty() {
        return Some(problem(
            format!("{name} lacks what the installation needs"),
            Some(probe.missing.join(", ")),
            "Install it inside the LXC, then try again.",
        ));
    }
    if let Some(free) = probe.free_bytes.filter(|free| *free < ROOM) {
        return Some(problem(
            format!(
                "{name} has {} MB free at /usr/local, the agent needs {} MB",
                free / 1_000_000,
                ROOM / 1_000_000
            ),
            None,
            "Make room inside the LXC or enlarge its disk, then try again.",
        ));
    }
    None
}

/// Whose agent is in the guest, when it is not this desktop's. `ours`: RedFlag knows an agent of its own there.
pub(super) fn another_owner(
    probe: &GuestProbe,
    authority: Option<Fingerprint>,
    ours: bool,
) -> Option<String> {
    let agent = probe.agent.as_ref()?;
    let standing = agent.standing(authority?, env!("CARGO_PKG_VERSION"));
    let another = match (standing, agent.authority) {
        (Standing::AnotherDesktop, Some(_)) => true,
        // It cannot be told from the outside; then what RedFlag knows decides.
        (Standing::AnotherDesktop, None) => !ours,
        (Standing::Remains | Standing::Ours | Standing::OursOlder | Standing::OursNewer, _) => {
            false
        }
    };
    let version = agent.version.as_deref().unwrap_or("of unknown version");
    another.then(|| match agent.authority {
        Some(authority) => format!("agent {version}, authority {authority}"),
        None => format!("agent {version}"),
    })
}

/// Remembers whose the guest is, so that the next plan can ask for leave to take it over.
pub(super) fn belongs_to_another(journal: &Journal, owner: String) -> Problem {
    journal.inner.state.change(|known| {
        if let Some(guest) = known.guests.get_mut(&journal.job.guest) {
            guest.foreign = Some(owner.clone());
        }
    });
    problem(
        format!("{} has the agent of another RedFlag", journal.job.name),
        Some(owner),
        "If this desktop shall take over, plan the installation again and allow it there.",
    )
}
