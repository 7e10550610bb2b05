//! The double against transcripts of a live Proxmox VE 8.4.21: status line, headers, and bodies field by field.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common;

use std::time::Duration;

use common::{Client, Transcript, entry, recorded, rows, shape};
use lab::{Lab, Options};
use serde_json::Value;

/// Asks the lab what was asked of the live node.
async fn replay(lab: &Lab, name: &str) -> (Transcript, Transcript) {
    let was = Transcript::load(name);
    let (cluster, address) = entry(lab);
    let mut headers = was.headers.clone();
    let mut token = (!was.token.is_empty()).then_some(was.token.as_str());
    match name {
        "version-bad-secret" | "version-bad-id" => {
            token = None;
            let id = &was.token;
            headers.push((
                "Authorization".into(),
                format!("PVEAPIToken={id}=00000000-0000-4000-a000-000000000000"),
            ));
        }
        "auth-space" => {
            // The recorded secret was another one.
            let secret = &cluster.token("root@pam!full").unwrap().secret;
            headers[0].1 = format!("PVEAPIToken root@pam!full={secret}");
        }
        _ => {}
    }
    let mut client = Client::connect(cluster, address, token).await;
    let is = client
        .send(&was.method, &was.target, &headers, &was.form)
        .await;
    (was, is)
}

fn assert_head(name: &str, was: &Transcript, is: &Transcript) {
    assert_eq!(was.status_line, is.status_line, "{name}: {}", is.body);
    assert_eq!(was.timeless(), is.timeless(), "{name}");
}

#[tokio::test]
async fn answers_have_the_same_head_and_the_same_fields() {
    let lab = recorded(Options::quick()).await;
    for name in [
        "version",
        "version-none-token",
        "auth-space",
        "http-accept-none",
        "nodes-online",
        "nodes-none",
        "cluster-status-full",
        "cluster-resources-node",
        "cluster-resources-none",
        "cluster-resources-sep",
        "cluster-resources-type-vm-ro",
        "nodes-pve1-lxc-full",
        "nodes-pve1-lxc-none",
        "nodes-pve1-status-full",
        "lxc-100-config",
        "lxc-101-config",
        "lxc-100-interfaces",
        "stopped-interfaces",
        "lxc-100-status-current",
        "stopped-status",
        "lxc-100-feature-feature-snapshot",
        "feature-101",
        "lxc-100-pending",
    ] {
        let (was, is) = replay(&lab, name).await;
        assert_head(name, &was, &is);
        assert_eq!(shape(&was.json()), shape(&is.json()), "{name}");
    }
}

#[tokio::test]
async fn refusals_are_the_same_word_for_word() {
    let lab = recorded(Options::quick()).await;
    for name in [
        "version-anonymous",
        "version-bad-secret",
        "version-bad-id",
        "version-expired",
        "err-auth-colon",
        "err-auth-malformed",
        "err-auth-scheme",
        "cluster-status-none",
        "nodes-pve1-status-none",
        "err-403-start",
        "err-bad-param-extra",
        "err-bad-param-type",
        "err-bad-vmid",
        "err-vmid-99",
        "err-vmid-noperm",
        "err-vmid-unknown-noperm",
        "err-shutdown-stopped",
        "err-start-running",
        "err-stop-stopped",
        "err-unknown-node",
        "err-unknown-node-status",
        "err-unknown-path",
        "err-unknown-path-root",
        "err-unknown-vmid-config",
        "err-unknown-vmid-status",
        "err-wrong-method",
        "task-badupid",
        "task-unknown",
    ] {
        let (was, is) = replay(&lab, name).await;
        assert_head(name, &was, &is);
        if was.body.is_empty() {
            assert_eq!(is.body, "", "{name}");
        } else {
            assert_eq!(was.json(), is.json(), "{name}");
        }
    }
}

