//! The real reach against the simulated sshd: host keys, logins, scripts, and an agent put in step by step.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common {
    pub(crate) mod desk;
    pub(crate) mod guests;
}

use std::sync::Arc;

use common::{
    desk::House,
    guests::{Log, door, node, small, units, vmid},
};
use domain::inventory::{Blocked, PackageScan};
use lab::world::machine::Standing;
use reach::{Copied, Init, ReachError, SshNode};
use sha2::{Digest, Sha256};

#[tokio::test]
async fn the_reach_finds_a_node_as_it_finds_a_real_one() {
    let lab = small().await;
    let (address, key, password) = door(&lab, 0);
    assert_eq!(reach::probe_host_key(&address).await.unwrap(), key);
    let (private, public) = reach::generate_key().unwrap();
    let wrong = reach::install_key(&address, &key, "wrong".to_owned().into(), &public).await;
    assert!(matches!(wrong, Err(ReachError::Auth { .. })), "{wrong:?}");
    let stranger = SshNode::new(
        address.clone(),
        key.clone(),
        private.clone(),
        Arc::new(Log::default()),
    );
    assert!(stranger.hostname().await.is_err());
    reach::install_key(&address, &key, password.clone(), &public)
        .await
        .unwrap();
    reach::install_key(&address, &key, password, &public)
        .await
        .unwrap();
    assert_eq!(
        lab.world()
            .read(|w| w.clusters[0].nodes[0].authorized_keys.len()),
        1
    );

    let log = Arc::new(Log::default());
    let pve1 = SshNode::new(address, key, private.clone(), log.clone());
    assert_eq!(pve1.hostname().await.unwrap(), "pve1");
    assert_eq!(pve1.guests().await.unwrap(), [vmid(100)]);
    let probe = pve1.probe(vmid(100)).await.unwrap();
    assert_eq!(
        (probe.init, probe.root, probe.agent),
        (Init::Systemd, true, None)
    );
    let stopped = pve1.probe(vmid(101)).await;
    assert!(
        matches!(stopped, Err(ReachError::NotRunning { .. })),
        "{stopped:?}"
    );
    // 102 exists, but on the other node.
    let elsewhere = pve1.probe(vmid(102)).await;
    assert!(
        matches!(elsewhere, Err(ReachError::NoSuchGuest { .. })),
        "{elsewhere:?}"
    );
    assert!(log.0.lock().unwrap().len() >= 5);

    // One key opens every node of the cluster.
    let (address, key, _) = door(&lab, 1);
    let pve2 = SshNode::new(address, key, private, Arc::new(Log::default()));
    assert_eq!(pve2.hostname().await.unwrap(), "pve2");
}

