//! What the transcripts do not show: envelopes, releases, proxying, certificates, faults, and the world's controls.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common;

use std::time::Duration;

use common::{Client, entry, recorded};
use lab::{
    Fault, Lab, Options, Rule, Scenario, Where,
    scenario::{guest, packages},
    world::{Down, Profile},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

async fn small(options: Options) -> Lab {
    Lab::start(Scenario::small(), options).await.expect("a lab")
}

async fn desktop(lab: &Lab, node: usize) -> Client {
    let cluster = &lab.facts().clusters[0];
    Client::connect(
        cluster,
        cluster.nodes[node].address,
        Some("redflag@pve!desktop"),
    )
    .await
}

fn by_id(list: &Value, id: &str) -> Option<Value> {
    list.as_array()?.iter().find(|row| row["id"] == id).cloned()
}

#[tokio::test]
async fn extjs_says_200_and_tells_the_error_in_the_body() {
    let lab = recorded(Options::quick()).await;
    let (cluster, address) = entry(&lab);
    let mut client = Client::connect(cluster, address, Some("ro@pve!audit")).await;
    let good = client
        .send("GET", "/api2/extjs/version", &[], "")
        .await
        .json();
    assert_eq!(good["success"], 1);
    assert_eq!(good["data"]["release"], "8.4");
    let path = "/api2/extjs/nodes/pve1/lxc/101/status/start";
    let bad = client.send("POST", path, &[], "").await;
    assert_eq!(bad.status(), 200);
    assert_eq!(
        bad.json(),
        json!({
            "success": 0,
            "status": 403,
            "data": null,
            "message": "Permission check failed (/vms/101, VM.PowerMgmt)\n",
        })
    );
    let wrong = client
        .send("GET", "/api2/extjs/cluster/resources?type=pool", &[], "")
        .await
        .json();
    assert_eq!(wrong["status"], 400);
    assert!(wrong["errors"]["type"].is_string());
}

#[tokio::test]
async fn a_refused_token_waits_for_its_answer() {
    let slow = Options {
        refusal_delay: Duration::from_millis(200),
        ..Options::quick()
    };
    let lab = recorded(slow).await;
    let (cluster, address) = entry(&lab);
    let began = Instant::now();
    let is = Client::connect(cluster, address, None)
        .await
        .get("/version")
        .await;
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert_eq!(is.status_line, "HTTP/1.1 401 No ticket");
    let open = Client::connect(cluster, address, None)
        .await
        .get("/access/domains")
        .await;
    assert_eq!(open.status(), 200);
}

#[tokio::test]
async fn releases_differ_where_the_real_ones_do() {
    for (profile, text_vmid, message, interfaces) in [
        (Profile::V7_4, true, false, 501),
        (Profile::V8_1, true, false, 200),
        (Profile::V8_4, false, true, 200),
        (Profile::V9_2, false, true, 200),
    ] {
        let lab = Lab::start(Scenario::small().of_release(profile), Options::quick())
            .await
            .unwrap();
        let list = desktop(&lab, 0).await.get("/nodes/pve1/lxc").await.data();
        assert_eq!(list[0]["vmid"].is_string(), text_vmid, "{profile:?}");
        let error = desktop(&lab, 0)
            .await
            .get("/nodes/pve1/lxc/999/config")
            .await;
        assert_eq!(
            error.status_line,
            "HTTP/1.1 500 Configuration file 'nodes/pve1/lxc/999.conf' does not exist"
        );
        assert_eq!(
            error.json().get("message").is_some(),
            message,
            "{profile:?}"
        );
        let faces = desktop(&lab, 0)
            .await
            .get("/nodes/pve1/lxc/100/interfaces")
            .await;
        assert_eq!(faces.status(), interfaces, "{profile:?}");
        if interfaces == 200 {
            let full = profile != Profile::V8_1;
            assert_eq!(
                faces.data()[1].get("ip-addresses").is_some(),
                full,
                "{profile:?}"
            );
        }
        let version = desktop(&lab, 0).await.get("/version").await.data();
        assert_eq!(version["release"], profile.release());
    }
}

#[tokio::test]
async fn any_node_answers_for_all_and_an_unreachable_one_gives_595() {
    let lab = small(Options::quick()).await;
    let through = desktop(&lab, 1)
        .await
        .get("/nodes/pve1/lxc/100/config")
        .await;
    assert_eq!(through.data()["hostname"], "web");
    let local = desktop(&lab, 1)
        .await
        .get("/nodes/localhost/lxc")
        .await
        .data();
    assert_eq!(local[0]["name"], "db");
    let elsewhere = desktop(&lab, 0)
        .await
        .get("/nodes/pve2/lxc/100/config")
        .await;
    assert_eq!(elsewhere.status(), 500);

    lab.take_down("small", "pve2", Down::NoRoute).unwrap();
    let gone = desktop(&lab, 0)
        .await
        .get("/nodes/pve2/lxc/102/config")
        .await;
    assert_eq!(gone.status_line, "HTTP/1.1 595 No route to host");
    assert_eq!(gone.body, "");
    let list = desktop(&lab, 0)
        .await
        .get("/cluster/resources")
        .await
        .data();
    assert_eq!(by_id(&list, "node/pve2").unwrap()["status"], "offline");
    // The last known picture of its guests stays for a while.
    assert_eq!(by_id(&list, "lxc/102").unwrap()["name"], "db");
    let status = desktop(&lab, 0).await.get("/cluster/status").await.data();
    assert_eq!(by_id(&status, "node/pve2").unwrap()["online"], 0);
    assert_eq!(by_id(&status, "cluster").unwrap()["quorate"], 0);
}

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
async fn plain_http_is_sent_to_https() {
    let lab = small(Options::quick()).await;
    let address = lab.facts().clusters[0].nodes[0].address;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /api2/json/version HTTP/1.1\r\nHost: pve1:8006\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 301 "), "{answer}");
    assert!(
        answer.contains("\r\nLocation: https://pve1:8006/api2/json/version\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn certificates_are_described_renewed_and_changed() {
    let lab = small(Options::quick()).await;
    let facts = &lab.facts().clusters[0];
    let rows = desktop(&lab, 0)
        .await
        .get("/nodes/pve1/certificates/info")
        .await
        .data();
    let row = |rows: &Value, file: &str| {
        let found = rows
            .as_array()
            .unwrap()
            .iter()
            .find(|r| r["filename"] == file);
        found.cloned().unwrap()
    };
    assert_eq!(
        row(&rows, "pve-ssl.pem")["fingerprint"],
        facts.nodes[0].fingerprint.to_string()
    );
    assert_eq!(row(&rows, "pve-root-ca.pem")["pem"], facts.ca_pem.as_str());
    let list = desktop(&lab, 1).await.get("/nodes").await.data();
    let shown = by_id(&list, "node/pve1").unwrap()["ssl_fingerprint"].clone();
    assert_eq!(shown, facts.nodes[0].fingerprint.to_string());

    let renewed = lab.renew_certificate("small", "pve1").unwrap();
    assert_ne!(renewed, facts.nodes[0].fingerprint);
    // The client trusts the cluster's CA only, so this would fail with a stranger's certificate.
    let rows = desktop(&lab, 0)
        .await
        .get("/nodes/pve1/certificates/info")
        .await
        .data();
    assert_eq!(
        row(&rows, "pve-ssl.pem")["fingerprint"],
        renewed.to_string()
    );

    lab.change_certificate("small", "pve1").unwrap();
    let attempt = tokio::spawn({
        let (facts, address) = (facts.clone(), facts.nodes[0].address);
        async move { drop(Client::connect(&facts, address, None).await) }
    });
    assert!(
        attempt.await.is_err(),
        "a stranger's certificate was accepted"
    );
}

#[tokio::test]
async fn tokens_can_be_revoked() {
    let lab = small(Options::quick()).await;
    assert_eq!(desktop(&lab, 0).await.get("/version").await.status(), 200);
    lab.revoke_token("small", "redflag@pve!desktop").unwrap();
    assert_eq!(desktop(&lab, 0).await.get("/version").await.status(), 401);
}

#[tokio::test]
async fn faults_happen_where_they_are_put() {
    let lab = small(Options::quick()).await;
    let on = |path: &str| Where {
        path: Some(path.into()),
        ..Where::default()
    };
    let refused = Fault::Answer {
        status: 596,
        reason: "Connection timed out".into(),
    };
    lab.faults()
        .add(Rule::always(refused).at(on("/version")).times(1));
    lab.faults().add(
        Rule::always(Fault::CutBody)
            .at(on("/cluster/status"))
            .times(1),
    );
    lab.faults().add(
        Rule::always(Fault::CutBefore)
            .at(on("/status/stop"))
            .times(1),
    );
    let is = desktop(&lab, 0).await.get("/version").await;
    assert_eq!(is.status_line, "HTTP/1.1 596 Connection timed out");
    assert_eq!(is.body, "");
    assert_eq!(desktop(&lab, 0).await.get("/version").await.status(), 200);
    assert_eq!(
        desktop(&lab, 0).await.get("/cluster/status").await.body,
        "cut"
    );
    let stop = "/api2/json/nodes/pve1/lxc/100/status/stop";
    let is = desktop(&lab, 0).await.send("POST", stop, &[], "").await;
    assert_eq!(is.status_line, "");
    assert!(lab.world().read(|w| w.clusters[0].tasks.is_empty()));
    lab.faults()
        .add(Rule::always(Fault::Cut).at(on("/status/stop")).times(1));
    let is = desktop(&lab, 0).await.send("POST", stop, &[], "").await;
    assert_eq!(is.status_line, "");
    // The answer was lost, the work was not.
    assert_eq!(lab.world().read(|w| w.clusters[0].tasks.len()), 1);
    assert_eq!(lab.faults().happened(), 4);
}

#[tokio::test]
async fn a_silent_node_keeps_the_connection_and_says_nothing() {
    let lab = small(Options::quick()).await;
    lab.faults().add(Rule::always(Fault::Silent));
    let mut client = desktop(&lab, 0).await;
    let wait = tokio::time::timeout(Duration::from_millis(200), client.get("/version"));
    assert!(wait.await.is_err());
    // Even so the lab can be stopped.
    lab.stop().await;
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
            "pve1 103 syncthing running backup 2/0",
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
