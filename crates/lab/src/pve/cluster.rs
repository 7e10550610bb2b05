//! `/cluster`: who is a member, and the one list of everything.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    nodes,
};
use crate::{
    seed::noise,
    world::{Guest, Storage},
};

pub(super) fn status(call: &Call<'_>) -> Result<Answer, Refused> {
    call.needs("/", "Sys.Audit")?;
    call.parameters.only(&[])?;
    let mut rows = Vec::new();
    let alone = call.cluster.name.is_none();
    if let Some(name) = &call.cluster.name {
        rows.push(json!({
            "type": "cluster",
            "id": "cluster",
            "name": name,
            "nodes": call.cluster.nodes.len(),
            "quorate": u8::from(call.cluster.quorate()),
            "version": call.cluster.nodes.len() + 3,
        }));
    }
    for (index, node) in call.cluster.nodes.iter().enumerate() {
        rows.push(json!({
            "type": "node",
            "id": format!("node/{}", node.name),
            "name": node.name,
            "nodeid": if alone { 0 } else { index + 1 },
            "ip": node.ip.to_string(),
            "local": u8::from(node.name == call.entry.name),
            "online": u8::from(node.down.is_none()),
            "level": "",
        }));
    }
    Ok(Answer::protected(shuffled(rows, call.now)))
}

pub(super) fn resources(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&["type"])?;
    let kind = call
        .parameters
        .one_of("type", &["vm", "storage", "node", "sdn"])?;
    let wants = |name: &str| kind.is_none_or(|k| k == name);
    let mut rows = Vec::new();
    if wants("vm") {
        let seen = call
            .cluster
            .guests
            .values()
            .filter(|g| call.allows(&format!("/vms/{}", g.vmid), "VM.Audit"));
        rows.extend(seen.map(|guest| row(call, guest)));
    }
    if wants("node") {
        let managed = call.cluster.guests.values().any(|g| g.ha.is_some());
        rows.extend(call.cluster.nodes.iter().map(|node| {
            let mut row = nodes::row(call, node);
            if row.contains_key("maxcpu") {
                row.insert("cgroup-mode".into(), json!(2));
            }
            if managed {
                let state = if node.down.is_none() {
                    "online"
                } else {
                    "unknown"
                };
                row.insert("hastate".into(), json!(state));
            }
            Value::Object(row)
        }));
    }
    if wants("storage") {
        rows.extend(storage(call));
    }
    if wants("sdn") {
        rows.extend(sdn(call));
    }
    Ok(Answer::plain(shuffled(rows, call.now)))
}

/// A guest: what the configuration says is current, figures are as old as the last broadcast.
fn row(call: &Call<'_>, guest: &Guest) -> Value {
    let mut row = Map::new();
    let up = call
        .cluster
        .node(&guest.node)
        .is_some_and(|n| n.down.is_none());
    let id = format!("lxc/{}", guest.vmid);
    if call.current && up {
        row = guest.figures(call.now, call.cluster.cores_of(guest));
    } else if let Some(broadcast) = call.broadcast.get(&id) {
        row.clone_from(&broadcast.figures);
    } else {
        row.insert("status".into(), json!("unknown"));
    }
    if call.profile.has_pressure() && row.contains_key("mem") {
        row.insert("memhost".into(), json!(0));
    }
    row.insert("id".into(), json!(id));
    row.insert("type".into(), json!("lxc"));
    row.insert("vmid".into(), json!(guest.vmid));
    row.insert("node".into(), json!(guest.node));
    if !guest.tags.is_empty() {
        row.insert("tags".into(), json!(guest.tags.join(";")));
    }
    if let Some(lock) = &guest.lock {
        row.insert("lock".into(), json!(lock));
    }
    if let Some(pool) = &guest.pool
        && call.allows(&format!("/pool/{pool}"), "Pool.Audit")
    {
        row.insert("pool".into(), json!(pool));
    }
    if let Some(state) = &guest.ha {
        row.insert("hastate".into(), json!(state));
    }
    Value::Object(row)
}

fn storage(call: &Call<'_>) -> Vec<Value> {
    let mut rows = Vec::new();
    for node in &call.cluster.nodes {
        let up = node.down.is_none();
        for Storage {
            name,
            plugin,
            content,
        } in &call.cluster.storages
        {
            if !call.allows(&format!("/storage/{name}"), "Datastore.Audit") {
                continue;
            }
            let mut row = json!({
                "id": format!("storage/{}/{name}", node.name),
                "type": "storage",
                "storage": name,
                "node": node.name,
                "status": if up { "available" } else { "unknown" },
                "shared": 0,
                "content": content,
                "plugintype": plugin,
            });
            if up && let Some(row) = row.as_object_mut() {
                row.insert("disk".into(), json!(node.disk_used()));
                row.insert("maxdisk".into(), json!(node.disk));
            }
            rows.push(row);
        }
    }
    rows
}

fn sdn(call: &Call<'_>) -> Vec<Value> {
    if !call.allows("/sdn/zones/localnetwork", "SDN.Audit") {
        return Vec::new();
    }
    call.cluster
        .nodes
        .iter()
        .map(|node| {
            json!({
                "id": format!("sdn/{}/localnetwork", node.name),
                "type": "sdn",
                "sdn": "localnetwork",
                "node": node.name,
                "status": if node.down.is_none() { "ok" } else { "unknown" },
            })
        })
        .collect()
}

/// Lists come in the order of a hash: another one each time, so that no client learns to rely on one.
pub(super) fn shuffled(mut rows: Vec<Value>, now: i64) -> Value {
    let key = now.unsigned_abs();
    let mut order: Vec<(f64, Value)> = rows
        .drain(..)
        .enumerate()
        .map(|(n, row)| (noise(key, n as u64), row))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    order.into_iter().map(|(_, row)| row).collect()
}
