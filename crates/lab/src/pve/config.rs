//! A guest's configuration as Proxmox writes it.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Cluster, Guest, Source};

/// What is in force, without digest and pending changes.
pub(super) fn active(cluster: &Cluster, guest: &Guest) -> Map<String, Value> {
    let mut config = Map::new();
    let mut set = |key: &str, value: Value| {
        config.insert(key.to_owned(), value);
    };
    set("hostname", json!(guest.name));
    set("ostype", json!(guest.ostype));
    set("arch", json!(guest.arch));
    if guest.cores > 0 {
        set("cores", json!(guest.cores));
    }
    set("memory", json!(guest.memory));
    set("swap", json!(guest.swap));
    if guest.unprivileged {
        set("unprivileged", json!(1));
    }
    if guest.onboot {
        set("onboot", json!(1));
    }
    if guest.template {
        set("template", json!(1));
    }
    let volume = if guest.template { "base" } else { "vm" };
    let GuestDisk { storage, size } = disk(guest);
    set(
        "rootfs",
        json!(format!(
            "{storage}:{volume}-{}-disk-0,size={size}",
            guest.vmid
        )),
    );
    for (n, mount) in guest.mounts.iter().enumerate() {
        let volume = match &mount.source {
            Source::Host(path) => format!("{path},mp={}", mount.path),
            Source::Volume { storage, size } => format!(
                "{storage}:{volume}-{}-disk-{},mp={},size={size}G",
                guest.vmid,
                n + 1,
                mount.path
            ),
        };
        set(&format!("mp{n}"), json!(volume));
    }
    for (n, net) in guest.more_nets.iter().enumerate() {
        set(&format!("net{}", n + 1), json!(net));
    }
    let address = match guest.address {
        Some(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("gw={a}.{b}.{c}.1,hwaddr={},ip={ip}/24", guest.mac)
        }
        None => format!("hwaddr={},ip=dhcp", guest.mac),
    };
    set(
        "net0",
        json!(format!("name=eth0,bridge=vmbr0,{address},type=veth")),
    );
    if let Some(features) = &guest.features {
        set("features", json!(features));
    }
    if !guest.tags.is_empty() {
        set("tags", json!(guest.tags.join(";")));
    }
    if let Some(description) = &guest.description {
        set("description", json!(description));
    }
    if let Some(lock) = &guest.lock {
        set("lock", json!(lock));
    }
    if let Some(mode) = &guest.console.mode {
        set("cmode", json!(mode));
    }
    // A guest is known by its cluster too: equal guests of two clusters have differing digests.
    let digest =
        Sha256::digest(format!("{}{config:?}{:?}", cluster.label, guest.pending).as_bytes());
    config.insert("digest".into(), json!(hex::encode(&digest[..20])));
    config
}

struct GuestDisk<'a> {
    storage: &'a str,
    size: String,
}

fn disk(guest: &Guest) -> GuestDisk<'_> {
    GuestDisk {
        storage: &guest.storage,
        size: format!("{}G", guest.disk),
    }
}

/// As `config` shows it unless asked for `current`: pending values as if they were in force.
pub(super) fn merged(cluster: &Cluster, guest: &Guest) -> Map<String, Value> {
    let mut config = active(cluster, guest);
    for (key, value) in &guest.pending {
        if value.is_empty() {
            config.remove(key);
        } else {
            config.insert(key.clone(), json!(value));
        }
    }
    config
}

/// As `pending` lists it.
pub(super) fn pending(cluster: &Cluster, guest: &Guest) -> Vec<Value> {
    let mut rows: Vec<Value> = active(cluster, guest)
        .into_iter()
        .map(|(key, value)| match guest.pending.get(&key) {
            Some(new) if new.is_empty() => json!({ "key": key, "value": value, "delete": 1 }),
            Some(new) => json!({ "key": key, "value": value, "pending": new }),
            None => json!({ "key": key, "value": value }),
        })
        .collect();
    let active = active(cluster, guest);
    for (key, value) in &guest.pending {
        if !active.contains_key(key) && !value.is_empty() {
            rows.push(json!({ "key": key, "pending": value }));
        }
    }
    rows
}
