//! A first look at whatever answers at an address.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{Node, Reply, nowhere};
use pve::{ConnectKind, Error, probe_certificate};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

async fn kind_of(address: &str) -> (ConnectKind, String) {
    let error = probe_certificate(address).await.unwrap_err();
    let text = error.to_string();
    match error {
        Error::Connect { mut failures } => (failures.remove(0).kind, text),
        other => panic!("{other:?}"),
    }
}

/// Says `greeting` to everybody, once they have spoken or at once, and closes.
async fn speaking(greeting: &'static [u8], first: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut heard = [0; 1024];
            if !first {
                let _ = stream.read(&mut heard).await;
            }
            let _ = stream.write_all(greeting).await;
            let _ = stream.read(&mut heard).await;
        }
    });
    address
}

#[tokio::test]
async fn the_certificate_is_described_and_nothing_is_sent() {
    let node = Node::answering(Reply::ok("{}")).await;
    let certificate = probe_certificate(&format!("https://{}/", node.address))
        .await
        .unwrap();
    assert_eq!(certificate.sha256, node.pin);
    assert_eq!(certificate.names, ["127.0.0.1"]);
    assert!(!certificate.trusted_by_system);
    assert!(node.asked().is_empty());
}

#[tokio::test]
async fn plain_http_is_recognised() {
    let address = speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n", false).await;
    let (kind, text) = kind_of(&address).await;
    assert_eq!(kind, ConnectKind::PlainHttp);
    assert!(
        text.contains("plain http") && text.contains(&address),
        "{text}"
    );
}

#[tokio::test]
async fn another_protocol_is_recognised_as_not_https() {
    let address = speaking(b"SSH-2.0-OpenSSH_9.2p1\r\n", true).await;
    let (kind, text) = kind_of(&address).await;
    assert_eq!(kind, ConnectKind::NotTls);
    assert!(text.contains("8006"), "{text}");
}

#[tokio::test]
async fn a_closed_port_says_so() {
    let address = nowhere().await;
    let (kind, text) = kind_of(&address).await;
    assert_eq!(kind, ConnectKind::Refused);
    assert!(
        text.contains(&address) && text.contains("refuses"),
        "{text}"
    );
}

#[tokio::test]
async fn a_connection_closed_at_once_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closing = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    let (kind, _) = kind_of(&closing).await;
    assert_eq!(kind, ConnectKind::Closed);
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_a_look() {
    let error = probe_certificate("http://pve1").await.unwrap_err();
    assert!(error.to_string().contains("https"), "{error}");
}
