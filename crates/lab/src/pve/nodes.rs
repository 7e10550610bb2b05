//! `/nodes` and what a node says of itself.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    cluster::shuffled,
};
use crate::world::{Node, load::number};

pub(super) fn version(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let profile = call.profile;
    Ok(Answer::plain(json!({
        "version": profile.version(),
        "release": profile.release(),
        "repoid": profile.repoid(),
    })))
}

pub(super) fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let rows = call
        .cluster
        .nodes
        .iter()
        .map(|node| {
            let mut row = row(call, node);
            let fingerprint = json!(node.certificate.fingerprint);
            row.insert("ssl_fingerprint".into(), fingerprint);
            Value::Object(row)
        })
        .collect();
    Ok(Answer::plain(shuffled(rows, call.now)))
}

/// A node in a list: numbers only with `Sys.Audit`, and only while it is up.
pub(super) fn row(call: &Call<'_>, node: &Node) -> Map<String, Value> {
    let mut row = Map::new();
    let figures = call.broadcast.get(&format!("node/{}", node.name));
    let seen = call.allows(&format!("/nodes/{}", node.name), "Sys.Audit");
    let status = match (node.down, call.current || figures.is_some()) {
        (Some(_), _) => "offline",
        (None, true) => "online",
        (None, false) => "unknown",
    };
    if seen && status == "online" {
        row = if call.current {
            node.figures(call.now)
        } else {
            figures.map(|b| b.figures.clone()).unwrap_or_default()
        };
    }
    row.insert("status".into(), json!(status));
    row.insert("id".into(), json!(format!("node/{}", node.name)));
    row.insert("node".into(), json!(node.name));
    row.insert("type".into(), json!("node"));
    row
}

pub(super) fn status(call: &Call<'_>, node: &Node) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let profile = call.profile;
    let used = node.memory_used(call.now);
    let load = node.cpu(call.now);
    let average = |minutes: f64| format!("{:.2}", load * f64::from(node.cores) * minutes);
    let kernel = profile.kernel();
    let built = "#1 SMP PREEMPT_DYNAMIC";
    let mut answer = json!({
        "uptime": node.uptime(call.now),
        "cpu": number(load),
        "wait": 0,
        "idle": 0,
        "loadavg": [average(1.0), average(0.9), average(0.8)],
        "memory": { "total": node.memory, "used": used, "free": node.memory - used },
        "swap": { "total": 0, "used": 0, "free": 0 },
        "rootfs": {
            "total": node.disk,
            "used": node.disk_used(),
            "free": node.disk - node.disk_used(),
            "avail": node.disk - node.disk_used(),
        },
        "ksm": { "shared": 0 },
        "cpuinfo": {
            "model": "AMD Ryzen 7 5700U",
            "cores": node.cores,
            "cpus": node.cores,
            "sockets": 1,
            "mhz": "1796.543",
            "user_hz": 100,
            "hvm": "1",
            "flags": "fpu vme de pse tsc msr pae mce cx8 apic sep svm",
        },
        "kversion": format!("Linux {kernel} {built}"),
        "pveversion": format!("pve-manager/{}/{}", profile.version(), profile.repoid()),
    });
    if profile.has_boot_info()
        && let Some(answer) = answer.as_object_mut()
    {
        let kernel = json!({
            "sysname": "Linux",
            "release": kernel,
            "version": built,
            "machine": "x86_64",
        });
        answer.insert("current-kernel".into(), kernel);
        answer.insert("boot-info".into(), json!({ "mode": "legacy-bios" }));
    }
    if profile.has_pressure()
        && let Some(memory) = answer.get_mut("memory").and_then(Value::as_object_mut)
    {
        memory.insert("available".into(), json!(node.memory - used));
    }
    Ok(Answer::plain(answer))
}

pub(super) fn certificates(call: &Call<'_>, node: &Node) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let rows = [
        ("pve-root-ca.pem", &call.cluster.authority),
        ("pve-ssl.pem", &node.certificate),
    ];
    let rows = rows
        .into_iter()
        .map(|(file, certificate)| {
            json!({
                "filename": file,
                "fingerprint": certificate.fingerprint,
                "subject": certificate.subject,
                "issuer": certificate.issuer,
                "notbefore": certificate.not_before,
                "notafter": certificate.not_after,
                "san": certificate.names,
                "pem": certificate.pem,
                "public-key-type": "id-ecPublicKey",
                "public-key-bits": 256,
            })
        })
        .collect();
    Ok(Answer::plain(shuffled(rows, call.now)))
}
