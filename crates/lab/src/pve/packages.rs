//! `/nodes/{node}/apt` and the subscription: what is installed of Proxmox and where it comes from.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    answer::{Answer, Refused},
    call::Call,
};
use crate::world::{Node, Profile};

/// Name, version, section and title of what Proxmox itself brings.
fn own(profile: Profile) -> [(&'static str, &'static str, &'static str, &'static str); 4] {
    let (meta, container, access) = match profile {
        Profile::V7_4 => ("7.4-1", "4.4-7", "7.4.3"),
        Profile::V8_1 => ("8.1.0", "5.0.10", "8.1.4"),
        Profile::V8_4 => ("8.4.0", "5.3.4", "8.2.3"),
        Profile::V9_2 => ("9.2.0", "6.1.3", "9.1.1"),
    };
    [
        ("proxmox-ve", meta, "admin", "Proxmox Virtual Environment"),
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
    ]
}

/// The same of Debian's; what has no installed version is only recommended.
const DEBIAN: [(&str, Option<&str>, &str, &str, &str); 4] = [
    (
        "corosync",
        Some("3.1.7-1+deb12u2"),
        "admin",
        "amd64",
        "cluster engine daemon and utilities",
    ),
    (
        "lxcfs",
        Some("5.0.3-1+deb12u1"),
        "admin",
        "amd64",
        "FUSE based filesystem for LXC",
    ),
    (
        "ceph-fuse",
        None,
        "admin",
        "amd64",
        "FUSE-based client for the Ceph distributed file system",
    ),
    ("swtpm", None, "misc", "amd64", "Libtpms-based TPM emulator"),
];

fn row(
    name: &str,
    installed: Option<&str>,
    section: &str,
    arch: &str,
    title: &str,
) -> Map<String, Value> {
    let mut row = Map::new();
    let mut set = |key: &str, text: &str| {
        row.insert(key.to_owned(), json!(text));
    };
    set("Package", name);
    set("Title", title);
    set("Description", &format!("{title}."));
    set("Version", installed.unwrap_or("1.0-1"));
    set("Section", section);
    set("Arch", arch);
    set("Priority", "optional");
    match installed {
        Some(version) => {
            set("OldVersion", version);
            set("CurrentState", "Installed");
        }
        None => set("CurrentState", "NotInstalled"),
    }
    row
}

/// Packages of Proxmox itself and what it stands on; the installed version is `OldVersion`.
pub(super) fn versions(call: &Call<'_>, node: &Node) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let mut rows = Vec::new();
    if !node.from_sources {
        for (name, version, section, title) in own(call.profile) {
            let mut row = row(name, Some(version), section, "all", title);
            row.insert("Origin".into(), json!("Proxmox"));
            match name {
                "proxmox-ve" => {
                    row.insert("RunningKernel".into(), json!(call.profile.kernel()));
                }
                "pve-manager" => {
                    let manager = format!("{version}/{}", call.profile.repoid());
                    row.insert("ManagerVersion".into(), json!(manager));
                }
                _ => {}
            }
            rows.push(Value::Object(row));
        }
    }
    for (name, installed, section, arch, title) in DEBIAN {
        let mut row = row(name, installed, section, arch, title);
        row.insert("Origin".into(), json!("Debian"));
        rows.push(Value::Object(row));
    }
    Ok(Answer::plain(rows.into()))
}

