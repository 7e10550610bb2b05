//! Discoveries: written whole or not at all, and only where something differs.

use domain::{
    ClusterId,
    facts::DiscoveryEntry,
    fleet::{Power, Usage},
};
use store::{AccessRecord, DiscoveryWrite, GuestRecord, NodeRecord, StoreError};

use crate::samples::{self, NOW, beside, data_version, fresh, later, node_name};

fn run() -> DiscoveryEntry {
    DiscoveryEntry {
        began_at: NOW,
        ended_at: later(300),
        nodes: 2,
        guests: 3,
        new: 1,
        gone: 0,
        errors: vec!["pve4: no route to host".into()],
    }
}

#[tokio::test]
async fn every_field_comes_back() {
    let (_folder, store) = fresh().await;
    let cluster = samples::cluster(&store).await.id;
    let nodes = vec![
        samples::node(cluster, "pve1"),
        NodeRecord {
            address: None,
            online: false,
            uptime_seconds: None,
            cpu: None,
            memory: None,
            seen_at: None,
            ..samples::node(cluster, "pve2")
        },
    ];
    let mut guests: Vec<GuestRecord> = [Power::Running, Power::Stopped, Power::Unknown]
        .into_iter()
        .zip(100..)
        .map(|(power, vmid)| GuestRecord {
            power,
            ..samples::guest(cluster, vmid)
        })
        .collect();
    guests.push(GuestRecord {
        lock: None,
        template: true,
        tags: Vec::new(),
        ostype: None,
        macs: Vec::new(),
        root_volume: None,
        config_digest: None,
        address: None,
        uptime_seconds: None,
        cpu: None,
        memory: None,
        seen_at: None,
        ..samples::guest(cluster, 900)
    });
    let write = DiscoveryWrite {
        run: Some(run()),
        ..samples::found(nodes.clone(), guests.clone())
    };
    store.apply_discovery(cluster, &write).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), nodes);
    assert_eq!(store.guests().await.unwrap(), guests);
    assert_eq!(store.guests_of(cluster).await.unwrap(), guests);
    assert_eq!(
        store.guest(guests[3].id).await.unwrap(),
        Some(guests[3].clone())
    );
    assert_eq!(store.discoveries(cluster, 9).await.unwrap(), [run()]);
}

#[tokio::test]
async fn an_unchanged_picture_writes_nothing() {
    let (folder, store) = fresh().await;
    let cluster = samples::cluster(&store).await.id;
    let nodes = vec![samples::node(cluster, "pve1")];
    let guests = vec![
        samples::guest(cluster, 100),
        GuestRecord {
            lock: None,
            cpu: None,
            ..samples::guest(cluster, 101)
        },
    ];
    let write = samples::found(nodes, guests);
    store.apply_discovery(cluster, &write).await.unwrap();
    let mut watcher = beside(folder.path()).await;
    let before = data_version(&mut watcher).await;

    store.apply_discovery(cluster, &write).await.unwrap();
    assert_eq!(data_version(&mut watcher).await, before, "the same again");

    let mut busier = write.clone();
    busier.nodes[0].cpu = Some(0.9);
    busier.nodes[0].seen_at = Some(later(10_000));
    busier.guests[0].cpu = Some(0.7);
    busier.guests[0].uptime_seconds = Some(999);
    busier.guests[0].memory = Some(Usage {
        used: 200,
        total: 512 << 20,
    });
    busier.guests[1].seen_at = Some(later(10_000));
    store.apply_discovery(cluster, &busier).await.unwrap();
    assert_eq!(
        data_version(&mut watcher).await,
        before,
        "load and time of a status refresh stay in memory"
    );

    busier.run = Some(run());
    store.apply_discovery(cluster, &busier).await.unwrap();
    assert_ne!(
        data_version(&mut watcher).await,
        before,
        "a full one writes its own row"
    );
    assert_eq!(
        store.guests().await.unwrap(),
        write.guests,
        "and nothing else"
    );
}

