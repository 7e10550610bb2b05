//! Every call, answered with what a real node (PVE 8.4.21) answered, byte for byte.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use common::{Node, Reply, SECRET};
use domain::{
    NodeName, Timestamp, Vmid,
    facts::RepositoryVerdict,
    fleet::{Power, Usage},
};
use pve::{
    Client, Error, NodeState, ResourceRow, TaskEnd, TaskStatus, Upid, best_address,
    check_privileges, repository_verdict, snapshot_obstacle,
};

async fn recorded(name: &str) -> Client {
    Node::answering(Reply::recorded(name)).await.client()
}

fn pve1() -> NodeName {
    "pve1".parse().unwrap()
}

fn vmid(n: u32) -> Vmid {
    n.try_into().unwrap()
}

fn task() -> Upid {
    "UPID:pve1:000003FF:0002BEEE:6B03502D:vzreboot:100:mgr@pve!agent:"
        .parse()
        .unwrap()
}

#[tokio::test]
async fn version() {
    let node = Node::answering(Reply::recorded("version")).await;
    let version = node.client().version().await.unwrap();
    assert_eq!(version.version, "8.4.21");
    assert_eq!(version.release.as_deref(), Some("8.4"));
    assert_eq!(version.major_minor(), Some((8, 4)));
    let requests = node.requests.lock().unwrap();
    assert_eq!(requests[0].line, "GET /api2/json/version");
    let header = format!("authorization: PVEAPIToken=redflag@pve!desktop={SECRET}\r\n");
    assert!(requests[0].head.contains(&header), "{}", requests[0].head);
}

#[tokio::test]
async fn nodes_with_and_without_statistics() {
    let online = recorded("nodes-online").await.nodes().await.unwrap();
    assert_eq!(online.len(), 1);
    assert_eq!(online[0].node, pve1());
    assert_eq!(online[0].state, NodeState::Online);
    assert_eq!(online[0].uptime, Some(2188));
    assert_eq!(online[0].max_mem, Some(25_276_510_208));
    let pin = online[0].ssl_fingerprint.unwrap().to_string();
    assert!(pin.starts_with("94:A7:C3:D6"), "{pin}");
    for name in ["nodes-full", "nodes-none"] {
        let nodes = recorded(name).await.nodes().await.unwrap();
        assert_eq!(nodes[0].state, NodeState::Unknown);
        assert_eq!(nodes[0].uptime, None);
    }
}

#[tokio::test]
async fn resources_of_a_token_that_sees_everything() {
    let client = recorded("cluster-resources-full").await;
    let rows = client.resources().await.unwrap();
    let guests: Vec<_> = rows
        .iter()
        .filter_map(|row| match row {
            ResourceRow::Lxc(guest) => Some(guest),
            _ => None,
        })
        .collect();
    let names: Vec<_> = guests
        .iter()
        .map(|g| (g.vmid.get(), g.name.as_deref().unwrap(), g.power))
        .collect();
    assert_eq!(
        names,
        [
            (100, "web", Power::Running),
            (101, "stopped1", Power::Stopped),
            (102, "db", Power::Running)
        ]
    );
    assert_eq!(guests[0].tags, ["prod", "web"]);
    assert_eq!(guests[0].max_mem, Some(268_435_456));
    assert!(!guests[0].template && guests[0].lock.is_none());
    let storages = rows
        .iter()
        .filter(|row| matches!(row, ResourceRow::Storage(s) if s.available && !s.shared));
    assert_eq!(storages.count(), 2);
    let other = rows
        .iter()
        .filter(|row| matches!(row, ResourceRow::Other { kind, .. } if kind == "sdn"));
    assert_eq!(other.count(), 1);
}

#[tokio::test]
async fn a_token_without_grants_of_its_own_sees_an_empty_list_and_the_permissions_say_why() {
    for name in ["cluster-resources-sep", "cluster-resources-none"] {
        let rows = recorded(name).await.resources().await.unwrap();
        let guests = rows
            .iter()
            .filter(|row| matches!(row, ResourceRow::Lxc(_) | ResourceRow::Qemu(_)));
        assert_eq!(guests.count(), 0);
    }
    for name in ["access-permissions-sep", "access-permissions-none"] {
        let permissions = recorded(name).await.permissions().await.unwrap();
        assert!(permissions.is_empty());
        assert!(check_privileges(&permissions).iter().all(|c| !c.granted));
    }
}

