//! Faults one by one, and how old the lists are that a client gets.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common;

use std::time::{Duration, Instant};

use common::{by_id, desktop, small};
use lab::{Fault, Lab, Options, Rule, Where, world::Down};
use serde_json::Value;
use tokio::{io::AsyncReadExt, net::TcpStream};

async fn version(lab: &Lab) -> common::Transcript {
    desktop(lab, 0).await.get("/version").await
}

/// The error of the desktop's own client.
async fn seen(lab: &Lab) -> pve::Error {
    let facts = &lab.facts().clusters[0];
    let trust = tls::Trust {
        system: false,
        leaves: vec![facts.fingerprint],
        ca_pem: None,
    };
    let secret = facts.token.secret.clone().into();
    let token = pve::Token::new(facts.token.id.parse().unwrap(), secret).unwrap();
    let client = pve::Client::new(vec![facts.address.clone()], trust, token).unwrap();
    client.version().await.unwrap_err()
}

#[tokio::test]
async fn a_closed_api_refuses_while_the_node_is_up() {
    let lab = small(Options::quick()).await;
    lab.close_api("small", "pve2", true).unwrap();
    let address = lab.facts().clusters[0].nodes[1].address;
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let list = desktop(&lab, 0).await.get("/cluster/status").await.data();
    assert_eq!(by_id(&list, "node/pve2").unwrap()["online"], 1);
    let through = desktop(&lab, 0).await.get("/nodes/pve2/status").await;
    assert_eq!(through.status_line, "HTTP/1.1 595 Connection refused");
    lab.close_api("small", "pve2", false).unwrap();
    while TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(desktop(&lab, 1).await.get("/version").await.status(), 200);
}

#[tokio::test]
async fn a_reset_is_no_farewell() {
    let lab = small(Options::quick()).await;
    lab.faults().add(Rule::always(Fault::Reset));
    assert_eq!(version(&lab).await.status_line, "");
    let error = seen(&lab).await;
    assert!(matches!(error, pve::Error::MaybeSent { .. }), "{error:?}");
}

#[tokio::test]
async fn garbage_and_strange_bodies_are_answers_that_cannot_be_read() {
    let lab = small(Options::quick()).await;
    let deep = "[".repeat(100_000);
    for fault in [
        Fault::Garbage,
        Fault::Body("<html>login</html>".into()),
        Fault::Body(String::new()),
        Fault::Body(deep),
    ] {
        lab.faults().clear();
        lab.faults().add(Rule::always(fault.clone()));
        let error = seen(&lab).await;
        let fits = matches!(
            error,
            pve::Error::Protocol { .. } | pve::Error::MaybeSent { .. }
        );
        assert!(fits, "{error:?}");
    }
    let body = Fault::Body("{\"data\":7}".into());
    lab.faults().clear();
    lab.faults().add(Rule::always(body));
    assert_eq!(version(&lab).await.data(), Value::from(7));
}

#[tokio::test]
async fn slow_answers_come_whole() {
    let lab = small(Options::quick()).await;
    let time = Duration::from_millis(60);
    for fault in [Fault::Delay(time), Fault::SlowBody(time)] {
        lab.faults().clear();
        lab.faults().add(Rule::always(fault));
        let began = Instant::now();
        assert_eq!(version(&lab).await.data()["release"], "8.4");
        assert!(began.elapsed() >= time);
    }
}

#[tokio::test]
async fn an_injected_401_waits_like_a_true_one() {
    let pause = Duration::from_millis(120);
    let lab = small(Options {
        refusal_delay: pause,
        ..Options::quick()
    })
    .await;
    lab.faults().add(Rule::always(Fault::Answer {
        status: 401,
        reason: "Authentication failed!".into(),
    }));
    let began = Instant::now();
    let is = version(&lab).await;
    assert_eq!((is.status(), is.body.as_str()), (401, ""));
    assert!(began.elapsed() >= pause);
}

#[tokio::test]
async fn the_proxys_own_errors_have_no_body() {
    let lab = small(Options::quick()).await;
    for (status, reason) in [(595, "No route to host"), (596, "Broken pipe")] {
        lab.faults().clear();
        lab.faults().add(Rule::always(Fault::Answer {
            status,
            reason: reason.into(),
        }));
        let is = version(&lab).await;
        assert_eq!(is.status_line, format!("HTTP/1.1 {status} {reason}"));
        assert_eq!(is.body, "");
    }
}

#[tokio::test]
async fn a_truncated_body_ends_before_its_length() {
    let lab = small(Options::quick()).await;
    lab.faults().add(Rule::always(Fault::CutBody));
    assert_eq!(version(&lab).await.body, "cut");
}

