//! What a person reads when something is wrong between RedFlag and Proxmox: what, where, why, and what next. Each is made
//! to happen; the wording stands in `snapshots/`, to be read as a whole when it changes.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod desktop;
mod ground;

use std::time::Duration;

use anyhow::{Context, Result};
use desktop::Desktop;
use ground::{Ground, ground};
use lab::{
    Fault, Rule, Scenario, Where, scenario,
    world::{Acl, Mount, Profile, Source},
};
use serde_json::{Value, json};

fn list() -> Where {
    Where {
        path: Some("/cluster/resources".into()),
        ..Where::default()
    }
}

fn answer(status: u16, reason: &str) -> Fault {
    Fault::Answer {
        status,
        reason: reason.into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_status_as_a_discovery_tells_it() -> Result<()> {
    let mut ground = ground(Scenario::many(1, 1, 2), false).await?;
    for (status, reason) in [
        (400, "Parameter verification failed."),
        (401, "Authentication failed!"),
        (401, "invalid token value!"),
        (403, "Permission check failed (/vms/101, VM.Audit)"),
        (403, "Permission check failed (user != root@pam)"),
        (
            500,
            "Configuration file 'nodes/pve1/lxc/101.conf' does not exist",
        ),
        (500, "CT is locked (backup)"),
        (500, "got timeout"),
        (500, "cluster not ready - no quorum?"),
        (500, "unable to parse value"),
        (501, "Method 'GET /cluster/resources' not implemented"),
        (502, "Bad Gateway"),
        (506, "wrong content type"),
        (595, "No route to host"),
        (595, "Connection refused"),
        (595, "Connection timed out"),
        (596, "Connection timed out"),
        (596, "Broken pipe"),
        (597, "Connection reset by peer"),
        (599, "Too many redirections"),
    ] {
        let fault = Rule::always(answer(status, reason)).at(list());
        ground
            .discovery(&format!("{status} {reason}"), fault)
            .await?;
    }
    insta::assert_snapshot!(ground.end().await);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_as_a_discovery_tells_it() -> Result<()> {
    let mut ground = ground(Scenario::many(1, 1, 2), false).await?;
    let body = |text: &str| Fault::Body(text.into());
    for (title, fault) in [
        ("reset", Fault::Reset),
        ("ended before the answer", Fault::Cut),
        ("slow", Fault::Delay(Duration::from_millis(300))),
        (
            "a trickling body",
            Fault::SlowBody(Duration::from_millis(300)),
        ),
        ("hangs", Fault::Silent),
        ("truncated body", Fault::CutBody),
        ("garbage", Fault::Garbage),
        ("no JSON", body("\u{1}\u{2}")),
        ("a web page", body("<!DOCTYPE html><title>router</title>")),
        ("nested without end", body(&"[".repeat(100_000))),
        (
            "larger than any cluster",
            body(&" ".repeat(33 * 1024 * 1024)),
        ),
    ] {
        let rule = Rule::always(fault).at(list());
        ground.discovery(title, rule).await?;
    }
    let one = ground.desktop.guests().await?[0].vmid;
    for (title, fault) in [
        ("one node: 595", answer(595, "No route to host")),
        ("one node: 596", answer(596, "Connection timed out")),
        ("one node: hangs", Fault::Silent),
        (
            "one LXC: 403",
            answer(403, "Permission check failed (/vms/101, VM.Audit)"),
        ),
        (
            "one LXC: gone meanwhile",
            answer(
                500,
                "Configuration file 'nodes/pve1/lxc/101.conf' does not exist",
            ),
        ),
    ] {
        let path = match title.starts_with("one LXC") {
            true => format!("/lxc/{one}/"),
            false => "/lxc/".to_owned(),
        };
        let rule = Rule::always(fault).at(Where {
            path: Some(path),
            ..Where::default()
        });
        ground.discovery(title, rule).await?;
    }
    let node = ground.lab.facts().clusters[0].nodes[0].name.clone();
    let label = ground.label.clone();
    ground.lab.close_api(&label, &node, true)?;
    // The door closes a moment later; who comes just then is let in and shown out.
    let address = ground.lab.facts().clusters[0].nodes[0].address;
    while std::net::TcpStream::connect(address).is_ok() {
        tokio::task::yield_now().await;
    }
    ground.heading("refused");
    let which = json!({ "cluster": ground.cluster });
    let error = ground
        .desktop
        .call("discover", which.clone())
        .await
        .unwrap_err();
    ground.refused(&error);
    ground.link().await?;
    let other = ground.lab.change_certificate(&label, &node)?;
    ground.lab.close_api(&label, &node, false)?;
    ground
        .names
        .push((other.to_string(), "BB:…:changed".into()));
    ground.heading("certificate changed");
    let error = loop {
        // The node needs a moment to listen again.
        let error = ground
            .desktop
            .call("discover", which.clone())
            .await
            .unwrap_err();
        if error.code != api::Code::Unreachable {
            break error;
        }
    };
    ground.refused(&error);
    ground.link().await?;
    insta::assert_snapshot!(ground.end().await);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rule_of_tokens_as_the_wizard_tells_it() -> Result<()> {
    const SECRET: &str = "55555555-5555-4555-8555-555555555555";
    let mut ground = ground(Scenario::small(), false).await?;
    let address = ground.lab.facts().clusters[0].address.clone();
    let fingerprint = ground.lab.facts().clusters[0].fingerprint.to_string();
    let check = async |desktop: &Desktop, id: &str, secret: &str| {
        let secret = desktop
            .call("keep_secret", json!({ "value": secret }))
            .await?;
        let request = json!({ "address": address, "fingerprint": fingerprint, "tokenId": id, "secret": secret });
        desktop.call("check_token", request).await
    };
    for id in [
        "redflag@pve!1st",
        "redflag@pve",
        "redflag!desktop",
        "redflag@pve!a=b",
    ] {
        ground.heading(&format!("token id {id}"));
        let error = check(&ground.desktop, id, SECRET).await.unwrap_err();
        ground.refused(&error);
    }
    ground.heading("a secret that is none");
    let error = check(&ground.desktop, "redflag@pve!desktop", "a\nb")
        .await
        .unwrap_err();
    ground.refused(&error);

    let role = scenario::ROLE;
    for (title, acl, expires) in [
        ("separated, without grants of its own", Acl::none(), None),
        (
            "granted on / without propagation",
            Acl::none().grant_here("/", role),
            None,
        ),
        (
            "a deeper grant replaces what it inherits",
            Acl::none().grant("/", role).grant("/vms", ["VM.PowerMgmt"]),
            None,
        ),
        (
            "NoAccess wins",
            Acl::none().grant("/", role).role("/vms", "NoAccess"),
            None,
        ),
        ("enough", Acl::none().grant("/", role), None),
        ("expired", Acl::none().grant("/", role), Some(1_000)),
    ] {
        ground.lab.world().change(|world| {
            let tokens = &mut world.clusters[0].access.tokens;
            tokens.retain(|token| token.id != "redflag@pve!rule");
            let mut token = scenario::token("redflag@pve!rule", true, acl);
            token.secret = SECRET.into();
            token.expires = expires;
            tokens.push(token);
        });
        ground.heading(title);
        match check(&ground.desktop, "redflag@pve!rule", SECRET).await {
            Ok(report) => {
                let text = format!(
                    "    enough: {}, sees {} LXCs\n",
                    report["enough"], report["visibleGuests"]
                );
                ground.note(&text);
                for line in report["grant"].as_array().context("lines")? {
                    ground.note(&format!("    $ {}\n", line.as_str().unwrap_or_default()));
                }
            }
            Err(error) => ground.refused(&error),
        }
    }
    ground.heading("rights lost after the discovery");
    ground.lab.world().change(|world| {
        let access = &mut world.clusters[0].access;
        for token in &mut access.tokens {
            token.acl = Acl::none().grant("/", ["Sys.Audit"]);
        }
    });
    let which = json!({ "cluster": ground.cluster });
    let error = ground.desktop.call("discover", which).await.unwrap_err();
    ground.refused(&error);
    ground.link().await?;
    insta::assert_snapshot!(ground.end().await);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_api_token_cannot_do_is_said_where_it_matters() -> Result<()> {
    let mut scenario = Scenario::small().of_release(Profile::V7_4);
    for guest in scenario.world.clusters[0].guests.values_mut() {
        if guest.vmid == 100 {
            guest.mounts.push(Mount {
                path: "/media".into(),
                source: Source::Host("/tank/media".into()),
            });
            guest.address = Some([192, 168, 1, 50].into());
        } else {
            guest.storage = "local".into();
        }
    }
    let mut ground = ground(scenario, true).await?;
    for name in ["web", "db"] {
        ground.heading(&format!("snapshot of {name}, and its addresses on 7.4"));
        let guest = ground.desktop.guest(name).await?.id;
        let settings = ground
            .desktop
            .call("guest_settings", json!({ "guest": guest }))
            .await?;
        assert_eq!(settings["problem"], Value::Null);
        let facts = &settings["facts"];
        ground.note(&format!(
            "    snapshot {}, addresses {}\n",
            facts["snapshot"], facts["addresses"]
        ));
    }
    let facts = ground.lab.facts().clusters[0].nodes[0].clone();
    let ssh = facts.ssh.clone().context("ssh")?;
    let closed = std::net::TcpListener::bind((ssh.address.ip(), 0))?.local_addr()?;
    ground
        .names
        .insert(0, (closed.to_string(), "pve1:2222".into()));
    let save = async |ground: &Ground, port: u16, key: &str, password: &str| {
        let password = ground
            .desktop
            .call("keep_secret", json!({ "value": password }))
            .await?;
        let request = json!({
            "cluster": ground.cluster, "node": facts.name, "host": ssh.address.ip(), "port": port, "user": ssh.user,
            "hostKey": { "algorithm": ssh.algorithm, "fingerprint": key }, "password": password,
        });
        ground.desktop.call("save_access", request).await
    };
    let port = ssh.address.port();
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (title, port, key, password) in [
        (
            "the way into a node: nothing listens",
            closed.port(),
            ssh.host_key.as_str(),
            "x",
        ),
        (
            "the way into a node: wrong password",
            port,
            ssh.host_key.as_str(),
            "x",
        ),
        (
            "the way into a node: another host key",
            port,
            other,
            ssh.password.as_str(),
        ),
    ] {
        ground.heading(title);
        let error = save(&ground, port, key, password).await.unwrap_err();
        ground.refused(&error);
    }
    insta::assert_snapshot!(ground.end().await);
    Ok(())
}
