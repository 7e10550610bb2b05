//! Real LXC guests entered over their consoles: the double's termproxy in front of a real pty, `lxc-attach` and a real
//! shell.
#![cfg(target_os = "linux")]
#![allow(clippy::panic, reason = "functions that tests share are tests too")]

mod common {
    pub(crate) mod consoles;
}

use std::time::Duration;

use common::consoles::{allow_consoles, consoles};
use domain::Vmid;
use lab::{
    Lab,
    lxc::{GuestPlan, NodePlan, Options, RealGuest, RealNodes, Userland, missing},
    world::Profile,
};
use reach::{ApiConsole, ConsoleTrouble, Copied, Init, ReachError};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// Whether real guests can be made here; where they must be (`CI=true`), they have to.
fn possible() -> bool {
    let missing = missing();
    if missing.is_empty() {
        return true;
    }
    let why = missing.join("; ");
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
    eprintln!("not run here: {why}");
    false
}

fn vmid(number: u32) -> Vmid {
    Vmid::try_from(number).expect("in range")
}

/// One node with the running guest 100 `web`, its console connected to a shell.
async fn start(profile: Profile) -> (RealNodes, Lab, RealGuest, ApiConsole) {
    start_with(profile, GuestPlan::new(100, "web")).await
}

/// The same with another guest 100.
async fn start_with(profile: Profile, guest: GuestPlan) -> (RealNodes, Lab, RealGuest, ApiConsole) {
    let mut options = Options::two_nodes();
    options.nodes = vec![NodePlan::new("real", "pve1").guest(guest)];
    let (nodes, lab) = RealNodes::with_double(options, lab::Options::quick())
        .await
        .expect("it starts");
    lab.world()
        .change(|w| w.cluster_mut("real").expect("there").profile = profile);
    allow_consoles(&lab, "real");
    lab.guest("real", 100, |g| g.console.mode = Some("shell".into()))
        .expect("there");
    let web = nodes.guest("pve1", 100).expect("there").clone();
    let (console, _) = consoles(&lab, "real", "pve1");
    (nodes, lab, web, console)
}

/// A program of about the agent's size: half of it can be compressed, as programs can.
fn agent() -> (Vec<u8>, [u8; 32]) {
    let mut state = 7_u64;
    let mut bytes = b"#!/bin/sh\ncase $1 in\n--version) echo redflag-agent 1.2.3 ;;\ninstall) echo made; echo careful >&2 ;;\nesac\nexit 0\n".to_vec();
    while bytes.len() < 3_500_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        bytes.extend(state.to_be_bytes());
        bytes.extend([0; 8]);
    }
    let hash = Sha256::digest(&bytes).into();
    (bytes, hash)
}

async fn all_left(lab: &Lab) {
    lab.world()
        .until(|w| {
            let console = &w.guest("real", 100).expect("there").console;
            console.begun == console.ended
        })
        .await;
}

