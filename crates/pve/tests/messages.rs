//! What a person reads when a node refuses, breaks off or cannot be reached: what, where, why, and what next.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::{fmt::Write, time::Duration};

use common::{Node, Reply, SECRET, client_of, nowhere, token};
use domain::{NodeName, Vmid};
use pve::{Client, Error, Limits, Permissions, TokenId, check_privileges, grant_lines};
use tls::Trust;

const VERSION: &str = r#"{"data":{"version":"8.4.21","release":"8.4"}}"#;

fn pve1() -> NodeName {
    "pve1".parse().unwrap()
}

fn vmid() -> Vmid {
    101.try_into().unwrap()
}

/// The error of one call to a node that answers like this, with what may be done about it.
async fn refused(reply: Reply) -> String {
    let node = Node::answering(reply).await;
    let error = node.client().lxc_config(&pve1(), vmid()).await.unwrap_err();
    told(&node, &error)
}

fn told(node: &Node, error: &Error) -> String {
    let text = error.to_string().replace(&node.address, "pve1:8006");
    let text = text.replace(&node.pin.to_string(), "AA:BB:…");
    format!(
        "{text}\n    passing: {}, surely not done: {}",
        error.is_passing(),
        error.surely_not_done()
    )
}

fn worded(status: &str, message: &str) -> Reply {
    Reply::of(
        status,
        &format!(r#"{{"data":null,"message":"{message}\n"}}"#),
    )
}

#[tokio::test]
async fn every_status_that_proxmox_answers() {
    let verification = r#"{"data":null,"errors":{"snapname":"invalid format - invalid configuration ID '1bad'\n"},"message":"Parameter verification failed.\n"}"#;
    let old_verification = r#"{"data":null,"errors":{"snapname":"invalid format - invalid configuration ID '1bad'\n"}}"#;
    let rows = [
        (
            "400",
            Reply::of("400 Parameter verification failed.", verification),
        ),
        (
            "400, words in the reason phrase alone",
            Reply::of("400 Parameter verification failed.", old_verification),
        ),
        (
            "401",
            Reply::Last(b"HTTP/1.1 401 Authentication failed!\r\n\r\n".to_vec()),
        ),
        (
            "401 before 2026",
            Reply::Last(b"HTTP/1.1 401 invalid token value!\r\n\r\n".to_vec()),
        ),
        (
            "401 without credentials",
            Reply::recorded("version-anonymous"),
        ),
        (
            "401 with a wrong secret",
            Reply::recorded("version-bad-secret"),
        ),
        (
            "403",
            worded(
                "403 Permission check failed",
                "Permission check failed (/vms/101, VM.Audit)",
            ),
        ),
        (
            "403, words in the reason phrase alone",
            Reply::of(
                "403 Permission check failed (/vms/101, VM.Audit)",
                r#"{"data":null}"#,
            ),
        ),
        (
            "403, one of several privileges",
            Reply::recorded("cmode-403"),
        ),
        (
            "403 for root alone",
            worded(
                "403 Forbidden",
                "Permission check failed (user != root@pam)",
            ),
        ),
        (
            "403 for any token",
            worded("403 Forbidden", "not available with API token"),
        ),
        (
            "500, moved or deleted",
            Reply::recorded("err-unknown-vmid-config"),
        ),
        ("500, unknown node", Reply::recorded("err-unknown-node")),
        (
            "500, in that state already",
            Reply::recorded("err-start-running"),
        ),
        (
            "500, locked",
            worded("500 CT is locked (backup)", "CT is locked (backup)"),
        ),
        ("500, too slow", worded("500 got timeout", "got timeout")),
        (
            "500, no quorum",
            worded(
                "500 cluster not ready - no quorum?",
                "cluster not ready - no quorum?",
            ),
        ),
        ("501", Reply::recorded("err-unknown-path")),
        (
            "501 of an old version",
            Reply::of(
                "501 Method 'GET /nodes/pve1/lxc/101/interfaces' not implemented",
                "",
            ),
        ),
        ("506", Reply::of("506 wrong content type", "")),
        ("595, no route", Reply::of("595 No route to host", "")),
        ("595, refused", Reply::of("595 Connection refused", "")),
        ("595, silence", Reply::of("595 Connection timed out", "")),
        (
            "596, the proxy's 30 s",
            Reply::of("596 Connection timed out", ""),
        ),
        ("596, broken off", Reply::of("596 Broken pipe", "")),
        ("597", Reply::of("597 Connection reset by peer", "")),
        ("599", Reply::of("599 Too many redirections", "")),
        (
            "502 of a proxy in between",
            Reply::of("502 Bad Gateway", "<html>nginx</html>"),
        ),
        ("301", Reply::of("301 Moved Permanently", "")),
    ];
    let mut text = String::new();
    for (name, reply) in rows {
        writeln!(text, "{name}\n    {}", refused(reply).await).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn every_way_of_breaking_off() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":{".to_vec();
    let rows = [
        ("reset before the answer", Reply::Last(Vec::new())),
        (
            "cut in the status line",
            Reply::Last(b"HTTP/1.1 200".to_vec()),
        ),
        ("cut in the body", Reply::Last(cut)),
        (
            "no HTTP",
            Reply::Last(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
        ),
        ("a web page", Reply::ok("<!DOCTYPE html><html>login</html>")),
        ("garbage", Reply::ok("\u{1}\u{2}\u{3}")),
        ("nothing", Reply::ok("")),
        ("no data", Reply::ok(r#"{"data":null}"#)),
        ("other data", Reply::ok(r#"{"data":[1]}"#)),
    ];
    let mut text = String::new();
    for (name, reply) in rows {
        writeln!(text, "{name}\n    {}", refused(reply).await).unwrap();
    }
    let node = Node::answering(Reply::Silence).await;
    let limits = Limits {
        answer: Duration::from_millis(60),
        ..Limits::default()
    };
    let error = client_of(&[&node], limits).version().await.unwrap_err();
    writeln!(text, "silence\n    {}", told(&node, &error)).unwrap();
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn every_way_of_not_connecting() {
    let mut text = String::new();
    let nowhere = nowhere().await;
    let quick = Limits {
        connect: Duration::from_millis(60),
        ..Limits::default()
    };
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = mute.local_addr().map(|a| (mute, a.to_string())).unwrap();
    let node = Node::answering(Reply::ok(VERSION)).await;
    for (name, address) in [
        ("refused", &nowhere),
        ("silence", &mute.1),
        ("another certificate", &node.address),
    ] {
        let made = Client::within(
            quick.clone(),
            vec![address.clone()],
            Trust::default(),
            token(SECRET),
        );
        let error = made.unwrap().version().await.unwrap_err();
        let told = told(&node, &error).replace(address.as_str(), "pve1:8006");
        writeln!(text, "{name}\n    {told}").unwrap();
    }
    insta::assert_snapshot!(text);
}

/// The rules of tokens: what a wrong id reads like, and what a token that sees nothing is told.
#[test]
fn tokens_and_privileges() {
    let mut text = String::new();
    for id in [
        "redflag@pve!1st",
        "redflag@pve!a b",
        "redflag@pve",
        "redflag!desktop",
        "redflag@pve!desktop=0123",
    ] {
        let error = id.parse::<TokenId>().unwrap_err();
        writeln!(text, "{error}").unwrap();
    }
    let token: TokenId = "redflag@pve!desktop".parse().unwrap();
    for (name, permissions) in [
        ("privilege-separated without grants of its own", "{}"),
        (
            "granted on / without propagation",
            r#"{"/":{"Sys.Audit":0,"VM.Audit":0}}"#,
        ),
        (
            "a deeper grant without the privilege",
            r#"{"/":{"Sys.Audit":1,"VM.Audit":1},"/vms":{"VM.PowerMgmt":1}}"#,
        ),
        (
            "NoAccess on /vms",
            r#"{"/":{"Sys.Audit":1,"VM.Audit":1},"/vms":{}}"#,
        ),
        (
            "two guests only",
            r#"{"/":{"Sys.Audit":1},"/vms/101":{"VM.Audit":1},"/vms/105":{"VM.Audit":1}}"#,
        ),
        (
            "enough",
            r#"{"/":{"Sys.Audit":1,"VM.Audit":1},"/vms":{"VM.Audit":1}}"#,
        ),
    ] {
        let permissions: Permissions = serde_json::from_str(permissions).unwrap();
        let checks = check_privileges(&permissions);
        writeln!(text, "{name}").unwrap();
        for check in &checks {
            let mark = if check.granted { "has" } else { "lacks" };
            let parts = check.partly.join(" ");
            writeln!(
                text,
                "    {mark} {} on {}: {} {parts}",
                check.name, check.path, check.used_for
            )
            .unwrap();
        }
        for line in grant_lines(&checks, &token) {
            writeln!(text, "    $ {line}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn no_privilege_is_used_that_a_version_does_not_know() {
    // Gone in version 9, where a role with it cannot be made.
    assert!(!pve::privileges_used().contains(&"VM.Monitor"));
}
