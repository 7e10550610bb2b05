//! The desktop's own client of Proxmox against the double, as the program uses both.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

use domain::Vmid;
use lab::{
    Fault, Lab, Options, Rule, Scenario,
    facts::ClusterFacts,
    world::{Down, Profile},
};
use pve::{Client, Error, Token};
use tls::Trust;

fn trust(facts: &ClusterFacts) -> Trust {
    Trust {
        system: false,
        leaves: vec![facts.fingerprint],
        ca_pem: None,
    }
}

fn client(facts: &ClusterFacts, trust: Trust) -> Client {
    let token = Token::new(
        facts.token.id.parse().unwrap(),
        facts.token.secret.clone().into(),
    )
    .unwrap();
    Client::new(vec![facts.address.clone()], trust, token).unwrap()
}

#[tokio::test]
async fn every_call_is_understood_in_every_release() {
    for profile in [Profile::V7_4, Profile::V8_1, Profile::V8_4, Profile::V9_2] {
        let lab = Lab::start(Scenario::small().of_release(profile), Options::quick())
            .await
            .unwrap();
        let facts = &lab.facts().clusters[0];
        let seen = pve::probe_certificate(&facts.address).await.unwrap();
        assert_eq!(seen.sha256, facts.fingerprint);
        let client = client(facts, trust(facts));
        let node = "pve1".parse().unwrap();
        let vmid = Vmid::try_from(100).unwrap();
        assert_eq!(client.version().await.unwrap().version, profile.version());
        assert_eq!(client.nodes().await.unwrap().len(), 2);
        let status = client.cluster_status().await.unwrap();
        assert_eq!(status.cluster.unwrap().name, "small");
        assert!(status.members.iter().all(|m| m.online && m.ip.is_some()));
        assert!(client.resources().await.unwrap().len() > 5);
        client.lxc_config(&node, vmid).await.unwrap();
        client.lxc_status(&node, vmid).await.unwrap();
        client.permissions().await.unwrap();
        assert_eq!(client.certificates(&node).await.unwrap().len(), 2);
        let faces = client.lxc_interfaces(&node, vmid).await;
        if profile == Profile::V7_4 {
            assert!(
                matches!(faces, Err(Error::NotImplemented { .. })),
                "{faces:?}"
            );
        } else {
            assert!(faces.is_ok(), "{faces:?}");
        }
    }
}

#[tokio::test]
async fn errors_keep_what_the_desktop_decides_by() {
    let lab = Lab::start(Scenario::small(), Options::quick())
        .await
        .unwrap();
    let facts = &lab.facts().clusters[0];
    let asks = client(facts, trust(facts));
    let there = "pve2".parse().unwrap();
    let vmid = Vmid::try_from(102).unwrap();
    lab.remove_guest("small", 102).unwrap();
    let gone = asks.lxc_config(&there, vmid).await;
    assert!(matches!(gone, Err(Error::Gone { .. })), "{gone:?}");
    lab.take_down("small", "pve2", Down::Refused).unwrap();
    let dead = asks.lxc_config(&there, vmid).await;
    assert!(
        matches!(dead, Err(Error::NodeUnreachable { status: 595, .. })),
        "{dead:?}"
    );
    lab.faults().add(Rule::always(Fault::CutBody));
    let cut = asks.version().await;
    assert!(matches!(cut, Err(Error::MaybeSent { .. })), "{cut:?}");
    lab.faults().clear();
    lab.change_certificate("small", "pve1").unwrap();
    let changed = client(facts, trust(facts)).version().await;
    assert!(
        matches!(changed, Err(Error::CertificateChanged { .. })),
        "{changed:?}"
    );
    let renewed = lab.renew_certificate("small", "pve1").unwrap();
    let by_authority = Trust {
        ca_pem: Some(facts.ca_pem.clone()),
        ..trust(facts)
    };
    assert_ne!(renewed, facts.fingerprint);
    client(facts, by_authority.clone()).version().await.unwrap();
    lab.revoke_token("small", &facts.token.id).unwrap();
    let refused = client(facts, by_authority).version().await;
    assert!(
        matches!(refused, Err(Error::Unauthorised { .. })),
        "{refused:?}"
    );
}