#[tokio::test]
async fn permissions_are_the_same_path_by_path() {
    let lab = recorded(Options::quick()).await;
    for who in ["full", "agent", "ro", "none", "sep"] {
        let name = format!("access-permissions-{who}");
        let (was, is) = replay(&lab, &name).await;
        assert_head(&name, &was, &is);
        assert_eq!(was.json(), is.json(), "{name}");
    }
}

#[tokio::test]
async fn the_list_of_everything_has_the_recorded_rows() {
    let lab = recorded(Options::quick()).await;
    // Without statistics the recorded node showed no figures; another transcript has them.
    let online = rows(
        &Transcript::load("cluster-resources-node").data(),
        Some("node"),
    );
    for name in ["cluster-resources-full", "cluster-resources-agent"] {
        let (was, is) = replay(&lab, name).await;
        assert_head(name, &was, &is);
        for kind in ["lxc", "storage", "sdn"] {
            assert_eq!(
                rows(&was.data(), Some(kind)),
                rows(&is.data(), Some(kind)),
                "{name} {kind}"
            );
        }
        assert_eq!(rows(&is.data(), Some("node")), online, "{name}");
    }
}

#[tokio::test]
async fn a_pending_console_mode_shows_as_recorded() {
    let lab = recorded(Options::quick()).await;
    lab.guest("pve1", 100, |g| {
        g.pending.insert("cmode".into(), "shell".into());
    })
    .unwrap();
    for name in ["lxc-100-config-pending-cmode", "lxc-100-pending-cmode"] {
        let (was, is) = replay(&lab, name).await;
        assert_head(name, &was, &is);
        assert_eq!(shape(&was.json()), shape(&is.json()), "{name}");
    }
    let (cluster, address) = entry(&lab);
    let mut client = Client::connect(cluster, address, Some("mgr@pve!agent")).await;
    let active = client.get("/nodes/pve1/lxc/100/config?current=1").await;
    assert_eq!(active.data().get("cmode"), None);
}

#[tokio::test]
async fn packages_and_their_sources_have_the_recorded_fields() {
    let lab = recorded(Options::quick()).await;
    for name in ["apt-versions", "apt-repositories"] {
        let (was, is) = replay(&lab, name).await;
        assert_head(name, &was, &is);
        assert_eq!(shape(&was.json()), shape(&is.json()), "{name}");
    }
}

/// Sends a recorded write and then the reads that were recorded for its task.
async fn task(lab: &Lab, write: &str, reads: &[(&str, &str)]) {
    let (was, is) = replay(lab, write).await;
    assert_head(write, &was, &is);
    let upid = is.data().as_str().unwrap().to_owned();
    let fields = |upid: &str| {
        let parts: Vec<String> = upid.split(':').map(str::to_owned).collect();
        (
            parts.len(),
            parts[0].clone(),
            parts[1].clone(),
            parts[5..].to_vec(),
        )
    };
    assert_eq!(
        fields(was.data().as_str().unwrap()),
        fields(&upid),
        "{write}"
    );
    let (cluster, address) = entry(lab);
    for (name, call) in reads {
        let was = Transcript::load(name);
        if was.body.contains("stopped") || *call == "log" {
            lab.world()
                .until(|w| w.clusters[0].tasks.iter().all(|t| t.exit.is_some()))
                .await;
        }
        let mut client = Client::connect(cluster, address, Some(&was.token)).await;
        let is = client
            .get(&format!("/nodes/pve1/tasks/{upid}/{call}"))
            .await;
        assert_head(name, &was, &is);
        assert_eq!(shape(&was.json()), shape(&is.json()), "{name}");
        for field in [
            "exitstatus",
            "status",
            "type",
            "id",
            "user",
            "tokenid",
            "node",
        ] {
            assert_eq!(
                was.data().get(field),
                is.data().get(field),
                "{name} {field}"
            );
        }
    }
}

