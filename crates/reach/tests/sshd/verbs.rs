//! What each verb does on a node and in a guest when nothing is wrong.

use std::{fs, os::unix::fs::PermissionsExt};

use reach::{Copied, Init, Verb};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::fixture::{BASH, DASH, Node, SMALL, vmid};

/// Four megabytes that look like nothing in particular, and hold every byte.
fn binary() -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(4 * 1024 * 1024 + 17)
    .collect()
}

#[tokio::test]
async fn the_node_tells_its_name_and_its_running_guests() {
    let node = Node::start();
    let reach = node.reach();
    let own = fs::read_to_string("/proc/sys/kernel/hostname").expect("linux");
    assert_eq!(reach.hostname().await.expect("it answers"), own.trim());
    let guests = reach.guests().await.expect("it answers");
    assert_eq!(guests, [vmid(101), vmid(102)], "sorted, numbers only");
}

#[tokio::test]
async fn thirty_commands_at_once_share_one_connection() {
    all_share_one_connection(&Node::start()).await;
}

#[tokio::test]
async fn a_node_that_allows_few_sessions_is_waited_for() {
    all_share_one_connection(&Node::start_with("MaxSessions 2\n")).await;
}

async fn all_share_one_connection(node: &Node) {
    let reach = node.reach();
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let reach = reach.clone();
            tokio::spawn(async move { reach.hostname().await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("it answers");
    }
    assert_eq!(node.logins(), 1);
    assert_eq!(node.notes.taken().len(), 30, "each is told to the log");
}

#[tokio::test]
async fn a_guest_is_probed_without_being_changed() {
    let node = Node::start();
    let reach = node.reach();
    let probe = reach.probe(vmid(DASH)).await.expect("it answers");
    assert_eq!(probe.arch, std::env::consts::ARCH);
    assert_eq!(probe.os.as_deref(), Some("debian"));
    assert!(probe.root);
    assert!(probe.free_bytes.is_some_and(|free| free > 1024));
    assert_eq!(probe.agent, None);
    assert!(matches!(
        probe.init,
        Init::Systemd | Init::OpenRc | Init::None
    ));
    let local = fs::read_dir(node.in_guest(DASH, "local")).expect("made by the fixture");
    assert_eq!(local.count(), 0);
}

#[tokio::test]
async fn four_megabytes_arrive_as_they_were_under_every_shell() {
    let node = Node::start();
    let reach = node.reach();
    let binary = binary();
    let hash: [u8; 32] = Sha256::digest(&binary).into();
    for guest in [DASH, BASH] {
        let copied = reach
            .copy(vmid(guest), &binary, hash)
            .await
            .expect("copied");
        assert_eq!(copied, Copied::Copied);
        let file = node.in_guest(guest, "local/bin/redflag-agent");
        assert!(fs::read(&file).expect("there") == binary, "byte by byte");
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o7777, 0o755);
        let again = reach
            .copy(vmid(guest), &binary, hash)
            .await
            .expect("copied");
        assert_eq!(again, Copied::Same);
        let names = fs::read_dir(node.in_guest(guest, "local/bin")).expect("there");
        assert_eq!(names.count(), 1, "nothing else is left");
    }
}

