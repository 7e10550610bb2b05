//! Addresses that fall silent: who else is asked, when, and what is never asked twice.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{io::Write, time::Duration};

use common::{Node, Reply, client_of, nowhere};
use domain::{NodeName, Vmid};
use flate2::{Compression, write::GzEncoder};
use pve::{Error, Limits, PowerAction};

const VERSION: &str = r#"{"data":{"version":"8.4.21","release":"8.4"}}"#;
const SOON: Duration = Duration::from_millis(60);

fn pve1() -> NodeName {
    "pve1".parse().unwrap()
}

fn vmid() -> Vmid {
    100.try_into().unwrap()
}

#[tokio::test]
async fn a_silent_address_is_not_waited_for_when_there_is_another() {
    let mute = Node::answering(Reply::Silence).await;
    let other = Node::answering(Reply::ok(VERSION)).await;
    let limits = Limits {
        second_after: SOON,
        ..Limits::default()
    };
    let client = client_of(&[&mute, &other], limits);
    // Long before the 40 s after which a request fails.
    client.version().await.unwrap();
    assert_eq!((mute.asked().len(), other.asked().len()), (1, 1));
    client.version().await.unwrap();
    assert_eq!(
        (mute.asked().len(), other.asked().len()),
        (1, 2),
        "who answered is asked first"
    );
}

#[tokio::test]
async fn a_slow_answer_is_still_taken_when_the_other_address_fails() {
    let slow = Node::serving(std::sync::Arc::new(|_| {
        Box::pin(async {
            tokio::time::sleep(SOON * 3).await;
            Reply::ok(VERSION)
        })
    }))
    .await;
    let gone = nowhere().await;
    let limits = Limits {
        second_after: SOON,
        ..Limits::default()
    };
    let client = client_of(&[&slow], limits);
    client
        .set_addresses(vec![slow.address.clone(), gone])
        .unwrap();
    assert_eq!(client.version().await.unwrap().version, "8.4.21");
    assert_eq!(slow.asked().len(), 1);
}

#[tokio::test]
async fn a_read_whose_answer_broke_off_is_asked_elsewhere() {
    let broken = Node::answering(Reply::Last(Vec::new())).await;
    let other = Node::answering(Reply::ok(VERSION)).await;
    let client = client_of(&[&broken, &other], Limits::default());
    client.version().await.unwrap();
    assert_eq!((broken.asked().len(), other.asked().len()), (2, 1));
}

#[tokio::test]
async fn a_packed_answer_is_unpacked_up_to_the_limit_and_no_further() {
    let packed = |text: &str| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(text.as_bytes()).unwrap();
        let body = packer.finish().unwrap();
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body.as_slice()].concat()
    };
    let node = Node::answering(Reply::Bytes(packed(VERSION))).await;
    assert_eq!(node.client().version().await.unwrap().version, "8.4.21");
    let head = node.requests.lock().unwrap()[0].head.to_ascii_lowercase();
    assert!(head.contains("accept-encoding: gzip"), "{head}");

    let bomb = packed(&" ".repeat(10 * 1024 * 1024));
    assert!(bomb.len() < 100_000);
    let limits = Limits {
        body: 1024 * 1024,
        ..Limits::default()
    };
    let node = Node::answering(Reply::Bytes(bomb)).await;
    let error = client_of(&[&node], limits).version().await.unwrap_err();
    assert!(
        error.to_string().contains("larger than 1048576 bytes"),
        "{error}"
    );

    let broken = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope";
    let node = Node::answering(Reply::Bytes(broken.to_vec())).await;
    let error = node.client().version().await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_not_worth_waiting_for_ends_in_time_however_many_addresses_there_are() {
    let first = Node::answering(Reply::Silence).await;
    let second = Node::answering(Reply::Silence).await;
    let client = client_of(&[&first, &second], Limits::default()).hasty(SOON);
    let error = client.lxc_config(&pve1(), vmid()).await.unwrap_err();
    assert!(matches!(error, Error::MaybeSent { .. }), "{error:?}");
    assert!(error.to_string().contains("within 0.06 s"), "{error}");
}

#[tokio::test]
async fn a_write_goes_to_the_next_address_only_when_it_was_surely_not_sent() {
    let task =
        r#"{"data":"UPID:pve1:000003FF:0002BEEE:6B03502D:vzstart:100:redflag@pve!desktop:"}"#;
    let works = || {
        Node::with(move |request| match request.line.starts_with("POST") {
            true => Reply::ok(task),
            false => Reply::ok(r#"{"data":[]}"#),
        })
    };
    let posts = |node: &Node| {
        let asked = node.asked();
        asked.iter().filter(|line| line.starts_with("POST")).count()
    };
    // Nothing listens, or the node says that it did not get through.
    let cut_off = Node::with(|request| match request.line.starts_with("POST") {
        true => Reply::of("595 No route to host", ""),
        false => Reply::ok(r#"{"data":[]}"#),
    })
    .await;
    let node = works().await;
    let client = client_of(&[&cut_off, &node], Limits::default());
    let upid = client
        .lxc_power(&pve1(), vmid(), PowerAction::Start)
        .await
        .unwrap();
    assert_eq!(upid.kind(), "vzstart");
    assert_eq!((posts(&cut_off), posts(&node)), (1, 1));

    // A clear refusal is final.
    let refuses = Node::with(|request| match request.line.starts_with("POST") {
        true => Reply::recorded("err-start-running"),
        false => Reply::ok(r#"{"data":[]}"#),
    })
    .await;
    let node = works().await;
    let client = client_of(&[&refuses, &node], Limits::default());
    let error = client.lxc_power(&pve1(), vmid(), PowerAction::Start).await;
    assert!(
        matches!(&error, Err(Error::Remote { message, .. }) if message.contains("already running")),
        "{error:?}"
    );
    assert_eq!((posts(&refuses), posts(&node)), (1, 0));
}