#[tokio::test]
async fn each_lasting_change_is_written() {
    let (_folder, store) = fresh().await;
    let cluster = samples::cluster(&store).await.id;
    let first = samples::guest(cluster, 100);
    store
        .apply_discovery(cluster, &samples::found(Vec::new(), vec![first.clone()]))
        .await
        .unwrap();
    let changes: [fn(&mut GuestRecord); 14] = [
        |g| g.node = node_name("pve2"),
        |g| g.vmid = samples::vmid(200),
        |g| g.name = "renamed".into(),
        |g| g.power = Power::Stopped,
        |g| g.lock = None,
        |g| g.template = true,
        |g| g.tags = vec!["x".into()],
        |g| g.ostype = None,
        |g| g.macs = Vec::new(),
        |g| g.root_volume = Some("other".into()),
        |g| g.config_digest = Some("def".into()),
        |g| g.address = None,
        |g| g.memory = None,
        |g| g.gone_at = Some(NOW),
    ];
    let mut record = first;
    for (i, change) in changes.iter().enumerate() {
        change(&mut record);
        store
            .apply_discovery(cluster, &samples::found(Vec::new(), vec![record.clone()]))
            .await
            .unwrap();
        assert_eq!(
            store.guest(record.id).await.unwrap(),
            Some(record.clone()),
            "change {i}"
        );
    }
}

#[tokio::test]
async fn a_discovery_keeps_access_and_first_sight() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await;
    let mut node = samples::node(guest.cluster, "pve1");
    let access = AccessRecord {
        host: "192.0.2.1".into(),
        port: 22,
        user: "root".into(),
        host_key: domain::host::HostKey {
            algorithm: "ssh-ed25519".into(),
            fingerprint: "SHA256:abc".into(),
        },
        way: domain::access::AccessWay::default(),
        tried_at: None,
        error: None,
    };
    store.set_access(&node.key, Some(&access)).await.unwrap();
    node.online = false;
    let moved = GuestRecord {
        node: node_name("pve2"),
        first_seen: later(99),
        ..guest.clone()
    };
    store
        .apply_discovery(
            guest.cluster,
            &samples::found(vec![node.clone()], vec![moved]),
        )
        .await
        .unwrap();
    let stored = store.node(&node.key).await.unwrap().unwrap();
    assert_eq!(stored.access, Some(access));
    assert!(!stored.online);
    let stored = store.guest(guest.id).await.unwrap().unwrap();
    assert_eq!(stored.node, node_name("pve2"));
    assert_eq!(stored.first_seen, NOW);
}

#[tokio::test]
async fn a_reused_vmid_is_a_new_guest_beside_the_gone_one() {
    let (_folder, store) = fresh().await;
    let old = samples::stored_guest(&store).await;
    let new = samples::guest(old.cluster, 100);
    let write = DiscoveryWrite {
        at: later(50),
        gone_guests: vec![old.id],
        gone_nodes: vec![node_name("pve1")],
        ..samples::found(Vec::new(), vec![new.clone()])
    };
    store.apply_discovery(old.cluster, &write).await.unwrap();
    assert_eq!(store.guests().await.unwrap(), [new]);
    assert_eq!(store.nodes().await.unwrap(), []);
    let gone = store.guest(old.id).await.unwrap().unwrap();
    assert_eq!(gone.gone_at, Some(later(50)));
    assert_eq!(store.guests_of(old.cluster).await.unwrap().len(), 2);
    let nodes = store.nodes_of(old.cluster).await.unwrap();
    assert_eq!(nodes[0].gone_at, Some(later(50)));
}

#[tokio::test]
async fn is_written_whole_or_not_at_all() {
    let (_folder, store) = fresh().await;
    let known = samples::stored_guest(&store).await;
    // The same VMID twice in one cluster cannot be.
    let write = samples::found(
        vec![samples::node(known.cluster, "pve7")],
        vec![samples::guest(known.cluster, 100)],
    );
    assert!(store.apply_discovery(known.cluster, &write).await.is_err());
    assert_eq!(store.nodes().await.unwrap().len(), 1, "pve7 is not there");

    let unknown = ClusterId::new();
    let write = samples::found(vec![samples::node(unknown, "pve1")], Vec::new());
    match store.apply_discovery(unknown, &write).await {
        Err(StoreError::NotFound { what, .. }) => assert_eq!(what, "cluster"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn old_runs_are_dropped() {
    let (folder, store) = fresh().await;
    let cluster = samples::cluster(&store).await.id;
    for i in 0..510 {
        let write = DiscoveryWrite {
            run: Some(DiscoveryEntry { new: i, ..run() }),
            ..samples::found(Vec::new(), Vec::new())
        };
        store.apply_discovery(cluster, &write).await.unwrap();
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM discovery_runs")
        .fetch_one(&mut beside(folder.path()).await)
        .await
        .unwrap();
    assert_eq!(kept, 500);
    let newest = store.discoveries(cluster, 1).await.unwrap().remove(0);
    assert_eq!(newest.new, 509);
}
