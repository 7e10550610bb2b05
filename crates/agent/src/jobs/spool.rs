//! The reports of a job as they are written: numbered lines, whole or not there, bounded.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    time::{Duration, Instant},
};

use domain::operation::{LogLevel, LogLine, StepKind};
use wire::{JobReport, Outcome};

use super::{JobDirectory, JobError};
use crate::{clock, files::failed, journal, packages::Progress};

/// Log lines wait for each other for so long.
const GATHER: Duration = Duration::from_millis(400);
/// At most this many log lines in one report.
const LINES: usize = 200;
/// The most that a job's reports may take on the disk, in bytes; after it only steps and the outcome are written.
const LIMIT: u64 = 4 * 1024 * 1024;
/// The longest log line, in characters.
const LINE_LIMIT: usize = 2000;

/// Writes a job's reports.
#[derive(Debug)]
pub struct Spool {
    job: JobDirectory,
    file: File,
    size: u64,
    next: u32,
    step: StepKind,
    detail: Option<String>,
    percent: Option<u8>,
    log: Vec<LogLine>,
    /// Whether there is something that no report has yet.
    fresh: bool,
    written: Instant,
    full: bool,
    ended: bool,
}

impl Spool {
    /// Opens a job's reports and continues their numbers. A line that was cut off by a crash is removed.
    pub fn open(job: &JobDirectory) -> Result<Self, JobError> {
        let path = job.reports_path();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed("open", &path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(failed("read", &path))?;
        let whole = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        file.set_len(whole as u64)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .map_err(failed("repair", &path))?;
        let (lines, _) = job.reports(0, usize::MAX)?;
        Ok(Self {
            job: job.clone(),
            file,
            size: whole as u64,
            next: lines.last().map_or(1, |l| l.sequence + 1),
            step: StepKind::Send,
            detail: None,
            percent: None,
            log: Vec::new(),
            fresh: false,
            written: Instant::now(),
            full: false,
            ended: lines.last().is_some_and(|l| l.last),
        })
    }

    /// Whether the outcome is written.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// The step that the job is at.
    pub fn set_step(&mut self, step: StepKind) {
        self.step = step;
    }

    /// Writes the last report. On the disk when it returns.
    pub fn end(&mut self, outcome: Outcome) -> Result<(), JobError> {
        let path = self.job.reports_path();
        self.write(Some(outcome))?;
        self.ended = true;
        self.file.sync_all().map_err(failed("write", &path))?;
        Ok(())
    }

    fn write(&mut self, outcome: Option<Outcome>) -> Result<(), JobError> {
        let path = self.job.reports_path();
        let report = JobReport {
            sequence: self.next,
            step: self.step,
            detail: self.detail.clone(),
            percent: self.percent,
            log: std::mem::take(&mut self.log),
            outcome,
        };
        let mut line = serde_json::to_vec(&report)
            .map_err(|e| failed("write", &path)(std::io::Error::other(e)))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(failed("write", &path))?;
        self.size += line.len() as u64;
        self.next += 1;
        self.fresh = false;
        self.written = Instant::now();
        Ok(())
    }

    /// Writes what has gathered. A full disk must not end an installation, so it is said and no more.
    fn flush(&mut self) {
        if let Err(e) = self.write(None) {
            journal::say(journal::Urgency::Warning, &e.to_string());
            self.fresh = false;
        }
    }

    fn flush_if_due(&mut self) {
        if self.log.len() >= LINES || self.written.elapsed() >= GATHER {
            self.flush();
        }
    }
}

impl Progress for Spool {
    fn step(&mut self, step: StepKind) {
        if self.fresh {
            self.flush();
        }
        self.step = step;
        self.detail = None;
        self.fresh = true;
        self.flush();
    }

    fn detail(&mut self, text: &str) {
        if self.detail.as_deref() != Some(text) {
            self.detail = Some(text.to_owned());
            self.fresh = true;
            self.flush_if_due();
        }
    }

