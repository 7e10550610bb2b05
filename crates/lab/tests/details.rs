//! What clusters, nodes and guests tell of themselves beyond the lists, release by release.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common;

use common::{by_id, desktop, entry, recorded, small};
use lab::{
    Lab, Options, Scenario,
    conformance::shape,
    scenario::guest,
    world::{Interface, Profile},
};
use serde_json::{Value, json};

async fn of_release(profile: Profile) -> Lab {
    Lab::start(Scenario::small().of_release(profile), Options::quick())
        .await
        .unwrap()
}

fn row<'a>(rows: &'a Value, key: &str, value: &str) -> &'a Value {
    rows.as_array()
        .unwrap()
        .iter()
        .find(|r| r[key] == value)
        .unwrap()
}

#[tokio::test]
async fn a_node_tells_its_state_as_its_release_does() {
    for (profile, kernel, available) in [
        (Profile::V7_4, false, false),
        (Profile::V8_1, true, false),
        (Profile::V8_4, true, false),
        (Profile::V9_2, true, true),
    ] {
        let lab = of_release(profile).await;
        let mut client = desktop(&lab, 0).await;
        let status = client.get("/nodes/pve1/status").await.data();
        assert_eq!(status.get("current-kernel").is_some(), kernel);
        assert_eq!(status["memory"].get("available").is_some(), available);
        assert!(status["loadavg"][0].is_string());
        let manager = status["pveversion"].as_str().unwrap().to_owned();
        assert!(manager.contains(profile.version()), "{manager}");
        let packages = client.get("/nodes/pve1/apt/versions").await.data();
        let own = row(&packages, "Package", "pve-manager");
        assert_eq!(own["OldVersion"], profile.version());
        assert!(row(&packages, "Package", "proxmox-ve")["RunningKernel"].is_string());
        // What is only recommended has no installed version.
        assert_eq!(row(&packages, "Package", "swtpm").get("OldVersion"), None);
    }
}

#[tokio::test]
async fn nodes_of_one_cluster_may_run_different_releases() {
    let mut scenario = Scenario::small();
    scenario.world.clusters[0].nodes[1].profile = Some(Profile::V7_4);
    let lab = Lab::start(scenario, Options::quick()).await.unwrap();
    let mut client = desktop(&lab, 0).await;
    assert_eq!(client.get("/version").await.data()["release"], "8.4");
    let other = client.get("/nodes/pve2/version").await.data();
    assert_eq!(other["version"], "7.4-17");
    let own = desktop(&lab, 1).await.get("/version").await.data();
    assert_eq!(own["version"], "7.4-17");
    // What the older node cannot do, nobody can ask it for.
    let path = "/nodes/pve2/lxc/102/interfaces";
    assert_eq!(client.get(path).await.status(), 501);
    assert_eq!(
        lab.facts().clusters[0].nodes[1].version,
        "7.4-17 (from sources)"
    );
    let text = lab.facts().to_string();
    assert!(text.contains("7.4-17 (from sources)"), "{text}");
    assert!(text.contains("Proxmox VE 8.4.21)"), "{text}");
}

#[tokio::test]
async fn every_release_that_was_not_measured_says_so() {
    for profile in [Profile::V7_4, Profile::V8_1, Profile::V9_2] {
        let label = profile.label();
        assert!(label.ends_with(" (from sources)"), "{label}");
    }
    assert_eq!(Profile::V8_4.label(), "8.4.21");
}

