//! The agent in real guests of every kind: put there over a real sshd, enrolled with a desktop over real mutual TLS, and
//! taken away without a trace.
#![cfg(target_os = "linux")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

#[allow(
    clippy::result_large_err,
    dead_code,
    unreachable_pub,
    reason = "the desktop of the agent's own tests, of which a part is used here"
)]
#[path = "../../agent/tests/common/desktop.rs"]
mod desktop;

#[allow(
    clippy::result_large_err,
    dead_code,
    unreachable_pub,
    reason = "the same for agents that come through their node"
)]
#[path = "../../agent/tests/common/desk.rs"]
mod desk;
mod house;

use std::collections::BTreeSet;

use desktop::Verdict;
use house::{House, binary, failure, fingerprint, fingerprint_of_nobody, possible, until, vmid};
use lab::lxc::{GuestPlan, Stand, Userland};
use reach::{Init, Standing};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use wire::{Action, Outcome};

/// What a guest must tell of itself: init system, privileged.
const KINDS: [(u32, Init, bool); 5] = [
    (100, Init::Systemd, true),
    (101, Init::Systemd, false),
    (102, Init::OpenRc, true),
    (103, Init::OpenRc, false),
    (104, Init::None, true),
];

#[tokio::test(flavor = "multi_thread")]
async fn lxc_every_kind_of_guest_enrols_works_survives_a_restart_and_is_left_as_it_was() {
    if !possible() {
        return;
    }
    let house = House::start(vec![
        GuestPlan::new(100, "systemd"),
        GuestPlan::new(101, "systemd-unprivileged").unprivileged(),
        GuestPlan::new(102, "openrc").userland(Userland::OpenRc),
        GuestPlan::new(103, "openrc-unprivileged")
            .userland(Userland::OpenRc)
            .unprivileged(),
        GuestPlan::new(104, "no-init").userland(Userland::NoInit),
    ])
    .await;
    let [a, b, c, d, e] = KINDS
        .map(|(number, init, privileged)| Box::pin(one_life(&house, number, init, privileged)));
    tokio::join!(a, b, c, d, e);
    house.nodes.stop().await.unwrap();
}