/// Only an auditor of the node learns more than state and level.
pub(super) fn subscription(call: &Call<'_>, node: &Node) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let mut data = Map::new();
    data.insert("status".into(), json!(node.subscription));
    let active = node.subscription == "active";
    if active {
        data.insert("level".into(), json!("c"));
    }
    if call.allows(&format!("/nodes/{}", node.name), "Sys.Audit") {
        let id = hex::encode_upper(&Sha256::digest(node.name.as_bytes())[..16]);
        data.insert("serverid".into(), json!(id));
        if active {
            data.insert("checktime".into(), json!(call.now - 3_600));
            data.insert("key".into(), json!("pve1c-0000000000"));
            data.insert(
                "productname".into(),
                json!("Proxmox VE Community Subscription 1 CPU/year"),
            );
            data.insert("regdate".into(), json!("2026-01-15 00:00:00"));
            data.insert("nextduedate".into(), json!("2027-01-15"));
            data.insert("sockets".into(), json!(1));
        } else {
            data.insert("message".into(), json!("There is no subscription key"));
        }
        data.insert(
            "url".into(),
            json!("https://www.proxmox.com/en/proxmox-virtual-environment/pricing"),
        );
    }
    Ok(Answer::protected(Value::Object(data)))
}

/// Files, their repositories, and the state of those that Proxmox offers.
pub(super) fn repositories(call: &Call<'_>, node: &Node) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let debian = call.profile.debian();
    let mut files = vec![file(
        "/etc/apt/sources.list.d/debian.sources",
        vec![
            repository(
                "http://deb.debian.org/debian",
                &[debian, &format!("{debian}-updates")],
                &["main"],
                true,
            ),
            repository(
                "http://security.debian.org/debian-security",
                &[&format!("{debian}-security")],
                &["main"],
                true,
            ),
        ],
    )];
    let mut infos = vec![
        info(
            "/etc/apt/sources.list.d/debian.sources",
            0,
            "origin",
            "Debian",
        ),
        info(
            "/etc/apt/sources.list.d/debian.sources",
            1,
            "origin",
            "Debian",
        ),
    ];
    for (handle, enabled) in &node.repositories {
        let path = format!("/etc/apt/sources.list.d/{handle}.sources");
        let host = match handle.as_str() {
            "enterprise" => "https://enterprise.proxmox.com/debian/pve",
            _ => "http://download.proxmox.com/debian/pve",
        };
        let component = match handle.as_str() {
            "test" => "pvetest".to_owned(),
            other => format!("pve-{other}"),
        };
        files.push(file(
            &path,
            vec![repository(host, &[debian], &[&component], *enabled)],
        ));
        infos.push(info(&path, 0, "origin", "Proxmox"));
    }
    let standard: Vec<Value> = call
        .profile
        .standard_repositories()
        .into_iter()
        .map(|(handle, name)| {
            let mut row = json!({
                "handle": handle,
                "name": name,
                "description": format!("This is the repository {name} of Proxmox."),
            });
            if let (Some(row), Some(on)) = (row.as_object_mut(), node.repositories.get(handle)) {
                row.insert("status".into(), json!(u8::from(*on)));
            }
            row
        })
        .collect();
    let digest = Sha256::digest(format!("{:?}", node.repositories).as_bytes());
    Ok(Answer::plain(json!({
        "files": files,
        "errors": [],
        "infos": infos,
        "digest": hex::encode(digest),
        "standard-repos": standard,
    })))
}

fn file(path: &str, repositories: Vec<Value>) -> Value {
    // Bytes as numbers, as the live node wrote them.
    let digest: Vec<u8> = Sha256::digest(path.as_bytes()).to_vec();
    json!({
        "path": path,
        "file-type": "sources",
        "digest": digest,
        "repositories": repositories,
    })
}

fn repository(uri: &str, suites: &[&str], components: &[&str], enabled: bool) -> Value {
    json!({
        "Enabled": u8::from(enabled),
        "FileType": "sources",
        "Types": ["deb"],
        "URIs": [uri],
        "Suites": suites,
        "Components": components,
        "Comment": "",
        "Options": [{
            "Key": "Signed-By",
            "Values": ["/usr/share/keyrings/debian-archive-keyring.gpg"],
        }],
    })
}

fn info(path: &str, index: u32, kind: &str, message: &str) -> Value {
    json!({ "path": path, "index": index, "kind": kind, "message": message })
}
