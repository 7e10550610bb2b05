//! The world's controls, the scenarios, and the facts that are handed out.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common;

use std::time::Duration;

use common::{Client, by_id, desktop, small};
use lab::{
    Lab, Options, Scenario,
    scenario::{guest, packages},
    world::Down,
};
use serde_json::json;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_node_that_goes_down_refuses_connections_until_it_is_up_again() {
    let lab = small(Options::quick()).await;
    let address = lab.facts().clusters[0].nodes[1].address;
    let ssh = lab.facts().clusters[0].nodes[1]
        .ssh
        .as_ref()
        .unwrap()
        .address;
    let mut kept = desktop(&lab, 1).await;
    lab.take_down("small", "pve2", Down::Refused).unwrap();
    // The old connection ends, and no new one begins.
    let cut = tokio::time::timeout(Duration::from_secs(20), kept.get("/version"));
    assert_eq!(cut.await.unwrap().status_line, "");
    for place in [address, ssh] {
        while TcpStream::connect(place).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
    lab.bring_up("small", "pve2").unwrap();
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(desktop(&lab, 1).await.get("/version").await.status(), 200);
}

#[tokio::test]
async fn statistics_lag_behind_and_vanish_with_their_node() {
    let slow = Options {
        statistics: Duration::from_secs(3600),
        ..Options::quick()
    };
    let lab = small(slow).await;
    lab.stop_guest("small", 100).unwrap();
    let list = desktop(&lab, 0)
        .await
        .get("/cluster/resources?type=vm")
        .await
        .data();
    assert_eq!(by_id(&list, "lxc/100").unwrap()["status"], "running");
    let live = desktop(&lab, 0)
        .await
        .get("/nodes/pve1/lxc/100/status/current")
        .await
        .data();
    assert_eq!(live["status"], "stopped");
    lab.add_guest("small", guest(105, "fresh", "pve1").build())
        .unwrap();
    let list = desktop(&lab, 0)
        .await
        .get("/cluster/resources?type=vm")
        .await
        .data();
    let fresh = by_id(&list, "lxc/105").unwrap();
    assert_eq!(fresh["status"], "unknown");
    assert_eq!(fresh.get("name"), None);
    lab.broadcast();
    let list = desktop(&lab, 0)
        .await
        .get("/cluster/resources?type=vm")
        .await
        .data();
    assert_eq!(by_id(&list, "lxc/100").unwrap()["status"], "stopped");
    assert_eq!(by_id(&list, "lxc/105").unwrap()["name"], "fresh");
}

#[tokio::test]
async fn guests_can_be_moved_locked_added_and_destroyed() {
    let lab = small(Options::quick()).await;
    lab.migrate_guest("small", 100, "pve2").unwrap();
    lab.lock_guest("small", 100, Some("backup")).unwrap();
    lab.remove_guest("small", 101).unwrap();
    let list = desktop(&lab, 0)
        .await
        .get("/cluster/resources?type=vm")
        .await
        .data();
    let web = by_id(&list, "lxc/100").unwrap();
    assert_eq!(
        (&web["node"], &web["lock"]),
        (&json!("pve2"), &json!("backup"))
    );
    assert_eq!(by_id(&list, "lxc/101"), None);
    assert!(lab.stop_guest("small", 101).is_err());
    let config = desktop(&lab, 0)
        .await
        .get("/nodes/pve2/lxc/100/config")
        .await
        .data();
    assert_eq!(config["lock"], "backup");
}

#[tokio::test]
async fn the_demo_is_the_one_of_the_issue() {
    let lab = Lab::start(Scenario::demo(), Options::quick())
        .await
        .unwrap();
    let rows = |name: &str| {
        let cluster = lab.facts().cluster(name).unwrap();
        let guests = cluster.guests.iter();
        let text = guests.map(|g| {
            let state = match (g.template, g.running) {
                (true, _) => "template",
                (_, true) => "running",
                (_, false) => "stopped",
            };
            let lock = g.lock.as_deref().unwrap_or("-");
            format!(
                "{} {} {} {state} {lock} {}/{}",
                g.node, g.vmid, g.name, g.updates, g.security
            )
        });
        text.collect::<Vec<_>>()
    };
    assert_eq!(
        rows("Homelab Cluster 1"),
        [
            "pve1 100 ubuntu-docker-01 running - 2/0",
            "pve1 101 debian-pihole running - 1/0",
            "pve1 102 ubuntu-dev stopped - 0/0",
            "pve1 103 syncthing running - 2/0",
            "pve2 200 nextcloud running - 5/2",
            "pve2 201 mariadb running - 0/0",
            "pve2 900 tmpl-debian-12 template - 0/0",
        ]
    );
    let second = lab.facts().cluster("Homelab Cluster 2").unwrap();
    let online: Vec<_> = second
        .nodes
        .iter()
        .map(|n| (n.name.as_str(), n.online))
        .collect();
    assert_eq!(online, [("pve3", true), ("pve4", false)]);
    let mut client =
        Client::connect(second, second.nodes[0].address, Some("redflag@pve!desktop")).await;
    let list = client.get("/cluster/resources").await.data();
    assert_eq!(by_id(&list, "node/pve4").unwrap()["status"], "offline");
    let jellyfin = by_id(&list, "lxc/310").unwrap();
    assert_eq!(
        (&jellyfin["name"], &jellyfin["status"]),
        (&json!("jellyfin"), &json!("running"))
    );
    assert!(TcpStream::connect(second.nodes[1].address).await.is_err());
    assert_eq!(client.get("/nodes/pve4/lxc/310/config").await.status(), 595);
}

#[tokio::test]
async fn a_thousand_guests_start_and_answer() {
    let lab = Lab::start(Scenario::many(10, 3, 34), Options::quick())
        .await
        .unwrap();
    assert_eq!(lab.facts().clusters.len(), 10);
    for cluster in &lab.facts().clusters {
        let last = cluster.nodes.last().unwrap().address;
        let mut client = Client::connect(cluster, last, Some("redflag@pve!desktop")).await;
        let list = client.get("/cluster/resources?type=vm").await.data();
        assert_eq!(list.as_array().unwrap().len(), 102);
        let ports: Vec<u16> = cluster.nodes.iter().map(|n| n.address.port()).collect();
        if cfg!(target_os = "linux") {
            assert!(ports.iter().all(|p| *p == ports[0]), "{ports:?}");
        }
    }
    let pending: u32 = lab
        .facts()
        .clusters
        .iter()
        .flat_map(|c| &c.guests)
        .map(|g| g.updates)
        .sum();
    assert!(pending > 1000, "{pending}");
    lab.stop().await;
}

#[tokio::test]
async fn facts_are_written_for_the_owner_only() {
    let lab = small(Options::quick()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("facts.json");
    std::fs::write(&file, "old").unwrap();
    lab.facts().write(&file).unwrap();
    let read: lab::Facts = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(
        read.clusters[0].token.secret,
        lab.facts().clusters[0].token.secret
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(!format!("{:?}", lab.facts()).contains(&read.clusters[0].token.secret));
}

#[tokio::test]
async fn held_packages_are_not_counted_as_updates() {
    let lab = small(Options::quick()).await;
    let web = &lab.facts().clusters[0].guests[0];
    assert_eq!((web.updates, web.security), (3, 1));
    lab.guest("small", 100, |g| packages::hold(&mut g.machine, "curl"))
        .unwrap();
    let left = lab.world().read(|w| {
        let machine = &w.guest("small", 100).unwrap().machine;
        lab::guest::apt::updates(machine)
            .iter()
            .filter(|u| u.blocked.is_none())
            .count()
    });
    assert_eq!(left, 2);
}