#[tokio::test]
async fn a_copy_that_does_not_fit_leaves_the_guest_as_it_was() {
    let node = Node::start();
    let reach = node.reach();
    let binary = binary();
    let hash: [u8; 32] = Sha256::digest(&binary).into();
    let error = reach
        .copy(vmid(SMALL), &binary, hash)
        .await
        .expect_err("one megabyte is too little");
    assert!(
        matches!(
            error,
            reach::ReachError::Script {
                verb: Verb::Copy,
                status: 8,
                ..
            }
        ),
        "{error}"
    );
    for words in [
        "bytes are needed and",
        "are free there",
        "Make room",
        "nothing was left",
    ] {
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let folder = node.in_guest(SMALL, "local/bin");
    assert!(!folder.exists(), "not even the folder that was made for it");
    let old = b"#!/bin/sh\necho redflag-agent 0.0.9\n";
    let hash: [u8; 32] = Sha256::digest(old).into();
    reach.copy(vmid(DASH), old, hash).await.expect("small");
    let wrong = reach.copy(vmid(DASH), &binary, hash).await;
    assert!(matches!(wrong, Err(reach::ReachError::BadInput { .. })));
    let file = node.in_guest(DASH, "local/bin/redflag-agent");
    assert_eq!(fs::read(file).expect("there"), old);
}

#[tokio::test]
async fn a_program_for_another_architecture_is_not_copied() {
    let node = Node::start();
    // The beginning of an ELF program for 64-bit ARM, or, on such a machine, for x86_64.
    let other: u8 = if std::env::consts::ARCH == "aarch64" {
        0x3e
    } else {
        0xb7
    };
    let mut program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0".to_vec();
    program.extend_from_slice(&[other, 0]);
    let hash: [u8; 32] = Sha256::digest(&program).into();
    let error = node
        .reach()
        .copy(vmid(DASH), &program, hash)
        .await
        .expect_err("it could not run");
    let status = matches!(error, reach::ReachError::Script { status: 6, .. });
    assert!(status, "{error}");
    assert!(error.to_string().contains("nothing was copied"), "{error}");
    assert!(!node.in_guest(DASH, "local/bin/redflag-agent").exists());
}

#[tokio::test]
async fn the_bootstrap_file_arrives_unchanged_and_private() {
    let node = Node::start();
    let reach = node.reach();
    let json = "{\"code\":\"PLANTED-7f3a\",\n \"odd\":\"'$(touch /tmp/never) `id` \\\\ \\\"\"}";
    for guest in [DASH, BASH] {
        reach
            .configure(vmid(guest), SecretString::from(json))
            .await
            .expect("written");
        let file = node.in_guest(guest, "etc/redflag-agent/bootstrap.json");
        assert_eq!(fs::read_to_string(&file).expect("there").trim_end(), json);
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }
    let lines = node.attached().join("\n");
    assert!(!lines.contains("PLANTED"), "{lines}");
    let notes = format!("{:?}", node.notes.taken());
    assert!(!notes.contains("PLANTED"), "{notes}");
}

#[tokio::test]
async fn installing_runs_the_agent_and_cleaning_takes_back_what_never_enrolled() {
    let node = Node::start();
    let reach = node.reach();
    let agent = b"#!/bin/sh\ncase $1 in\n--version) echo redflag-agent 1.2.3 ;;\ninstall) echo made; echo careful >&2 ;;\n\
        uninstall) touch /etc/uninstalled ;;\nesac\n";
    let hash: [u8; 32] = Sha256::digest(agent).into();
    let guest = vmid(DASH);
    reach.copy(guest, agent, hash).await.expect("copied");
    let json = SecretString::from("{}");
    reach.configure(guest, json).await.expect("written");
    assert_eq!(reach.install(guest).await.expect("ran"), "made\ncareful");
    let found = reach.probe(guest).await.expect("it answers").agent;
    let found = found.expect("there");
    assert_eq!(found.version.as_deref(), Some("1.2.3"));
    assert!(!found.configured);
    reach.clean(guest).await.expect("cleaned");
    assert!(node.in_guest(DASH, "etc/uninstalled").exists());
    assert!(!node.in_guest(DASH, "local/bin/redflag-agent").exists());
    assert!(!node.in_guest(DASH, "etc/redflag-agent").exists());
}

#[tokio::test]
async fn cleaning_leaves_an_enrolled_agent_alone() {
    let node = Node::start();
    let reach = node.reach();
    let guest = vmid(DASH);
    let agent = b"#!/bin/sh\necho redflag-agent 1.2.3\n";
    let hash: [u8; 32] = Sha256::digest(agent).into();
    reach.copy(guest, agent, hash).await.expect("copied");
    let json = SecretString::from("{}");
    reach.configure(guest, json).await.expect("written");
    let state = node.in_guest(DASH, "lib/redflag-agent");
    fs::create_dir_all(&state).expect("ours");
    fs::write(state.join("certificate.pem"), "x").expect("ours");
    let config = node.in_guest(DASH, "etc/redflag-agent/config.json");
    fs::write(config, "{}").expect("ours");
    reach.clean(guest).await.expect("cleaned");
    assert!(
        !node
            .in_guest(DASH, "etc/redflag-agent/bootstrap.json")
            .exists()
    );
    let found = reach.probe(guest).await.expect("it answers").agent;
    assert!(found.expect("still there").configured);
}
