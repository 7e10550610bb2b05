//! Real LXC guests, entered the way the product enters them: over a real sshd and a real lxc-attach.
#![cfg(target_os = "linux")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{Vmid, host::HostKey};
use lab::lxc::{
    Deb, GuestPlan, NodeDoor, NodePlan, Options, RealNodes, Stand, missing, remains, sweep,
};
use reach::{CommandLog, CommandRecord, Copied, Init, NodeAddress, ReachError, SshNode};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

#[derive(Default)]
struct Notes(Mutex<Vec<CommandRecord>>);

impl CommandLog for Notes {
    fn ran(&self, record: &CommandRecord) {
        self.0.lock().expect("no panic inside").push(record.clone());
    }
}

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

fn address(door: &NodeDoor) -> NodeAddress {
    NodeAddress {
        host: door.address.ip().to_string(),
        port: door.address.port(),
        user: door.user.clone(),
    }
}

fn host_key(door: &NodeDoor) -> HostKey {
    HostKey {
        algorithm: door.algorithm.clone(),
        fingerprint: door.host_key.clone(),
    }
}

fn reach(door: &NodeDoor, key: &SecretString) -> SshNode {
    let log: Arc<Notes> = Arc::default();
    SshNode::new(address(door), host_key(door), key.clone(), log)
}

