//! What guests are made of beside the usual Debian with systemd: OpenRC with BusyBox, no init system at all, and roots
//! whose files belong to the users of an unprivileged guest. Each is made once from the usual root and kept.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result};

use super::{
    command,
    template::{self, Template},
};

/// What runs in a guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Userland {
    /// Debian with systemd and GNU's tools.
    #[default]
    Debian,
    /// The same of Debian 13, with the newer apt.
    Debian13,
    /// Debian's sysvinit and OpenRC; `/bin/sh` and every tool that BusyBox has are BusyBox's; no bash, no curl. apt and
    /// dpkg stay.
    OpenRc,
    /// The same files, but process 1 is a script that starts nothing.
    NoInit,
    /// The usual Debian with Docker, compose and a registry, each Debian's own.
    Docker,
}

/// The user on the machine that is root in an unprivileged guest, and how many follow it: Proxmox's own.
pub(crate) const SHIFT: (u32, u32) = (100_000, 65_536);
/// Counts up when the steps below change, so that older caches are made anew.
const RECIPE: u32 = 2;
/// Process 1 of [`Userland::NoInit`].
pub(crate) const PLAIN_INIT: &str = "/sbin/plain-init";

/// What is not BusyBox's although it could be: OpenRC's own, and what OpenRC's scripts need more of.
const KEPT: [&str; 9] = [
    "busybox",
    "init",
    "halt",
    "ip",
    "mount",
    "poweroff",
    "reboot",
    "runlevel",
    "start-stop-daemon",
];
/// Boot scripts for hardware, which a container has none of.
const HARDWARE: [&str; 15] = [
    "hwclock.sh",
    "checkroot.sh",
    "checkfs.sh",
    "checkroot-bootclean.sh",
    "mountall.sh",
    "mountall-bootclean.sh",
    "mountdevsubfs.sh",
    "mountkernfs.sh",
    "mountnfs.sh",
    "mountnfs-bootclean.sh",
    "mount-configfs",
    "cgroups",
    "brightness",
    "procps",
    "urandom",
];

/// The root for a guest, made if it is not there. Others wait meanwhile.
pub(crate) fn root(cache: &Path, userland: Userland, unprivileged: bool) -> Result<Template> {
    let plain = match userland {
        Userland::Debian => Template::ready(cache)?,
        Userland::Debian13 => Template::newer(cache)?,
        Userland::Docker => {
            let base = Template::ready(cache)?;
            let recipe = template::recipe_of(&format!("docker {RECIPE} {DAEMON} {REGISTRY}"));
            Template::kept(cache, "template-docker", &recipe, |new| {
                copy(&base.root, new)?;
                docker(new)
            })?
        }
        Userland::OpenRc | Userland::NoInit => {
            let base = Template::ready(cache)?;
            let recipe = template::recipe_of(&format!("openrc {RECIPE}"));
            Template::kept(cache, "template-openrc", &recipe, |new| {
                copy(&base.root, new)?;
                open_rc(new)
            })?
        }
    };
    if !unprivileged {
        return Ok(plain);
    }
    let (name, recipe) = match userland {
        Userland::Debian => ("template-shifted", "shifted"),
        Userland::Debian13 => ("template-newer-shifted", "newer shifted"),
        Userland::Docker => ("template-docker-shifted", "docker shifted"),
        Userland::OpenRc | Userland::NoInit => ("template-openrc-shifted", "openrc shifted"),
    };
    let recipe = template::recipe_of(&format!("{recipe} {RECIPE}"));
    Template::kept(cache, name, &recipe, |new| {
        copy(&plain.root, new)?;
        shift(new)
    })
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    command::run("cp", ["-a".as_ref(), from.as_os_str(), to.as_os_str()]).map(|_| ())
}

/// Docker's settings in a guest: no firewall is to be had there, and every registry of the lab speaks plain HTTP.
const DAEMON: &str = r#"{
  "storage-driver": "overlay2", "bridge": "none", "iptables": false, "ip6tables": false,
  "insecure-registries": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
}
"#;
/// The registry's settings.
const REGISTRY: &str = "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: /var/lib/docker-registry\n  delete:\n    enabled: true\nhttp:\n  addr: :5000\n";

fn docker(root: &Path) -> Result<()> {
    debian(
        root,
        "apt-get -qq -y --no-install-recommends install docker.io docker-compose docker-registry busybox-static",
    )?;
    let settings = [
        ("etc/docker/daemon.json", DAEMON),
        ("etc/docker/registry/config.yml", REGISTRY),
    ];
    for (path, text) in settings {
        let file = root.join(path);
        fs::create_dir_all(file.parent().context("a folder")?)?;
        fs::write(file, text)?;
    }
    Ok(())
}