#[tokio::test]
async fn one_node_may_fail_while_the_others_answer() {
    let lab = small(Options::quick()).await;
    let at = Where {
        node: Some("pve1".into()),
        ..Where::default()
    };
    lab.faults().add(Rule::always(Fault::Cut).at(at));
    assert_eq!(version(&lab).await.status_line, "");
    assert_eq!(desktop(&lab, 1).await.get("/version").await.status(), 200);
}

async fn status_of_web(lab: &Lab, node: usize) -> Value {
    let list = desktop(lab, node).await.get("/cluster/resources").await;
    by_id(&list.data(), "lxc/100").unwrap()["status"].clone()
}

#[tokio::test]
async fn a_node_shows_what_it_read_last_until_its_memory_is_too_old() {
    let lab = small(Options {
        statistics: Duration::from_secs(3600),
        list_cache: Duration::from_secs(3600),
        ..Options::quick()
    })
    .await;
    assert_eq!(status_of_web(&lab, 0).await, "running");
    lab.stop_guest("small", 100).unwrap();
    lab.broadcast();
    // Each node remembers for itself.
    assert_eq!(status_of_web(&lab, 0).await, "running");
    assert_eq!(status_of_web(&lab, 1).await, "stopped");
    let lab = small(Options {
        statistics: Duration::from_secs(3600),
        list_cache: Duration::from_millis(1),
        ..Options::quick()
    })
    .await;
    assert_eq!(status_of_web(&lab, 0).await, "running");
    lab.stop_guest("small", 100).unwrap();
    lab.broadcast();
    let patience = Duration::from_secs(20);
    let fresh = async { while status_of_web(&lab, 0).await != "stopped" {} };
    tokio::time::timeout(patience, fresh).await.unwrap();
}

#[test]
fn by_default_the_list_is_as_old_as_proxmoxs() {
    let options = Options::default();
    assert_eq!(options.statistics, Duration::from_secs(10));
    assert_eq!(options.list_cache, Duration::from_secs(2));
    assert_eq!(options.refusal_delay, Duration::from_secs(3));
}

#[tokio::test]
async fn a_node_that_dies_keeps_its_last_figures_and_tells_new_ones_when_it_is_back() {
    let lab = small(Options {
        statistics: Duration::from_secs(3600),
        ..Options::quick()
    })
    .await;
    lab.take_down("small", "pve2", Down::Refused).unwrap();
    let rows = desktop(&lab, 0)
        .await
        .get("/cluster/resources")
        .await
        .data();
    assert_eq!(by_id(&rows, "node/pve2").unwrap()["status"], "offline");
    assert_eq!(by_id(&rows, "lxc/102").unwrap()["status"], "running");
    lab.bring_up("small", "pve2").unwrap();
    lab.broadcast();
    let rows = desktop(&lab, 0)
        .await
        .get("/cluster/resources")
        .await
        .data();
    let node = by_id(&rows, "node/pve2").unwrap();
    assert_eq!(node["status"], "online");
    assert!(node["uptime"].as_i64().unwrap() < 3600);
}

#[tokio::test]
async fn requests_are_noted_with_time_node_and_path() {
    let lab = small(Options::quick()).await;
    let mut client = desktop(&lab, 1).await;
    client.get("/version").await;
    client.get("/cluster/resources?type=vm").await;
    let noted = lab.requests();
    let paths: Vec<_> = noted
        .iter()
        .map(|r| (r.node.as_str(), r.method.as_str(), r.path.as_str()))
        .collect();
    assert_eq!(
        paths,
        [
            ("pve2", "GET", "/api2/json/version"),
            ("pve2", "GET", "/api2/json/cluster/resources?type=vm"),
        ]
    );
    assert!(noted[0].at <= noted[1].at);
    assert_eq!((noted[0].cluster.as_str(), lab.connections()), ("small", 1));
    lab.forget_requests();
    assert_eq!((lab.requests().len(), lab.connections()), (0, 0));
}

#[tokio::test]
async fn latency_is_added_to_every_answer() {
    let latency = Duration::from_millis(30);
    let lab = small(Options::quick().with_latency(latency)).await;
    let mut client = desktop(&lab, 0).await;
    for _ in 0..2 {
        let began = Instant::now();
        client.get("/version").await;
        assert!(began.elapsed() >= latency);
    }
}

#[tokio::test]
async fn what_is_no_tls_is_turned_away() {
    let lab = small(Options::quick()).await;
    let address = lab.facts().clusters[0].nodes[0].address;
    let mut stream = TcpStream::connect(address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"SSH-2.0-x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty(), "{answer:?}");
}
