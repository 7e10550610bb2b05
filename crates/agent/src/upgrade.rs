//! Becoming another version. The job's process, which is still the old program, puts the new one in place, has the
//! service started again, and watches: unless the new agent reports to the desktop in time, the old one comes back.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use domain::{
    Timestamp,
    operation::{LogLevel, Problem, StepKind},
};
use sha2::{Digest, Sha256};
use wire::{Action, Outcome, Work};

use crate::{
    Layout, Tools, clock,
    files::{self, FileError, failed},
    init::{self, InitError},
    packages::Progress,
    status::Running,
    tools,
};

/// The largest program that is taken, in bytes.
const LARGEST: u64 = 128 * 1024 * 1024;
/// How long a new program may take to say its version.
const VERSION_LIMIT: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(100);

/// How long a new agent may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until its process runs.
    pub start: Duration,
    /// Until it has reported to the desktop.
    pub report: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(30),
            report: Duration::from_secs(180),
        }
    }
}

impl Patience {
    /// As usual, or for tests in so many seconds as the environment says.
    pub fn from_environment() -> Self {
        let seconds = std::env::var("REDFLAG_UPGRADE_SECONDS").ok();
        seconds
            .and_then(|s| s.parse().ok())
            .map_or_else(Self::default, |s| Self {
                start: Duration::from_secs(s),
                report: Duration::from_secs(s),
            })
    }
}

/// The program that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub version: String,
    /// Lower-case hex.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
}

impl Wanted {
    /// What `work` asks for, if it is an upgrade.
    pub fn of(work: &Work) -> Option<Self> {
        match &work.action {
            Action::Upgrade {
                version,
                sha256,
                size,
            } => Some(Self {
                version: version.clone(),
                sha256: sha256.to_ascii_lowercase(),
                size: *size,
            }),
            Action::Scan { .. }
            | Action::Plan { .. }
            | Action::Apply { .. }
            | Action::Repair
            | Action::Changelog { .. }
            | Action::UpdateImages { .. }
            | Action::Uninstall
            | Action::Restart => None,
        }
    }

    /// Whether it can be meant at all; its hash becomes a part of paths.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let hex = self.sha256.len() == 64 && self.sha256.bytes().all(|b| b.is_ascii_hexdigit());
        if !hex {
            return Err("the new agent's SHA-256 is none".to_owned());
        }
        if self.size == 0 || self.size > LARGEST {
            return Err(format!("a new agent of {} bytes is none", self.size));
        }
        Ok(())
    }

    /// Where it is gathered while it is fetched.
    pub fn part(&self, layout: &Layout) -> PathBuf {
        layout.upgrade().join(format!("{}.part", self.sha256))
    }

    /// Where it waits, whole and verified.
    pub fn file(&self, layout: &Layout) -> PathBuf {
        layout.upgrade().join(&self.sha256)
    }

    /// Whether the program in its place is the one already.
    pub fn is_in_place(&self, layout: &Layout) -> bool {
        sha256(&layout.binary()).is_ok_and(|found| found == self.sha256)
    }

    /// Takes what was gathered for whole, if it is.
    ///
    /// # Errors
    /// When it is another program, or cannot be read; what was gathered is gone then.
    pub fn verify(&self, layout: &Layout) -> Result<(), String> {
        let part = self.part(layout);
        let found = sha256(&part).map_err(|e| e.to_string())?;
        if found != self.sha256 {
            files::remove(&part).map_err(|e| e.to_string())?;
            return Err(format!(
                "the new agent arrived with the SHA-256 {found}, expected {}",
                self.sha256
            ));
        }
        fs::set_permissions(&part, fs::Permissions::from_mode(0o700))
            .and_then(|()| fs::rename(&part, self.file(layout)))
            .map_err(|e| e.to_string())
    }
}

