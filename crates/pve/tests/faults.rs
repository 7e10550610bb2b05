//! Nodes that refuse, lie, break off or say nothing, and what is asked of whom afterwards.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::time::Duration;

use common::{Node, Reply, SECRET, client_of, nowhere, token};
use domain::{NodeName, Vmid};
use pve::{Client, ConnectKind, Error, Limits};
use tls::Trust;

const VERSION: &str = r#"{"data":{"version":"8.4.21","release":"8.4"}}"#;
const SOON: Duration = Duration::from_millis(60);

fn pve1() -> NodeName {
    "pve1".parse().unwrap()
}

fn vmid() -> Vmid {
    100.try_into().unwrap()
}

#[tokio::test]
async fn a_changed_certificate_is_shown_and_nothing_is_sent() {
    let node = Node::answering(Reply::ok(VERSION)).await;
    let other = Node::answering(Reply::ok(VERSION)).await;
    let trust = Trust {
        system: true,
        leaves: vec![other.pin],
        ca_pem: None,
    };
    let client = Client::new(vec![node.address.clone()], trust, token(SECRET)).unwrap();
    let error = client.version().await.unwrap_err();
    assert!(error.surely_not_done() && !error.is_passing());
    let Error::CertificateChanged {
        presented,
        certificate,
        address,
        ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!(*presented, node.pin);
    assert_eq!(*address, node.address);
    let certificate = certificate.as_ref().unwrap();
    assert_eq!(certificate.sha256, node.pin);
    assert_eq!(certificate.names, ["127.0.0.1"]);
    assert!(error.to_string().contains(&node.pin.to_string()), "{error}");
    assert!(node.asked().is_empty());
}

#[tokio::test]
async fn after_a_refused_token_nothing_more_is_asked_until_there_is_another() {
    let node = Node::with(|request| {
        if request.head.contains(SECRET) {
            Reply::recorded("version-bad-secret")
        } else {
            Reply::ok(VERSION)
        }
    })
    .await;
    let client = node.client();
    for _ in 0..3 {
        let error = client.version().await.unwrap_err();
        assert!(
            matches!(&error, Error::Unauthorised { words } if words == "Authentication failed!"),
            "{error:?}"
        );
    }
    assert!(matches!(
        client.nodes().await,
        Err(Error::Unauthorised { .. })
    ));
    assert_eq!(node.asked().len(), 1);
    client.set_token(token("another-secret")).unwrap();
    assert_eq!(client.version().await.unwrap().version, "8.4.21");
    assert_eq!(node.asked().len(), 2);
}

#[tokio::test]
async fn the_reason_of_a_refusal_is_kept_where_the_body_is_empty() {
    let client = Node::answering(Reply::recorded("version-anonymous"))
        .await
        .client();
    let error = client.version().await.unwrap_err();
    assert!(error.to_string().contains("(No ticket)"), "{error}");
}

#[tokio::test]
async fn the_next_address_is_asked_when_one_does_not_answer_and_stays_the_first() {
    let dead = nowhere().await;
    let node = Node::answering(Reply::ok(VERSION)).await;
    let client = node.client();
    client
        .set_addresses(vec![dead.clone(), node.address.clone()])
        .unwrap();
    // What answered before is still asked first.
    assert_eq!(client.address(), node.address);
    let trust = Trust {
        leaves: vec![node.pin],
        ..Trust::default()
    };
    let client = Client::new(
        vec![dead.clone(), node.address.clone()],
        trust,
        token(SECRET),
    )
    .unwrap();
    assert_eq!(client.address(), dead);
    client.version().await.unwrap();
    assert_eq!(client.address(), node.address);
    client.version().await.unwrap();
    assert_eq!(node.asked().len(), 2);
}

#[tokio::test]
async fn when_no_address_answers_each_is_named_with_its_reason() {
    let (first, second) = (nowhere().await, nowhere().await);
    let other = Node::answering(Reply::ok(VERSION)).await;
    let client = Client::new(
        vec![first.clone(), second.clone(), other.address.clone()],
        Trust::default(),
        token(SECRET),
    )
    .unwrap();
    let error = client.version().await.unwrap_err();
    let Error::Connect { failures } = &error else {
        panic!("{error:?}")
    };
    let kinds: Vec<_> = failures.iter().map(|f| f.kind.clone()).collect();
    assert_eq!(
        kinds,
        [
            ConnectKind::Refused,
            ConnectKind::Refused,
            ConnectKind::Certificate(other.pin)
        ]
    );
    let text = error.to_string();
    for address in [&first, &second, &other.address] {
        assert!(text.contains(address.as_str()), "{text}");
    }
    assert!(error.surely_not_done() && error.is_passing());
}

#[tokio::test]
async fn a_node_that_another_cannot_reach_is_asked_for_through_the_next() {
    for status in [
        "595 No route to host",
        "596 Connection timed out",
        "599 Too many redirections",
    ] {
        let first = Node::answering(Reply::of(status, "")).await;
        let second = Node::answering(Reply::recorded("lxc-100-config")).await;
        let client = client_of(&[&first, &second], Limits::default());
        client.lxc_config(&pve1(), vmid()).await.unwrap();
        client.lxc_config(&pve1(), vmid()).await.unwrap();
        assert_eq!((first.asked().len(), second.asked().len()), (1, 2));
    }
}

#[tokio::test]
async fn a_node_that_none_can_reach_is_reported_in_the_first_ones_words() {
    let first = Node::answering(Reply::of("595 No route to host", "")).await;
    let second = Node::answering(Reply::of("595 Connection refused", "")).await;
    let client = client_of(&[&first, &second], Limits::default());
    let error = client.lxc_config(&pve1(), vmid()).await.unwrap_err();
    let Error::NodeUnreachable { status, words, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((*status, words.as_str()), (595, "No route to host"));
}

#[tokio::test]
async fn a_lock_is_named() {
    let node = Node::answering(Reply::of("500 CT is locked (backup)", r#"{"data":null}"#)).await;
    let error = node.client().lxc_status(&pve1(), vmid()).await.unwrap_err();
    assert!(
        matches!(&error, Error::Locked { lock, .. } if lock == "backup"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_connection_that_went_stale_is_replaced_once_without_a_word() {
    let node = Node::with(|request| match request.before {
        0 => Reply::ok(VERSION),
        _ => Reply::Last(Vec::new()),
    })
    .await;
    let client = node.client();
    for _ in 0..3 {
        client.version().await.unwrap();
    }
    assert_eq!(node.asked().len(), 5);
}

#[tokio::test]
async fn an_answer_that_breaks_off_may_have_been_carried_out() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":{";
    for bytes in [
        cut.as_bytes().to_vec(),
        b"HTTP/1.1 200".to_vec(),
        Vec::new(),
    ] {
        let node = Node::answering(Reply::Last(bytes)).await;
        let error = node.client().version().await.unwrap_err();
        assert!(matches!(error, Error::MaybeSent { .. }), "{error:?}");
        assert!(!error.surely_not_done());
        assert!(error.to_string().contains(&node.address), "{error}");
        assert_eq!(node.asked().len(), 2, "tried once more, then no more");
    }
}

#[tokio::test]
async fn silence_after_the_request_is_an_unclear_end_and_the_next_call_goes_elsewhere() {
    let mute = Node::answering(Reply::Silence).await;
    let other = Node::answering(Reply::ok(VERSION)).await;
    let limits = Limits {
        answer: SOON,
        ..Limits::default()
    };
    let client = client_of(&[&mute, &other], limits);
    client.set_addresses(vec![mute.address.clone()]).unwrap();
    let error = client.version().await.unwrap_err();
    assert!(matches!(error, Error::MaybeSent { .. }), "{error:?}");
    assert_eq!(mute.asked().len(), 1);
    client
        .set_addresses(vec![mute.address.clone(), other.address.clone()])
        .unwrap();
    assert_eq!(client.address(), other.address);
}

#[tokio::test]
async fn silence_before_tls_is_no_connection() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let limits = Limits {
        connect: SOON,
        ..Limits::default()
    };
    let client = Client::within(limits, vec![address], Trust::default(), token(SECRET)).unwrap();
    let error = client.version().await.unwrap_err();
    let Error::Connect { failures } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(failures[0].kind, ConnectKind::Timeout);
}

#[tokio::test]
async fn what_is_not_proxmoxs_json_is_a_protocol_error_with_a_hint() {
    let deep = format!("{{\"data\":{}", "[".repeat(10 * 1024 * 1024));
    for (body, hint) in [
        ("<!DOCTYPE html><html>router login</html>", "web page"),
        ("", "EOF"),
        ("{\"data\":null}", "no data"),
        ("{\"data\":{}}", "version"),
        ("{\"data\":{\"version\":\"8\"}", "EOF"),
        (deep.as_str(), "line 1"),
    ] {
        let node = Node::answering(Reply::ok(body)).await;
        let error = node.client().version().await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains(hint) && text.contains("GET /version"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn nesting_without_end_is_refused_wherever_it_stands() {
    let deep = "[".repeat(10 * 1024 * 1024);
    let bodies = [
        format!("{{\"data\":{{\"hostname\":{deep}"),
        format!("{{\"data\":{{\"unknown-option\":{deep}"),
        format!("{{\"unknown\":{deep}"),
        deep,
    ];
    for body in bodies {
        let node = Node::answering(Reply::ok(&body)).await;
        let error = node.client().lxc_config(&pve1(), vmid()).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused_whether_announced_or_not() {
    let body = format!("{{\"data\":{{\"version\":\"{}\"}}}}", "8".repeat(2000));
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    for reply in [Reply::ok(&body), Reply::Bytes(chunked.into_bytes())] {
        let node = Node::answering(reply).await;
        let limits = Limits {
            body: 1000,
            ..Limits::default()
        };
        let error = client_of(&[&node], limits).version().await.unwrap_err();
        assert!(error.to_string().contains("1000 bytes"), "{error}");
    }
}

#[tokio::test]
async fn the_token_does_not_follow_a_redirect() {
    let thief = Node::answering(Reply::ok(VERSION)).await;
    let location = format!(
        "HTTP/1.1 301 Moved\r\nLocation: https://{}/\r\nContent-Length: 0\r\n\r\n",
        thief.address
    );
    let node = Node::answering(Reply::Bytes(location.into_bytes())).await;
    let client = client_of(&[&node, &thief], Limits::default());
    let error = client.version().await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
    assert!(thief.asked().is_empty());
}

#[tokio::test]
async fn the_secret_stands_in_no_error_and_no_debug_text() {
    let node = Node::answering(Reply::recorded("version-bad-secret")).await;
    let client = node.client();
    let error = client.version().await.unwrap_err();
    for text in [
        format!("{error}"),
        format!("{error:?}"),
        format!("{client:?}"),
    ] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(format!("{client:?}").contains("redflag@pve!desktop"));
}

#[tokio::test]
async fn a_client_without_a_usable_address_is_not_made() {
    for addresses in [
        vec![],
        vec!["http://pve1".to_owned()],
        vec!["pve 1".to_owned()],
    ] {
        let made = Client::new(addresses, Trust::default(), token(SECRET));
        assert!(matches!(made, Err(Error::Setup(_))), "{made:?}");
    }
}
