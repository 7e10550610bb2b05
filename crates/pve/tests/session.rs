//! A login that makes RedFlag's own role, user and token: what is sent, what stands, what a person reads.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use common::{Node, Reply, Request, SECRET};
use pve::{CreatedToken, Error, Session, SessionError, privileges_used};
use secrecy::{ExposeSecret, SecretString};

const PASSWORD: &str = "p&ss w=rd";
const TICKET: &str = r#"{"data":{"username":"root@pam","ticket":"PVE:root@pam:6B0351B4::c2ln","CSRFPreventionToken":"6B0351B4:Y3NyZg"}}"#;

/// A node with these tokens, where of `existing` (role, user) some are there already.
async fn node(tokens: &'static str, existing: &'static [&'static str]) -> Node {
    Node::with(move |request| answer(request, tokens, existing)).await
}

fn answer(request: &Request, tokens: &str, existing: &[&str]) -> Reply {
    let already = |what: &str| {
        let body = format!(
            r#"{{"data":null,"message":"create {what} failed: {what} 'x' already exists\n"}}"#
        );
        Reply::of("500 failed", &body)
    };
    let line = request.line.replace("/api2/json", "");
    if line == "POST /access/ticket" {
        return Reply::ok(TICKET);
    }
    let logged_in = request
        .head
        .contains("cookie: PVEAuthCookie=PVE:root@pam:6B0351B4::c2ln\r\n");
    let guarded = request
        .head
        .to_lowercase()
        .contains("csrfpreventiontoken: 6b0351b4:y3nyzg\r\n");
    let chunked = request.head.to_lowercase().contains("transfer-encoding");
    if !logged_in || chunked || !(guarded || line.starts_with("GET ")) {
        return Reply::recorded("cookie-post-nocsrf");
    }
    match line.as_str() {
        "POST /access/roles" if existing.contains(&"role") => already("role"),
        "POST /access/users" if existing.contains(&"user") => already("user"),
        "GET /access/users/redflag%40pve/token" => Reply::ok(&format!("{{\"data\":{tokens}}}")),
        _ if line.starts_with("POST /access/users/redflag%40pve/token/desktop") => {
            Reply::ok(&format!(
                r#"{{"data":{{"full-tokenid":"redflag@pve!desktop","info":{{"privsep":"1"}},"value":"{SECRET}"}}}}"#
            ))
        }
        _ => Reply::ok(r#"{"data":null}"#),
    }
}

async fn login(node: &Node) -> Result<Session, SessionError> {
    login_as("root@pam", node).await
}

async fn login_as(user: &str, node: &Node) -> Result<Session, SessionError> {
    Session::login(&node.address, node.pin, user, SecretString::from(PASSWORD)).await
}

async fn create(node: &Node) -> Result<CreatedToken, SessionError> {
    let session = login(node).await?;
    let privileges = privileges_used();
    session
        .create_token("RedFlag", "redflag@pve", "desktop", &privileges)
        .await
}

#[tokio::test]
async fn role_user_rights_and_token_are_made_in_turn() {
    let node = node("[]", &[]).await;
    let made = create(&node).await.unwrap();
    assert_eq!(made.id.as_str(), "redflag@pve!desktop");
    assert_eq!(made.secret.expose_secret(), SECRET);
    insta::assert_snapshot!("making", node.sent().join("\n"));
    insta::assert_snapshot!("made", made.lines.join("\n"));
    assert!(!format!("{made:?}").contains(SECRET));
}

#[tokio::test]
async fn what_is_there_already_is_extended_or_left_and_a_taken_name_counts_on() {
    let tokens = r#"[{"tokenid":"desktop","privsep":1},{"tokenid":"desktop-2"},{"odd":1}]"#;
    let node = node(tokens, &["role", "user"]).await;
    let made = create(&node).await.unwrap();
    assert_eq!(made.id.as_str(), "redflag@pve!desktop-3");
    assert!(
        node.sent()
            .iter()
            .any(|line| line == "PUT /access/roles/RedFlag append=1&privs=VM.Audit%2CSys.Audit")
    );
    insta::assert_snapshot!("made_with_what_was_there", made.lines.join("\n"));
}

#[tokio::test]
async fn a_name_taken_in_between_counts_on_too() {
    let node = Node::with(|request| {
        if request.line.ends_with("/token/desktop") {
            return Reply::of(
                "400 Parameter verification failed.",
                r#"{"data":null,"errors":{"tokenid":"Token already exists."},"message":"Parameter verification failed.\n"}"#,
            );
        }
        answer(request, "[]", &[])
    })
    .await;
    assert_eq!(
        create(&node).await.unwrap().id.as_str(),
        "redflag@pve!desktop-2"
    );
}

#[tokio::test]
async fn a_token_that_cannot_be_given_its_role_does_not_stay() {
    let node = Node::with(|request| {
        if request.line.starts_with("PUT /api2/json/access/acl") && request.body.contains("tokens=")
        {
            return Reply::of("500 cluster not ready - no quorum?", r#"{"data":null}"#);
        }
        answer(request, "[]", &[])
    })
    .await;
    let error = create(&node).await.unwrap_err();
    let last = node.asked().pop().unwrap();
    assert_eq!(
        last,
        "DELETE /api2/json/access/users/redflag%40pve/token/desktop"
    );
    insta::assert_snapshot!("step_without_quorum", error.to_string());
}

#[tokio::test]
async fn a_user_who_may_not_is_told_which_privilege_is_missing() {
    let node = Node::with(|request| {
        if request.line.ends_with("/access/roles") {
            let words = "Permission check failed (/access, Sys.Modify)";
            return Reply::of(
                "403 Forbidden",
                &format!(r#"{{"data":null,"message":"{words}\n"}}"#),
            );
        }
        answer(request, "[]", &[])
    })
    .await;
    let session = login_as("jo@pve", &node).await.unwrap();
    let made = session
        .create_token("RedFlag", "redflag@pve", "desktop", &privileges_used())
        .await;
    insta::assert_snapshot!("step_forbidden", made.unwrap_err().to_string());
}

#[tokio::test]
async fn a_wrong_password_reads_as_one() {
    for name in ["ticket-bad", "ticket-baduser"] {
        let node = Node::answering(Reply::recorded(name)).await;
        let error = login(&node).await.unwrap_err();
        let text = error.to_string().replace(&node.address, "pve1:8006");
        insta::assert_snapshot!("wrong_password", text);
        assert!(!format!("{error} {error:?}").contains(PASSWORD));
    }
}

#[tokio::test]
async fn a_second_factor_asks_for_a_token_by_hand() {
    for ticket in [
        r#"{"data":{"ticket":"PVE:!tfa!%7B%22totp%22%3Atrue%7D:6B0351B4::c2ln","CSRFPreventionToken":"x","NeedTFA":1}}"#,
        r#"{"data":{"ticket":"PVE:!tfa!%7B%7D:6B0351B4::c2ln","CSRFPreventionToken":"x"}}"#,
    ] {
        let node = Node::answering(Reply::ok(ticket)).await;
        insta::assert_snapshot!("second_factor", login(&node).await.unwrap_err().to_string());
    }
}

#[tokio::test]
async fn the_password_goes_to_the_accepted_certificate_only() {
    let node = node("[]", &[]).await;
    let other = Node::answering(Reply::ok(TICKET)).await;
    let accepted = other.pin;
    let password = SecretString::from(PASSWORD);
    let error = Session::login(&node.address, accepted, "root@pam", password).await;
    assert!(
        matches!(
            error,
            Err(SessionError::Api(Error::CertificateChanged { .. }))
        ),
        "{error:?}"
    );
    assert!(node.asked().is_empty());
}

#[tokio::test]
async fn a_user_without_realm_and_an_answer_without_ticket_are_named() {
    let node = Node::answering(Reply::ok(r#"{"data":{"username":"root@pam"}}"#)).await;
    let error = Session::login(&node.address, node.pin, "root", SecretString::from("x")).await;
    insta::assert_snapshot!("no_realm", error.unwrap_err().to_string());
    assert!(node.asked().is_empty());
    let error = login(&node).await.unwrap_err();
    assert!(
        matches!(error, SessionError::Api(Error::Protocol { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("POST /access/ticket"), "{error}");
}

#[tokio::test]
async fn the_ticket_shows_in_no_debug_text() {
    let node = node("[]", &[]).await;
    let session = login(&node).await.unwrap();
    let text = format!("{session:?}");
    assert!(
        text.contains("root@pam") && !text.contains("c2ln"),
        "{text}"
    );
}
