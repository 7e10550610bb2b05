//! Tasks: what Proxmox does after it has answered.

use std::{fmt, str::FromStr};

use domain::{NodeName, Timestamp};
use serde::Deserialize;

use crate::lenient;

/// Why a text is no task id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a task id; one looks like UPID:node:pid:pstart:starttime:type:id:user:")]
pub struct UpidError(pub String);

/// The id of a task: `UPID:pve1:000003FF:0002BEEE:6B03502D:vzreboot:100:redflag@pve!desktop:`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Upid {
    text: String,
    node: NodeName,
    began_at: Timestamp,
    kind: String,
    subject: String,
    user: String,
}

impl Upid {
    /// As Proxmox wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The node that runs it, which is the one to ask.
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// When it began, by the node's clock; whole seconds.
    pub fn began_at(&self) -> Timestamp {
        self.began_at
    }

    /// `vzstart`, `vzsnapshot`, `vzdump`, …
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it is about, mostly a VMID; may be empty.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The user, or the whole token id, that began it.
    pub fn user(&self) -> &str {
        &self.user
    }
}

impl fmt::Display for Upid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Upid {
    type Err = UpidError;

    fn from_str(text: &str) -> Result<Self, UpidError> {
        let bad = || UpidError(text.to_owned());
        let parts: Vec<&str> = text.split(':').collect();
        let ["UPID", node, pid, pstart, start, kind, subject, user, ""] = parts[..] else {
            return Err(bad());
        };
        let hex = |part: &str| u64::from_str_radix(part, 16).map_err(|_| bad());
        hex(pid)?;
        hex(pstart)?;
        let seconds = i64::try_from(hex(start)?).map_err(|_| bad())?;
        if kind.is_empty() || user.is_empty() {
            return Err(bad());
        }
        Ok(Self {
            node: node.parse().map_err(|_| bad())?,
            began_at: Timestamp(seconds.saturating_mul(1000)),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            user: user.to_owned(),
            text: text.to_owned(),
        })
    }
}

impl TryFrom<String> for Upid {
    type Error = UpidError;
    fn try_from(text: String) -> Result<Self, UpidError> {
        text.parse()
    }
}

/// How a task stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawStatus")]
pub enum TaskStatus {
    Running,
    Ended(TaskEnd),
}

/// How a task ended. `Done` says what Proxmox says; the effect on a guest is still to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskEnd {
    Done,
    /// Done, with that many warnings in the log.
    Warnings(u64),
    /// Its process vanished (killed, node restarted): what it did is not known.
    Unknown,
    /// In Proxmox's words.
    Failed(String),
}

#[derive(Deserialize)]
struct RawStatus {
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    exitstatus: Option<String>,
}

impl From<RawStatus> for TaskStatus {
    fn from(raw: RawStatus) -> Self {
        let exit = raw.exitstatus.as_deref().map(str::trim);
        let end = match (raw.status.as_deref(), exit) {
            (Some("running"), None) => return Self::Running,
            (_, Some("OK")) => TaskEnd::Done,
            (_, None | Some("" | "unexpected status")) => TaskEnd::Unknown,
            (_, Some(words)) => match words
                .strip_prefix("WARNINGS: ")
                .and_then(|n| n.trim().parse().ok())
            {
                Some(count) => TaskEnd::Warnings(count),
                None => TaskEnd::Failed(words.to_owned()),
            },
        };
        Self::Ended(end)
    }
}

/// One row of a node's list of tasks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TaskRow {
    pub upid: Upid,
    /// `RUNNING`, or how it ended, in Proxmox's words.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
}

impl TaskRow {
    /// Whether it has not ended.
    pub fn is_running(&self) -> bool {
        self.status.as_deref().is_none_or(|word| word == "RUNNING")
    }
}

/// Part of a task's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskLog {
    pub lines: Vec<TaskLine>,
    /// Of the whole log.
    pub total: Option<u64>,
}

/// One line of a task's log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TaskLine {
    /// From 1.
    #[serde(rename = "n", default, deserialize_with = "lenient::uint")]
    pub number: Option<u64>,
    #[serde(rename = "t", default)]
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::{TaskEnd, TaskStatus, Upid};
    use proptest::prelude::*;

    #[test]
    fn a_task_id_tells_node_kind_subject_and_time() {
        let text = "UPID:pve1:000003FF:0002BEEE:6B03502D:vzreboot:100:mgr@pve!agent:";
        let upid: Upid = text.parse().unwrap();
        assert_eq!(upid.node().as_str(), "pve1");
        assert_eq!((upid.kind(), upid.subject()), ("vzreboot", "100"));
        assert_eq!(upid.began_at().0, 1_795_379_245_000);
        assert_eq!(upid.to_string(), text);
        let without: Upid = "UPID:pve1:1:123456789:6B03502D:aptupdate::root@pam:"
            .parse()
            .unwrap();
        assert_eq!(without.subject(), "");
    }

    #[test]
    fn what_is_no_task_id_is_refused() {
        for text in [
            "",
            "OK",
            "UPID:pve1:1:2:3:vzstart:100:root@pam",
            "UPID:pve1:1:2:xyz:vzstart:100:root@pam:",
            "UPID:../x:1:2:3:vzstart:100:root@pam:",
            "UPID:pve1:1:2:3::100:root@pam:",
        ] {
            assert!(text.parse::<Upid>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_exit_status_tells_success() {
        use TaskEnd as E;
        for (json, expected) in [
            (r#"{"status":"running"}"#, TaskStatus::Running),
            (
                r#"{"status":"stopped","exitstatus":"OK"}"#,
                TaskStatus::Ended(E::Done),
            ),
            (
                r#"{"status":"stopped","exitstatus":"WARNINGS: 3"}"#,
                TaskStatus::Ended(E::Warnings(3)),
            ),
            (r#"{"status":"stopped"}"#, TaskStatus::Ended(E::Unknown)),
            (
                r#"{"status":"stopped","exitstatus":"unexpected status"}"#,
                TaskStatus::Ended(E::Unknown),
            ),
            (
                r#"{"status":"stopped","exitstatus":"CT is locked (backup)\n"}"#,
                TaskStatus::Ended(E::Failed("CT is locked (backup)".into())),
            ),
        ] {
            let status: TaskStatus = serde_json::from_str(json).unwrap();
            assert_eq!(status, expected, "{json}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(UPID:)?[a-zA-Z0-9:@!.-]{0,60}") {
            let _ = text.parse::<Upid>();
        }
    }
}
