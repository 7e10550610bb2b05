//! `/nodes/{node}/lxc`: containers, read and switched on and off.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    cluster::shuffled,
    config,
    parameters::vmid,
};
use crate::world::{Guest, Interface, Node, Profile, Task, load::number, profile::Interfaces};

/// How far back a history of load reaches, and the seconds between two of its points.
const FRAMES: [(&str, i64); 5] = [
    ("hour", 60),
    ("day", 1800),
    ("week", 10_800),
    ("month", 43_200),
    ("year", 604_800),
];
/// Points of each.
const POINTS: i64 = 70;

/// Whether a release has a GET method of this name below a container.
pub(super) fn knows(profile: Profile, method: &[&str]) -> bool {
    match method {
        ["config" | "pending" | "feature" | "rrddata"] | ["status", "current"] => true,
        ["interfaces"] => profile.interfaces() != Interfaces::Missing,
        _ => false,
    }
}

pub(super) fn list(call: &Call<'_>, node: &Node) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let rows = call
        .cluster
        .guests
        .values()
        .filter(|g| g.node == node.name)
        .filter(|g| call.allows(&format!("/vms/{}", g.vmid), "VM.Audit"))
        .map(|g| {
            let mut row = state(call, g);
            if call.profile.vmid_as_text() {
                row.insert("vmid".into(), json!(g.vmid.to_string()));
            }
            Value::Object(row)
        })
        .collect();
    Ok(Answer::protected(shuffled(rows, call.now)))
}

/// Live values, unlike those of `/cluster/resources`.
fn state(call: &Call<'_>, guest: &Guest) -> Map<String, Value> {
    let cores = call.cluster.cores_of(guest);
    let mut row = guest.figures(call.now, cores);
    // The broadcast names these otherwise.
    row.remove("maxcpu");
    row.remove("template");
    row.insert("cpus".into(), json!(cores));
    row.insert("type".into(), json!("lxc"));
    row.insert("vmid".into(), json!(guest.vmid));
    row.insert("maxswap".into(), json!(guest.swap << 20));
    row.insert("swap".into(), json!(0));
    row.insert("cpu".into(), number(guest.cpu(call.now)));
    if guest.running() {
        row.insert("pid".into(), json!(4_000 + guest.vmid % 28_000));
    }
    if !guest.tags.is_empty() {
        row.insert("tags".into(), json!(guest.tags.join(";")));
    }
    if guest.template {
        row.insert("template".into(), json!(1));
    }
    if let Some(lock) = &guest.lock {
        row.insert("lock".into(), json!(lock));
    }
    if call.profile.has_pressure() && guest.running() {
        for pressure in ["cpusome", "iosome", "iofull", "memorysome", "memoryfull"] {
            row.insert(format!("pressure{pressure}"), json!("0.00"));
        }
    }
    row
}

/// The guest, if its configuration lies on this node.
pub(super) fn find<'a>(call: &Call<'a>, node: &Node, text: &str) -> Result<&'a Guest, Refused> {
    let vmid = vmid(text)?;
    call.cluster
        .guests
        .get(&vmid)
        .filter(|g| g.node == node.name)
        .ok_or_else(|| {
            Refused::Died(format!(
                "Configuration file 'nodes/{}/lxc/{vmid}.conf' does not exist",
                node.name
            ))
        })
}

pub(super) fn read(
    call: &Call<'_>,
    node: &Node,
    vmid: &str,
    method: &[&str],
) -> Result<Answer, Refused> {
    match method {
        ["config"] => {
            call.parameters.only(&["current", "snapshot"])?;
            let current = call.parameters.flag("current")?;
            let guest = find(call, node, vmid)?;
            Ok(Answer::plain(Value::Object(if current {
                config::active(call.cluster, guest)
            } else {
                config::merged(call.cluster, guest)
            })))
        }
        ["pending"] => {
            call.parameters.only(&[])?;
            let rows = config::pending(call.cluster, find(call, node, vmid)?);
            Ok(Answer::plain(shuffled(rows, call.now)))
        }
        ["feature"] => {
            call.parameters.only(&["feature", "snapname"])?;
            call.parameters.required("feature")?;
            let feature = call
                .parameters
                .one_of("feature", &["snapshot", "clone", "copy"])?;
            let guest = find(call, node, vmid)?;
            let has = feature != Some("snapshot") || call.cluster.can_snapshot(guest);
            Ok(Answer::protected(json!({ "hasFeature": u8::from(has) })))
        }
        ["status", "current"] => {
            call.parameters.only(&[])?;
            let guest = find(call, node, vmid)?;
            let mut row = state(call, guest);
            let ha = match &guest.ha {
                Some(state) => json!({ "managed": 1, "state": state }),
                None => json!({ "managed": 0 }),
            };
            row.insert("ha".into(), ha);
            Ok(Answer::protected(Value::Object(row)))
        }
        ["rrddata"] => {
            call.parameters.only(&["timeframe", "cf"])?;
            call.parameters.required("timeframe")?;
            let frames: Vec<&str> = FRAMES.iter().map(|(name, _)| *name).collect();
            let frame = call.parameters.one_of("timeframe", &frames)?;
            call.parameters.one_of("cf", &["AVERAGE", "MAX"])?;
            let guest = find(call, node, vmid)?;
            let step = FRAMES.iter().find(|(name, _)| Some(*name) == frame);
            Ok(Answer::protected(samples(
                call,
                guest,
                step.map_or(60, |(_, step)| *step),
            )))
        }
        ["interfaces"] => {
            call.parameters.only(&[])?;
            let guest = find(call, node, vmid)?;
            if !guest.running() {
                return Ok(Answer::protected(Value::Null));
            }
            let full = call.profile.interfaces() == Interfaces::Full;
            Ok(Answer::protected(interfaces(guest, full)))
        }
        _ => Err(Refused::NoMethod(format!("{} {}", call.method, call.path))),
    }
}

