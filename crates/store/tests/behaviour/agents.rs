//! Agents and their certificates.

use domain::{AgentId, GuestId};
use store::{AgentRecord, StoreError};

use crate::samples::{self, NOW, fingerprint, fresh, later};

#[tokio::test]
async fn come_back_as_they_were_written() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await.id;
    let agent = AgentRecord {
        previous_certificate: Some(fingerprint(9)),
        renewed_at: Some(later(1)),
        last_seen: Some(later(2)),
        carried: true,
        ..samples::agent(guest, 1)
    };
    store.insert_agent(&agent).await.unwrap();
    assert_eq!(store.agent(agent.id).await.unwrap(), Some(agent.clone()));
    assert_eq!(store.agents().await.unwrap(), std::slice::from_ref(&agent));
    assert_eq!(store.agent_of_guest(guest).await.unwrap(), Some(agent));
}

#[tokio::test]
async fn the_way_by_which_an_agent_comes_is_kept() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await.id;
    let agent = samples::agent(guest, 1);
    store.insert_agent(&agent).await.unwrap();
    for carried in [true, false] {
        store.set_carried(agent.id, carried).await.unwrap();
        let read = store.agent(agent.id).await.unwrap().unwrap();
        assert_eq!(read.carried, carried);
    }
    assert!(
        store
            .set_carried(domain::AgentId::new(), true)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_new_agent_of_a_guest_ends_the_older_one() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await.id;
    let old = samples::agent(guest, 1);
    let new = AgentRecord {
        enrolled_at: later(60),
        ..samples::agent(guest, 2)
    };
    store.insert_agent(&old).await.unwrap();
    store.insert_agent(&new).await.unwrap();
    assert_eq!(store.agents().await.unwrap(), std::slice::from_ref(&new));
    assert_eq!(store.agent_of_guest(guest).await.unwrap(), Some(new));
    let ended = store.agent_by_certificate(fingerprint(1)).await.unwrap();
    assert_eq!(ended.unwrap().revoked_at, Some(later(60)));
}

#[tokio::test]
async fn an_agent_needs_a_guest() {
    let (_folder, store) = fresh().await;
    match store.insert_agent(&samples::agent(GuestId::new(), 1)).await {
        Err(StoreError::NotFound { what, .. }) => assert_eq!(what, "guest"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_old_certificate_is_good_until_the_new_one_is_used() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await.id;
    let agent = samples::agent(guest, 1);
    store.insert_agent(&agent).await.unwrap();
    let known = async |seed| {
        let found = store.agent_by_certificate(fingerprint(seed)).await.unwrap();
        found.is_some_and(|a| a.id == agent.id)
    };

    store
        .renew_certificate(agent.id, fingerprint(2), later(1))
        .await
        .unwrap();
    assert!(known(1).await && known(2).await);

    // The answer was lost, so the agent asks once more with the certificate that it has.
    store
        .renew_certificate(agent.id, fingerprint(3), later(2))
        .await
        .unwrap();
    assert!(known(1).await && known(3).await && !known(2).await);

    assert!(
        !store
            .settle_certificate(agent.id, fingerprint(1))
            .await
            .unwrap(),
        "using the old one settles nothing"
    );
    assert!(known(1).await);
    assert!(
        store
            .settle_certificate(agent.id, fingerprint(3))
            .await
            .unwrap()
    );
    assert!(known(3).await && !known(1).await);
    assert!(
        !store
            .settle_certificate(agent.id, fingerprint(3))
            .await
            .unwrap(),
        "once is enough"
    );
}

#[tokio::test]
async fn a_revoked_agent_stays_known_and_is_not_renewed() {
    let (_folder, store) = fresh().await;
    let guest = samples::stored_guest(&store).await.id;
    let agent = samples::agent(guest, 1);
    store.insert_agent(&agent).await.unwrap();
    store
        .touch_agent(agent.id, "0.2.0", later(5))
        .await
        .unwrap();
    store.revoke_agent(agent.id, later(10)).await.unwrap();
    store.revoke_agent(agent.id, later(20)).await.unwrap();
    let stored = store.agent(agent.id).await.unwrap().unwrap();
    assert_eq!(stored.revoked_at, Some(later(10)), "the first time stands");
    assert_eq!(stored.last_seen, Some(later(5)));
    assert_eq!(stored.version, "0.2.0");
    assert_eq!(store.agent_of_guest(guest).await.unwrap(), None);
    assert!(
        store
            .renew_certificate(agent.id, fingerprint(2), NOW)
            .await
            .is_err()
    );
    assert!(store.revoke_agent(AgentId::new(), NOW).await.is_err());
    assert!(store.touch_agent(AgentId::new(), "1", NOW).await.is_err());
}
