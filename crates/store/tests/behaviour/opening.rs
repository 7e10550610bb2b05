//! Opening a database: who may read it, what is refused, what is brought up to date.

use store::{Store, StoreError};
use tempfile::TempDir;

use crate::samples::{NOW, beside, fresh};

#[tokio::test]
async fn opens_what_it_made() {
    let (folder, store) = fresh().await;
    store.set_setting("window.theme", "dark").await.unwrap();
    store.set_setting("window.theme", "light").await.unwrap();
    let id = store.id();
    store.close().await;

    let again = Store::open(folder.path(), NOW).await.unwrap();
    assert_eq!(again.id(), id, "the database keeps its own name");
    assert_eq!(
        again.setting("window.theme").await.unwrap().as_deref(),
        Some("light")
    );
    assert_eq!(again.setting("never.set").await.unwrap(), None);
    let other = fresh().await;
    assert_ne!(other.1.id(), id, "two databases have two names");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_folder_and_its_files() {
    use std::os::unix::fs::PermissionsExt;
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("deep/data");
    let store = Store::open(&folder, NOW).await.unwrap();
    store.set_setting("a", "b").await.unwrap();
    let copy = store.backup_if_due(NOW).await.unwrap().unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(copy.parent().unwrap()), 0o700);
    assert_eq!(mode(&copy), 0o600);
    for file in ["redflag.db", "redflag.db-wal", "redflag.db-shm"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn refuses_a_database_of_a_newer_program_and_leaves_it_alone() {
    let (folder, store) = fresh().await;
    store.close().await;
    let mut connection = beside(folder.path()).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (29991231000000, 'from the future', 1, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();

    match Store::open(folder.path(), NOW).await.map(drop) {
        Err(error @ StoreError::Newer { found, known, .. }) => {
            assert_eq!(found, 29_991_231_000_000);
            assert!(known < found);
            let words = error.to_string();
            assert!(words.contains("newer RedFlag"), "{words}");
        }
        other => panic!("{other:?}"),
    }
    assert!(
        !folder.path().join("backups").exists(),
        "nothing was begun on it"
    );
}

#[tokio::test]
async fn copies_an_older_database_before_it_is_brought_up_to_date() {
    let (folder, store) = fresh().await;
    store.set_setting("kept", "yes").await.unwrap();
    store.close().await;
    // The database as it was before the newest migration.
    let mut connection = beside(folder.path()).await;
    for statement in [
        "DROP TABLE audit",
        "DELETE FROM _sqlx_migrations WHERE version = 20261122230003",
    ] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }

    let store = Store::open(folder.path(), NOW).await.unwrap();
    assert_eq!(store.audit_entries("", None, 1).await.unwrap(), []);
    let copies: Vec<_> = std::fs::read_dir(folder.path().join("backups"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(copies, ["redflag-20261122T222029Z.db"]);
}

#[tokio::test]
async fn names_the_file_that_is_no_database() {
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("redflag.db"),
        "this is a text and not a database, long enough to have a header",
    )
    .unwrap();
    match Store::open(folder.path(), NOW).await.map(drop) {
        Err(error @ StoreError::Open { .. }) => {
            assert!(error.to_string().contains("redflag.db"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn names_the_folder_that_cannot_be_made() {
    let parent = TempDir::new().unwrap();
    let file = parent.path().join("file");
    std::fs::write(&file, "").unwrap();
    match Store::open(&file.join("data"), NOW).await.map(drop) {
        Err(StoreError::Folder { path, .. }) => assert_eq!(path, file.join("data")),
        other => panic!("{other:?}"),
    }
}
