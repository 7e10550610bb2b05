//! `/cluster/ha`: what the HA manager says of its nodes and services.

use serde_json::{Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    cluster::shuffled,
};
use crate::world::Profile;

/// Rows of several kinds in one list; without managed guests only the quorum.
pub(super) fn current(call: &Call<'_>) -> Result<Answer, Refused> {
    call.needs("/", "Sys.Audit")?;
    call.parameters.only(&[])?;
    let quorate = call.cluster.quorate();
    let mut rows = vec![json!({
        "id": "quorum",
        "type": "quorum",
        "node": call.entry.name,
        "status": if quorate { "OK" } else { "No quorum on node!" },
        "quorate": u8::from(quorate),
    })];
    if call.cluster.guests.values().any(|g| g.ha.is_some()) {
        rows.extend(managers(call));
        rows.extend(services(call));
        if call.profile == Profile::V9_2 {
            rows.push(json!({
                "id": "fencing",
                "type": "fencing",
                "node": call.entry.name,
                "status": "armed",
                "armed-state": "armed",
            }));
        }
    }
    Ok(Answer::protected(shuffled(rows, call.now)))
}

fn managers(call: &Call<'_>) -> Vec<Value> {
    let up = |n: &&crate::world::Node| n.down.is_none();
    let mut rows = Vec::new();
    if let Some(master) = call.cluster.nodes.iter().find(up) {
        rows.push(json!({
            "id": "master",
            "type": "master",
            "node": master.name,
            "status": format!("{} (active)", master.name),
            "timestamp": call.now,
        }));
    }
    for node in &call.cluster.nodes {
        let state = match node.down {
            None => "active",
            Some(_) => "old timestamp - dead?",
        };
        rows.push(json!({
            "id": format!("lrm:{}", node.name),
            "type": "lrm",
            "node": node.name,
            "status": format!("{} ({state})", node.name),
            "timestamp": call.now,
        }));
    }
    rows
}

fn services(call: &Call<'_>) -> Vec<Value> {
    let managed = call.cluster.guests.values();
    managed
        .filter_map(|guest| {
            let state = guest.ha.as_deref()?;
            let sid = format!("ct:{}", guest.vmid);
            Some(json!({
                "id": format!("service:{sid}"),
                "type": "service",
                "sid": sid,
                "node": guest.node,
                "state": state,
                "crm_state": state,
                "request_state": state,
                "status": format!("{sid} ({}, {state})", guest.node),
            }))
        })
        .collect()
}