/// Waits until a terminal shows a text; what it showed instead ends the test.
async fn until(terminal: &mut pve::Terminal, text: &str) {
    let mut shown = String::new();
    let waiting = async {
        while !shown.contains(text) {
            let bytes = terminal.receive().await.expect("open").expect("open");
            shown.push_str(&String::from_utf8_lossy(&bytes));
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "{shown:?}");
}

/// No file of a visit, and no shell on a terminal that lxc-attach made.
async fn nothing_left(web: &RealGuest) {
    let left = web
        .shell("find /dev/shm /run /tmp /var/tmp /root -name '.redflag-*'; ls /root/.bash_history 2>/dev/null; ps -eo tty,args | grep '^pts' | grep -v 'grep\\|ps -eo\\|agetty' || true")
        .await
        .expect("entered");
    assert_eq!(left, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_console_an_agent_gets_in_whole_and_the_shell_is_left() {
    if !possible() {
        return;
    }
    for profile in [Profile::V8_4, Profile::V9_2] {
        let (nodes, lab, web, console) = start(profile).await;
        let probe = console.probe(vmid(100)).await.expect("it answers");
        assert_eq!((probe.init, probe.root), (Init::Systemd, true));
        assert_eq!(probe.agent, None);
        let (bytes, hash) = agent();
        let began = std::time::Instant::now();
        let copied = console.copy(vmid(100), &bytes, hash).await;
        assert_eq!(copied.expect("it arrives"), Copied::Copied);
        eprintln!(
            "{} bytes over the console of a real LXC in {:.1} s",
            bytes.len(),
            began.elapsed().as_secs_f32()
        );
        let file = web.root().join("usr/local/bin/redflag-agent");
        assert!(
            std::fs::read(&file).expect("there") == bytes,
            "byte by byte"
        );
        let json = "{\"code\":\"PLANTED-7f3a\",\n \"odd\":\"'$(touch /tmp/never) `id` \\\\ \\\"\"}";
        console
            .configure(vmid(100), SecretString::from(json))
            .await
            .expect("written");
        let written = web.root().join("etc/redflag-agent/bootstrap.json");
        let written = std::fs::read_to_string(written).expect("there");
        assert_eq!(written.trim_end(), json);
        let said = console.install(vmid(100)).await.expect("it runs");
        assert!(said.contains("made") && said.contains("careful"), "{said}");
        let again = console.copy(vmid(100), &bytes, hash).await;
        assert_eq!(again.expect("compared inside"), Copied::Same);
        console.clean(vmid(100)).await.expect("nothing enrolled");
        assert!(!file.exists());
        all_left(&lab).await;
        nothing_left(&web).await;
        nodes.stop().await.expect("everything goes away");
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_console_cut_off_anywhere_leaves_nothing_and_works_again() {
    if !possible() {
        return;
    }
    let (nodes, lab, web, console) = start(Profile::V9_2).await;
    let (bytes, hash) = agent();
    for after in [1, 150, 400, 2_500, 30_000, 400_000] {
        lab.guest("real", 100, |g| g.console.cut_after = Some(after))
            .expect("there");
        let error = console
            .copy(vmid(100), &bytes, hash)
            .await
            .expect_err("cut off");
        let passing = matches!(error, ReachError::Lost { .. } | ReachError::Console { .. });
        assert!(passing, "{after}: {error}");
        console.probe(vmid(100)).await.expect("the next visit");
        all_left(&lab).await;
        nothing_left(&web).await;
    }
    let copied = console.copy(vmid(100), &bytes, hash).await;
    assert_eq!(copied.expect("it arrives"), Copied::Copied);
    nodes.stop().await.expect("everything goes away");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_console_a_users_program_and_a_login_prompt_are_left_alone() {
    if !possible() {
        return;
    }
    let (nodes, lab, web, console) = start(Profile::V8_4).await;
    let (_, client) = consoles(&lab, "real", "pve1");
    let node = "pve1".parse().expect("a name");
    // Somebody leaves a question open on the shared terminal.
    let mut user = client
        .lxc_terminal(&node, vmid(100))
        .await
        .expect("a terminal");
    until(&mut user, "# ").await;
    user.send(b"printf 'Remove everything? %s ' '[y/N]'; read answer; [ \"$answer\" ] || touch /emptied; sleep 60\n")
        .await
        .expect("typed");
    until(&mut user, "everything? [y/N] ").await;
    let error = console.probe(vmid(100)).await.expect_err("a question");
    let ReachError::Console { trouble, .. } = &error else {
        panic!("{error}");
    };
    assert!(
        matches!(trouble, ConsoleTrouble::Foreign { .. }),
        "{trouble}"
    );
    let answered = web.shell("ls /emptied 2>/dev/null || true").await;
    assert_eq!(answered.expect("entered"), "", "Enter is an answer");
    user.send(b"\x03").await.expect("typed");
    user.send(b"\nexit\n").await.expect("typed");
    all_left(&lab).await;
    console.probe(vmid(100)).await.expect("free again");
    // A real getty.
    lab.guest("real", 100, |g| g.console.mode = Some("console".into()))
        .expect("there");
    let mut tty = client
        .lxc_terminal(&node, vmid(100))
        .await
        .expect("a terminal");
    // Enter makes a getty ask again, once lxc-console has found it.
    let mut shown = String::new();
    for _try in 0..20 {
        tty.send(b"\n").await.expect("typed");
        let second = Duration::from_secs(1);
        while let Ok(piece) = tokio::time::timeout(second, tty.receive()).await {
            let piece = piece.expect("open").expect("open");
            shown.push_str(&String::from_utf8_lossy(&piece));
        }
        if shown.contains("login:") {
            break;
        }
    }
    assert!(shown.contains("login:"), "{shown:?}");
    let refused = console.probe(vmid(100)).await.expect_err("a login prompt");
    assert!(refused.to_string().contains("`console`"), "{refused}");
    // The setting has changed, but the session of before is still open.
    lab.guest("real", 100, |g| g.console.mode = Some("shell".into()))
        .expect("there");
    tty.send(b"\n").await.expect("typed");
    let stale = console.probe(vmid(100)).await.expect_err("an old session");
    let ReachError::Console { trouble, .. } = &stale else {
        panic!("{stale}");
    };
    assert!(
        matches!(
            trouble,
            ConsoleTrouble::Login | ConsoleTrouble::Foreign { .. }
        ),
        "{trouble}"
    );
    assert!(web.running().await.expect("asked"));
    nodes.stop().await.expect("everything goes away");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_console_small_userlands_take_the_agent_too() {
    if !possible() {
        return;
    }
    for (guest, init) in [
        (
            GuestPlan::new(100, "openrc").userland(Userland::OpenRc),
            Init::OpenRc,
        ),
        (
            GuestPlan::new(100, "no-init")
                .userland(Userland::NoInit)
                .unprivileged()
                .offline(),
            Init::None,
        ),
    ] {
        let (nodes, lab, web, console) = start_with(Profile::V9_2, guest).await;
        let probe = console.probe(vmid(100)).await.expect("it answers");
        assert_eq!(probe.init, init);
        let (bytes, hash) = agent();
        let copied = console.copy(vmid(100), &bytes, hash).await;
        assert_eq!(copied.expect("it arrives"), Copied::Copied);
        let said = console.install(vmid(100)).await.expect("it runs");
        assert!(said.contains("made"), "{said}");
        let there = web.shell("sha256sum /usr/local/bin/redflag-agent").await;
        assert!(there.expect("entered").starts_with(&hex::encode(hash)));
        console.clean(vmid(100)).await.expect("nothing enrolled");
        all_left(&lab).await;
        let left = web
            .shell("find /dev/shm /run /tmp /var/tmp /root -name '.redflag-*'; ls /usr/local/bin")
            .await
            .expect("entered");
        assert_eq!(left, "", "{init:?}");
        nodes.stop().await.expect("everything goes away");
        lab.stop().await;
    }
}
