//! The ways to a key, tried on keyrings that behave as real ones were seen to.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics says what went wrong"
)]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::{KeySource, SecretPurpose, Vault, VaultError, VaultState, ring::Ring};
use crate::Store;

const NOW: Timestamp = Timestamp(1_795_386_029_000);

/// A keyring in memory. While it is locked it finds nothing and keeps nothing.
#[derive(Default)]
struct TestRing {
    entries: Mutex<BTreeMap<String, Vec<u8>>>,
    locked: AtomicBool,
    asked: AtomicBool,
}

impl TestRing {
    fn locked() -> Arc<Self> {
        let ring = Self::default();
        ring.locked.store(true, Ordering::SeqCst);
        Arc::new(ring)
    }

    fn is_locked(&self) -> bool {
        self.asked.store(true, Ordering::SeqCst);
        self.locked.load(Ordering::SeqCst)
    }

    fn names(&self) -> Vec<String> {
        self.entries.lock().unwrap().keys().cloned().collect()
    }
}

impl Ring for TestRing {
    fn read(&self, entry: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        if self.is_locked() {
            return Ok(None);
        }
        let found = self.entries.lock().unwrap().get(entry).cloned();
        Ok(found.map(Zeroizing::new))
    }

    fn write(&self, entry: &str, secret: &[u8]) -> Result<(), String> {
        if self.is_locked() {
            return Err("no unlocked collection".into());
        }
        let mut entries = self.entries.lock().unwrap();
        entries.insert(entry.into(), secret.into());
        Ok(())
    }

    fn delete(&self, entry: &str) -> Result<(), String> {
        if self.is_locked() {
            return Err("no unlocked collection".into());
        }
        self.entries.lock().unwrap().remove(entry);
        Ok(())
    }
}

async fn fresh() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path(), NOW).await.unwrap();
    (folder, store)
}

async fn auto(store: &Store, ring: &Arc<TestRing>) -> Result<Vault, VaultError> {
    Vault::open_with(store, KeySource::Auto, Arc::clone(ring) as Arc<dyn Ring>).await
}

fn failure(opened: Result<Vault, VaultError>) -> VaultError {
    match opened {
        Ok(vault) => panic!("it opened as {:?}", vault.state()),
        Err(error) => error,
    }
}

fn text(value: &str) -> SecretString {
    SecretString::from(value)
}

#[tokio::test]
async fn a_working_keyring_gets_one_key_under_the_name_of_the_database() {
    let ring = Arc::new(TestRing::default());
    let (_first_folder, first) = fresh().await;
    let (_second_folder, second) = fresh().await;
    let vault = auto(&first, &ring).await.unwrap();
    assert_eq!(vault.state(), VaultState::Keyring);
    assert_eq!(
        ring.names(),
        [first.id().to_string()],
        "the canary is gone, the key is there"
    );
    let id = vault
        .keep(SecretPurpose::CaKey, text("kept"))
        .await
        .unwrap();

    auto(&second, &ring).await.unwrap();
    assert_eq!(ring.names().len(), 2, "another database has another entry");

    let again = auto(&first, &ring).await.unwrap();
    let back = again.reveal(&id).await.unwrap();
    assert_eq!(back.expose_secret(), "kept");
    assert_eq!(ring.names().len(), 2, "and no more were made");
}

#[tokio::test]
async fn a_key_that_is_lost_is_reported_and_not_replaced() {
    let ring = Arc::new(TestRing::default());
    let (_folder, store) = fresh().await;
    let vault = auto(&store, &ring).await.unwrap();
    vault
        .keep(SecretPurpose::CaKey, text("kept"))
        .await
        .unwrap();
    let key = ring.entries.lock().unwrap().clone();
    ring.entries.lock().unwrap().clear();

    let error = failure(auto(&store, &ring).await);
    assert!(matches!(error, VaultError::KeyMissing { .. }), "{error:?}");
    assert!(
        error.to_string().contains(&store.id().to_string()),
        "{error}"
    );
    assert_eq!(ring.names(), Vec::<String>::new(), "no second key was made");

    ring.entries.lock().unwrap().extend(key);
    assert!(
        auto(&store, &ring).await.is_ok(),
        "once it is back, all is well"
    );
}