#[tokio::test]
async fn a_closed_sshd_refuses_and_another_host_key_shows() {
    let lab = small().await;
    let pve1 = node(&lab, 0).await;
    assert_eq!(pve1.hostname().await.unwrap(), "pve1");
    lab.close_ssh("small", "pve1", true).unwrap();
    let (address, key, _) = door(&lab, 0);
    // The door closes a moment after it was told to.
    while reach::probe_host_key(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let refused = pve1.hostname().await;
    assert!(
        matches!(refused, Err(ReachError::Connect { .. })),
        "{refused:?}"
    );
    let other = lab.change_host_key("small", "pve1").unwrap();
    lab.close_ssh("small", "pve1", false).unwrap();
    let shown = loop {
        if let Ok(shown) = reach::probe_host_key(&address).await {
            break shown;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(shown.fingerprint, other);
    assert_ne!(shown, key);
    let changed = pve1.hostname().await;
    assert!(
        matches!(changed, Err(ReachError::HostKeyChanged { .. })),
        "{changed:?}"
    );
}

#[tokio::test]
async fn an_agent_is_put_in_step_by_step_and_enrols_by_itself() {
    let (lab, house) = (small().await, House::open().await);
    let pve1 = node(&lab, 0).await;
    let binary: Vec<u8> = (0..300_000_u32).map(|n| (n * 7 % 251) as u8).collect();
    let hash: [u8; 32] = Sha256::digest(&binary).into();
    let early = pve1.install(vmid(100)).await;
    assert!(matches!(early, Err(ReachError::Script { .. })), "{early:?}");
    assert_eq!(
        pve1.copy(vmid(100), &binary, hash).await.unwrap(),
        Copied::Copied
    );
    assert_eq!(
        pve1.copy(vmid(100), &binary, hash).await.unwrap(),
        Copied::Same
    );
    let bootstrap = serde_json::to_string(&house.bootstrap("one")).unwrap();
    pve1.configure(vmid(100), bootstrap.into()).await.unwrap();
    pve1.install(vmid(100)).await.unwrap();
    let agent = house.enrolled("web").await;
    pve1.clean(vmid(100)).await.unwrap();
    let probe = pve1.probe(vmid(100)).await.unwrap();
    assert!(probe.agent.unwrap().configured);
    house.desk.read(|s| {
        let known = &s.agents[&agent];
        assert!(known.macs[0].starts_with("bc:24:11:"), "{:?}", known.macs);
        assert_eq!(known.check_ins[0].inventory, None);
        let (_, inventory) = known.inventory.as_ref().unwrap();
        assert_eq!(inventory.os.id, "debian");
        assert_eq!(inventory.addresses, ["10.98.7.100"]);
        let PackageScan::Apt {
            updates, installed, ..
        } = &inventory.packages
        else {
            panic!("{:?}", inventory.packages);
        };
        assert!(*installed > 100);
        assert_eq!(
            updates
                .iter()
                .filter(|u| u.blocked == Some(Blocked::Held))
                .count(),
            1
        );
        assert_eq!(
            (inventory.counts().total, inventory.counts().security),
            (3, 1)
        );
    });
}

#[tokio::test]
async fn an_installation_that_never_enrols_is_cleaned_away() {
    let (lab, house) = (small().await, House::open().await);
    let pve1 = node(&lab, 0).await;
    let binary = b"agent".to_vec();
    pve1.copy(vmid(100), &binary, Sha256::digest(&binary).into())
        .await
        .unwrap();
    let bootstrap = house.bootstrap("spent");
    house.desk.change(|s| s.codes.clear());
    let text = serde_json::to_string(&bootstrap).unwrap();
    pve1.configure(vmid(100), text.into()).await.unwrap();
    pve1.install(vmid(100)).await.unwrap();
    lab.world()
        .until(|w| {
            let agent = w.guest("small", 100).unwrap().machine.agent.as_ref();
            matches!(agent.map(|a| &a.standing), Some(Standing::Refused { .. }))
        })
        .await;
    pve1.clean(vmid(100)).await.unwrap();
    assert_eq!(units(&lab, 100), 0);
}

#[tokio::test]
async fn forty_three_guests_answer_one_command_and_the_stopped_ones_say_so() {
    let lab = lab::Lab::start(lab::Scenario::many(1, 1, 43), lab::Options::quick())
        .await
        .unwrap();
    let pve = node(&lab, 0).await;
    let (guests, stopped) = lab.world().read(|w| {
        let all: Vec<_> = w.clusters[0].guests.values().collect();
        let numbers: Vec<_> = all.iter().map(|g| vmid(g.vmid)).collect();
        let stopped = all.iter().filter(|g| !g.running()).count();
        (numbers, stopped)
    });
    let began = std::time::Instant::now();
    let probes = pve.probe_many(&guests).await;
    eprintln!("43 guests in {} ms", began.elapsed().as_millis());
    assert_eq!(probes.len(), 43);
    let silent = probes
        .iter()
        .filter(|(_, probe)| matches!(probe, Err(ReachError::NotRunning { .. })))
        .count();
    assert_eq!(silent, stopped);
    let good = probes.iter().filter(|(_, probe)| probe.is_ok()).count();
    assert_eq!(good, 43 - stopped);
}
