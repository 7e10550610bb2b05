//! Secrets as their callers see them.

use secrecy::{ExposeSecret, SecretString};
use store::{KeySource, SecretPurpose, Vault, VaultError, VaultState};

use crate::samples::{NOW, fresh, vault};

const PLANTED: &str = "planted-9f2c61d0-secret-value";

#[tokio::test]
async fn a_secret_is_kept_revealed_and_forgotten() {
    let (_folder, store) = fresh().await;
    let vault = vault(&store).await;
    assert_eq!(vault.state(), VaultState::Keyring);
    for purpose in [
        SecretPurpose::ClusterToken,
        SecretPurpose::SshKey,
        SecretPurpose::CaKey,
    ] {
        let id = vault
            .keep(purpose, SecretString::from(PLANTED))
            .await
            .unwrap();
        let back = vault.reveal(&id).await.unwrap();
        assert_eq!(back.expose_secret(), PLANTED);
        let parsed = id.to_string().parse().unwrap();
        assert_eq!(id, parsed, "an id survives being written down");
        assert!(vault.forget(&id).await.unwrap());
        assert!(!vault.forget(&id).await.unwrap());
        match vault.reveal(&id).await {
            Err(VaultError::NoSecret { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn no_file_of_the_database_holds_a_secret_in_the_clear() {
    let (folder, store) = fresh().await;
    let vault = vault(&store).await;
    let id = vault
        .keep(SecretPurpose::ClusterToken, SecretString::from(PLANTED))
        .await
        .unwrap();
    store
        .set_setting("marker", "visible-marker-text")
        .await
        .unwrap();
    store.backup_if_due(NOW).await.unwrap().unwrap();

    let holds = |needle: &str| {
        let mut names = Vec::new();
        let mut folders = vec![folder.path().to_owned()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if std::fs::read(&path)
                    .unwrap()
                    .windows(needle.len())
                    .any(|window| window == needle.as_bytes())
                {
                    names.push(path);
                }
            }
        }
        names
    };
    assert!(!holds("visible-marker-text").is_empty(), "the search works");
    assert_eq!(holds(PLANTED), Vec::<std::path::PathBuf>::new());
    store.close().await;
    assert_eq!(holds(PLANTED), Vec::<std::path::PathBuf>::new());
    let again = store::Store::open(folder.path(), NOW).await.unwrap();
    let vault = crate::samples::vault(&again).await;
    assert_eq!(
        vault.reveal(&id).await.unwrap().expose_secret(),
        PLANTED,
        "and yet it is there"
    );
}

#[tokio::test]
async fn another_key_is_refused_at_once() {
    let (_folder, store) = fresh().await;
    vault(&store).await;
    match Vault::open(&store, KeySource::Memory([8; 32]))
        .await
        .map(drop)
    {
        Err(VaultError::KeyWrong { .. }) => {}
        other => panic!("{other:?}"),
    }
    match Vault::open(&store, KeySource::Auto).await.map(drop) {
        Err(VaultError::OtherKind { .. }) => {}
        other => panic!("{other:?}"),
    }
}
