//! Starting and stopping guests. What was asked for is known by its task: an answer that was lost is looked for in the
//! node's list of tasks before anything is sent again.

use std::{collections::BTreeSet, time::Duration};

use domain::{NodeName, Vmid};
use tokio::time::{Instant, sleep};

use crate::{Client, Error, TaskEnd, TaskRow, TaskStatus, Upid, envelope::Asked, http::Verb};

/// What is done to a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerAction {
    Start,
    /// At once, as pulling the plug.
    Stop,
    /// By its own init, within `timeout`; then hard if `force`.
    Shutdown {
        timeout: Duration,
        force: bool,
    },
    /// A shutdown, hard after `timeout`, and a start; settings that wait for the next start come into force.
    Reboot {
        timeout: Duration,
    },
}

impl PowerAction {
    fn verb(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Shutdown { .. } => "shutdown",
            Self::Reboot { .. } => "reboot",
        }
    }

    fn form(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Start | Self::Stop => Vec::new(),
            Self::Shutdown { timeout, force } => vec![
                ("timeout", timeout.as_secs().to_string()),
                ("forceStop", u8::from(force).to_string()),
            ],
            Self::Reboot { timeout } => vec![("timeout", timeout.as_secs().to_string())],
        }
    }

    /// Whether a task of this kind is what this action begins; the HA manager's only hand the wish over.
    fn begins(self, kind: &str) -> bool {
        match self {
            Self::Start => matches!(kind, "vzstart" | "hastart"),
            Self::Stop => matches!(kind, "vzstop" | "hastop"),
            Self::Shutdown { .. } => matches!(kind, "vzshutdown" | "hastop"),
            Self::Reboot { .. } => kind == "vzreboot",
        }
    }
}

/// Looks for the task of a lost answer, and the pauses before each: it may begin a moment later.
const LOOKS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_millis(1500),
];
/// Between two questions about a task: the first pause, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

impl Client {
    /// Tasks about a guest on a node, running ones included, newest first; at most 50.
    pub async fn lxc_tasks(&self, node: &NodeName, vmid: Vmid) -> Result<Vec<TaskRow>, Error> {
        let path = format!("/nodes/{node}/tasks?source=all&vmid={vmid}&limit=50");
        self.get(&path, Some(node)).await
    }

    /// Starts or stops a guest; the answer is the task that does it, and only its end tells success
    /// ([`Client::wait_task`]). Sent once more, at most, and only after the node's list of tasks has shown that the
    /// first was lost. Needs VM.PowerMgmt.
    pub async fn lxc_power(
        &self,
        node: &NodeName,
        vmid: Vmid,
        action: PowerAction,
    ) -> Result<Upid, Error> {
        // The node's clock is not ours: what is new is told by what was there before.
        let before: BTreeSet<String> = self
            .lxc_tasks(node, vmid)
            .await?
            .into_iter()
            .map(|row| row.upid.to_string())
            .collect();
        let lost = match self.send_power(node, vmid, action).await {
            Err(error) if error.may_be_done() => error,
            clear => return clear,
        };
        if let Some(task) = self.begun(node, vmid, action, &before, &lost).await? {
            return Ok(task);
        }
        let again = self.send_power(node, vmid, action).await;
        match again {
            // Also a clear refusal: `already running` may be the first one's doing.
            Err(error) => match self.begun(node, vmid, action, &before, &error).await? {
                Some(task) => Ok(task),
                None => Err(error),
            },
            Ok(task) => Ok(task),
        }
    }

    async fn send_power(
        &self,
        node: &NodeName,
        vmid: Vmid,
        action: PowerAction,
    ) -> Result<Upid, Error> {
        let path = format!("/nodes/{node}/lxc/{vmid}/status/{}", action.verb());
        let form = action.form();
        let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let answer = self.transport.write(Verb::Post, &path, node, &form).await?;
        let asked = Asked {
            address: &answer.address,
            verb: Verb::Post,
            path: &path,
        };
        asked.data(&answer.body)
    }

    /// The task of ours that was not there before. An error means that it could not be looked for: then `lost` is
    /// what is told, since nothing is known.
    async fn begun(
        &self,
        node: &NodeName,
        vmid: Vmid,
        action: PowerAction,
        before: &BTreeSet<String>,
        lost: &Error,
    ) -> Result<Option<Upid>, Error> {
        let token = self.token_id();
        for pause in LOOKS {
            sleep(pause).await;
            let rows = self.lxc_tasks(node, vmid).await.map_err(|error| {
                tracing::warn!(%error, %vmid, "whether a task had begun could not be looked up");
                lost.clone()
            })?;
            let ours = rows.into_iter().map(|row| row.upid).find(|task| {
                action.begins(task.kind())
                    && task.user() == token.as_str()
                    && !before.contains(task.as_str())
            });
            if ours.is_some() {
                return Ok(ours);
            }
        }
        Ok(None)
    }

    /// Waits for the end of a task; none when it still runs after `limit`. A node that does not answer for a while is
    /// asked again until then.
    pub async fn wait_task(&self, task: &Upid, limit: Duration) -> Result<Option<TaskEnd>, Error> {
        let deadline = Instant::now() + limit;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.task_status(task).await {
                Ok(TaskStatus::Ended(end)) => return Ok(Some(end)),
                Ok(TaskStatus::Running) => {}
                Err(error) if error.is_passing() && Instant::now() + pause < deadline => {}
                Err(error) => return Err(error),
            }
            if Instant::now() + pause > deadline {
                return Ok(None);
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
