//! What the transcripts do not show: envelopes, releases, proxying, certificates and faults.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common;

use std::time::Duration;

use common::{Client, by_id, desktop, entry, recorded, small};
use lab::{
    Fault, Lab, Options, Rule, Scenario, Where,
    world::{Down, Profile},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

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
