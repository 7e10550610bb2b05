//! `/nodes` and what a node says of itself.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    cluster::shuffled,
};
use crate::world::{Node, Profile, load::number};

pub(super) fn version(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let profile = call.cluster.profile;
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
    let figures = call.cluster.broadcast.get(&format!("node/{}", node.name));
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
    let profile = call.cluster.profile;
    let used = node.memory_used(call.now);
    let load = node.cpu(call.now);
    let average = |minutes: f64| format!("{:.2}", load * f64::from(node.cores) * minutes);
    let kernel = match profile {
        Profile::V7_4 => "5.15.158-2-pve",
        Profile::V8_1 => "6.5.13-5-pve",
        Profile::V8_4 => "6.8.12-15-pve",
        Profile::V9_2 => "6.17.4-2-pve",
    };
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
        "current-kernel": {
            "sysname": "Linux",
            "release": kernel,
            "version": built,
            "machine": "x86_64",
        },
        "boot-info": { "mode": "legacy-bios" },
        "pveversion": format!("pve-manager/{}/{}", profile.version(), profile.repoid()),
    });
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

/// Packages of Proxmox itself; the installed version is `OldVersion`.
pub(super) fn apt_versions(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let profile = call.cluster.profile;
    let container = match profile {
        Profile::V7_4 => "4.4-7",
        Profile::V8_1 => "5.0.10",
        Profile::V8_4 => "5.3.4",
        Profile::V9_2 => "6.1.3",
    };
    let access = match profile {
        Profile::V7_4 => "7.4.3",
        Profile::V8_1 => "8.1.4",
        Profile::V8_4 => "8.2.3",
        Profile::V9_2 => "9.1.1",
    };
    let rows = [
        (
            "pve-manager",
            profile.version(),
            "admin",
            "Proxmox Virtual Environment Management Tools",
        ),
        (
            "pve-container",
            container,
            "perl",
            "Proxmox VE Container management tool",
        ),
        (
            "libpve-access-control",
            access,
            "perl",
            "Proxmox VE access control library",
        ),
        (
            "lxcfs",
            "5.0.3-1+deb12u1",
            "admin",
            "FUSE based filesystem for LXC",
        ),
    ];
    let rows = rows
        .into_iter()
        .map(|(name, version, section, title)| {
            let mut row = json!({
                "Package": name,
                "Title": title,
                "Description": format!("{title}."),
                "OldVersion": version,
                "Version": version,
                "CurrentState": "Installed",
                "Arch": "all",
                "Section": section,
                "Priority": "optional",
                "Origin": "Proxmox",
            });
            if name == "pve-manager"
                && let Some(row) = row.as_object_mut()
            {
                let manager = format!("{}/{}", profile.version(), profile.repoid());
                row.insert("ManagerVersion".into(), json!(manager));
            }
            row
        })
        .collect();
    Ok(Answer::plain(rows))
}