/// Runs a line in a root that has Debian's packages at hand meanwhile, and starts no service.
fn debian(root: &Path, steps: &str) -> Result<()> {
    let resolver = root.join("etc/resolv.conf");
    // A link into /run would lead nowhere here.
    let _ = fs::remove_file(&resolver);
    fs::copy("/etc/resolv.conf", &resolver).context("/etc/resolv.conf")?;
    let sources = root.join("etc/apt/sources.list");
    fs::write(&sources, "deb http://deb.debian.org/debian bookworm main\n")?;
    let policy = root.join("usr/sbin/policy-rc.d");
    fs::write(&policy, "#!/bin/sh\nexit 101\n")?;
    fs::set_permissions(&policy, fs::Permissions::from_mode(0o755))?;
    let steps = format!("apt-get -qq update && {steps} && apt-get clean");
    in_root(root, &["sh", "-c", &steps])?;
    fs::remove_file(&policy)?;
    fs::write(&resolver, "")?;
    fs::write(&sources, "")?;
    let lists = root.join("var/lib/apt/lists");
    fs::remove_dir_all(&lists)?;
    Ok(fs::create_dir_all(lists.join("partial"))?)
}

/// Puts OpenRC in systemd's place and BusyBox in that of everything else.
fn open_rc(root: &Path) -> Result<()> {
    debian(
        root,
        "apt-get -qq -y --allow-remove-essential --no-install-recommends install openrc sysvinit-core busybox && \
        apt-get -qq -y purge systemd dbus && apt-get -qq -y autoremove",
    )?;
    // As if it had never run: the guest has no file system of its own there.
    let _ = fs::remove_dir_all(root.join("run/openrc"));
    // Without terminals to log in at, and without what is for hardware.
    let table = root.join("etc/inittab");
    let kept: String = fs::read_to_string(&table)?
        .lines()
        .filter(|line| !line.contains("getty") && !line.contains("sulogin"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&table, kept)?;
    let settings = root.join("etc/rc.conf");
    let text = fs::read_to_string(&settings)?;
    fs::write(&settings, format!("{text}\nrc_sys=\"lxc\"\n"))?;
    for level in fs::read_dir(root.join("etc/runlevels"))? {
        let level = level?.path();
        for script in HARDWARE {
            let _ = fs::remove_file(level.join(script));
        }
    }
    let plain = root.join(PLAIN_INIT.trim_start_matches('/'));
    fs::write(
        &plain,
        "#!/bin/sh\ntrap 'exit 0' TERM PWR INT\nwhile :; do sleep 3600 & wait $!; done\n",
    )?;
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o755))?;
    busybox(root)
}

fn busybox(root: &Path) -> Result<()> {
    let program = "/usr/bin/busybox";
    let applets = in_root(root, &[program, "--list"])?;
    for name in applets.lines().filter(|name| !KEPT.contains(name)) {
        for folder in ["usr/bin", "usr/sbin"] {
            let file = root.join(folder).join(name);
            if file.symlink_metadata().is_ok() {
                fs::remove_file(&file)?;
                symlink(program, &file)?;
            }
        }
    }
    for name in ["bash", "rbash", "curl", "wget", "dash"] {
        let _ = fs::remove_file(root.join("usr/bin").join(name));
    }
    let shell = root.join("usr/bin/sh");
    let _ = fs::remove_file(&shell);
    Ok(symlink(program, shell)?)
}

fn in_root(root: &Path, arguments: &[&str]) -> Result<String> {
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    template::inside(Command::new("chroot"), root, &arguments)
}

/// Gives every file to the user that an unprivileged guest takes for its owner.
fn shift(path: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    own(path)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            shift(&entry?.path())?;
        }
    } else if !metadata.is_symlink() && metadata.mode() & 0o6000 != 0 {
        // The kernel takes these bits away when a file changes hands.
        fs::set_permissions(path, fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    }
    Ok(())
}

/// Gives one file to the user that an unprivileged guest takes for its owner; one that is given already stays.
pub(crate) fn own(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let moved = |id: u32| if id < SHIFT.0 { id + SHIFT.0 } else { id };
    lchown(
        path,
        Some(moved(metadata.uid())),
        Some(moved(metadata.gid())),
    )
}