/// The history of a guest's load; only the time where it did not run.
fn samples(call: &Call<'_>, guest: &Guest, step: i64) -> Value {
    let newest = call.now - call.now.rem_euclid(step);
    let cores = call.cluster.cores_of(guest);
    let points = (0..POINTS).map(|point| {
        let at = newest - (POINTS - 1 - point) * step;
        let ran = guest.running_since.is_some_and(|since| since <= at);
        let mut sample = if ran {
            guest.sample(at, cores)
        } else {
            Map::new()
        };
        sample.insert("time".into(), json!(at));
        Value::Object(sample)
    });
    points.collect()
}

fn interfaces(guest: &Guest, full: bool) -> Value {
    let mac = guest.mac.to_ascii_lowercase();
    let ip = guest.ip().to_string();
    let octets: Vec<&str> = mac.split(':').collect();
    let local = match octets.as_slice() {
        [a, b, c, d, e, f] => {
            // The universal bit of the first octet is turned over (EUI-64).
            let a = u8::from_str_radix(a, 16).unwrap_or_default() ^ 2;
            format!("fe80::{a:02x}{b}:{c}ff:fe{d}:{e}{f}")
        }
        _ => "fe80::1".into(),
    };
    let address = |text: &str, prefix: u8| text.parse::<IpAddr>().ok().map(|ip| (ip, prefix));
    let own = [address(&ip, 24), address(&local, 64)];
    let all = [
        Interface {
            name: "lo".into(),
            mac: "00:00:00:00:00:00".into(),
            addresses: [address("127.0.0.1", 8), address("::1", 128)]
                .into_iter()
                .flatten()
                .collect(),
        },
        Interface {
            name: "eth0".into(),
            mac,
            addresses: own
                .into_iter()
                .flatten()
                .filter(|_| !guest.addressless)
                .collect(),
        },
    ];
    all.iter()
        .chain(&guest.interfaces)
        .map(|i| interface(i, full))
        .collect()
}

fn interface(interface: &Interface, full: bool) -> Value {
    let mut row = Map::new();
    row.insert("name".into(), json!(interface.name));
    row.insert("hwaddr".into(), json!(interface.mac));
    // The old fields hold the last address of their family, whatever it is.
    for (ip, prefix) in &interface.addresses {
        let field = if ip.is_ipv4() { "inet" } else { "inet6" };
        row.insert(field.into(), json!(format!("{ip}/{prefix}")));
    }
    if full {
        row.insert("hardware-address".into(), json!(interface.mac));
        let list: Vec<Value> = interface
            .addresses
            .iter()
            .map(|(ip, prefix)| {
                json!({
                    "ip-address": ip.to_string(),
                    "ip-address-type": if ip.is_ipv4() { "inet" } else { "inet6" },
                    "prefix": prefix.to_string(),
                })
            })
            .collect();
        row.insert("ip-addresses".into(), list.into());
    }
    Value::Object(row)
}

/// What a power button begins; only whether it runs is checked at once, all else in the task.
pub(super) fn power(call: &Call<'_>, node: &Node, vmid: &str, verb: &str) -> Result<Task, Refused> {
    call.parameters.only(match verb {
        "start" => &["skiplock", "debug"],
        "stop" => &["skiplock", "overrule-shutdown"],
        "reboot" => &["timeout"],
        _ => &["timeout", "forceStop"],
    })?;
    call.parameters.number("timeout", 60)?;
    let guest = find(call, node, vmid)?;
    match (verb, guest.running()) {
        ("start", true) => {
            return Err(Refused::Died(format!("CT {vmid} already running")));
        }
        ("stop" | "shutdown" | "reboot", false) => {
            return Err(Refused::Died(format!("CT {vmid} not running")));
        }
        _ => {}
    }
    Ok(task(call, node, &format!("vz{verb}"), vmid))
}

/// A task of the caller's that begins now.
pub(super) fn task(call: &Call<'_>, node: &Node, kind: &str, vmid: &str) -> Task {
    let count = u32::try_from(call.cluster.tasks.len()).unwrap_or_default();
    Task {
        node: node.name.clone(),
        pid: 2_000 + count,
        pstart: u32::try_from(node.uptime(call.now) * 100 % i64::from(u32::MAX))
            .unwrap_or_default(),
        started_at: call.now,
        ended_at: None,
        kind: kind.to_owned(),
        id: vmid.to_owned(),
        by: call.caller.id.to_owned(),
        exit: None,
        log: Vec::new(),
    }
}
