//! What the agent says on stderr: for journald with a priority, for people without.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The file that is written instead of stderr, where no journal keeps it.
static FILE: OnceLock<PathBuf> = OnceLock::new();
/// How long the file grows; its former content is kept once beside it.
const FILE_LIMIT: u64 = 128 * 1024;

/// How urgent a line is, in syslog's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Warning = 4,
    Notice = 5,
    Info = 6,
}

/// Writes to a file from now on; the first call counts.
pub fn to_file(path: PathBuf) {
    let _ = FILE.set(path);
}

/// Appends a line with its moment, in seconds since 1970.
fn append(path: &Path, text: &str) {
    if fs::metadata(path).is_ok_and(|m| m.len() > FILE_LIMIT) {
        let _ = fs::rename(path, path.with_added_extension("old"));
    }
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path);
    // A full disk is no reason to end.
    if let Ok(mut file) = file {
        let _ = writeln!(file, "{} {text}", crate::clock::now().0 / 1000);
    }
}

/// Writes one line. The caller has already taken secrets out of `text`.
pub fn say(urgency: Urgency, text: &str) {
    if let Some(path) = FILE.get() {
        append(path, text);
        return;
    }
    let mut stderr = std::io::stderr().lock();
    // A closed stderr is no reason to end.
    let _ = if std::env::var_os("JOURNAL_STREAM").is_some() {
        writeln!(stderr, "<{}>{text}", urgency as u8)
    } else {
        writeln!(stderr, "{text}")
    };
}
