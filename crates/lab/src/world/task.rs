//! Tasks: what nearly every write of Proxmox starts and answers with.

/// One task. Its UPID names everything that does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub node: String,
    pub pid: u32,
    /// Start of the process in hundredths of a second since boot.
    pub pstart: u32,
    /// Seconds since 1970.
    pub started_at: i64,
    pub ended_at: Option<i64>,
    /// `vzstart`, `vzstop`, …
    pub kind: String,
    /// The VMID, or empty.
    pub id: String,
    /// User or full token id.
    pub by: String,
    /// `OK`, `WARNINGS: n` or the error; none while it runs.
    pub exit: Option<String>,
    /// Lines of the log, without the last one that repeats the exit.
    pub log: Vec<String>,
}

impl Task {
    /// `UPID:<node>:<pid>:<pstart>:<starttime>:<type>:<id>:<by>:`.
    pub fn upid(&self) -> String {
        format!(
            "UPID:{}:{:08X}:{:08X}:{:08X}:{}:{}:{}:",
            self.node, self.pid, self.pstart, self.started_at, self.kind, self.id, self.by
        )
    }

    /// The user, and the token's name where it was a token.
    pub fn user(&self) -> (&str, Option<&str>) {
        match self.by.split_once('!') {
            Some((user, token)) => (user, Some(token)),
            None => (&self.by, None),
        }
    }

    /// The log as Proxmox shows it.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.log.clone();
        match self.exit.as_deref() {
            Some("OK") => lines.push("TASK OK".into()),
            Some(warnings) if warnings.starts_with("WARNINGS") => {
                lines.push(format!("TASK {warnings}"));
            }
            Some(error) => lines.push(format!("TASK ERROR: {error}")),
            None if lines.is_empty() => lines.push("no content".into()),
            None => {}
        }
        lines
    }
}

/// Whether a text has the form of a UPID.
pub fn is_upid(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let hex = |s: &str| s.len() >= 8 && s.bytes().all(|b| b.is_ascii_hexdigit());
    parts.len() == 9 && parts[0] == "UPID" && parts[2..5].iter().all(|p| hex(p))
}
