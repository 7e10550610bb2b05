//! What the agent says on stderr: for journald with a priority, for people without.

use std::io::Write;

/// How urgent a line is, in syslog's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Warning = 4,
    Notice = 5,
    Info = 6,
}

/// Writes one line. The caller has already taken secrets out of `text`.
pub fn say(urgency: Urgency, text: &str) {
    let mut stderr = std::io::stderr().lock();
    // A closed stderr is no reason to end.
    let _ = if std::env::var_os("JOURNAL_STREAM").is_some() {
        writeln!(stderr, "<{}>{text}", urgency as u8)
    } else {
        writeln!(stderr, "{text}")
    };
}
