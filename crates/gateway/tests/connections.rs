//! Connections that are silent, slow, too many or still open at the end.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{sync::Arc, time::Duration};

use common::{House, NAME, check_in, enrolment, refused};
use gateway::{Gateway, Limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};
use wire::{CheckInResponse, RefusalCode, path};

const SOON: Duration = Duration::from_millis(30);

async fn dial(house: &House) -> TcpStream {
    TcpStream::connect(house.gateway.local_addr())
        .await
        .unwrap()
}

async fn dial_tls(house: &House) -> std::io::Result<TlsStream<TcpStream>> {
    let config = tls::agent_client_config(house.ca.certificate_pem(), None).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(NAME).unwrap(), dial(house).await)
        .await
}

/// Reads until the other side closes, in whatever manner.
async fn closed(mut stream: impl tokio::io::AsyncRead + Unpin) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

async fn enrols(house: &House) -> bool {
    let request = house.client(None).post(house.url(path::ENROL));
    request
        .json(&enrolment("good"))
        .send()
        .await
        .is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test]
async fn a_connection_that_never_speaks_is_dropped() {
    let house = House::open(Limits {
        handshake: SOON,
        ..Limits::default()
    })
    .await;
    closed(dial(&house).await).await;
}

#[tokio::test]
async fn a_connection_without_tls_is_dropped() {
    let house = House::open(Limits::default()).await;
    let mut stream = dial(&house).await;
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    closed(stream).await;
}

#[tokio::test]
async fn a_connection_that_sends_no_request_is_dropped() {
    let house = House::open(Limits {
        header: SOON,
        ..Limits::default()
    })
    .await;
    let mut stream = dial_tls(&house).await.unwrap();
    stream.write_all(b"POST /v1/en").await.unwrap();
    closed(stream).await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let house = House::open(Limits {
        body: SOON,
        ..Limits::default()
    })
    .await;
    let mut stream = dial_tls(&house).await.unwrap();
    let head = "POST /v1/enrol HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_slow_handshake_does_not_block_others() {
    let house = House::open(Limits::default()).await;
    let mut slow = dial(&house).await;
    // The start of a TLS record that is never finished.
    slow.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
    assert!(enrols(&house).await);
    drop(slow);
}

#[tokio::test]
async fn one_agent_too_many_is_sent_away_and_a_freed_place_is_given_again() {
    let mut house = House::open(Limits {
        agents: 1,
        ..Limits::default()
    })
    .await;
    let (first, second) = (house.agent(Ok), house.agent(Ok));
    let poll = first.http.post(house.url(path::CHECK_IN)).json(&check_in());
    let poll = tokio::spawn(poll.send());
    house.calls.recv().await.unwrap();
    let renews = || {
        let body = serde_json::json!({ "requestPem": "request" });
        second.http.post(house.url(path::RENEW)).json(&body).send()
    };
    let refused = renews().await;
    assert!(refused.is_err(), "{refused:?}");
    assert!(enrols(&house).await, "guests may still enrol");
    house.desk.release.notify_one();
    poll.await.unwrap().unwrap();
    drop(first);
    while renews().await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn silent_connections_make_room_for_others_and_take_no_agents_place() {
    let mut house = House::open(Limits {
        strangers: 4,
        ..Limits::default()
    })
    .await;
    let agent = house.agent(Ok);
    let poll = agent.http.post(house.url(path::CHECK_IN)).json(&check_in());
    let poll = tokio::spawn(poll.send());
    house.calls.recv().await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(dial(&house).await);
        assert!(enrols(&house).await, "there is always room for a guest");
    }
    // The first ones were sent away long before their time for a handshake was over.
    closed(silent.remove(0)).await;
    house.desk.release.notify_one();
    assert_eq!(poll.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_waiting_check_in_is_answered_when_the_inbox_has_something() {
    let mut house = House::open(Limits::default()).await;
    let agent = house.agent(Ok);
    let request = agent.http.post(house.url(path::CHECK_IN)).json(&check_in());
    let poll = tokio::spawn(request.send());
    house.calls.recv().await.unwrap();
    // Others are served meanwhile.
    assert!(enrols(&house).await);
    assert!(!poll.is_finished());
    house.desk.release.notify_one();
    let answer: CheckInResponse = poll.await.unwrap().unwrap().json().await.unwrap();
    assert!(answer.want_inventory);
}

#[tokio::test]
async fn stopping_answers_a_waiting_check_in_and_frees_the_port() {
    let mut house = House::open(Limits::default()).await;
    let agent = house.agent(Ok);
    let request = agent.http.post(house.url(path::CHECK_IN)).json(&check_in());
    let poll = tokio::spawn(request.send());
    house.calls.recv().await.unwrap();
    house.stop.cancel();
    let (status, refusal) = refused(poll.await.unwrap().unwrap()).await;
    assert_eq!((status, refusal.code), (429, RefusalCode::Busy));
    let address = house.gateway.local_addr();
    house.gateway.stopped().await;
    let again = tokio::net::TcpListener::bind(address).await;
    assert!(again.is_ok(), "{again:?}");
}

#[tokio::test]
async fn stopping_lets_a_report_end_and_does_not_wait_for_ever() {
    let inventory = serde_json::json!({"hash": "h", "inventory": smallest_inventory()});
    for answered in [true, false] {
        let farewell = if answered {
            Duration::from_secs(60)
        } else {
            SOON
        };
        let mut house = House::open(Limits {
            farewell,
            ..Limits::default()
        })
        .await;
        let agent = house.agent(Ok);
        let request = agent
            .http
            .put(house.url(path::INVENTORY))
            .json(&inventory)
            .send();
        let report = tokio::spawn(request);
        let call = house.calls.recv().await.unwrap();
        assert!(call.starts_with("inventory"), "{call}");
        house.stop.cancel();
        if answered {
            house.desk.release.notify_one();
            assert_eq!(report.await.unwrap().unwrap().status(), 204);
            house.gateway.stopped().await;
        } else {
            house.gateway.stopped().await;
            assert!(report.await.unwrap().is_err());
        }
    }
}

/// The smallest inventory that is one.
fn smallest_inventory() -> serde_json::Value {
    serde_json::json!({
        "scannedAt": 0, "os": {"id": "", "version": "", "name": ""}, "arch": "amd64", "addresses": [],
        "packages": {"kind": "unsupported", "reason": "none"}, "restarts": [],
    })
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let house = House::open(Limits::default()).await;
    let server = house.ca.server_identity(NAME, common::now()).unwrap();
    let config = tls::server_config(&server, house.ca.certificate_pem()).unwrap();
    let address = house.gateway.local_addr();
    let error = Gateway::serve(address, config, house.desk.clone(), house.stop.clone())
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&address.to_string()), "{text}");
    assert!(text.contains("in use"), "{text}");
}