    fn percent(&mut self, percent: u8) {
        // Within a phase apt counts more than once from the beginning; for people it only goes on.
        if self.percent.is_none_or(|p| percent > p) {
            self.percent = Some(percent);
            self.fresh = true;
            self.flush_if_due();
        }
    }

    fn log(&mut self, level: LogLevel, text: &str) {
        if text.trim().is_empty() || self.full {
            return;
        }
        let mut line = LogLine {
            at: clock::now(),
            level,
            text: text.chars().take(LINE_LIMIT).collect(),
        };
        if self.size > LIMIT {
            self.full = true;
            line.level = LogLevel::Warning;
            line.text = "the log is too long; what follows is not kept".to_owned();
        }
        self.log.push(line);
        self.fresh = true;
        self.flush_if_due();
    }

    fn quiet(&mut self) {
        if self.fresh {
            self.flush_if_due();
        }
    }

    fn cancelled(&self) -> bool {
        self.job.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layout;
    use domain::{JobId, Timestamp};
    use wire::{Action, Work};

    fn job() -> (tempfile::TempDir, JobDirectory) {
        let root = tempfile::tempdir().unwrap();
        let work = Work {
            id: JobId::new(),
            action: Action::Scan { refresh: true },
            sent_at: Timestamp(0),
            expires_at: Timestamp(1000),
        };
        let job = JobDirectory::accept(&Layout::new(root.path()), &work, Timestamp(0));
        (root, job.unwrap().unwrap())
    }

    #[test]
    fn reports_are_numbered_and_the_outcome_is_last() {
        let (_root, job) = job();
        let mut spool = Spool::open(&job).unwrap();
        spool.step(StepKind::Refresh);
        spool.log(LogLevel::Output, "Hit:1 x");
        spool.step(StepKind::Scan);
        spool.end(Outcome::Scanned { hash: "h".into() }).unwrap();
        let (lines, end) = job.reports(0, usize::MAX).unwrap();
        let numbers: Vec<_> = lines.iter().map(|l| (l.sequence, l.last)).collect();
        assert_eq!(numbers, [(1, false), (2, false), (3, false), (4, true)]);
        assert_eq!(job.reports(end, 9).unwrap().0, []);
        assert!(lines[1].json.contains("Hit:1 x"));
    }

    #[test]
    fn a_line_is_told_although_nothing_follows_it() {
        let (_root, job) = job();
        let mut spool = Spool::open(&job).unwrap();
        spool.step(StepKind::Apply);
        spool.log(LogLevel::Output, "Setting up slow (1.1) ...");
        let told = || job.reports(0, 9).unwrap().0.len() == 2;
        let began = Instant::now();
        while !told() && began.elapsed() < Duration::from_secs(60) {
            spool.quiet();
        }
        assert!(told());
    }

    #[test]
    fn a_line_cut_off_by_a_crash_is_not_seen_and_not_kept() {
        let (_root, job) = job();
        let mut spool = Spool::open(&job).unwrap();
        spool.step(StepKind::Refresh);
        spool.file.write_all(b"{\"sequence\":2,\"st").unwrap();
        assert_eq!(job.reports(0, 9).unwrap().0.len(), 1);
        let mut again = Spool::open(&job).unwrap();
        assert!(!again.has_ended());
        again.step(StepKind::Scan);
        let (lines, _) = job.reports(0, 9).unwrap();
        assert_eq!(lines[1].sequence, 2, "the number is used again, whole");
    }

    #[test]
    fn a_flood_of_output_stays_bounded_and_keeps_the_outcome() {
        let (_root, job) = job();
        let mut spool = Spool::open(&job).unwrap();
        let line = "x".repeat(3000);
        for _ in 0..4000 {
            spool.log(LogLevel::Output, &line);
        }
        spool.end(Outcome::Uninstalled).unwrap();
        assert!(std::fs::metadata(job.reports_path()).unwrap().len() < LIMIT + 1024 * 1024);
        assert!(job.reports(0, usize::MAX).unwrap().0.last().unwrap().last);
    }
}
