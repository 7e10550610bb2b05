//! Inventories, whole and by package.

use domain::{
    GuestId,
    inventory::{Blocked, Inventory, PackageScan, Severity},
};
use store::StoreError;

use crate::samples::{self, NOW, fresh, inventory, later, update};

#[tokio::test]
async fn come_back_as_they_were_reported() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await.id;
    let scans = [
        PackageScan::Unsupported {
            reason: "no apt".into(),
        },
        PackageScan::Failed {
            reason: "E: lock".into(),
        },
    ];
    let mut reports: Vec<Inventory> = scans
        .into_iter()
        .map(|packages| Inventory {
            packages,
            ..inventory(Vec::new())
        })
        .collect();
    reports.push(inventory(vec![
        update("a", Severity::Critical, None),
        update("b", Severity::High, Some(Blocked::Held)),
        update("c", Severity::Medium, Some(Blocked::Phased)),
        update("d", Severity::Low, Some(Blocked::Pinned)),
        update(
            "e",
            Severity::SecurityUnrated,
            Some(Blocked::KeptBack {
                why: "needs f".into(),
            }),
        ),
        update("f", Severity::Unknown, None),
    ]));
    for report in reports {
        store
            .put_inventory(guest, &report.hash(), &report, later(3))
            .await
            .unwrap();
        let stored = store.inventory(guest).await.unwrap().unwrap();
        assert_eq!(stored.inventory, report);
        assert_eq!(stored.hash, report.hash());
        assert_eq!(stored.received_at, later(3));
        assert_eq!(samples::inventories(&store).await, [stored]);
    }
    let found = store.updates_of_package("e").await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, guest);
    assert_eq!(found[0].1.severity, Severity::SecurityUnrated);
    assert_eq!(
        found[0].1.blocked,
        Some(Blocked::KeptBack {
            why: "needs f".into()
        })
    );
}

#[tokio::test]
async fn a_new_report_replaces_the_updates_of_its_guest() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await.id;
    let first = inventory(vec![
        update("zlib", Severity::Unknown, None),
        update("zlib", Severity::High, None),
    ]);
    store.put_inventory(guest, "1", &first, NOW).await.unwrap();
    assert_eq!(
        store.updates_of_package("zlib").await.unwrap().len(),
        1,
        "named twice, counted once"
    );
    let second = inventory(vec![update("curl", Severity::Unknown, None)]);
    store.put_inventory(guest, "2", &second, NOW).await.unwrap();
    assert_eq!(store.updates_of_package("zlib").await.unwrap(), []);
    assert_eq!(store.updates_of_package("curl").await.unwrap().len(), 1);
    let failed = Inventory {
        packages: PackageScan::Failed {
            reason: "lock".into(),
        },
        ..second
    };
    store.put_inventory(guest, "3", &failed, NOW).await.unwrap();
    assert_eq!(store.updates_of_package("curl").await.unwrap(), []);
}

#[tokio::test]
async fn a_known_hash_brings_only_its_times() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await.id;
    let first = inventory(vec![update("zlib", Severity::Unknown, None)]);
    store
        .put_inventory(guest, &first.hash(), &first, NOW)
        .await
        .unwrap();
    let again = Inventory {
        scanned_at: later(100),
        ..first
    };
    store
        .put_inventory(guest, &again.hash(), &again, later(101))
        .await
        .unwrap();
    let stored = store.inventory(guest).await.unwrap().unwrap();
    assert_eq!(stored.received_at, later(101));
    assert_eq!(stored.inventory, again);
    assert_eq!(store.updates_of_package("zlib").await.unwrap().len(), 1);
}

#[tokio::test]
async fn belong_to_a_known_guest() {
    let (_folder, store) = fresh().await;
    let report = inventory(Vec::new());
    match store.put_inventory(GuestId::new(), "h", &report, NOW).await {
        Err(StoreError::NotFound { what, .. }) => assert_eq!(what, "guest"),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.inventory(GuestId::new()).await.unwrap(), None);
}

#[tokio::test]
async fn a_whole_fleet_reports_and_nothing_is_lost() {
    let (folder, store) = fresh().await;
    let cluster = samples::cluster(&store).await.id;
    let guests: Vec<_> = (0..40).map(|i| samples::guest(cluster, 100 + i)).collect();
    store
        .apply_discovery(cluster, &samples::found(Vec::new(), guests.clone()))
        .await
        .unwrap();
    let updates: Vec<_> = (0..300)
        .map(|i| update(&format!("package-{i}"), Severity::Unknown, None))
        .collect();
    let report = inventory(updates);
    let reports = guests.iter().map(|guest| {
        let (store, report, id) = (store.clone(), report.clone(), guest.id);
        tokio::spawn(async move { store.put_inventory(id, "hash", &report, NOW).await })
    });
    for done in reports.collect::<Vec<_>>() {
        done.await.unwrap().unwrap();
    }
    assert_eq!(samples::inventories(&store).await.len(), 40);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM updates")
        .fetch_one(&mut samples::beside(folder.path()).await)
        .await
        .unwrap();
    assert_eq!(rows, 40 * 300);
}