/// SHA-256 of a file in lower-case hex.
fn sha256(path: &Path) -> Result<String, FileError> {
    let mut hasher = Sha256::new();
    let mut file = fs::File::open(path).map_err(failed("read", path))?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = std::io::Read::read(&mut file, &mut buffer).map_err(failed("read", path))?;
        if count == 0 {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
}

/// The work of the job's process: the program is there, whole.
pub fn run(
    layout: &Layout,
    tools: &Tools,
    wanted: &Wanted,
    patience: Patience,
    progress: &mut dyn Progress,
) -> Outcome {
    let (binary, previous) = (layout.binary(), layout.previous());
    if wanted.is_in_place(layout) {
        return done(layout, wanted);
    }
    progress.step(StepKind::Preflight);
    let new = wanted.file(layout);
    if let Err(words) = try_out(&new) {
        let _ = files::remove_dir(&layout.upgrade());
        return problem(
            "the new agent does not run in this LXC",
            words,
            "The present agent stays. Check that RedFlag carries an agent for this architecture.",
        );
    }
    progress.step(StepKind::Copy);
    let placed = copy(&binary, &previous).and_then(|()| copy(&new, &binary));
    if let Err(e) = placed {
        return problem(
            "the new agent could not be put in its place",
            e.to_string(),
            "The present agent stays. Mend the cause in the LXC, then try again.",
        );
    }
    let before = clock::now();
    progress.step(StepKind::Restart);
    let restarted = init::restart(init::detect(layout, tools), layout, tools);
    finish(layout, tools, wanted, patience, progress, restarted, before)
}

/// What is to be done when the process that watched was lost in the middle, as by a restart of the guest.
pub fn conclude(
    layout: &Layout,
    tools: &Tools,
    wanted: &Wanted,
    patience: Patience,
    progress: &mut dyn Progress,
) -> Outcome {
    if !wanted.is_in_place(layout) {
        let _ = files::remove_dir(&layout.upgrade());
        return problem(
            "the LXC or its agent was restarted before the new agent was in place",
            String::new(),
            "The present agent stays. Try again.",
        );
    }
    let since = Timestamp(0);
    finish(layout, tools, wanted, patience, progress, Ok(()), since)
}

/// Watches the new agent, and brings the old one back if it has to.
fn finish(
    layout: &Layout,
    tools: &Tools,
    wanted: &Wanted,
    patience: Patience,
    progress: &mut dyn Progress,
    restarted: Result<(), InitError>,
    since: Timestamp,
) -> Outcome {
    progress.step(StepKind::CheckIn);
    let words = match restarted {
        Ok(()) => match reported(layout, patience, since) {
            Ok(()) => return done(layout, wanted),
            Err(words) => words,
        },
        Err(e) => e.to_string(),
    };
    progress.log(LogLevel::Warning, &format!("going back: {words}"));
    progress.step(StepKind::Restart);
    let back = copy(&layout.previous(), &layout.binary())
        .map_err(InitError::from)
        .and_then(|()| init::restart(init::detect(layout, tools), layout, tools));
    let _ = files::remove_dir(&layout.upgrade());
    match back {
        Ok(()) => problem(
            "the new agent did not report, so the previous one is back",
            words,
            "Updates go on with the previous agent. Report this with the log of the job.",
        ),
        Err(e) => problem(
            "the new agent did not report, and the previous one could not be started again",
            format!("{words}; {e}"),
            "Install the agent again from RedFlag.",
        ),
    }
}

/// Waits until an agent that was started after `since` has reported to the desktop.
fn reported(layout: &Layout, patience: Patience, since: Timestamp) -> Result<(), String> {
    let began = Instant::now();
    // A clock that is set in the middle must not matter more than it has to: the process's beginning decides.
    let fresh = |running: &Running| {
        running.started_at >= since
            && layout.at(&format!("proc/{}", running.pid)).exists() == layout.is_real()
    };
    let mut seen: Option<Running> = None;
    loop {
        let running: Option<Running> = files::read_json(&layout.status()).ok();
        let running = running.filter(fresh);
        if running.as_ref().is_some_and(|r| r.last_contact.is_some()) {
            return Ok(());
        }
        let missing = running.is_none() && seen.is_none();
        seen = running.or(seen);
        let limit = if missing {
            patience.start
        } else {
            patience.report
        };
        if began.elapsed() > limit {
            let span = clock::span(limit);
            return Err(match seen.and_then(|r| r.trouble) {
                Some(trouble) => format!("it did not report within {span}: {}", trouble.what),
                None if missing => format!("it did not begin to run within {span}"),
                None => format!("it did not report within {span}"),
            });
        }
        thread::sleep(LOOK);
    }
}

/// Whether the program can be run here at all.
fn try_out(program: &Path) -> Result<(), String> {
    let mut command = std::process::Command::new(program);
    command.arg("--version").stdin(std::process::Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    match tools::output("the new agent", command, VERSION_LIMIT) {
        Ok(out) if out.ok() && out.stdout.starts_with("redflag-agent") => Ok(()),
        Ok(out) => Err(format!("{}: {}", out.ending(), out.stderr.trim())),
        Err(e) => Err(e.to_string()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    let content = fs::read(from).map_err(failed("read", from))?;
    files::write(to, &content, 0o755)
}

fn done(layout: &Layout, wanted: &Wanted) -> Outcome {
    let _ = files::remove_dir(&layout.upgrade());
    Outcome::Upgraded {
        version: wanted.version.clone(),
    }
}

/// The end of an upgrade that did not take place.
pub fn problem(what: &str, words: String, next: &str) -> Outcome {
    Outcome::Failed {
        problem: Problem {
            what: what.to_owned(),
            words: Some(words).filter(|w| !w.is_empty()),
            next: Some(next.to_owned()),
        },
        result: None,
    }
}
