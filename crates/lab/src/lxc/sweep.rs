//! Clears away what a run made, its own or one that was killed: processes, cgroups, bridge, folder.
//!
//! A process belongs to a run when the run's folder is in its mount table: only the nodes' namespaces and the guests
//! have that. The mounts themselves end with the last such process, since none is made outside these namespaces.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::bridge::Bridge;

/// What is left of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remains {
    pub processes: Vec<u32>,
    pub bridges: Vec<String>,
    /// Lines of this process's mount table.
    pub mounts: Vec<String>,
    pub cgroups: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
}

impl Remains {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Clears away the runs below `cache` whose makers have ended.
///
/// # Errors
/// When something cannot be removed.
pub fn sweep(cache: &Path) -> Result<()> {
    for run in runs(cache) {
        if !alive(&run) {
            clear(&run).with_context(|| format!("leftovers in {}", run.display()))?;
        }
    }
    Ok(())
}

/// What the run of that id has left.
pub fn remains(cache: &Path, id: &str) -> Remains {
    let folder = cache.join("runs").join(id);
    let mark = mark(id);
    let own = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let bridge = Bridge::name_of(id);
    Remains {
        processes: processes(&mark),
        bridges: Some(bridge)
            .filter(|name| Bridge::exists(name))
            .into_iter()
            .collect(),
        mounts: own
            .lines()
            .filter(|line| line.contains(&mark))
            .map(str::to_owned)
            .collect(),
        cgroups: cgroups(id),
        folders: Some(folder)
            .filter(|path| path.exists())
            .into_iter()
            .collect(),
    }
}

/// Name of the cgroup that holds a run's guests.
pub(crate) fn cgroup(id: &str) -> String {
    format!("redflag-lab-{id}")
}

/// Makes the folder of a new run. It appears with the note of which process makes it, or not at all.
pub(crate) fn own(cache: &Path, id: &str) -> Result<PathBuf> {
    let process = std::process::id();
    let began = began(process).context("this process has no entry in /proc")?;
    let making = tempfile::tempdir_in(cache)?;
    fs::write(making.path().join("owner"), format!("{process} {began}"))?;
    fs::create_dir_all(cache.join("runs"))?;
    let folder = cache.join("runs").join(id);
    fs::rename(making.keep(), &folder)?;
    Ok(folder)
}

/// Ends and removes everything of one run.
pub(crate) fn clear(folder: &Path) -> Result<()> {
    let id = folder
        .file_name()
        .and_then(|name| name.to_str())
        .context("a run's folder has a plain name")?;
    let mark = mark(id);
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let left = processes(&mark);
        if left.is_empty() {
            break;
        }
        if Instant::now() > until {
            bail!("processes {left:?} do not end");
        }
        kill(&left);
        std::thread::sleep(Duration::from_millis(20));
    }
    Bridge::remove(&Bridge::name_of(id))?;
    for group in cgroups(id) {
        remove_cgroup(&group, until)?;
    }
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn runs(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache.join("runs"));
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .collect()
}

fn alive(run: &Path) -> bool {
    let Ok(owner) = fs::read_to_string(run.join("owner")) else {
        return false;
    };
    let Some((id, moment)) = owner.split_once(' ') else {
        return false;
    };
    let now = id.parse().ok().and_then(began);
    now.as_deref() == Some(moment)
}

/// When a process began, in clock ticks since the machine's start: tells a process from a later one of the same id.
fn began(id: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the command in brackets and may hold anything; the start is the 20th after it.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19).map(str::to_owned)
}

/// What a run's paths have in common, wherever the cache's file system is mounted; the id is drawn by chance.
fn mark(id: &str) -> String {
    format!("/runs/{id}/")
}

fn processes(mark: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc");
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|id| *id != std::process::id())
        .filter(|id| {
            fs::read_to_string(format!("/proc/{id}/mountinfo"))
                .is_ok_and(|table| table.contains(mark))
        })
        .collect()
}

fn kill(ids: &[u32]) {
    // Some may have ended since; those that stay are seen at the next look.
    let _ = Command::new("kill")
        .arg("-9")
        .args(ids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status();
}

fn cgroups(id: &str) -> Vec<PathBuf> {
    let name = cgroup(id);
    let root = Path::new("/sys/fs/cgroup");
    // One hierarchy at the top (version 2), or one per controller below it (version 1).
    let below = fs::read_dir(root).into_iter().flatten();
    let mut found: Vec<PathBuf> = below
        .filter_map(|entry| entry.ok().map(|entry| entry.path().join(&name)))
        .filter(|path| path.is_dir())
        .collect();
    let top = root.join(&name);
    if top.is_dir() {
        found.push(top);
    }
    // `cpu` and `cpuacct` may be one hierarchy under several names.
    found.retain(|path| path.parent().is_some_and(|parent| !parent.is_symlink()));
    found.sort();
    found.dedup();
    found
}

/// Removes a cgroup and those below it; the kernel needs a moment after the last process has ended.
fn remove_cgroup(group: &Path, until: Instant) -> Result<()> {
    let below = fs::read_dir(group);
    for entry in below.into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_cgroup(&entry.path(), until)?;
        }
    }
    loop {
        match fs::remove_dir(group) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if Instant::now() > until => {
                return Err(error).with_context(|| group.display().to_string());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}