#[tokio::test]
async fn a_locked_keyring_that_says_no_entry_is_not_believed() {
    let ring = Arc::new(TestRing::default());
    let (_folder, store) = fresh().await;
    auto(&store, &ring).await.unwrap();
    ring.locked.store(true, Ordering::SeqCst);
    let error = failure(auto(&store, &ring).await);
    assert!(
        matches!(error, VaultError::KeyringUnavailable { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("no unlocked collection"));
    ring.locked.store(false, Ordering::SeqCst);
    assert!(auto(&store, &ring).await.is_ok());
}

#[tokio::test]
async fn another_key_under_the_same_name_is_refused() {
    let ring = Arc::new(TestRing::default());
    let (_folder, store) = fresh().await;
    auto(&store, &ring).await.unwrap();
    for wrong in [vec![9; 32], vec![9; 5]] {
        ring.write(&store.id().to_string(), &wrong).unwrap();
        let error = failure(auto(&store, &ring).await);
        assert!(matches!(error, VaultError::KeyWrong { .. }), "{error:?}");
        let stands = ring.read(&store.id().to_string()).unwrap().unwrap();
        assert_eq!(*stands, wrong, "it is left as it is");
    }
}

#[tokio::test]
async fn a_key_whose_first_start_was_cut_short_is_used() {
    let ring = Arc::new(TestRing::default());
    let (_folder, store) = fresh().await;
    ring.write(&store.id().to_string(), &[5; 32]).unwrap();
    auto(&store, &ring).await.unwrap();
    let stands = ring.read(&store.id().to_string()).unwrap().unwrap();
    assert_eq!(*stands, [5; 32]);
}

#[tokio::test]
async fn without_a_keyring_a_passphrase_is_chosen_and_asked_for_later() {
    let ring = TestRing::locked();
    let (_folder, store) = fresh().await;
    let vault = auto(&store, &ring).await.unwrap();
    assert_eq!(vault.state(), VaultState::PassphraseToChoose);
    match vault.keep(SecretPurpose::SshKey, text("x")).await {
        Err(VaultError::Locked) => {}
        other => panic!("{other:?}"),
    }
    match vault.unlock(text("short")).await {
        Err(VaultError::PassphraseTooShort { least: 8 }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(vault.state(), VaultState::PassphraseToChoose);
    vault.unlock(text("correct horse")).await.unwrap();
    assert_eq!(vault.state(), VaultState::Passphrase);
    let id = vault
        .keep(SecretPurpose::SshKey, text("kept"))
        .await
        .unwrap();

    // A keyring that works by now changes nothing: the database is sealed with the passphrase.
    let ring = Arc::new(TestRing::default());
    let again = auto(&store, &ring).await.unwrap();
    assert!(!ring.asked.load(Ordering::SeqCst), "it is not even asked");
    assert_eq!(again.state(), VaultState::PassphraseNeeded);
    match again.reveal(&id).await {
        Err(VaultError::Locked) => {}
        other => panic!("{other:?}"),
    }
    match again.unlock(text("wrong horse")).await {
        Err(VaultError::WrongPassphrase) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(again.state(), VaultState::PassphraseNeeded);
    let copy = again.clone();
    again.unlock(text("correct horse")).await.unwrap();
    let back = copy.reveal(&id).await.unwrap();
    assert_eq!(back.expose_secret(), "kept", "copies are open too");
}

#[tokio::test]
async fn a_changed_passphrase_opens_what_was_sealed_before() {
    let ring = TestRing::locked();
    let (_folder, store) = fresh().await;
    let vault = auto(&store, &ring).await.unwrap();
    vault.unlock(text("the first one")).await.unwrap();
    let id = vault
        .keep(SecretPurpose::SshKey, text("kept"))
        .await
        .unwrap();
    match vault
        .change_passphrase(text("a wrong one"), text("the second one"))
        .await
    {
        Err(VaultError::WrongPassphrase) => {}
        other => panic!("{other:?}"),
    }
    match vault
        .change_passphrase(text("the first one"), text("short"))
        .await
    {
        Err(VaultError::PassphraseTooShort { least: 8 }) => {}
        other => panic!("{other:?}"),
    }
    let back = vault.reveal(&id).await.unwrap();
    assert_eq!(back.expose_secret(), "kept", "nothing was changed by these");
    vault
        .change_passphrase(text("the first one"), text("the second one"))
        .await
        .unwrap();
    let later = vault
        .keep(SecretPurpose::SshKey, text("later"))
        .await
        .unwrap();
    let again = auto(&store, &ring).await.unwrap();
    match again.unlock(text("the first one")).await {
        Err(VaultError::WrongPassphrase) => {}
        other => panic!("{other:?}"),
    }
    again.unlock(text("the second one")).await.unwrap();
    for (id, kept) in [(id, "kept"), (later, "later")] {
        let back = again.reveal(&id).await.unwrap();
        assert_eq!(back.expose_secret(), kept);
    }
}

#[tokio::test]
async fn there_is_no_passphrase_to_change_where_the_key_lies_elsewhere() {
    let (_folder, store) = fresh().await;
    let vault = Vault::open(&store, KeySource::Memory([1; 32]))
        .await
        .unwrap();
    match vault
        .change_passphrase(text("the first one"), text("the second one"))
        .await
    {
        Err(VaultError::NoPassphrase) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_first_unlocks_at_once_choose_one_passphrase() {
    let ring = TestRing::locked();
    let (_folder, store) = fresh().await;
    let vault = auto(&store, &ring).await.unwrap();
    let (first, second) = tokio::join!(
        vault.unlock(text("the first one")),
        vault.unlock(text("the second one"))
    );
    first.unwrap();
    second.unwrap();
    let again = auto(&store, &ring).await.unwrap();
    again.unlock(text("the first one")).await.unwrap();
}

#[tokio::test]
async fn a_sealed_value_cannot_be_moved_or_changed() {
    let (_folder, store) = fresh().await;
    let vault = Vault::open(&store, KeySource::Memory([1; 32]))
        .await
        .unwrap();
    let one = vault
        .keep(SecretPurpose::SshKey, text("one"))
        .await
        .unwrap();
    let two = vault
        .keep(SecretPurpose::SshKey, text("two"))
        .await
        .unwrap();
    let three = vault
        .keep(SecretPurpose::SshKey, text("three"))
        .await
        .unwrap();
    let change = async |sql: &'static str, id: String, other: String| {
        let done = sqlx::query(sql)
            .bind(id)
            .bind(other)
            .execute(store.writer())
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1);
    };
    change(
        "UPDATE secrets SET (nonce, sealed) = (SELECT nonce, sealed FROM secrets WHERE id = ?2) WHERE id = ?1",
        one.to_string(),
        two.to_string(),
    )
    .await;
    change(
        "UPDATE secrets SET purpose = ?2 WHERE id = ?1",
        three.to_string(),
        "caKey".into(),
    )
    .await;
    for id in [one, three] {
        match vault.reveal(&id).await {
            Err(VaultError::Broken { id: named }) => assert_eq!(named, id.to_string()),
            other => panic!("{other:?}"),
        }
    }
    let untouched = vault.reveal(&two).await.unwrap();
    assert_eq!(untouched.expose_secret(), "two");
}