#[tokio::test]
async fn subscription_and_repositories_follow_the_node() {
    let lab = small(Options::quick()).await;
    let mut client = desktop(&lab, 0).await;
    let none = client.get("/nodes/pve1/subscription").await.data();
    assert_eq!(none["status"], "notfound");
    assert!(none["serverid"].is_string());
    let standard = |data: &Value, handle: &str| {
        row(&data["standard-repos"], "handle", handle)
            .get("status")
            .cloned()
    };
    let data = client.get("/nodes/pve1/apt/repositories").await.data();
    assert_eq!(standard(&data, "no-subscription"), Some(json!(1)));
    assert_eq!(standard(&data, "enterprise"), None);
    lab.node("small", "pve1", |n| {
        n.subscription = "active".into();
        n.repositories = [("enterprise".into(), true), ("test".into(), false)].into();
    })
    .unwrap();
    let data = client.get("/nodes/pve1/apt/repositories").await.data();
    assert_eq!(standard(&data, "enterprise"), Some(json!(1)));
    assert_eq!(standard(&data, "test"), Some(json!(0)));
    assert_eq!(standard(&data, "no-subscription"), None);
    let active = client.get("/nodes/pve1/subscription").await.data();
    assert_eq!(
        (&active["status"], &active["level"]),
        (&json!("active"), &json!("c"))
    );
    // Without Sys.Audit the list of repositories is refused and the subscription is short.
    lab.set_role("small", "RedFlag", &["VM.Audit"]).unwrap();
    let mut client = desktop(&lab, 0).await;
    let short = client.get("/nodes/pve1/subscription").await.data();
    assert_eq!(short, json!({ "status": "active", "level": "c" }));
    let refused = client.get("/nodes/pve1/apt/repositories").await;
    assert_eq!(
        refused.status_line,
        "HTTP/1.1 403 Permission check failed (/nodes/pve1, Sys.Audit)"
    );
}

#[tokio::test]
async fn mounts_decide_whether_a_guest_can_be_snapshotted() {
    let lab = small(Options::quick()).await;
    let guests = [
        (
            guest(110, "plain", "pve1").volume("local-lvm", 8, "/data"),
            1,
        ),
        (guest(111, "bound", "pve1").bind("/tank/media", "/media"), 0),
        (guest(112, "dir", "pve1").volume("local", 8, "/data"), 0),
        (
            guest(113, "root", "pve1").with(|g| g.storage = "local".into()),
            0,
        ),
        (guest(114, "template", "pve1").template(), 0),
    ];
    for (planner, has) in guests {
        let guest = planner.build();
        let vmid = guest.vmid;
        lab.add_guest("small", guest).unwrap();
        let path = format!("/nodes/pve1/lxc/{vmid}/feature?feature=snapshot");
        let is = desktop(&lab, 0).await.get(&path).await.data();
        assert_eq!(is, json!({ "hasFeature": has }), "{vmid}");
    }
    let config = |vmid: u32| {
        let path = format!("/nodes/pve1/lxc/{vmid}/config");
        let lab = &lab;
        async move { desktop(lab, 0).await.get(&path).await.data() }
    };
    assert_eq!(
        config(110).await["mp0"],
        "local-lvm:vm-110-disk-1,mp=/data,size=8G"
    );
    assert_eq!(config(111).await["mp0"], "/tank/media,mp=/media");
}

#[tokio::test]
async fn a_guest_without_a_limit_has_all_cores_of_its_node() {
    let lab = small(Options::quick()).await;
    lab.guest("small", 100, |g| g.cores = 0).unwrap();
    let mut client = desktop(&lab, 0).await;
    let config = client.get("/nodes/pve1/lxc/100/config").await.data();
    assert_eq!(config.get("cores"), None);
    let list = client.get("/cluster/resources").await.data();
    assert_eq!(by_id(&list, "lxc/100").unwrap()["maxcpu"], 8);
}

