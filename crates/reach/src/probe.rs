//! What a guest told about itself, before anything is put into it.

use crate::output;

/// Who starts services in the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Init {
    Systemd,
    OpenRc,
    /// Neither was found.
    None,
}

/// An agent's binary that is already there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledAgent {
    /// As its `--version` says; none when it cannot be run.
    pub version: Option<String>,
    /// Whether it has been enrolled: its configuration and a certificate are there.
    pub configured: bool,
}

/// The answer to `probe`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestProbe {
    /// As `uname -m` says: `x86_64`, `aarch64`, …
    pub arch: String,
    pub init: Init,
    /// `ID` of `/etc/os-release`: `debian`, `alpine`, …
    pub os: Option<String>,
    /// Whether commands run there as root.
    pub root: bool,
    /// Free at `/usr/local`, in bytes; none when it could not be told.
    pub free_bytes: Option<u64>,
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
        let init = match need("init")? {
            "systemd" => Init::Systemd,
            "openrc" => Init::OpenRc,
            "none" => Init::None,
            other => return Err(format!("init={other:?} is unknown")),
        };
        let agent = values.get("agent").map(|version| InstalledAgent {
            version: (!version.is_empty()).then(|| (*version).to_owned()),
            configured: given("configured") == Some("yes"),
        });
        Ok(Self {
            arch: need("arch")?.to_owned(),
            init,
            os: given("os").map(str::to_owned),
            root: need("uid")? == "0",
            free_bytes: given("free").and_then(|bytes| bytes.parse().ok()),
            agent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_without_agent_is_read() {
        let text = "arch=x86_64\ninit=systemd\nos=debian\nuid=0\nfree=1048576\n";
        let probe = GuestProbe::parse(text).expect("complete");
        assert_eq!(probe.init, Init::Systemd);
        assert_eq!(probe.free_bytes, Some(1_048_576));
        assert!(probe.root);
        assert_eq!(probe.agent, None);
    }

    #[test]
    fn an_agent_that_cannot_run_is_there_without_a_version() {
        let text = "arch=x86_64\ninit=openrc\nuid=0\nagent=\nconfigured=no\n";
        let probe = GuestProbe::parse(text).expect("complete");
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
}