#[tokio::test]
async fn permissions_that_are_enough() {
    for name in [
        "access-permissions-full",
        "access-permissions-agent",
        "access-permissions-ro",
    ] {
        let permissions = recorded(name).await.permissions().await.unwrap();
        assert!(!permissions.is_empty());
        for check in check_privileges(&permissions) {
            assert!(check.granted, "{name}: {}", check.name);
        }
        let power = permissions.holds("/vms/100", "VM.PowerMgmt");
        assert_eq!(power, name != "access-permissions-ro");
    }
}

#[tokio::test]
async fn status_of_a_stand_alone_node() {
    let client = recorded("cluster-status-full").await;
    let status = client.cluster_status().await.unwrap();
    assert_eq!(status.cluster, None);
    assert_eq!(status.members.len(), 1);
    assert!(status.members[0].local && status.members[0].online);
    assert_eq!(status.members[0].ip.unwrap().to_string(), "10.98.7.1");
}

#[tokio::test]
async fn a_missing_privilege_is_named_with_its_path() {
    let refused = |name: &'static str| async move {
        match recorded(name).await.cluster_status().await.unwrap_err() {
            Error::Forbidden {
                path, privilege, ..
            } => (path.unwrap(), privilege.unwrap()),
            other => panic!("{other:?}"),
        }
    };
    let expected = ("/".into(), "Sys.Audit".into());
    assert_eq!(refused("cluster-status-none").await, expected);
    let expected = ("/vms/100".into(), "VM.Audit".into());
    assert_eq!(refused("err-vmid-noperm").await, expected);
    let expected = ("/nodes/pve1".into(), "Sys.Audit".into());
    assert_eq!(refused("task-none").await, expected);
    let (path, privileges) = refused("cmode-403").await;
    assert_eq!(path, "/vms/102");
    assert!(privileges.ends_with("|VM.Config.Options"), "{privileges}");
}

#[tokio::test]
async fn configurations() {
    let node = Node::answering(Reply::recorded("lxc-100-config")).await;
    let config = node.client().lxc_config(&pve1(), vmid(100)).await.unwrap();
    assert_eq!(node.asked(), ["GET /api2/json/nodes/pve1/lxc/100/config"]);
    assert_eq!(config.hostname.as_deref(), Some("web"));
    assert_eq!(config.ostype.as_deref(), Some("debian"));
    assert!(config.unprivileged && !config.template);
    assert_eq!(config.tags, ["prod", "web"]);
    assert_eq!(config.features["nesting"], "1");
    assert_eq!(config.macs(), ["bc:24:11:4d:0d:f5"]);
    assert_eq!(config.networks[0].name.as_deref(), Some("eth0"));
    assert_eq!(config.static_address().unwrap().to_string(), "10.98.7.100");
    assert_eq!(config.rootfs.unwrap().storage(), Some("btr"));
    assert_eq!(
        config.digest.as_deref(),
        Some("e598c7df4fb3fac25d581a2a7b63e27286c5334f")
    );
    assert_eq!(config.cmode, None);

    let client = recorded("lxc-100-config-pending-cmode").await;
    let config = client.lxc_config(&pve1(), vmid(100)).await.unwrap();
    assert_eq!(config.cmode.as_deref(), Some("shell"));
    let client = recorded("lxc-101-config").await;
    let config = client.lxc_config(&pve1(), vmid(101)).await.unwrap();
    assert_eq!(config.hostname.as_deref(), Some("stopped1"));
}

