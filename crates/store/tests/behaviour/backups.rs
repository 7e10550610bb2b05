//! The daily copies.

use store::Store;

use crate::samples::{NOW, fresh, later};

const HOUR: i64 = 3600 * 1000;

#[tokio::test]
async fn copies_once_a_day_and_keeps_seven() {
    let (folder, store) = fresh().await;
    assert!(store.backup_if_due(NOW).await.unwrap().is_some());
    assert!(store.backup_if_due(later(HOUR)).await.unwrap().is_none());
    assert!(
        store
            .backup_if_due(later(24 * HOUR - 1000))
            .await
            .unwrap()
            .is_none()
    );
    for day in 1..=9 {
        let copy = store.backup_if_due(later(day * 24 * HOUR)).await.unwrap();
        assert!(copy.is_some(), "day {day}");
    }
    let mut copies: Vec<_> = std::fs::read_dir(folder.path().join("backups"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    copies.sort();
    assert_eq!(copies.len(), 7, "{copies:?}");
    assert_eq!(copies[6], "redflag-20261201T222029Z.db");
    assert_eq!(copies[0], "redflag-20261125T222029Z.db");
}

#[tokio::test]
async fn a_copy_from_the_future_does_not_stop_the_daily_one() {
    let (_folder, store) = fresh().await;
    store.backup_if_due(later(1000 * HOUR)).await.unwrap();
    assert!(store.backup_if_due(NOW).await.unwrap().is_some());
}

#[tokio::test]
async fn a_copy_holds_what_was_written_up_to_it() {
    let (_folder, store) = fresh().await;
    store.set_setting("in the copy", "yes").await.unwrap();
    let copy = store.backup_if_due(NOW).await.unwrap().unwrap();
    store.set_setting("in the copy", "changed").await.unwrap();

    let restored = tempfile::TempDir::new().unwrap();
    std::fs::copy(copy, restored.path().join("redflag.db")).unwrap();
    let old = Store::open(restored.path(), NOW).await.unwrap();
    assert_eq!(
        old.setting("in the copy").await.unwrap().as_deref(),
        Some("yes")
    );
    assert_eq!(old.id(), store.id(), "it is the same database, older");
}
