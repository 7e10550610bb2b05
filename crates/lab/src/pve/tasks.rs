//! Tasks: begun by writes, ended a moment later, read by whoever began them or may audit the node.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
};
use crate::{
    ground::Ground,
    world::{Cluster, Node, Task, seconds, task::is_upid},
};

/// Enters a task into the world and carries it out after a moment. Answers with its UPID.
pub(super) fn begin(ground: &Arc<Ground>, cluster: usize, mut task: Task) -> String {
    let upid = ground.live.change(|w| {
        if let Some(cluster) = w.clusters.get_mut(cluster) {
            // Two requests may have been decided on at the same moment.
            while cluster.tasks.iter().any(|t| t.upid() == task.upid()) {
                task.pid += 1;
            }
            cluster.tasks.push(task.clone());
        }
        task.upid()
    });
    let (shared, key) = (ground.clone(), upid.clone());
    ground.tasks.spawn(async move {
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = carry_out(&shared, cluster, &key) => {}
        }
    });
    upid
}

/// Does what a task is for, with a real guest too where the double has one, and ends it.
async fn carry_out(ground: &Ground, index: usize, upid: &str) {
    tokio::time::sleep(ground.options.task_time).await;
    let what = ground.live.read(|w| {
        let cluster = w.clusters.get(index)?;
        let task = cluster.tasks.iter().find(|t| t.upid() == upid)?;
        let vmid = task.id.parse().unwrap_or(0);
        let kind = task.kind.clone();
        let refused = obstacle(cluster, &kind, vmid).err();
        Some((vmid, kind, refused))
    });
    let Some((vmid, kind, refused)) = what else {
        return;
    };
    let switch = ground.switches.of(index, vmid);
    let switched = match switch.filter(|_| refused.is_none() && kind != "vncproxy") {
        Some(switch) => switch(&kind).await.map(Some),
        None => Ok(None),
    };
    let failed = switched.as_ref().err().map(|error| format!("{error:#}"));
    ground.live.change(|w| {
        if let Some(cluster) = w.clusters.get_mut(index) {
            end(cluster, upid, seconds(), refused.or(failed));
        }
    });
    drop(switched);
}

fn end(cluster: &mut Cluster, upid: &str, now: i64, failed: Option<String>) {
    let Some(index) = cluster.tasks.iter().position(|t| t.upid() == upid) else {
        return;
    };
    let kind = cluster.tasks[index].kind.clone();
    let vmid = cluster.tasks[index].id.parse().unwrap_or(0);
    let exit = match failed {
        Some(words) => Some(words),
        None => power(cluster, &kind, vmid, now).err(),
    };
    let task = &mut cluster.tasks[index];
    task.ended_at = Some(now);
    task.exit = Some(exit.unwrap_or_else(|| "OK".into()));
}

/// Why a task cannot do what it is for: its exit status.
fn obstacle(cluster: &Cluster, kind: &str, vmid: u32) -> Result<(), String> {
    if kind == "vncproxy" {
        return Ok(());
    }
    if !cluster.quorate() {
        return Err("cluster not ready - no quorum?".into());
    }
    let guest = cluster
        .guests
        .get(&vmid)
        .ok_or_else(|| format!("Configuration file 'lxc/{vmid}.conf' does not exist"))?;
    match &guest.lock {
        Some(lock) => Err(format!("CT is locked ({lock})")),
        None if kind == "vzstart" && guest.template => {
            Err("you can't start a CT if it's a template".into())
        }
        None => Ok(()),
    }
}

/// Carries out a power task; the error is its exit status.
fn power(cluster: &mut Cluster, kind: &str, vmid: u32, now: i64) -> Result<(), String> {
    obstacle(cluster, kind, vmid)?;
    let Some(guest) = cluster.guests.get_mut(&vmid).filter(|_| kind != "vncproxy") else {
        return Ok(());
    };
    match kind {
        "vzstart" | "vzreboot" => {
            guest.boot(now);
            Ok(())
        }
        "vzstop" | "vzshutdown" => {
            guest.running_since = None;
            Ok(())
        }
        _ => Err("got unexpected task type".into()),
    }
}

/// The rows that both lists and `status` share.
fn row(task: &Task) -> Map<String, Value> {
    let (user, token) = task.user();
    let mut row = Map::new();
    row.insert("upid".into(), json!(task.upid()));
    row.insert("node".into(), json!(task.node));
    row.insert("pid".into(), json!(task.pid));
    row.insert("pstart".into(), json!(task.pstart));
    row.insert("starttime".into(), json!(task.started_at));
    row.insert("type".into(), json!(task.kind));
    row.insert("id".into(), json!(task.id));
    row.insert("user".into(), json!(user));
    if let Some(token) = token {
        row.insert("tokenid".into(), json!(token));
    }
    row
}

