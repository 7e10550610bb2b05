//! A minimal Debian root, made once by debootstrap and copied for every guest.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::{command, deb};

/// Debian 12, unless a guest asks for another.
const RELEASE: &str = "bookworm";
/// Debian 13.
const NEWER: &str = "trixie";
const PACKAGES: &str = "systemd,systemd-sysv,dbus,iproute2,ca-certificates,procps";
/// Counts up when the steps below change, so that older caches are made anew.
const RECIPE: u32 = 1;
/// Timers that would take apt's lock at a moment of their own.
const MASKED: [&str; 4] = [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
];
/// What a container has no use for: half of the size.
const DROPPED: [&str; 7] = [
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/zoneinfo",
    "var/cache/apt",
    "var/lib/apt/lists",
];

/// The template's root, kept from being made anew as long as this is held.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) root: PathBuf,
    _lock: fs::File,
}

impl Template {
    /// The root below `cache`, made if it is not there or not of this recipe. Others wait meanwhile.
    pub(crate) fn ready(cache: &Path) -> Result<Self> {
        Self::kept(cache, "template", &recipe(), |new| {
            make(new, cache, RELEASE)
        })
    }

    /// The same of Debian 13.
    pub(crate) fn newer(cache: &Path) -> Result<Self> {
        Self::kept(cache, "template-newer", &recipe_of(NEWER), |new| {
            make(new, cache, NEWER)
        })
    }

    /// A root of that name and recipe, made by `make` if it is not there.
    pub(crate) fn kept(
        cache: &Path,
        name: &str,
        wanted: &str,
        make: impl Fn(&Path) -> Result<()>,
    ) -> Result<Self> {
        let root = cache.join(name);
        let stamp = cache.join(format!("{name}.stamp"));
        let current = || {
            let found = fs::read_to_string(&stamp).unwrap_or_default();
            found == wanted && root.is_dir()
        };
        loop {
            let lock = fs::File::create(cache.join(format!("{name}.lock")))?;
            lock.lock_shared()?;
            if current() {
                return Ok(Self { root, _lock: lock });
            }
            lock.unlock()?;
            lock.lock()?;
            if current() {
                continue;
            }
            let new = cache.join(format!("{name}.new"));
            for old in [&root, &new] {
                if old.exists() {
                    fs::remove_dir_all(old)?;
                }
            }
            make(&new).with_context(|| format!("the Debian root for the guests ({name})"))?;
            fs::rename(&new, &root)?;
            fs::write(&stamp, wanted)?;
        }
    }
}

fn recipe() -> String {
    let text = format!("{RECIPE} {RELEASE} {PACKAGES} {:?}", deb::installed());
    hex::encode(Sha256::digest(text))
}

/// The recipe of a root that is made from the usual one in further steps.
pub(crate) fn recipe_of(steps: &str) -> String {
    hex::encode(Sha256::digest(format!("{} {steps}", recipe())))
}

fn make(root: &Path, cache: &Path, release: &str) -> Result<()> {
    let include = format!("--include={PACKAGES}");
    let arguments = ["--variant=minbase", &include, release];
    let root_name = root
        .to_str()
        .context("the cache's path is not plain text")?;
    command::run("debootstrap", arguments.into_iter().chain([root_name]))?;
    for folder in DROPPED {
        let folder = root.join(folder);
        if folder.is_dir() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
    }
    for folder in [
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives/partial",
    ] {
        fs::create_dir_all(root.join(folder))?;
    }
    for timer in MASKED {
        let link = root.join("etc/systemd/system").join(timer);
        if !link.is_symlink() {
            symlink("/dev/null", link)?;
        }
    }
    // Empty: each guest makes its own at its first start.
    fs::write(root.join("etc/machine-id"), "")?;
    let _ = fs::remove_file(root.join("var/lib/dbus/machine-id"));
    fs::write(root.join("etc/apt/sources.list"), "")?;
    install(root, cache)
}

/// Installs the lab's packages in their first version; one is held, one has a changed configuration file.
fn install(root: &Path, cache: &Path) -> Result<()> {
    let folder = tempfile::tempdir_in(cache)?;
    let inside = root.join("tmp/lab");
    fs::create_dir_all(&inside)?;
    let mut arguments = vec!["dpkg".to_owned(), "--install".to_owned()];
    for package in deb::installed() {
        let file = package.build(folder.path())?;
        fs::copy(&file, inside.join(package.file_name()))?;
        arguments.push(format!("/tmp/lab/{}", package.file_name()));
    }
    chroot(root, &arguments)?;
    fs::remove_dir_all(&inside)?;
    chroot(root, &["apt-mark".into(), "hold".into(), deb::HELD.into()])?;
    fs::write(root.join("etc/rf-conf.conf"), "colour = red\nwidth = 3\n")?;
    Ok(())
}

/// Runs a program inside a root that is not started.
fn chroot(root: &Path, arguments: &[String]) -> Result<String> {
    inside(Command::new("chroot"), root, arguments)
}

/// The same with a `chroot` that is prepared already.
pub(crate) fn inside(mut chroot: Command, root: &Path, arguments: &[String]) -> Result<String> {
    chroot
        .arg(root)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("LC_ALL", "C");
    command::answer(&mut chroot)?
        .text()
        .with_context(|| format!("in the guests' root: {arguments:?}"))
}
