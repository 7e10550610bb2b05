//! What to do with each recording: the world as it was at that moment, the call as it was made, or why neither.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Client, Transcript};
use crate::{
    lab::Lab,
    world::{Cluster, Task, task::is_upid},
};

/// Whether a recording is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Compare,
    LeftOut(&'static str),
}

const CONSOLE: &str = "a websocket's stream is no single answer; tests/consoles.rs plays them";
const SNAPSHOTS: &str = "RedFlag neither makes nor lists snapshots";

impl Case {
    pub(super) fn of(name: &str) -> Self {
        match name {
            // Errors are compared whatever the call; so are the ends of tasks of any kind.
            "termproxy-node-agent-403"
            | "termproxy-ro-403"
            | "termproxy-node-shell-root-token"
            | "termproxy-task-log"
            | "termproxy-task-status"
            | "termproxy-OLD-842-token-tasklog"
            | "termproxy-OLD-842-token-taskstatus"
            | "snap-badname"
            | "snap-current"
            | "snap-ro-403" => Self::Compare,
            _ if name.starts_with("snap-") && name.ends_with("-task") => Self::Compare,
            _ if name.starts_with("snap-") && name.ends_with("-log") => Self::Compare,
            "apt-update-list-before" | "apt-update-post" => {
                Self::LeftOut("RedFlag does not update nodes")
            }
            "cluster-tasks" => {
                Self::LeftOut("RedFlag asks each node for its tasks; a token sees none here")
            }
            "cmode-ok" => Self::LeftOut("its token may do more there than in the lab"),
            "json-body" => Self::LeftOut("RedFlag sends forms"),
            "lxc-100-firewall-options" | "network" => {
                Self::LeftOut("RedFlag does not look at networks and firewalls of the node")
            }
            "lxc-100-rrddata-timeframe-hour" => {
                Self::LeftOut("no sample had been taken when it was recorded")
            }
            "lxc-create-101" | "lxc-create-102" | "nextid" => {
                Self::LeftOut("RedFlag creates no guests")
            }
            "storage" => Self::LeftOut("RedFlag asks per guest what its storage can do"),
            "lxc-100-snapshot" | "rollback-unknown" => Self::LeftOut(SNAPSHOTS),
            _ if name.starts_with("snap-") => Self::LeftOut(SNAPSHOTS),
            _ if name.starts_with("termproxy-") => Self::LeftOut(CONSOLE),
            _ => Self::Compare,
        }
    }
}

/// Brings the world to the state that the live node was in.
pub(super) fn prepare(lab: &Lab, name: &str, was: &Transcript) -> Result<()> {
    match name {
        // By then the node had told its figures; before, nobody knew them.
        "cluster-resources-node" | "nodes-online" => {}
        _ => lab.world().change(|w| {
            for cluster in &mut w.clusters {
                std::sync::Arc::make_mut(&mut cluster.broadcast).remove("node/pve1");
            }
        }),
    }
    match name {
        "shutdown-101" => lab.start_guest("pve1", 101)?,
        "start-102" => lab.stop_guest("pve1", 102)?,
        "lxc-list-1" => {
            lab.stop_guest("pve1", 100)?;
            lab.remove_guest("pve1", 101)?;
            lab.remove_guest("pve1", 102)?;
        }
        "lxc-100-config-pending-cmode" | "lxc-100-pending-cmode" => {
            lab.guest("pve1", 100, |g| {
                g.pending.insert("cmode".into(), "shell".into());
            })?;
        }
        _ => {}
    }
    // Tasks that had run there by then.
    let mut tasks = Vec::new();
    if let Some((upid, _)) = was
        .target
        .split_once("/tasks/")
        .and_then(|(_, rest)| rest.split_once('/'))
        && was.status() != 400
    {
        tasks.extend(task(upid, &was.data()));
    }
    for row in was.data().as_array().into_iter().flatten() {
        if let Some(upid) = row["upid"].as_str() {
            tasks.extend(task(upid, row));
        }
    }
    lab.world().change(|w| {
        let cluster = w.cluster_mut("pve1");
        cluster
            .into_iter()
            .for_each(|c: &mut Cluster| c.tasks.append(&mut tasks));
    });
    Ok(())
}

/// The task that a UPID names, at the state that an answer about it shows.
fn task(upid: &str, shown: &Value) -> Option<Task> {
    if !is_upid(upid) {
        return None;
    }
    let parts: Vec<&str> = upid.split(':').collect();
    let hex = |n: usize| u32::from_str_radix(parts[n], 16).ok();
    let started_at = i64::from(hex(4)?);
    let running = shown["status"] == "running";
    let words = shown["exitstatus"].as_str().or(match shown["endtime"] {
        Value::Null => None,
        _ => shown["status"].as_str(),
    });
    let last = shown.as_array().and_then(|lines| lines.last());
    let error = last.and_then(|line| line["t"].as_str()?.strip_prefix("TASK ERROR: "));
    Some(Task {
        node: parts[1].into(),
        pid: hex(2)?,
        pstart: hex(3)?,
        started_at,
        ended_at: (!running).then_some(started_at + 1),
        kind: parts[5].into(),
        id: parts[6].into(),
        by: parts[7].into(),
        exit: (!running).then(|| words.or(error).unwrap_or("OK").to_owned()),
        log: Vec::new(),
    })
}

/// Makes the recorded call; secrets are those of the lab.
pub(super) async fn ask(lab: &Lab, name: &str, was: &Transcript) -> Result<Transcript> {
    let cluster = lab.facts().clusters.first().context("no cluster")?;
    let address = cluster.nodes.first().context("no node")?.address;
    let mut headers = was.headers.clone();
    let mut token = (!was.token.is_empty()).then_some(was.token.as_str());
    match name {
        "version-bad-secret" | "version-bad-id" => {
            token = None;
            let value = format!(
                "PVEAPIToken={}=00000000-0000-4000-a000-000000000000",
                was.token
            );
            headers.push(("Authorization".into(), value));
        }
        // Their notes do not name the token.
        "termproxy-ro-403" => token = Some("ro@pve!audit"),
        "termproxy-node-shell-root-token" => token = Some("root@pam!full"),
        "auth-space" | "version-expired" => {
            for (_, value) in headers.iter_mut() {
                let id = if name == "auth-space" {
                    "root@pam!full"
                } else {
                    "ro@pve!old"
                };
                let secret = &cluster.token(id).context("no such token")?.secret;
                let (before, _) = value.rsplit_once('=').context("no secret")?;
                *value = format!("{before}={secret}");
            }
        }
        _ => {}
    }
    if headers.iter().any(|(name, _)| name == "Cookie") {
        let root = &cluster.root;
        let form = format!("username={}&password={}", root.user, root.password);
        let mut client = Client::connect(cluster, address, None).await?;
        let path = "/api2/json/access/ticket";
        let ticket = client.send("POST", path, &[], &form).await?.data();
        let text = |key: &str| ticket[key].as_str().unwrap_or_default().to_owned();
        for (name, value) in headers.iter_mut() {
            match name.as_str() {
                "Cookie" => *value = format!("PVEAuthCookie={}", text("ticket")),
                "CSRFPreventionToken" => *value = text("CSRFPreventionToken"),
                _ => {}
            }
        }
    }
    let mut client = Client::connect(cluster, address, token).await?;
    client
        .send(&was.method, &was.target, &headers, &was.form)
        .await
}