/// Puts a key on one node, which opens the whole cluster, and gives it.
async fn key_for(door: &NodeDoor) -> SecretString {
    let (key, line) = reach::generate_key().expect("a key");
    let shown = reach::probe_host_key(&address(door))
        .await
        .expect("it shows one");
    assert_eq!(shown, host_key(door));
    let password = SecretString::from(door.password.clone());
    reach::install_key(&address(door), &shown, password, &line)
        .await
        .expect("the password is right");
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_guests_on_two_nodes_are_entered_and_their_updates_seen_and_installed() {
    if !possible() {
        return;
    }
    let options = Options::two_nodes();
    let cache = options.cache.clone();
    let nodes = RealNodes::start(options).await.expect("it starts");
    let id = nodes.id().to_owned();
    let (door1, door2) = (
        nodes.door("pve1").expect("there"),
        nodes.door("pve2").expect("there"),
    );
    let key = key_for(&door1).await;
    let (pve1, pve2) = (reach(&door1, &key), reach(&door2, &key));

    assert_eq!(pve1.guests().await.expect("it answers"), [vmid(100)]);
    assert_eq!(
        pve2.guests().await.expect("one key opens both"),
        [vmid(200)]
    );
    let stopped = pve1.probe(vmid(101)).await.expect_err("it does not run");
    assert!(
        matches!(stopped, ReachError::NotRunning { .. }),
        "{stopped}"
    );
    let both = pve1.probe_many(&[vmid(101), vmid(100)]).await;
    assert!(
        matches!(both[0].1, Err(ReachError::NotRunning { .. })),
        "{:?}",
        both[0].1
    );
    assert!(both[1].1.as_ref().expect("it answers").root);

    let binary: Vec<u8> = (0..3_000_000_u32)
        .flat_map(u32::to_le_bytes)
        .take(4_000_001)
        .collect();
    let hash: [u8; 32] = Sha256::digest(&binary).into();
    for (node, name, number) in [(&pve1, "pve1", 100), (&pve2, "pve2", 200)] {
        let probe = node.probe(vmid(number)).await.expect("it answers");
        assert_eq!(probe.init, Init::Systemd);
        assert_eq!(probe.os.as_deref(), Some("debian"));
        assert!(probe.root);
        assert_eq!(probe.agent, None);
        let copied = node
            .copy(vmid(number), &binary, hash)
            .await
            .expect("it arrives");
        assert_eq!(copied, Copied::Copied);
        let guest = nodes.guest(name, number).expect("there");
        let file = guest.root().join("usr/local/bin/redflag-agent");
        assert!(
            std::fs::read(&file).expect("there") == binary,
            "byte by byte"
        );
        node.clean(vmid(number)).await.expect("nothing enrolled");
        assert!(!file.exists());
    }

    let web = nodes.guest("pve1", 100).expect("there");
    web.shell("apt-get -qq update")
        .await
        .expect("the repository answers");
    let plan = web
        .shell("apt-get -s dist-upgrade")
        .await
        .expect("it simulates");
    for line in [
        "Inst rf-alpha [1.0] (1.1 Lab:stable [all])",
        "Inst rf-gamma [1.0] (1.0+security1 Lab-Security:stable-security [all])",
        "Inst rf-delta (1.0 Lab:stable [all])",
    ] {
        assert!(plan.contains(line), "{line}\n{plan}");
    }
    assert!(!plan.contains("Inst rf-held"), "{plan}");
    web.shell("DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Options::=--force-confold dist-upgrade")
        .await
        .expect("it installs");
    assert_eq!(
        web.version_of("rf-alpha").await.expect("asked").as_deref(),
        Some("1.1")
    );
    assert_eq!(
        web.version_of("rf-held").await.expect("asked").as_deref(),
        Some("1.0")
    );
    web.shell("systemctl is-active rf-web")
        .await
        .expect("the service runs");
    let kept = web.shell("cat /etc/rf-conf.conf").await.expect("there");
    assert!(kept.contains("width = 3"), "{kept}");
    let db = nodes.guest("pve2", 200).expect("there");
    assert_eq!(db.version_of("rf-web").await.expect("asked"), None);
    assert_eq!(
        db.version_of("rf-alpha").await.expect("asked").as_deref(),
        Some("1.0")
    );

    assert!(
        !remains(&cache, &id).is_empty(),
        "it is seen while it is there"
    );
    nodes.stop().await.expect("everything goes away");
    assert!(remains(&cache, &id).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_the_double_and_the_real_guests_stay_in_step() {
    if !possible() {
        return;
    }
    let options = Options::two_nodes();
    let double = lab::Options::quick();
    let (nodes, lab) = RealNodes::with_double(options, double)
        .await
        .expect("it starts");
    let facts = nodes.facts(&lab);
    for (node, told) in ["pve1", "pve2"]
        .iter()
        .zip(&facts.cluster("real").expect("there").nodes)
    {
        let ssh = told.ssh.as_ref().expect("a real sshd");
        assert_eq!(ssh.address, nodes.door(node).expect("there").address);
        assert_eq!(ssh.address.ip(), told.address.ip(), "beside the API");
    }
    let known = |number: u32| {
        let mut guests = facts.clusters.iter().flat_map(|c| &c.guests);
        let guest = guests.find(|g| g.vmid == number).expect("there");
        (guest.updates, guest.security)
    };
    let web = nodes.guest("pve1", 100).expect("there").clone();
    for (number, guest) in [(100, &web), (200, nodes.guest("pve2", 200).expect("there"))] {
        guest
            .shell("apt-get -qq update")
            .await
            .expect("the repository answers");
        let plan = guest
            .shell("apt-get -s dist-upgrade")
            .await
            .expect("it simulates");
        // `Inst NAME [OLD] (NEW …)`; what is new has no old version.
        let old = |line: &&str| {
            line.split(' ')
                .nth(2)
                .is_some_and(|word| word.starts_with('['))
        };
        let updates: Vec<&str> = plan
            .lines()
            .filter(|line| line.starts_with("Inst "))
            .filter(old)
            .collect();
        let security = updates.iter().filter(|line| line.contains("-security "));
        let count = |number: usize| u32::try_from(number).expect("a few");
        let found = (count(updates.len()), count(security.count()));
        assert_eq!(known(number), found, "{plan}");
    }
    let spare = nodes.guest("pve1", 101).expect("there").clone();
    assert!(!spare.running().await.expect("asked"));
    lab.start_guest("real", 101).expect("there");
    while !spare.running().await.expect("asked") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    spare.start().await.expect("systemd is up");
    let address = spare
        .shell("ip -4 -o address show eth0")
        .await
        .expect("it has one");
    let known = lab
        .world()
        .read(|w| w.guest("real", 101).map(lab::world::Guest::ip));
    assert!(
        address.contains(&known.expect("there").to_string()),
        "{address}"
    );
    lab.stop_guest("real", 101).expect("there");
    while spare.running().await.expect("asked") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    web.run(&["systemctl", "poweroff"]).await.expect("entered");
    lab.world()
        .until(|w| w.guest("real", 100).is_some_and(|g| !g.running()))
        .await;
    nodes.stop().await.expect("everything goes away");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_equal_numbers_in_two_clusters_are_two_guests_and_their_troubles_can_be_made() {
    if !possible() {
        return;
    }
    let mut options = Options::two_nodes();
    options.nodes = vec![
        NodePlan::new("one", "pve1").guest(GuestPlan::new(100, "first")),
        NodePlan::new("two", "pve9")
            .guest(GuestPlan::new(100, "second"))
            .guest(GuestPlan::new(101, "never").stand(Stand::Template)),
    ];
    let nodes = RealNodes::start(options).await.expect("it starts");
    let (first, second) = (
        nodes.guest("pve1", 100).expect("there"),
        nodes.guest("pve9", 100).expect("there"),
    );
    assert_eq!(first.shell("hostname").await.expect("entered"), "first");
    assert_eq!(second.shell("hostname").await.expect("entered"), "second");

    // Another cluster's key opens nothing here.
    let (door1, door9) = (
        nodes.door("pve1").expect("there"),
        nodes.door("pve9").expect("there"),
    );
    let key = key_for(&door1).await;
    let refused = reach(&door9, &key)
        .hostname()
        .await
        .expect_err("another cluster");
    assert!(matches!(refused, ReachError::Auth { .. }), "{refused}");

    // A door that is closed, opened, and then shows another key.
    let pve1 = reach(&door1, &key);
    pve1.hostname().await.expect("open");
    nodes.close_door("pve1").expect("there");
    let closed = pve1.hostname().await.expect_err("closed");
    assert!(matches!(closed, ReachError::Connect { .. }), "{closed}");
    nodes.open_door("pve1", false).expect("its port is free");
    pve1.hostname().await.expect("open again");
    nodes.open_door("pve1", true).expect("its port is free");
    let changed = pve1.hostname().await.expect_err("changed");
    assert!(
        matches!(changed, ReachError::HostKeyChanged { .. }),
        "{changed}"
    );

    // apt's troubles.
    let repository = nodes.repository();
    repository.set_reachable(false).await.expect("stopped");
    let words = first
        .run(&["apt-get", "-qq", "update"])
        .await
        .expect("entered")
        .stderr;
    assert!(words.contains("Connection refused"), "{words}");
    repository
        .set_reachable(true)
        .await
        .expect("its port is free");
    repository
        .publish(vec![Deb::new("rf-alpha", "1.2").security()])
        .await
        .expect("published");
    first
        .shell("apt-get -qq update")
        .await
        .expect("it answers again");
    let plan = first
        .shell("apt-get -s dist-upgrade")
        .await
        .expect("it simulates");
    assert!(
        plan.contains("Inst rf-alpha [1.0] (1.2 Lab-Security:stable-security [all])"),
        "{plan}"
    );
    let holder = first.hold_lock("unattended-upgr").await.expect("free");
    let busy = first
        .run(&["apt-get", "-y", "install", "rf-alpha"])
        .await
        .expect("entered");
    assert!(
        busy.stderr
            .contains(&format!("held by process {holder} (unattended-upgr)")),
        "{}",
        busy.stderr
    );
    first.release_lock().await.expect("held");
    first
        .shell("apt-get -qq -y install rf-alpha")
        .await
        .expect("free again");
    nodes.stop().await.expect("everything goes away");
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_what_a_killed_run_left_is_swept_and_a_living_one_is_not() {
    if !possible() {
        return;
    }
    let options = || {
        let mut options = Options::two_nodes();
        options.nodes = vec![NodePlan::new("real", "pve1").guest(GuestPlan::new(100, "web"))];
        options
    };
    let cache = options().cache;
    let living = RealNodes::start(options()).await.expect("it starts");
    let killed = RealNodes::start(options()).await.expect("it starts");
    let id = killed.id().to_owned();
    // As after SIGKILL: nobody tidies up, and the process that made it is gone.
    std::mem::forget(killed);
    std::fs::write(cache.join("runs").join(&id).join("owner"), "999999999 1").expect("ours");
    let left = remains(&cache, &id);
    assert!(!left.processes.is_empty() && !left.bridges.is_empty() && !left.folders.is_empty());
    sweep(&cache).expect("swept");
    assert!(
        remains(&cache, &id).is_empty(),
        "{:?}",
        remains(&cache, &id)
    );
    let web = living.guest("pve1", 100).expect("there");
    assert!(web.running().await.expect("asked"), "the other run goes on");
    let id = living.id().to_owned();
    drop(living);
    assert!(
        remains(&cache, &id).is_empty(),
        "a dropped run is cleared too"
    );
}