#[tokio::test]
async fn tasks_run_end_and_are_seen_as_recorded() {
    let slow = Options {
        task_time: Duration::from_millis(300),
        ..Options::quick()
    };
    let lab = recorded(slow).await;
    let reads = [
        ("task-status-running", "status"),
        ("task-status-done", "status"),
        ("task-log", "log"),
    ];
    task(&lab, "lxc-100-reboot", &reads).await;
    lab.start_guest("pve1", 101).unwrap();
    let reads = [
        ("shutdown-101-task", "status"),
        ("task-otheruser", "status"),
    ];
    task(&lab, "shutdown-101", &reads).await;
    assert!(
        !lab.world()
            .read(|w| w.guest("pve1", 101).unwrap().running())
    );
    lab.stop_guest("pve1", 102).unwrap();
    task(&lab, "start-102", &[("start-101-log", "log")]).await;
    assert!(
        lab.world()
            .read(|w| w.guest("pve1", 102).unwrap().running())
    );
    let (was, is) = replay(&lab, "tasks-list").await;
    assert_head("tasks-list", &was, &is);
    assert!(rows(&was.data(), None).is_superset(&rows(&is.data(), None)));
    assert_eq!(is.data().as_array().unwrap().len(), 3);
    assert_eq!(is.json()["total"], 3);
}

#[tokio::test]
async fn a_task_is_hidden_from_strangers() {
    let lab = recorded(Options::quick()).await;
    let (_, is) = replay(&lab, "lxc-100-reboot").await;
    let upid = is.data().as_str().unwrap().to_owned();
    let (cluster, address) = entry(&lab);
    let was = Transcript::load("task-none");
    let mut client = Client::connect(cluster, address, Some(&was.token)).await;
    let is = client
        .get(&format!("/nodes/pve1/tasks/{upid}/status"))
        .await;
    assert_head("task-none", &was, &is);
    assert_eq!(was.json(), is.json());
}

#[tokio::test]
async fn a_locked_guest_fails_in_the_task_and_not_before() {
    let lab = recorded(Options::quick()).await;
    lab.lock_guest("pve1", 102, Some("backup")).unwrap();
    lab.stop_guest("pve1", 102).unwrap();
    let (_, is) = replay(&lab, "start-102").await;
    assert_eq!(is.status(), 200, "{}", is.body);
    let upid = is.data().as_str().unwrap().to_owned();
    lab.world()
        .until(|w| w.clusters[0].tasks[0].exit.is_some())
        .await;
    let (cluster, address) = entry(&lab);
    // The shape is that of another task that failed on the live node.
    let was = Transcript::load("snap-create-101-dir-task");
    let mut client = Client::connect(cluster, address, Some("mgr@pve!agent")).await;
    let is = client
        .get(&format!("/nodes/pve1/tasks/{upid}/status"))
        .await;
    assert_eq!(shape(&was.json()), shape(&is.json()));
    assert_eq!(is.data()["exitstatus"], "CT is locked (backup)");
    let log = client.get(&format!("/nodes/pve1/tasks/{upid}/log")).await;
    assert_eq!(log.data()[0]["t"], "TASK ERROR: CT is locked (backup)");
    assert_eq!(
        shape(&Transcript::load("snap-create-101-dir-log").json()),
        shape(&log.json())
    );
    assert!(
        !lab.world()
            .read(|w| w.guest("pve1", 102).unwrap().running())
    );
}

#[tokio::test]
async fn no_release_can_run_a_command_in_a_container() {
    let lab = recorded(Options::quick()).await;
    let (cluster, address) = entry(&lab);
    let mut client = Client::connect(cluster, address, Some("root@pam!full")).await;
    let is = client
        .send(
            "POST",
            "/api2/json/nodes/pve1/lxc/100/exec",
            &[],
            "command=id",
        )
        .await;
    assert_eq!(
        is.status_line,
        "HTTP/1.1 501 Method 'POST /nodes/pve1/lxc/100/exec' not implemented"
    );
    assert_eq!(is.data(), Value::Null);
}
