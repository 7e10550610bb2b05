//! Clusters: what is kept of them, how they are recognised, what goes with them.

use domain::{
    ClusterId,
    access::{AccessEntry, AccessKey, AccessWay},
    inventory::Severity,
    operation::OperationKind,
};
use store::{AccessRecord, ClusterRecord, SecretId, StoreError};

use crate::samples::{self, NOW, fingerprint, fresh, later};

#[tokio::test]
async fn come_back_as_they_were_written() {
    let (_folder, store) = fresh().await;
    let full = samples::cluster(&store).await;
    assert_eq!(store.cluster(full.id).await.unwrap(), Some(full.clone()));

    let bare = ClusterRecord {
        name: "pve9".into(),
        addresses: Vec::new(),
        leaves: Vec::new(),
        ca_pem: None,
        ca_fingerprint: None,
        version: None,
        quorate: None,
        checked_at: None,
        enabled: false,
        ..full.clone()
    };
    store.update_cluster(&bare).await.unwrap();
    assert_eq!(store.clusters().await.unwrap(), std::slice::from_ref(&bare));

    store.touch_cluster(full.id, later(9)).await.unwrap();
    let touched = store.cluster(full.id).await.unwrap().unwrap();
    assert_eq!(touched.checked_at, Some(later(9)));
    assert_eq!(
        ClusterRecord {
            checked_at: None,
            ..touched
        },
        bare,
        "nothing else moved"
    );
}

#[tokio::test]
async fn are_recognised_by_ca_or_accepted_certificate() {
    let (_folder, store) = fresh().await;
    let cluster = samples::cluster(&store).await;
    let by_ca = store.cluster_by_ca(fingerprint(3)).await.unwrap();
    assert_eq!(by_ca.unwrap().id, cluster.id);
    let by_leaf = store.cluster_by_leaf(fingerprint(2)).await.unwrap();
    assert_eq!(by_leaf.unwrap().id, cluster.id);
    assert_eq!(store.cluster_by_ca(fingerprint(2)).await.unwrap(), None);
    assert_eq!(store.cluster_by_leaf(fingerprint(3)).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let (_folder, store) = fresh().await;
    let known = samples::cluster(&store).await;
    let unknown = ClusterRecord {
        id: ClusterId::new(),
        ..known.clone()
    };
    let error = store.update_cluster(&unknown).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the database knows no cluster {}", unknown.id)
    );
    assert!(store.touch_cluster(unknown.id, NOW).await.is_err());

    let without_secret = ClusterRecord {
        token_secret: SecretId(uuid::Uuid::nil()),
        ..unknown
    };
    match store.insert_cluster(&without_secret).await {
        Err(StoreError::NotFound { what, .. }) => assert_eq!(what, "secret"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn removal_takes_the_fleet_and_the_secret_and_leaves_the_history() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await;
    let cluster = store.cluster(guest.cluster).await.unwrap().unwrap();
    store
        .insert_agent(&samples::agent(guest.id, 1))
        .await
        .unwrap();
    let inventory = samples::inventory(vec![samples::update("zlib", Severity::Unknown, None)]);
    store
        .put_inventory(guest.id, "hash", &inventory, NOW)
        .await
        .unwrap();
    let job = samples::new_job(guest.id, 100, None);
    let operation = samples::operation(OperationKind::Scan, vec![job]);
    store.insert_operation(&operation).await.unwrap();

    assert!(store.remove_cluster(cluster.id).await.unwrap());
    assert!(!store.remove_cluster(cluster.id).await.unwrap());

    assert_eq!(store.clusters().await.unwrap(), []);
    assert_eq!(store.nodes().await.unwrap(), []);
    assert_eq!(store.guests().await.unwrap(), []);
    assert_eq!(store.agents().await.unwrap(), []);
    assert_eq!(samples::inventories(&store).await, []);
    assert_eq!(store.updates_of_package("zlib").await.unwrap(), []);
    let vault = samples::vault(&store).await;
    assert!(vault.reveal(&cluster.token_secret).await.is_err());
    assert_eq!(store.jobs_of_guest(guest.id, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_secret_in_use_cannot_be_forgotten() {
    let (_folder, store) = fresh().await;
    let cluster = samples::cluster(&store).await;
    let vault = samples::vault(&store).await;
    assert!(vault.forget(&cluster.token_secret).await.is_err());
    assert!(vault.reveal(&cluster.token_secret).await.is_ok());
}

#[tokio::test]
async fn the_access_of_a_node_is_set_and_removed() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await;
    let key = samples::node(guest.cluster, "pve1").key;
    let access = AccessRecord {
        host: "192.0.2.1".into(),
        port: 2222,
        user: "root".into(),
        host_key: domain::host::HostKey {
            algorithm: "ssh-ed25519".into(),
            fingerprint: "SHA256:abc".into(),
        },
        way: AccessWay {
            key: AccessKey::File {
                path: "~/.ssh/node".into(),
            },
            entry: AccessEntry::Sudo,
            through: Some("pve2".parse().unwrap()),
        },
        tried_at: Some(NOW),
        error: Some("refused".into()),
    };
    store.set_access(&key, Some(&access)).await.unwrap();
    let node = store.node(&key).await.unwrap().unwrap();
    assert_eq!(node.access, Some(access));
    store.set_access(&key, None).await.unwrap();
    assert_eq!(store.node(&key).await.unwrap().unwrap().access, None);
    let unknown = samples::node(guest.cluster, "pve9").key;
    assert!(store.set_access(&unknown, None).await.is_err());
}