async fn one_life(house: &House, number: u32, init: Init, privileged: bool) {
    let guest = house.guest(number);
    let name = guest.name();
    let probe = house.probe(number).await;
    assert_eq!(
        (probe.init, probe.privileged),
        (init, Some(privileged)),
        "{name}: {probe:?}"
    );
    assert_eq!(
        (probe.arch.as_str(), probe.root, probe.has_route),
        ("x86_64", true, Some(true))
    );
    assert!(
        probe.missing.is_empty() && probe.read_only.is_empty(),
        "{name}: {probe:?}"
    );
    assert!(probe.free_bytes.is_some() && probe.free_state_bytes.is_some());
    assert_eq!(probe.agent, None, "{name}");
    if init != Init::Systemd {
        let shell = guest
            .shell("readlink -f /bin/sh; command -v bash; command -v curl; true")
            .await;
        assert_eq!(shell.unwrap(), "/usr/bin/busybox", "{name}");
    }
    // What a scan leaves by itself is none of the agent's.
    guest.run(&["apt-get", "-s", "upgrade"]).await.unwrap();
    let before = house.files(number).await;

    let desktop = house.desktop().await;
    let words = house.enrol(number, &desktop).await;
    assert_eq!(
        words.contains("gone after a restart"),
        init == Init::None,
        "{name}: {words}"
    );
    let told = desktop.with(|m| m.check_ins[0].about.clone());
    let expected = match init {
        Init::Systemd => wire::Init::Systemd,
        Init::OpenRc => wire::Init::OpenRc,
        Init::None => wire::Init::None,
    };
    assert_eq!(told.init, Some(expected), "{name}");
    let outcome = desktop.done(Action::Scan { refresh: true }).await;
    assert!(
        matches!(outcome, Outcome::Scanned { .. }),
        "{name}: {outcome:?}"
    );
    let counts = desktop.with(|m| m.inventories.last().unwrap().counts());
    assert!(counts.total >= 5, "{name}: {counts:?}");
    assert_eq!(
        desktop.done(Action::Restart).await,
        Outcome::Restarted,
        "{name}"
    );

    let found = house.probe(number).await.agent.unwrap();
    let ours = fingerprint(&desktop.ca_pem);
    assert!(found.configured && found.running, "{name}: {found:?}");
    assert_eq!(
        found.standing(ours, agent::VERSION),
        Standing::Ours,
        "{name}: {found:?}"
    );
    assert_eq!(found.standing(ours, "999.0.0"), Standing::OursOlder);
    assert_eq!(
        found.standing(fingerprint_of_nobody(), "0.1.0"),
        Standing::AnotherDesktop
    );

    // An upgrade: the same program with a tail is another one to everybody but the kernel.
    let mut newer = house.binary.clone();
    newer.extend_from_slice(b"newer");
    let sha256 = hex::encode(Sha256::digest(&newer));
    let size = newer.len() as u64;
    let action = Action::Upgrade {
        version: agent::VERSION.to_owned(),
        sha256: sha256.clone(),
        size,
    };
    desktop.with(|m| m.programs.insert(sha256, newer));
    let outcome = desktop.done(action).await;
    assert!(
        matches!(outcome, Outcome::Upgraded { .. }),
        "{name}: {outcome:?}"
    );
    let placed = guest.root().join("usr/local/bin/redflag-agent");
    assert_eq!(std::fs::metadata(placed).unwrap().len(), size, "{name}");

    // A restart of the guest.
    let session = desktop.with(|m| m.check_ins.last().unwrap().session.clone());
    guest.stop().await.unwrap();
    guest.start().await.unwrap();
    if init == Init::None {
        assert!(!house.probe(number).await.agent.unwrap().running, "{name}");
        house.ssh.restart(vmid(number)).await.unwrap();
    }
    desktop
        .until("a check-in after the restart", |m| {
            (m.check_ins.last()?.session != session).then_some(())
        })
        .await;

    let outcome = desktop.done(Action::Uninstall).await;
    assert_eq!(outcome, Outcome::Uninstalled, "{name}");
    let state = guest.root().join("usr/local/bin/redflag-agent");
    until("the agent to be gone", || async {
        let left = guest
            .run(&["/bin/ls", "/usr/local/bin/redflag-agent"])
            .await
            .unwrap();
        (left.status != 0 && !state.exists()).then_some(())
    })
    .await;
    // The process that removes itself has its folder to go.
    let processes = until("no process of the agent", || async {
        let running = guest
            .shell("cat /proc/[0-9]*/comm | grep redflag; true")
            .await
            .unwrap();
        running.is_empty().then_some(running)
    })
    .await;
    assert_eq!(processes, "");
    guest.run(&["apt-get", "-s", "upgrade"]).await.unwrap();
    let after = house.files(number).await;
    let left: Vec<&String> = after
        .difference(&before)
        .filter(|path| !path.starts_with("/var/lib/apt/lists/"))
        .collect();
    assert!(left.is_empty(), "{name}: {left:#?}");
    let lost: Vec<&String> = before.difference(&after).collect();
    assert!(lost.is_empty(), "{name}: {lost:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_a_full_or_read_only_disk_is_named_with_the_remedy_and_nothing_stays() {
    if !possible() {
        return;
    }
    let house = House::start(vec![
        GuestPlan::new(110, "full")
            .userland(Userland::NoInit)
            .room(1_000_000),
        GuestPlan::new(111, "nearly-full")
            .userland(Userland::NoInit)
            .room(u64::try_from(binary().len()).unwrap() + 700_000),
        GuestPlan::new(112, "read-only").userland(Userland::NoInit),
    ])
    .await;
    let desktop = house.desktop().await;
    let before = house.files(110).await;
    assert!(house.probe(110).await.free_bytes.unwrap() < 1_000_000);
    let (status, words) = failure(house.copy(110).await);
    assert_eq!(status, 8, "{words}");
    let need = house.binary.len().to_string();
    for word in [
        "/usr/local/bin/redflag-agent.new",
        &need,
        "are free there",
        "Make room",
    ] {
        assert!(words.contains(word), "{word}: {words}");
    }
    assert_eq!(house.files(110).await, before);

    // Full only once the binary is there: the installation takes back what it made.
    let before = house.files(111).await;
    house.copy(111).await.unwrap();
    house.configure(111, &desktop).await.unwrap();
    let full = house.guest(111);
    full.run(&["/bin/dd", "if=/dev/zero", "of=/var/filler", "bs=4096"])
        .await
        .unwrap();
    let (status, words) = failure(house.ssh.install(vmid(111)).await);
    assert_eq!(status, 7, "{words}");
    for word in [
        "/etc/redflag-agent/",
        "bytes and",
        "make room inside the LXC",
    ] {
        assert!(words.contains(word), "{word}: {words}");
    }
    // What it took back is room again.
    full.run(&["/bin/dd", "if=/dev/zero", "of=/var/filler2", "bs=4096"])
        .await
        .unwrap();
    let (status, words) = failure(house.configure(111, &desktop).await);
    assert!(status == 4 || status == 5, "{status} {words}");
    assert!(words.contains("disk is full"), "{words}");
    house.ssh.clean(vmid(111)).await.unwrap();
    full.shell("rm /var/filler /var/filler2").await.unwrap();
    assert_eq!(house.files(111).await, before);

    let read_only = house.guest(112);
    let before = house.files(112).await;
    read_only
        .shell("mount -t tmpfs -o ro none /usr/local")
        .await
        .unwrap();
    assert_eq!(house.probe(112).await.read_only, ["/usr/local/bin"]);
    let (status, words) = failure(house.copy(112).await);
    assert!(status == 4 || status == 7, "{status} {words}");
    assert!(words.to_lowercase().contains("read-only"), "{words}");
    read_only.shell("umount /usr/local").await.unwrap();
    assert_eq!(house.files(112).await, before);
    house.nodes.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_a_guest_without_network_enrols_and_scans_through_its_node() {
    if !possible() {
        return;
    }
    let house = House::start(vec![
        GuestPlan::new(130, "offline").offline(),
        GuestPlan::new(131, "offline-openrc")
            .userland(Userland::OpenRc)
            .unprivileged()
            .offline(),
    ])
    .await;
    for number in [130, 131] {
        let desk = desk::Desk::new();
        let guest = house.guest(number);
        let name = guest.name();
        assert_eq!(house.probe(number).await.has_route, Some(false), "{name}");
        house.copy(number).await.unwrap();
        let json = serde_json::to_string(&desk.bootstrap()).unwrap();
        house
            .ssh
            .configure(vmid(number), SecretString::from(json))
            .await
            .unwrap();
        house.ssh.install(vmid(number)).await.unwrap();
        let command = guest.entering(&["/usr/local/bin/redflag-agent", "stdio"]);
        let session = desk::session(&desk, command.into());
        let outcome = desk.done(Action::Scan { refresh: false }).await;
        assert!(
            matches!(outcome, Outcome::Scanned { .. }),
            "{name}: {outcome:?}"
        );
        // Nothing can be fetched from here, which is the guest's fact and no failure of the way.
        let outcome = desk.done(Action::Scan { refresh: true }).await;
        let Outcome::Failed { problem, .. } = outcome else {
            panic!("{name}: {outcome:?}");
        };
        assert!(
            problem.what.contains("no package list"),
            "{name}: {problem:?}"
        );
        let status = guest
            .shell("/usr/local/bin/redflag-agent status; true")
            .await;
        let status = status.unwrap();
        assert!(status.contains("through the node"), "{name}: {status}");
        drop(session);
    }
    house.nodes.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_a_clone_is_quarantined_and_another_desktops_agent_is_left_alone() {
    if !possible() {
        return;
    }
    let house = House::start(vec![
        GuestPlan::new(120, "original"),
        GuestPlan::new(121, "clone").stand(Stand::Stopped),
    ])
    .await;
    let desktop = house.desktop().await;
    house.enrol(120, &desktop).await;
    let (original, clone) = (house.guest(120), house.guest(121));

    // Another desktop finds it taken, and is told by whom.
    let another = house.desktop().await;
    let found = house.probe(120).await.agent.unwrap();
    assert_eq!(
        found.standing(fingerprint(&another.ca_pem), agent::VERSION),
        Standing::AnotherDesktop
    );
    house.configure(120, &another).await.unwrap();
    let (status, words) = failure(house.ssh.install(vmid(120)).await);
    assert_eq!(status, 10, "{words}");
    let owner = fingerprint(&desktop.ca_pem).to_string();
    assert!(
        words.contains(&owner) && words.contains("take it over"),
        "{words}"
    );
    let outcome = desktop.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");

    original.stop().await.unwrap();
    clone.become_copy_of(original).await.unwrap();
    original.start().await.unwrap();
    clone.start().await.unwrap();
    let question = desktop
        .until("the clone's question", |m| m.machines.first().cloned())
        .await;
    assert_eq!(question.hostname, "clone");
    assert_eq!(question.before.macs, [original.mac().to_lowercase()]);
    assert_eq!(question.now.macs, [clone.mac().to_lowercase()]);
    let original_session = desktop.with(|m| {
        let session = m.check_ins.last().unwrap().session.clone();
        assert_ne!(session, question.session, "the clone does not report");
        m.verdict = Some(Verdict::Another);
        session
    });
    clone
        .shell("systemctl restart redflag-agent")
        .await
        .unwrap();
    let session = desktop
        .until("the clone's check-in", |m| {
            let last = m.check_ins.iter().rev().map(|c| &c.session);
            let known: BTreeSet<_> = m.machines.iter().map(|q| q.session.clone()).collect();
            last.into_iter().find(|s| known.contains(*s)).cloned()
        })
        .await;
    assert_ne!(session, original_session);
    let id = "cat /var/lib/redflag-agent/identity.json";
    let (one, two) = (
        original.shell(id).await.unwrap(),
        clone.shell(id).await.unwrap(),
    );
    assert_ne!(one, two);
    house.nodes.stop().await.unwrap();
}
