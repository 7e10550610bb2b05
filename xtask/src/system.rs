//! Programs and libraries of the operating system: what is missing is installed where that can be done without asking
//! for a password, and named with the exact command where not.

use std::{fs, process::Command};

use crate::{Failure, Result, process};

/// What something is needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Building the desktop program.
    Build,
    /// Driving its window without a screen.
    Window,
    /// A keyring of its own for the tests of sealed secrets.
    Keyring,
    /// What every Proxmox node's shell has, for the test of the pasted command.
    NodeShell,
    /// Real LXC containers behind the lab.
    Containers,
    /// Rendering icons.
    Icons,
}

/// How it is known that something is there. Asked directly, so that it holds on every distribution.
enum Probe {
    Program(&'static str),
    Library(&'static str),
}

struct Package {
    need: Need,
    name: &'static str,
    probe: Probe,
}

const fn program(need: Need, name: &'static str, program: &'static str) -> Package {
    Package {
        need,
        name,
        probe: Probe::Program(program),
    }
}

/// Debian's and Ubuntu's names.
const PACKAGES: &[Package] = &[
    program(Need::Build, "build-essential", "cc"),
    program(Need::Build, "pkg-config", "pkg-config"),
    Package {
        need: Need::Build,
        name: "libwebkit2gtk-4.1-dev",
        probe: Probe::Library("webkit2gtk-4.1"),
    },
    program(Need::Window, "webkit2gtk-driver", "WebKitWebDriver"),
    program(Need::Window, "xvfb", "Xvfb"),
    program(Need::Window, "dbus", "dbus-daemon"),
    program(Need::Keyring, "dbus", "dbus-run-session"),
    program(Need::Keyring, "gnome-keyring", "gnome-keyring-daemon"),
    program(Need::NodeShell, "bash", "bash"),
    program(Need::NodeShell, "curl", "curl"),
    program(Need::Containers, "lxc", "lxc-start"),
    program(Need::Containers, "uidmap", "newuidmap"),
    program(Need::Containers, "debootstrap", "debootstrap"),
    program(Need::Containers, "openssh-server", "sshd"),
    program(Need::Containers, "openssh-client", "ssh-keygen"),
    program(Need::Containers, "procps", "kill"),
    program(Need::Containers, "sudo", "sudo"),
    program(Need::Containers, "iproute2", "ip"),
    program(Need::Containers, "nftables", "nft"),
    program(Need::Containers, "gnupg", "gpg"),
    program(Need::Icons, "librsvg2-bin", "rsvg-convert"),
    program(Need::Icons, "imagemagick", "convert"),
];

impl Package {
    fn is_there(&self) -> bool {
        match self.probe {
            Probe::Program(name) => process::find(name).is_some(),
            Probe::Library(name) => {
                process::succeeds(Command::new("pkg-config").args(["--exists", name]))
            }
        }
    }
}

fn missing(needs: &[Need]) -> Vec<&'static str> {
    PACKAGES
        .iter()
        .filter(|package| needs.contains(&package.need) && !package.is_there())
        .map(|package| package.name)
        .collect()
}

/// Makes sure that everything for `needs` is there. Only Linux has such packages.
///
/// # Errors
/// The command to type where it cannot be installed from here.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let wanted = missing(needs);
    if wanted.is_empty() {
        return Ok(());
    }
    let by_hand = format!("sudo apt-get install {}", wanted.join(" "));
    if process::find("apt-get").is_none() {
        return Err(Failure::new(format!(
            "missing, by Debian's names: {}. Install what your distribution calls them, then try again",
            wanted.join(" ")
        )));
    }
    let Some(apt) = apt() else {
        return Err(Failure::new(format!(
            "packages of the system are missing; run this, then try again:\n\n  {by_hand}\n"
        )));
    };
    println!("installing {}", wanted.join(" "));
    if !lists_present() {
        process::run(apt.command().arg("update"))?;
    }
    let install = || {
        process::run(
            apt.command()
                .args(["install", "--yes", "--no-install-recommends"])
                .args(&wanted),
        )
    };
    // Old lists name files that the mirror no longer has.
    install().or_else(|_| {
        process::run(apt.command().arg("update"))?;
        install()
    })?;
    let still = missing(needs);
    if still.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} were installed, but what is needed of them cannot be found",
        still.join(" ")
    )))
}

/// How apt-get may be called.
enum Apt {
    AsRoot,
    WithSudo,
}

impl Apt {
    fn command(&self) -> Command {
        // `env` because sudo drops what is set before it.
        let mut command = match self {
            Self::AsRoot => Command::new("env"),
            Self::WithSudo => {
                let mut command = Command::new("sudo");
                command.args(["-n", "env"]);
                command
            }
        };
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    }
}

fn apt() -> Option<Apt> {
    if is_root() {
        return Some(Apt::AsRoot);
    }
    process::succeeds(Command::new("sudo").args(["-n", "true"])).then_some(Apt::WithSudo)
}

/// Whether xtask runs as root.
pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn lists_present() -> bool {
    fs::read_dir("/var/lib/apt/lists").is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().contains("_Packages")
        })
    })
}