#[tokio::test]
async fn ha_and_pool_show_in_the_list() {
    let lab = small(Options::quick()).await;
    let path = "/cluster/ha/status/current";
    let idle = desktop(&lab, 0).await.get(path).await.data();
    assert_eq!(idle.as_array().unwrap().len(), 1);
    assert_eq!(idle[0]["quorate"], 1);
    lab.guest("small", 100, |g| {
        g.ha = Some("started".into());
        g.pool = Some("apps".into());
    })
    .unwrap();
    let mut client = desktop(&lab, 0).await;
    let list = client.get("/cluster/resources").await.data();
    let web = by_id(&list, "lxc/100").unwrap();
    assert_eq!(
        (&web["hastate"], &web["pool"]),
        (&json!("started"), &json!("apps"))
    );
    assert_eq!(by_id(&list, "node/pve1").unwrap()["hastate"], "online");
    let now = client
        .get("/nodes/pve1/lxc/100/status/current")
        .await
        .data();
    assert_eq!(now["ha"], json!({ "managed": 1, "state": "started" }));
    let rows = client.get(path).await.data();
    let service = by_id(&rows, "service:ct:100").unwrap();
    assert_eq!(
        (&service["sid"], &service["node"]),
        (&json!("ct:100"), &json!("pve1"))
    );
    assert_eq!(by_id(&rows, "fencing"), None);
    lab.set_role("small", "RedFlag", &["VM.Audit"]).unwrap();
    let mut client = desktop(&lab, 0).await;
    assert_eq!(
        client.get(path).await.status_line,
        "HTTP/1.1 403 Permission check failed (/, Sys.Audit)"
    );
    // Nor is the pool shown to those who may not see it.
    let list = desktop(&lab, 0)
        .await
        .get("/cluster/resources")
        .await
        .data();
    assert_eq!(by_id(&list, "lxc/100").unwrap().get("pool"), None);
}

#[tokio::test]
async fn the_newest_release_tells_of_fencing() {
    let lab = of_release(Profile::V9_2).await;
    lab.guest("small", 100, |g| g.ha = Some("started".into()))
        .unwrap();
    let rows = desktop(&lab, 0)
        .await
        .get("/cluster/ha/status/current")
        .await
        .data();
    assert_eq!(by_id(&rows, "fencing").unwrap()["armed-state"], "armed");
}

#[tokio::test]
async fn addresses_come_in_the_layout_of_the_release() {
    let bridge = Interface {
        name: "docker0".into(),
        mac: "02:42:ac:11:00:01".into(),
        addresses: vec![("172.17.0.1".parse().unwrap(), 16)],
    };
    for (profile, full) in [(Profile::V8_1, false), (Profile::V8_4, true)] {
        let lab = of_release(profile).await;
        lab.guest("small", 100, |g| g.interfaces.push(bridge.clone()))
            .unwrap();
        let path = "/nodes/pve1/lxc/100/interfaces";
        let list = desktop(&lab, 0).await.get(path).await.data();
        assert_eq!(row(&list, "name", "docker0")["inet"], "172.17.0.1/16");
        let eth0 = row(&list, "name", "eth0");
        assert_eq!(eth0["inet"], "10.98.7.100/24");
        assert_eq!(eth0.get("ip-addresses").is_some(), full);
        lab.guest("small", 100, |g| g.addressless = true).unwrap();
        let list = desktop(&lab, 0).await.get(path).await.data();
        let eth0 = row(&list, "name", "eth0");
        assert_eq!(eth0.get("inet"), None);
        assert_eq!(eth0.get("ip-addresses"), full.then_some(&json!([])));
    }
    let lab = of_release(Profile::V7_4).await;
    let is = desktop(&lab, 0)
        .await
        .get("/nodes/pve1/lxc/100/interfaces")
        .await;
    assert_eq!(
        is.status_line,
        "HTTP/1.1 501 Method 'GET /nodes/pve1/lxc/100/interfaces' not implemented"
    );
    let config = desktop(&lab, 0)
        .await
        .get("/nodes/pve1/lxc/100/config")
        .await
        .data();
    assert!(
        config["net0"]
            .as_str()
            .unwrap()
            .contains("ip=10.98.7.100/24")
    );
}

#[tokio::test]
async fn the_recorded_nodes_packages_are_debians() {
    let lab = recorded(Options::quick()).await;
    let (cluster, address) = entry(&lab);
    let mut client = common::Client::connect(cluster, address, Some("root@pam!full")).await;
    let rows = client.get("/nodes/pve1/apt/versions").await.data();
    assert!(
        rows.as_array()
            .unwrap()
            .iter()
            .all(|r| r["Origin"] == "Debian")
    );
    assert!(shape(&rows).contains("OldVersion:text"));
}
