//! What a guest told about itself, before anything is put into it.

use std::cmp::Ordering;

use domain::{AgentId, GuestId, host::Fingerprint};

use crate::output;

/// Who starts services in the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Init {
    Systemd,
    OpenRc,
    /// Neither runs: the agent keeps itself running, and is gone after a restart of the guest.
    None,
}

/// An agent's binary or configuration that is already there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledAgent {
    /// As its `--version` says; none when it cannot be run.
    pub version: Option<String>,
    /// Whether it has been enrolled: its configuration and a certificate are there.
    pub configured: bool,
    /// Whether its process runs.
    pub running: bool,
    /// SHA-256 of the certificate of its desktop's authority; none where it is not configured.
    pub authority: Option<Fingerprint>,
    pub agent: Option<AgentId>,
    /// Whom it takes itself for; in a clone, the guest that it was made from.
    pub guest: Option<GuestId>,
}

/// The architecture that a program (ELF) is for, as `uname -m` names it; empty when that cannot be told.
pub(crate) fn architecture(program: &[u8]) -> &'static str {
    match (program.get(..4), program.get(18..20)) {
        (Some(b"\x7fELF"), Some([0x3e, 0])) => "x86_64",
        (Some(b"\x7fELF"), Some([0xb7, 0])) => "aarch64",
        _ => "",
    }
}

/// What an agent that is already there means for an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is a binary or a part of a configuration, and no enrolment: install as if there were nothing.
    Remains,
    /// Enrolled with another desktop, or with one that cannot be told: only after the user agreed to take it over.
    AnotherDesktop,
    /// Ours and as new as what is carried, or it cannot be run: install again to repair it.
    Ours,
    /// Ours and older than what is carried: install again to upgrade it.
    OursOlder,
    /// Ours and newer than what is carried: leave its binary as it is.
    OursNewer,
}

impl InstalledAgent {
    /// What it is to the desktop with that authority, which carries an agent of `version`.
    pub fn standing(&self, authority: Fingerprint, version: &str) -> Standing {
        if !self.configured {
            return Standing::Remains;
        }
        if self.authority != Some(authority) {
            return Standing::AnotherDesktop;
        }
        match self
            .version
            .as_deref()
            .map(|v| numbers(v).cmp(&numbers(version)))
        {
            Some(Ordering::Less) => Standing::OursOlder,
            Some(Ordering::Greater) => Standing::OursNewer,
            Some(Ordering::Equal) | None => Standing::Ours,
        }
    }
}

