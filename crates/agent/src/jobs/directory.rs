//! The folder of one job, shared between the agent's process and the job's own.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use domain::{JobId, Timestamp};
use serde::{Deserialize, Serialize};
use wire::{JobReport, Work};

use crate::{
    Layout,
    files::{self, FileError, failed},
    packages::Installed,
};

/// How many jobs that ended are remembered, so that none is begun twice.
const REMEMBERED: usize = 200;

/// The end of a folder's name while it is removed.
const ASIDE: &str = ".closed";

/// A job's folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("there is no job {0}")]
    Unknown(JobId),
}

/// One job's folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobDirectory {
    pub id: JobId,
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Accepted {
    at: Timestamp,
}

/// A report as it lies in the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub sequence: u32,
    pub last: bool,
    /// Exactly what is to be sent.
    pub json: String,
}

impl JobDirectory {
    /// Every job's folder, oldest first; the identities grow with time.
    pub fn all(layout: &Layout) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(layout.jobs()) else {
            return Vec::new();
        };
        let mut all: Vec<Self> = entries
            .flatten()
            .filter_map(|entry| {
                let id = JobId::from_str(entry.file_name().to_str()?).ok()?;
                let path = entry.path();
                path.is_dir().then_some(Self { id, path })
            })
            .collect();
        all.sort();
        all
    }

    /// The folder of a job that was accepted.
    pub fn open(layout: &Layout, id: JobId) -> Result<Self, JobError> {
        let path = layout.job(id);
        if path.join("work.json").is_file() {
            Ok(Self { id, path })
        } else {
            Err(JobError::Unknown(id))
        }
    }

    /// Takes work on, once: none when it is known or was done before.
    pub fn accept(layout: &Layout, work: &Work, now: Timestamp) -> Result<Option<Self>, JobError> {
        let path = layout.job(work.id);
        if path.exists() || done(layout).contains(&work.id) {
            return Ok(None);
        }
        // Whole or not there: made beside and renamed, since a half made folder would look like a job.
        let beside = layout.jobs().join(format!("{}.new", work.id));
        files::remove_dir(&beside)?;
        files::make_private_dir(&beside)?;
        files::write_json(&beside.join("accepted.json"), &Accepted { at: now })?;
        files::write_json(&beside.join("work.json"), work)?;
        fs::rename(&beside, &path).map_err(failed("create", &path))?;
        Ok(Some(Self { id: work.id, path }))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was asked.
    pub fn work(&self) -> Result<Work, JobError> {
        Ok(files::read_json(&self.path.join("work.json"))?)
    }

    /// The moment, by the guest's clock, after which it is not to be begun: the desktop's clock may be another.
    pub fn expires_at(&self, work: &Work) -> Result<Timestamp, JobError> {
        let accepted: Accepted = files::read_json(&self.path.join("accepted.json"))?;
        let lifetime = work.expires_at.0.saturating_sub(work.sent_at.0);
        Ok(accepted.at.plus_millis(lifetime))
    }

    /// Becomes the one process that works on it; none when another is. Held until the file is dropped.
    pub fn lock(&self) -> Result<Option<File>, JobError> {
        let path = self.path.join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(failed("lock", &path)(e).into()),
        }
    }

    /// Whether a process works on it.
    pub fn is_running(&self) -> bool {
        let Ok(file) = File::open(self.path.join("lock")) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Marks the beginning of the work; false when it was begun before, by whomever.
    pub fn begin(&self) -> Result<bool, JobError> {
        let path = self.path.join("begun");
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => {
                file.sync_all().map_err(failed("write", &path))?;
                Ok(true)
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(e) => Err(failed("create", &path)(e).into()),
        }
    }

    pub fn has_begun(&self) -> bool {
        self.path.join("begun").exists()
    }

    /// Asks it to stop at the next safe point.
    pub fn cancel(&self) -> Result<(), JobError> {
        Ok(files::write(&self.path.join("cancel"), b"", 0o600)?)
    }

    pub fn is_cancelled(&self) -> bool {
        self.path.join("cancel").exists()
    }

    pub fn reports_path(&self) -> PathBuf {
        self.path.join("reports.jsonl")
    }

    /// Up to `most` reports from byte `offset` on, and where the next begins. A line without its end is still being
    /// written; one that is no report is skipped.
    pub fn reports(&self, offset: u64, most: usize) -> Result<(Vec<Line>, u64), JobError> {
        let path = self.reports_path();
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            Err(e) => return Err(failed("read", &path)(e).into()),
        };
        // Shortened since: what is there now was not read yet.
        let length = file.metadata().map_or(0, |m| m.len());
        let offset = if offset > length { 0 } else { offset };
        file.seek(SeekFrom::Start(offset))
            .map_err(failed("read", &path))?;
        let mut reader = BufReader::new(file);
        let (mut lines, mut next) = (Vec::new(), offset);
        while lines.len() < most {
            let mut bytes = Vec::new();
            let length = reader
                .read_until(b'\n', &mut bytes)
                .map_err(failed("read", &path))?;
            if bytes.last() != Some(&b'\n') {
                break;
            }
            next += length as u64;
            if let Ok(report) = serde_json::from_slice::<JobReport>(&bytes) {
                lines.push(Line {
                    sequence: report.sequence,
                    last: report.outcome.is_some(),
                    json: String::from_utf8_lossy(&bytes).trim_end().to_owned(),
                });
            }
        }
        Ok((lines, next))
    }

    /// The last report, if the job has ended.
    pub fn outcome_line(&self) -> Option<Line> {
        let (lines, _) = self.reports(0, usize::MAX).ok()?;
        lines.into_iter().next_back().filter(|line| line.last)
    }

    /// The number of the last report that the desktop has stored.
    pub fn acknowledged(&self) -> u32 {
        fs::read_to_string(self.path.join("acknowledged"))
            .ok()
            .and_then(|t| t.trim().parse().ok())
            .unwrap_or(0)
    }

    /// Notes it. Not synced: what is lost is sent again, and the desktop knows reports by their number.
    pub fn acknowledge(&self, sequence: u32) -> Result<(), JobError> {
        let path = self.path.join("acknowledged");
        let text = sequence.to_string();
        Ok(fs::File::create(&path)
            .and_then(|mut f| f.write_all(text.as_bytes()))
            .map_err(failed("write", &path))?)
    }

    /// Notes the installed versions right before an installation.
    pub fn set_before(&self, installed: &Installed) -> Result<(), JobError> {
        let rows: Vec<(&str, &str, &str)> = installed
            .iter()
            .map(|((package, arch), version)| (package.as_str(), arch.as_str(), version.as_str()))
            .collect();
        Ok(files::write_json(&self.path.join("before.json"), &rows)?)
    }

    /// Those versions; none when the installation was not reached.
    pub fn before(&self) -> Option<Installed> {
        let rows: Vec<(String, String, String)> =
            files::read_json(&self.path.join("before.json")).ok()?;
        Some(rows.into_iter().map(|(p, a, v)| ((p, a), v)).collect())
    }

    /// Removes it and remembers that it was done.
    pub fn close(&self, layout: &Layout) -> Result<(), JobError> {
        let mut ids = done(layout);
        ids.push(self.id);
        let from = ids.len().saturating_sub(REMEMBERED);
        let text: String = ids[from..].iter().map(|id| format!("{id}\n")).collect();
        files::write(&layout.jobs().join("done"), text.as_bytes(), 0o600)?;
        // Gone at once: a process that was started for it late must not find a half of it and begin it again.
        let aside = layout.jobs().join(format!("{}{ASIDE}", self.id));
        match fs::rename(&self.path, &aside) {
            Ok(()) => Ok(files::remove_dir(&aside)?),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(failed("remove", &self.path)(e).into()),
        }
    }

    /// Takes away what an earlier agent was ended in the middle of removing.
    pub fn sweep(layout: &Layout) -> Result<(), JobError> {
        let Ok(entries) = fs::read_dir(layout.jobs()) else {
            return Ok(());
        };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().ends_with(ASIDE) {
                files::remove_dir(&entry.path())?;
            }
        }
        Ok(())
    }
}

