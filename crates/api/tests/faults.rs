//! Bad input and faults, each ending in words that say what, where, why and what next, or in an honest state; and a
//! second try that works.

mod desktop;

use anyhow::{Context, Result};
use api::{Code, Error};
use desktop::{Desktop, lab, with_agents};
use lab::world::Acl;
use serde_json::{Value, json};

fn failed(answer: Result<Value, Error>) -> Error {
    answer.expect_err("it should have failed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_none_says_why() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let desktop = Desktop::open(folder.path()).await?;
    let probe = |address: &str| desktop.call("probe_cluster", json!({ "address": address }));
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let plain_address = plain.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            use tokio::io::AsyncWriteExt;
            let _ = stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                .await;
        }
    });
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.local_addr()?
    };
    for (address, code, word) in [
        ("", Code::BadInput, ""),
        ("two words", Code::BadInput, ""),
        ("http://192.0.2.1:8006", Code::BadInput, "https"),
        ("pve1:99999", Code::BadInput, ""),
        (
            "no-such-host.invalid",
            Code::Unreachable,
            "no-such-host.invalid",
        ),
        (&closed.to_string(), Code::Unreachable, "refuses"),
        (&plain_address.to_string(), Code::Unreachable, "http"),
        (&silent.local_addr()?.to_string(), Code::Unreachable, ""),
    ] {
        let error = failed(probe(address).await);
        assert_eq!(error.code, code, "{address:?}: {error:?}");
        let words = error.words.clone().unwrap_or_default();
        assert!(
            words.contains(word) && !words.is_empty(),
            "{address:?}: {error:?} names {word:?}"
        );
        assert!(
            error.next.is_some(),
            "{address:?}: {error:?} says what to do next"
        );
    }
    desktop.app.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificate_and_token_are_each_refused_by_name() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let desktop = Desktop::open(folder.path()).await?;
    let facts = &lab.facts().clusters[0];
    let check = async |fingerprint: &str, id: &str, secret: &str| {
        let secret = desktop
            .call("keep_secret", json!({ "value": secret }))
            .await?;
        let request = json!({ "address": facts.address, "fingerprint": fingerprint, "tokenId": id, "secret": secret });
        desktop.call("check_token", request).await
    };
    let right = facts.fingerprint.to_string();
    let error = failed(
        check(
            &"AB:".repeat(32)[..95],
            &facts.token.id,
            &facts.token.secret,
        )
        .await,
    );
    assert_eq!(error.code, Code::IdentityChanged);
    assert!(
        error.words.context("words")?.contains(&right),
        "it names what the node shows"
    );
    let error = failed(
        check(
            &right,
            &facts.token.id,
            "00000000-0000-4000-8000-000000000000",
        )
        .await,
    );
    assert_eq!(error.code, Code::Refused, "{error:?}");
    let error = failed(check(&right, "redflag", &facts.token.secret).await);
    assert_eq!(error.code, Code::BadInput, "{error:?}");

    // A token with no rights of its own sees an empty list: that is a missing right, not an empty cluster.
    let bare = "redflag@pve!bare";
    lab.world().change(|world| {
        let mut token = lab::scenario::token(bare, true, Acl::none());
        token.secret = "11111111-2222-4333-8444-555555555555".into();
        world.clusters[0].access.tokens.push(token);
    });
    let report = check(&right, bare, "11111111-2222-4333-8444-555555555555").await?;
    assert_eq!(
        (&report["enough"], &report["visibleGuests"]),
        (&json!(false), &json!(0))
    );
    let lines = report["grant"].as_array().context("lines")?;
    assert!(
        lines
            .iter()
            .any(|l| l.as_str().is_some_and(|l| l.contains("VM.Audit"))),
        "{lines:?}"
    );

    // After all that, the right one works.
    assert_eq!(
        check(&right, &facts.token.id, &facts.token.secret).await?["enough"],
        json!(true)
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_into_a_node_is_refused_by_name() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let desktop = Desktop::open(folder.path()).await?;
    let facts = &lab.facts().clusters[0];
    let cluster = desktop.add_cluster(facts).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let ssh = facts.nodes[0].ssh.as_ref().context("ssh")?;
    let save = async |port: u16, fingerprint: &str, password: &str| {
        let password = desktop
            .call("keep_secret", json!({ "value": password }))
            .await?;
        let key = json!({ "algorithm": ssh.algorithm, "fingerprint": fingerprint });
        let request = json!({
            "cluster": cluster, "node": facts.nodes[0].name, "host": ssh.address.ip(), "port": port,
            "user": ssh.user, "hostKey": key, "password": password,
        });
        desktop.call("save_access", request).await
    };
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port();
    let port = ssh.address.port();
    assert_eq!(
        failed(save(closed, &ssh.host_key, &ssh.password).await).code,
        Code::Unreachable
    );
    assert_eq!(
        failed(save(port, &ssh.host_key, "wrong").await).code,
        Code::Refused
    );
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(
        failed(save(port, other, &ssh.password).await).code,
        Code::IdentityChanged
    );
    let saved = save(port, &ssh.host_key, &ssh.password).await?;
    assert_eq!(saved["hostname"], json!(facts.nodes[0].name));
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_stands_in_the_data_folder() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    with_agents(&lab, &mut desktop).await?;
    desktop.app.shutdown().await;
    let facts = &lab.facts().clusters[0];
    let mut secrets = vec![
        facts.token.secret.clone(),
        desktop::PASSPHRASE.to_owned(),
        "PRIVATE KEY".to_owned(),
    ];
    secrets.extend(
        facts
            .nodes
            .iter()
            .filter_map(|n| n.ssh.as_ref())
            .map(|ssh| ssh.password.clone()),
    );
    let mut read = 0;
    let mut folders = vec![folder.path().to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(at)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path)?;
            read += bytes.len();
            for secret in &secrets {
                let found = bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes());
                assert!(!found, "{} holds a secret in clear", path.display());
            }
        }
    }
    assert!(read > 10_000, "the database was really read");
    lab.stop().await;
    Ok(())
}
