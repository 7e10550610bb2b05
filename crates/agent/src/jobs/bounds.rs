//! Keeps what waits for a sleeping desktop small: the oldest log goes first, then the oldest job, and that is told.

use std::{fs, time::Duration};

use domain::{
    Timestamp,
    operation::{LogLevel, LogLine},
};
use wire::JobReport;

use super::{JobDirectory, JobError};
use crate::{
    Layout, clock,
    files::{self},
};

/// What may wait.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// For all reports together, in bytes.
    pub bytes: u64,
    /// Since a job's end.
    pub age: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            bytes: 16 * 1024 * 1024,
            age: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

/// A job that has ended and is not reported yet.
struct Waiting {
    job: JobDirectory,
    bytes: u64,
    ended: Timestamp,
}

/// Drops what exceeds the bounds. Jobs that run, or have not begun, are left alone.
pub fn enforce(layout: &Layout, bounds: Bounds, now: Timestamp) -> Result<(), JobError> {
    let mut waiting: Vec<Waiting> = JobDirectory::all(layout)
        .into_iter()
        .filter(|job| !job.is_running())
        .filter_map(|job| {
            let metadata = fs::metadata(job.reports_path()).ok()?;
            let ended = clock::of(metadata.modified().ok()?);
            let bytes = metadata.len();
            Some(Waiting { job, bytes, ended })
        })
        .collect();
    let age = i64::try_from(bounds.age.as_millis()).unwrap_or(i64::MAX);
    let mut total: u64 = waiting.iter().map(|w| w.bytes).sum();
    let too_old = |w: &Waiting| now.since(w.ended) > age;
    if total <= bounds.bytes && !waiting.iter().any(too_old) {
        return Ok(());
    }
    // Only what has its outcome: the rest is still somebody's work.
    waiting.retain(|w| w.job.outcome_line().is_some());
    waiting.sort_by_key(|w| w.ended);
    for old in waiting.extract_if(.., |w| too_old(w)) {
        total -= old.bytes;
        drop_job(layout, &old.job)?;
    }
    for log in &mut waiting {
        if total <= bounds.bytes {
            return Ok(());
        }
        let kept = shorten(&log.job, now)?;
        total = total - log.bytes + kept;
        log.bytes = kept;
    }
    for old in waiting {
        if total <= bounds.bytes {
            return Ok(());
        }
        total -= old.bytes;
        drop_job(layout, &old.job)?;
    }
    Ok(())
}

/// How many jobs were dropped and not told yet.
pub fn dropped(layout: &Layout) -> u32 {
    let text = fs::read_to_string(layout.dropped()).unwrap_or_default();
    text.trim().parse().unwrap_or(0)
}

/// The desktop knows of them now.
pub fn told(layout: &Layout) {
    // Told twice is better than never.
    let _ = files::remove(&layout.dropped());
}

fn drop_job(layout: &Layout, job: &JobDirectory) -> Result<(), JobError> {
    let count = dropped(layout).saturating_add(1).to_string();
    files::write(&layout.dropped(), count.as_bytes(), 0o600)?;
    job.close(layout)
}

/// Leaves a job's outcome under its own number, since earlier ones may be known to the desktop. Gives its bytes.
fn shorten(job: &JobDirectory, now: Timestamp) -> Result<u64, JobError> {
    let path = job.reports_path();
    let Some(mut report) = job
        .outcome_line()
        .and_then(|line| serde_json::from_str::<JobReport>(&line.json).ok())
    else {
        return Ok(fs::metadata(&path).map_or(0, |m| m.len()));
    };
    report.log = vec![LogLine {
        at: now,
        level: LogLevel::Warning,
        text: "the log before this was dropped: the desktop was away, and too much waited for it"
            .to_owned(),
    }];
    let mut line = serde_json::to_vec(&report).unwrap_or_default();
    line.push(b'\n');
    let ended = fs::metadata(&path).and_then(|m| m.modified());
    files::write(&path, &line, 0o600)?;
    // Its age stays: it ended when it ended.
    if let (Ok(ended), Ok(file)) = (ended, fs::File::open(&path)) {
        let _ = file.set_modified(ended);
    }
    Ok(line.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{jobs::Spool, packages::Progress};
    use domain::JobId;
    use wire::{Action, Outcome, Work};

    fn ended(layout: &Layout, lines: usize) -> JobDirectory {
        let work = Work {
            id: JobId::new(),
            action: Action::Scan { refresh: true },
            sent_at: Timestamp(0),
            expires_at: Timestamp(1000),
        };
        let job = JobDirectory::accept(layout, &work, Timestamp(0))
            .unwrap()
            .unwrap();
        let mut spool = Spool::open(&job).unwrap();
        for _ in 0..lines {
            spool.log(LogLevel::Output, &"x".repeat(1000));
        }
        spool.end(Outcome::Uninstalled).unwrap();
        job
    }

    #[test]
    fn the_oldest_log_goes_first_then_the_oldest_job_and_both_are_told() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        let (first, second) = (ended(&layout, 100), ended(&layout, 100));
        let bounds = |bytes| Bounds {
            bytes,
            ..Bounds::default()
        };
        enforce(&layout, bounds(1 << 30), clock::now()).unwrap();
        assert_eq!(first.reports(0, 9).unwrap().0.len(), 1);
        let before = first.outcome_line().unwrap();

        enforce(&layout, bounds(150_000), clock::now()).unwrap();
        let line = first.outcome_line().unwrap();
        assert_eq!(line.sequence, before.sequence);
        assert!(line.json.contains("was dropped"), "{}", line.json);
        assert!(second.outcome_line().unwrap().json.contains("xxx"));
        // Whoever had read further begins again.
        assert_eq!(first.reports(90_000, 9).unwrap().0.len(), 1);

        let one = fs::metadata(first.reports_path()).unwrap().len();
        enforce(&layout, bounds(one + one / 2), clock::now()).unwrap();
        assert_eq!(JobDirectory::all(&layout), [second]);
        assert_eq!(dropped(&layout), 1);
        let later = clock::now().plus_millis(31 * 24 * 3600 * 1000);
        enforce(&layout, Bounds::default(), later).unwrap();
        assert!(JobDirectory::all(&layout).is_empty());
        assert_eq!(dropped(&layout), 2);
        told(&layout);
        assert_eq!(dropped(&layout), 0);
    }
}
