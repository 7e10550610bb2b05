//! A guest with this machine's own network, for what only Debian's mirror has: the lab's bridge leads nowhere else.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

use super::{command, guest::RealGuest};

/// All of the guest but its network.
const NAMESPACES: &str = "MOUNT|PID|UTSNAME|IPC";
/// Debian's own sources; the template has none.
const SOURCES: &str = "deb http://deb.debian.org/debian bookworm main\n\
    deb http://deb.debian.org/debian bookworm-updates main\n\
    deb http://deb.debian.org/debian-security bookworm-security main\n";
/// A mirror may be out of breath for a moment.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(5);

impl RealGuest {
    /// Installs packages of Debian, or files of packages with what they need from there. The guest's own sources are put
    /// aside for good.
    ///
    /// # Errors
    /// With apt's words.
    pub async fn install_from_mirror(&self, packages: &[&str]) -> Result<String> {
        let words = packages.join(" ");
        self.blocking(move |guest| {
            let etc = guest.root().join("etc");
            let resolver = etc.join("resolv.conf");
            // A link into /run would lead nowhere here.
            let _ = fs::remove_file(&resolver);
            fs::copy("/etc/resolv.conf", &resolver).context("/etc/resolv.conf")?;
            fs::write(etc.join("apt/sources.list"), SOURCES)?;
            let line = format!(
                "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && \
                 apt-get -qq -y --no-install-recommends install {words}"
            );
            let mut last = None;
            for _ in 0..TRIES {
                match guest.with_network(&line) {
                    Ok(text) => return Ok(text),
                    Err(error) => last = Some(error),
                }
                std::thread::sleep(PAUSE);
            }
            Err(last.context("it was not tried")?)
        })
        .await
    }

    fn with_network(&self, line: &str) -> Result<String> {
        let mut attach = self.0.namespace.command("lxc-attach");
        attach
            .args(["-n", &self.vmid().to_string(), "-s", NAMESPACES])
            .args(["--clear-env", "--set-var", "LC_ALL=C"])
            .args(["--set-var", "HOME=/root", "--set-var"])
            .arg("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .args(["--", "/bin/sh", "-c", line]);
        command::answer(&mut attach)?
            .text()
            .with_context(|| format!("in {} with a network: {line}", self.name()))
    }
}