/// The numbers of a version of our own, `MAJOR.MINOR.PATCH`; what is no number counts as 0.
fn numbers(version: &str) -> [u64; 3] {
    let mut parts = version
        .split(['.', '-', '+'])
        .map(|p| p.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

/// The answer to `probe`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestProbe {
    /// As `uname -m` says: `x86_64`, `aarch64`, …
    pub arch: String,
    pub init: Init,
    /// It has just been started: services cannot be set up yet, and `init` may be another in a moment.
    pub booting: bool,
    /// Name of process 1, such as `systemd` or `init`.
    pub first_process: Option<String>,
    /// `ID` of `/etc/os-release`: `debian`, `alpine`, …
    pub os: Option<String>,
    /// Whether commands run there as root.
    pub root: bool,
    /// Whether root in the guest is the node's root; none when it could not be told.
    pub privileged: Option<bool>,
    /// Free at `/usr/local`, in bytes; none when it could not be told.
    pub free_bytes: Option<u64>,
    /// Free where the agent keeps its state (`/var/lib`), in bytes.
    pub free_state_bytes: Option<u64>,
    /// Folders that the agent needs and that cannot be written.
    pub read_only: Vec<String>,
    /// Programs that the installation needs and that are not there under any name.
    pub missing: Vec<String>,
    /// Whether there is a default route: without one neither mirrors nor, most likely, this desktop can be reached.
    pub has_route: Option<bool>,
    pub agent: Option<InstalledAgent>,
}

impl GuestProbe {
    /// Reads the script's `name=value` lines.
    ///
    /// # Errors
    /// Which line is missing or has a value that cannot be.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let values = output::values(text);
        let given = |name: &str| values.get(name).copied().filter(|value| !value.is_empty());
        let need = |name: &str| given(name).ok_or_else(|| format!("no line {name}= in {text:?}"));
        let words = |name: &str| {
            let words = given(name).unwrap_or_default().split_ascii_whitespace();
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        let number = |name: &str| given(name).and_then(|bytes| bytes.parse().ok());
        let yes = |name: &str| given(name).map(|value| value == "yes");
        let init = match need("init")? {
            "systemd" => Init::Systemd,
            "openrc" => Init::OpenRc,
            "none" => Init::None,
            other => return Err(format!("init={other:?} is unknown")),
        };
        let agent = values.get("agent").map(|version| InstalledAgent {
            version: (!version.is_empty()).then(|| (*version).to_owned()),
            configured: yes("configured") == Some(true),
            running: yes("running") == Some(true),
            authority: given("authority").and_then(|hex| hex.parse().ok()),
            agent: given("agent_id").and_then(|id| id.parse().ok()),
            guest: given("guest_id").and_then(|id| id.parse().ok()),
        });
        Ok(Self {
            arch: need("arch")?.to_owned(),
            init,
            booting: yes("booting") == Some(true),
            first_process: given("first").map(str::to_owned),
            os: given("os").map(str::to_owned),
            root: need("uid")? == "0",
            privileged: yes("privileged"),
            free_bytes: number("free"),
            free_state_bytes: number("free_state"),
            read_only: words("readonly"),
            missing: words("missing"),
            has_route: yes("route"),
            agent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_without_agent_is_read() {
        let text = "arch=x86_64\ninit=systemd\nfirst=systemd\nos=debian\nuid=0\nprivileged=no\nmissing=\nfree=1048576\n\
                    free_state=5\nreadonly=/usr/local/bin /etc\nroute=no\n";
        let probe = GuestProbe::parse(text).expect("complete");
        assert_eq!(probe.init, Init::Systemd);
        assert_eq!(probe.free_bytes, Some(1_048_576));
        assert_eq!(probe.free_state_bytes, Some(5));
        assert!(probe.root);
        assert_eq!(
            (probe.privileged, probe.has_route),
            (Some(false), Some(false))
        );
        assert_eq!(probe.read_only, ["/usr/local/bin", "/etc"]);
        assert!(probe.missing.is_empty());
        assert_eq!(probe.agent, None);
    }

    #[test]
    fn an_agent_that_cannot_run_is_there_without_a_version() {
        let text = "arch=x86_64\ninit=openrc\nbooting=yes\nuid=0\nagent=\nconfigured=no\n";
        let probe = GuestProbe::parse(text).expect("complete");
        assert!(probe.booting);
        let agent = probe.agent.expect("reported");
        assert_eq!(agent.version, None);
        assert!(!agent.configured);
        assert_eq!(probe.free_bytes, None, "unknown is not zero");
    }

    #[test]
    fn a_missing_line_is_named() {
        let error = GuestProbe::parse("init=systemd\nuid=0\n").expect_err("no architecture");
        assert!(error.contains("arch="), "{error}");
    }

    #[test]
    fn what_an_agent_that_is_there_means_depends_on_whose_and_how_old_it_is() {
        let ours = Fingerprint([1; 32]);
        let agent = |version: Option<&str>, configured: bool, authority: Option<Fingerprint>| {
            let version = version.map(str::to_owned);
            InstalledAgent {
                version,
                configured,
                running: true,
                authority,
                agent: None,
                guest: None,
            }
        };
        let rows = [
            (agent(Some("0.2.0"), false, None), Standing::Remains),
            (agent(Some("0.2.0"), true, None), Standing::AnotherDesktop),
            (
                agent(Some("0.2.0"), true, Some(Fingerprint([2; 32]))),
                Standing::AnotherDesktop,
            ),
            (agent(Some("0.2.0"), true, Some(ours)), Standing::Ours),
            (agent(None, true, Some(ours)), Standing::Ours),
            (agent(Some("0.1.9"), true, Some(ours)), Standing::OursOlder),
            (agent(Some("0.10.0"), true, Some(ours)), Standing::OursNewer),
        ];
        for (agent, expected) in rows {
            assert_eq!(agent.standing(ours, "0.2.0"), expected, "{agent:?}");
        }
    }
}