/// Owner, or an auditor of the node.
fn may_see(call: &Call<'_>, node: &Node, task: &Task) -> bool {
    // A token sees its own, a user also those of its tokens.
    let own = task.by == call.caller.id || task.user().0 == call.caller.id;
    own || call.allows(&format!("/nodes/{}", node.name), "Sys.Audit")
}

fn find<'a>(call: &Call<'a>, node: &Node, upid: &str) -> Result<&'a Task, Refused> {
    if !is_upid(upid) {
        return Err(Refused::parameter("upid", "unable to parse worker upid"));
    }
    let task = call.cluster.tasks.iter().find(|t| t.upid() == upid);
    let task = task.ok_or_else(|| Refused::parameter("upid", "no such task"))?;
    if may_see(call, node, task) {
        Ok(task)
    } else {
        let path = format!("/nodes/{}", node.name);
        Err(Refused::permission(path, "Sys.Audit"))
    }
}

pub(super) fn status(call: &Call<'_>, node: &Node, upid: &str) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let task = find(call, node, upid)?;
    let mut row = row(task);
    match &task.exit {
        Some(exit) => {
            row.insert("status".into(), json!("stopped"));
            row.insert("exitstatus".into(), json!(exit));
        }
        None => {
            row.insert("status".into(), json!("running"));
        }
    }
    Ok(Answer::protected(Value::Object(row)))
}

pub(super) fn log(call: &Call<'_>, node: &Node, upid: &str) -> Result<Answer, Refused> {
    call.parameters.only(&["start", "limit", "download"])?;
    let start = usize::try_from(call.parameters.number("start", 0)?).unwrap_or(0);
    let limit = match usize::try_from(call.parameters.number("limit", 50)?).unwrap_or(50) {
        0 => usize::MAX,
        limit => limit,
    };
    let lines = find(call, node, upid)?.lines();
    let rows: Vec<Value> = lines
        .iter()
        .enumerate()
        .skip(start)
        .take(limit)
        .map(|(n, text)| json!({ "n": n + 1, "t": text }))
        .collect();
    Ok(Answer {
        total: Some(lines.len()),
        ..Answer::protected(rows.into())
    })
}

pub(super) fn list(call: &Call<'_>, node: &Node) -> Result<Answer, Refused> {
    let p = call.parameters;
    p.only(&[
        "source",
        "vmid",
        "typefilter",
        "errors",
        "statusfilter",
        "since",
        "until",
        "start",
        "limit",
        "userfilter",
    ])?;
    let source = p.one_of("source", &["archive", "active", "all"])?;
    let errors = p.flag("errors")?;
    let since = p.number("since", 0)?;
    let until = p.number("until", i64::MAX)?;
    let start = usize::try_from(p.number("start", 0)?).unwrap_or(0);
    let limit = usize::try_from(p.number("limit", 50)?).unwrap_or(50);
    let mut rows: Vec<&Task> = call
        .cluster
        .tasks
        .iter()
        .filter(|t| t.node == node.name && may_see(call, node, t))
        .filter(|t| match source.unwrap_or("archive") {
            "archive" => t.exit.is_some(),
            "active" => t.exit.is_none(),
            _ => true,
        })
        .filter(|t| p.get("vmid").is_none_or(|v| t.id == v))
        .filter(|t| p.get("typefilter").is_none_or(|v| t.kind == v))
        .filter(|t| !errors || t.exit.as_deref().is_some_and(|e| e != "OK"))
        .filter(|t| t.started_at >= since && t.started_at <= until)
        .collect();
    rows.sort_by_key(|t| std::cmp::Reverse((t.started_at, t.pid)));
    let total = rows.len();
    let rows: Vec<Value> = rows
        .into_iter()
        .skip(start)
        .take(limit)
        .map(|task| {
            let mut row = row(task);
            match &task.exit {
                Some(exit) => {
                    row.insert("status".into(), json!(exit));
                    row.insert("endtime".into(), json!(task.ended_at));
                }
                None => {
                    // Active rows keep the whole token id.
                    row.remove("tokenid");
                    row.insert("user".into(), json!(task.by));
                    row.insert("status".into(), json!("RUNNING"));
                }
            }
            Value::Object(row)
        })
        .collect();
    Ok(Answer {
        total: Some(total),
        ..Answer::plain(rows.into())
    })
}