#[tokio::test]
async fn what_is_in_force_and_what_waits_for_the_next_start() {
    let node = Node::answering(Reply::recorded("lxc-100-config")).await;
    let client = node.client();
    let config = client.lxc_config_current(&pve1(), vmid(100)).await.unwrap();
    let path = "GET /api2/json/nodes/pve1/lxc/100/config?current=1";
    assert_eq!(node.asked(), [path]);
    assert_eq!((config.cores, config.cpulimit), (Some(1), None));
    assert_eq!((config.memory, config.swap), (Some(256), Some(0)));
    assert_eq!(config.feature_list(), ["nesting=1"]);
    let mounts = config.all_mounts();
    assert_eq!(mounts.len(), 1);
    assert_eq!(mounts[0].path.as_deref(), Some("/"));
    assert_eq!(mounts[0].volume.size.as_deref(), Some("1G"));
    assert_eq!(snapshot_obstacle(&config), None);

    let settled = recorded("lxc-100-pending").await;
    let rows = settled.lxc_pending(&pve1(), vmid(100)).await.unwrap();
    assert!(rows.iter().all(|row| !row.changes()));
    assert_eq!(rows[0].key, "arch");
    let waiting = recorded("lxc-100-pending-cmode").await;
    let rows = waiting.lxc_pending(&pve1(), vmid(100)).await.unwrap();
    let changing: Vec<_> = rows.iter().filter(|row| row.changes()).collect();
    assert_eq!(changing.len(), 1);
    assert_eq!(changing[0].key, "cmode");
    assert_eq!(changing[0].pending.as_deref(), Some("shell"));
}

#[tokio::test]
async fn whether_a_guest_can_be_snapshotted() {
    let node = Node::answering(Reply::recorded("lxc-100-feature-feature-snapshot")).await;
    let possible = node.client().snapshot_feature(&pve1(), vmid(100)).await;
    assert!(possible.unwrap());
    let path = "GET /api2/json/nodes/pve1/lxc/100/feature?feature=snapshot";
    assert_eq!(node.asked(), [path]);
    let client = recorded("feature-101").await;
    assert!(!client.snapshot_feature(&pve1(), vmid(101)).await.unwrap());
}

#[tokio::test]
async fn what_a_node_says_of_itself() {
    let client = recorded("nodes-pve1-status-full").await;
    let status = client.node_status(&pve1()).await.unwrap();
    assert_eq!(status.version.as_deref(), Some("8.4.21"));
    assert_eq!(status.kernel.as_deref(), Some("6.18.44-fc-v657"));
    assert_eq!(status.processor.as_deref(), Some("AMD EPYC"));
    assert_eq!(status.cpus, Some(2));
    assert_eq!(status.load, ["2.31", "4.03", "3.40"]);
    let disk = Usage {
        used: 23_842_111_488,
        total: 270_553_174_016,
    };
    assert_eq!(status.root_disk, Some(disk));
    assert_eq!(status.memory.unwrap().total, 25_276_510_208);
    assert_eq!(status.uptime, Some(1693));
    let client = recorded("nodes-pve1-status-none").await;
    let refused = client.node_status(&pve1()).await;
    assert!(
        matches!(&refused, Err(Error::Forbidden { path: Some(path), .. }) if path == "/nodes/pve1"),
        "{refused:?}"
    );
    let node = Node::answering(Reply::recorded("version")).await;
    let version = node.client().node_version(&pve1()).await.unwrap();
    assert_eq!(version.version, "8.4.21");
    assert_eq!(node.asked(), ["GET /api2/json/nodes/pve1/version"]);
}

#[tokio::test]
async fn where_a_nodes_packages_come_from() {
    let client = recorded("apt-repositories").await;
    let repositories = client.apt_repositories(&pve1()).await.unwrap();
    assert_eq!(repositories.rows.len(), 2);
    assert!(repositories.rows[0].enabled);
    assert_eq!(repositories.rows[0].components, ["main"]);
    assert_eq!(repositories.standard[0].handle, "enterprise");
    assert_eq!(repositories.standard[0].enabled, None);
    let word = r#"{"data":{"status":"notfound","message":"There is no subscription key"}}"#;
    let node = Node::answering(Reply::ok(word)).await;
    let word = node.client().subscription(&pve1()).await.unwrap();
    assert_eq!(node.asked(), ["GET /api2/json/nodes/pve1/subscription"]);
    assert_eq!(
        repository_verdict(&repositories, word.as_deref()),
        RepositoryVerdict::Missing
    );
    let client = recorded("apt-versions").await;
    let versions = client.apt_versions(&pve1()).await.unwrap();
    let installed = |name: &str| {
        let row = versions.iter().find(|row| row.package == name);
        row.and_then(|row| row.installed.clone())
    };
    assert_eq!(installed("corosync").as_deref(), Some("3.1.7-1+deb12u2"));
    assert_eq!(installed("ceph-fuse"), None);
}