fn done(layout: &Layout) -> Vec<JobId> {
    fs::read_to_string(layout.jobs().join("done"))
        .unwrap_or_default()
        .lines()
        .filter_map(|l| l.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Action;

    fn work() -> Work {
        Work {
            id: JobId::new(),
            action: Action::Scan { refresh: false },
            sent_at: Timestamp(1_000_000),
            expires_at: Timestamp(1_060_000),
        }
    }

    fn root() -> (tempfile::TempDir, Layout) {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        (root, layout)
    }

    #[test]
    fn work_is_accepted_once_even_after_it_is_done() {
        let (_root, layout) = root();
        let work = work();
        let job = JobDirectory::accept(&layout, &work, Timestamp(5))
            .unwrap()
            .unwrap();
        assert_eq!(job.work().unwrap(), work);
        assert!(
            JobDirectory::accept(&layout, &work, Timestamp(6))
                .unwrap()
                .is_none()
        );
        job.close(&layout).unwrap();
        assert!(JobDirectory::all(&layout).is_empty());
        assert!(
            JobDirectory::accept(&layout, &work, Timestamp(7))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_process_that_comes_too_late_finds_nothing_to_begin() {
        let (_root, layout) = root();
        let job = JobDirectory::accept(&layout, &work(), Timestamp(5))
            .unwrap()
            .unwrap();
        job.close(&layout).unwrap();
        assert!(job.lock().is_err() && job.begin().is_err());
        job.close(&layout).unwrap();

        let left = layout.jobs().join(format!("{}{ASIDE}", JobId::new()));
        files::make_private_dir(&left).unwrap();
        assert!(JobDirectory::all(&layout).is_empty());
        JobDirectory::sweep(&layout).unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn expiry_counts_from_the_guests_own_clock() {
        let (_root, layout) = root();
        let work = work();
        let job = JobDirectory::accept(&layout, &work, Timestamp(5))
            .unwrap()
            .unwrap();
        assert_eq!(job.expires_at(&work).unwrap(), Timestamp(60_005));
    }

    #[test]
    fn one_process_works_and_one_begins() {
        let (_root, layout) = root();
        let job = JobDirectory::accept(&layout, &work(), Timestamp(5))
            .unwrap()
            .unwrap();
        assert!(!job.is_running());
        let held = job.lock().unwrap();
        assert!(held.is_some() && job.is_running());
        assert!(job.lock().unwrap().is_none(), "a second one finds it taken");
        drop(held);
        assert!(!job.is_running());
        assert!(job.begin().unwrap());
        assert!(!job.begin().unwrap());
    }
}
