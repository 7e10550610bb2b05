//! The double against transcripts of a live Proxmox VE 8.4.21, and what those cannot show: tasks that run and end.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common;

use std::time::Duration;

use common::{Client, Transcript, entry, recorded, recording, recordings};
use lab::{
    Lab, Options,
    conformance::{self, Verdict, differences, shape},
};
use serde_json::Value;

#[tokio::test]
async fn the_labs_answers_are_those_of_a_live_node() {
    let report = conformance::run(&recordings()).await.unwrap();
    assert_eq!(report.different(), 0, "{report}");
    assert!(report.covered() > 120, "{report}");
    // Whatever is an error is compared.
    for (name, verdict) in &report.verdicts {
        if let (Verdict::LeftOut(why), Ok(Some(was))) = (
            verdict,
            Transcript::read(&recordings().join(format!("{name}.txt"))),
        ) {
            assert!(was.status() < 400, "{name} is left out: {why}");
        }
    }
}

#[test]
fn every_kind_of_difference_is_found() {
    let was = recording("lxc-100-status-current");
    assert_eq!(differences(&was, &was), Vec::<String>::new());
    let changed = |act: &dyn Fn(&mut Transcript)| {
        let mut is = was.clone();
        act(&mut is);
        differences(&was, &is).join("\n")
    };
    let text = |from: &'static str, to: &'static str| {
        changed(&|is: &mut Transcript| is.body = is.body.replace(from, to))
    };
    assert_eq!(
        text("\"vmid\":100", "\"vmid\":\"100\""),
        "data.vmid: recorded number, the lab text"
    );
    assert_eq!(
        text("\"managed\"", "\"manager\""),
        "data.ha.managed is missing: recorded number\ndata.ha.manager is too much: the lab number"
    );
    // Another value of the same kind is no difference.
    assert_eq!(text("\"vmid\":100", "\"vmid\":101"), "");
    let status = changed(&|is| is.status_line = "HTTP/1.1 200 Fine".into());
    assert!(status.starts_with("status: "), "{status}");
    let header = changed(&|is| is.answer.retain(|(name, _)| name != "Pragma"));
    assert!(header.starts_with("headers: "), "{header}");
    // Of an error every word counts.
    let was = recording("err-403-start");
    let mut is = was.clone();
    is.body = is.body.replace("VM.PowerMgmt", "VM.Audit");
    assert_eq!(differences(&was, &is).len(), 1);
}

/// Makes a recorded write with the lab's own secrets.
async fn replay(lab: &Lab, name: &str) -> Transcript {
    let was = recording(name);
    let (cluster, address) = entry(lab);
    let mut client = Client::connect(cluster, address, Some(&was.token)).await;
    client
        .send(&was.method, &was.target, &was.headers, &was.form)
        .await
}

async fn ended(lab: &Lab) {
    lab.world()
        .until(|w| w.clusters[0].tasks.iter().all(|t| t.exit.is_some()))
        .await;
}

/// Makes a recorded write and reads the task that it began, as was recorded.
async fn task(lab: &Lab, write: &str, reads: &[(&str, &str)]) {
    let is = replay(lab, write).await;
    assert!(differences(&recording(write), &is).is_empty(), "{write}");
    let upid = is.data().as_str().unwrap().to_owned();
    let (cluster, address) = entry(lab);
    for (name, call) in reads {
        let was = recording(name);
        if was.body.contains("stopped") || *call == "log" {
            ended(lab).await;
        }
        let mut client = Client::connect(cluster, address, Some(&was.token)).await;
        let path = format!("/nodes/pve1/tasks/{upid}/{call}");
        let is = client.get(&path).await;
        assert_eq!(differences(&was, &is), Vec::<String>::new(), "{name}");
        for field in [
            "exitstatus",
            "status",
            "type",
            "id",
            "user",
            "tokenid",
            "node",
        ] {
            let (old, new) = (was.data(), is.data());
            assert_eq!(old.get(field), new.get(field), "{name} {field}");
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
    let runs = |vmid| {
        lab.world()
            .read(|w| w.guest("pve1", vmid).unwrap().running())
    };
    assert!(!runs(101));
    lab.stop_guest("pve1", 102).unwrap();
    task(&lab, "start-102", &[]).await;
    ended(&lab).await;
    assert!(runs(102));
    let list = replay(&lab, "tasks-list").await;
    assert_eq!(list.data().as_array().unwrap().len(), 3);
    assert_eq!(list.json()["total"], 3);
}

#[tokio::test]
async fn a_task_is_hidden_from_strangers_and_from_other_tokens() {
    let lab = recorded(Options::quick()).await;
    let is = replay(&lab, "lxc-100-reboot").await;
    let upid = is.data().as_str().unwrap().to_owned();
    let path = format!("/nodes/pve1/tasks/{upid}/status");
    let (cluster, address) = entry(&lab);
    for token in ["none@pve!nothing", "mgr@pve!sep"] {
        let mut client = Client::connect(cluster, address, Some(token)).await;
        let is = client.get(&path).await;
        assert_eq!(
            differences(&recording("task-none"), &is),
            Vec::<String>::new()
        );
    }
}

#[tokio::test]
async fn a_locked_guest_fails_in_the_task_and_not_before() {
    let lab = recorded(Options::quick()).await;
    lab.lock_guest("pve1", 102, Some("backup")).unwrap();
    lab.stop_guest("pve1", 102).unwrap();
    let is = replay(&lab, "start-102").await;
    assert_eq!(is.status(), 200, "{}", is.body);
    let upid = is.data().as_str().unwrap().to_owned();
    ended(&lab).await;
    let (cluster, address) = entry(&lab);
    let mut client = Client::connect(cluster, address, Some("mgr@pve!agent")).await;
    let path = format!("/nodes/pve1/tasks/{upid}/status");
    // The shape is that of another task that failed on the live node.
    let is = client.get(&path).await;
    assert_eq!(
        shape(&recording("snap-create-101-dir-task").json()),
        shape(&is.json())
    );
    assert_eq!(is.data()["exitstatus"], "CT is locked (backup)");
    let log = client.get(&format!("/nodes/pve1/tasks/{upid}/log")).await;
    assert_eq!(log.data()[0]["t"], "TASK ERROR: CT is locked (backup)");
    let runs = lab
        .world()
        .read(|w| w.guest("pve1", 102).unwrap().running());
    assert!(!runs);
}

#[tokio::test]
async fn a_pending_console_mode_is_not_in_force() {
    let lab = recorded(Options::quick()).await;
    lab.guest("pve1", 100, |g| {
        g.pending.insert("cmode".into(), "shell".into());
    })
    .unwrap();
    let (cluster, address) = entry(&lab);
    let mut client = Client::connect(cluster, address, Some("mgr@pve!agent")).await;
    let config = client.get("/nodes/pve1/lxc/100/config").await.data();
    assert_eq!(config["cmode"], "shell");
    let active = client.get("/nodes/pve1/lxc/100/config?current=1").await;
    assert_eq!(active.data().get("cmode"), None);
}

#[tokio::test]
async fn no_release_can_run_a_command_in_a_container() {
    let lab = recorded(Options::quick()).await;
    let (cluster, address) = entry(&lab);
    let mut client = Client::connect(cluster, address, Some("root@pam!full")).await;
    let path = "/api2/json/nodes/pve1/lxc/100/exec";
    let is = client.send("POST", path, &[], "command=id").await;
    assert_eq!(
        is.status_line,
        "HTTP/1.1 501 Method 'POST /nodes/pve1/lxc/100/exec' not implemented"
    );
    assert_eq!(is.data(), Value::Null);
}