#[tokio::test]
async fn when_the_token_expires() {
    let body = r#"{"data":{"privsep":1,"expire":1795379245,"comment":"desktop app"}}"#;
    let node = Node::answering(Reply::ok(body)).await;
    let end = node.client().token_expiry().await.unwrap();
    assert_eq!(end, Some(Timestamp(1_795_379_245_000)));
    let path = "GET /api2/json/access/users/redflag%40pve/token/desktop";
    assert_eq!(node.asked(), [path]);
    let never = Node::answering(Reply::ok(r#"{"data":{"privsep":1,"expire":0}}"#)).await;
    assert_eq!(never.client().token_expiry().await.unwrap(), None);
}

#[tokio::test]
async fn interfaces_of_a_running_and_of_a_stopped_guest() {
    let client = recorded("lxc-100-interfaces").await;
    let interfaces = client.lxc_interfaces(&pve1(), vmid(100)).await.unwrap();
    let interfaces = interfaces.unwrap();
    assert_eq!(interfaces.len(), 2);
    assert_eq!(
        best_address(&interfaces, &[]).unwrap().to_string(),
        "10.98.7.100"
    );
    let client = recorded("stopped-interfaces").await;
    let none = client.lxc_interfaces(&pve1(), vmid(101)).await.unwrap();
    assert_eq!(none, None);
}

#[tokio::test]
async fn present_states() {
    let client = recorded("lxc-100-status-current").await;
    let status = client.lxc_status(&pve1(), vmid(100)).await.unwrap();
    assert_eq!(status.power, Power::Running);
    assert_eq!(status.uptime, Some(21));
    assert!(!status.ha.managed);
    assert_eq!(status.tags, ["prod", "web"]);
    let client = recorded("stopped-status").await;
    let status = client.lxc_status(&pve1(), vmid(101)).await.unwrap();
    assert_eq!(status.power, Power::Stopped);
}

#[tokio::test]
async fn tasks() {
    let node = Node::answering(Reply::recorded("task-status-running")).await;
    let status = node.client().task_status(&task()).await.unwrap();
    assert_eq!(status, TaskStatus::Running);
    assert_eq!(
        node.asked(),
        [
            "GET /api2/json/nodes/pve1/tasks/UPID%3Apve1%3A000003FF%3A0002BEEE%3A6B03502D%3Avzreboot%3A100%3Amgr%40pve%21agent%3A/status"
        ]
    );
    let status = |name: &'static str| async move {
        recorded(name).await.task_status(&task()).await.unwrap()
    };
    assert_eq!(
        status("task-status-done").await,
        TaskStatus::Ended(TaskEnd::Done)
    );
    assert_eq!(
        status("snap-create-101-dir-task").await,
        TaskStatus::Ended(TaskEnd::Failed("snapshot feature is not available".into()))
    );
    let log = recorded("task-log")
        .await
        .task_log(&task(), 0)
        .await
        .unwrap();
    assert_eq!(log.total, Some(1));
    assert_eq!(log.lines[0].text, "TASK OK");
    let gone = recorded("task-unknown").await.task_status(&task()).await;
    assert!(matches!(gone, Err(Error::Gone { .. })), "{gone:?}");
    let bad = recorded("task-badupid").await.task_status(&task()).await;
    assert!(
        matches!(&bad, Err(Error::Remote { status: 400, errors, .. }) if errors["upid"] == "unable to parse worker upid"),
        "{bad:?}"
    );
}

#[tokio::test]
async fn refusals_keep_proxmoxs_own_words() {
    let error = |name: &'static str| async move {
        let client = recorded(name).await;
        client.lxc_config(&pve1(), vmid(999)).await.unwrap_err()
    };
    let gone = error("err-unknown-vmid-config").await;
    assert!(
        matches!(&gone, Error::Gone { words } if words == "Configuration file 'nodes/pve1/lxc/999.conf' does not exist"),
        "{gone:?}"
    );
    let gone = error("err-unknown-node").await;
    assert!(matches!(gone, Error::Gone { .. }), "{gone:?}");
    let missing = error("err-unknown-path").await;
    assert!(
        matches!(missing, Error::NotImplemented { .. }),
        "{missing:?}"
    );
    let remote = error("err-start-running").await;
    assert_eq!(
        remote.to_string(),
        "Proxmox answers 500: CT 100 already running"
    );
    let remote = error("err-bad-param-extra").await.to_string();
    assert!(
        remote.contains("400") && remote.contains("foo: property"),
        "{remote}"
    );
}
