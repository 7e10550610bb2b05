//! Every call against the lab in the form of each release, with the rights that decide what is seen.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use domain::{NodeName, Vmid, facts::RepositoryVerdict};
use lab::{
    Lab, Options, Scenario,
    facts::{ClusterFacts, TokenFacts},
    scenario,
    world::{Acl, Profile},
};
use pve::{
    Client, Error, ResourceRow, Session, SessionError, Token, check_privileges, grant_lines,
    privileges_used, repository_verdict, snapshot_obstacle,
};
use secrecy::SecretString;
use tls::Trust;

const RELEASES: [Profile; 4] = [Profile::V7_4, Profile::V8_1, Profile::V8_4, Profile::V9_2];

/// A lab of one cluster without sshd, after `set` has changed it.
async fn lab(profile: Profile, set: impl FnOnce(&mut lab::World)) -> Lab {
    let mut scenario = Scenario::small().of_release(profile);
    set(&mut scenario.world);
    let options = Options {
        ssh: false,
        ..Options::quick()
    };
    Lab::start(scenario, options).await.unwrap()
}

fn cluster(lab: &Lab) -> &ClusterFacts {
    &lab.facts().clusters[0]
}

fn trust(cluster: &ClusterFacts) -> Trust {
    Trust {
        leaves: cluster.nodes.iter().map(|n| n.fingerprint).collect(),
        ..Trust::default()
    }
}

fn client(cluster: &ClusterFacts, token: Token) -> Client {
    Client::new(vec![cluster.address.clone()], trust(cluster), token).unwrap()
}

fn token(facts: &TokenFacts) -> Token {
    let secret = SecretString::from(facts.secret.clone());
    Token::new(facts.id.parse().unwrap(), secret).unwrap()
}

/// A client of the token with this id.
fn client_of(lab: &Lab, id: &str) -> Client {
    let cluster = cluster(lab);
    client(cluster, token(cluster.token(id).unwrap()))
}

fn pve1() -> NodeName {
    "pve1".parse().unwrap()
}

fn vmid(n: u32) -> Vmid {
    n.try_into().unwrap()
}

async fn login(cluster: &ClusterFacts) -> Result<Session, SessionError> {
    let password = SecretString::from(cluster.root.password.clone());
    let accepted = cluster.nodes[0].fingerprint;
    Session::login(&cluster.address, accepted, &cluster.root.user, password).await
}

async fn guests(client: &Client) -> usize {
    let rows = client.resources().await.unwrap();
    let guests = rows.iter().filter(|row| matches!(row, ResourceRow::Lxc(_)));
    guests.count()
}

#[tokio::test]
async fn every_release_tells_what_is_asked() {
    for profile in RELEASES {
        let lab = lab(profile, |_| ()).await;
        let client = client_of(&lab, "redflag@pve!desktop");
        let version = client.version().await.unwrap();
        assert_eq!(version.version, profile.version());
        assert_eq!(client.node_version(&pve1()).await.unwrap(), version);
        let status = client.node_status(&pve1()).await.unwrap();
        assert_eq!(status.version.as_deref(), Some(profile.version()));
        assert!(status.kernel.is_some_and(|k| k.ends_with("-pve")));
        assert_eq!(status.load.len(), 3, "{profile:?}");
        assert!(status.cpus.is_some() && status.root_disk.is_some() && status.memory.is_some());
        let word = client.subscription(&pve1()).await.unwrap();
        let repositories = client.apt_repositories(&pve1()).await.unwrap();
        let verdict = repository_verdict(&repositories, word.as_deref());
        assert_ne!(verdict, RepositoryVerdict::Unknown, "{profile:?}");
        let versions = client.apt_versions(&pve1()).await.unwrap();
        let container = versions.iter().find(|p| p.package == "pve-container");
        assert!(container.unwrap().installed.is_some(), "{profile:?}");
        let config = client.lxc_config_current(&pve1(), vmid(100)).await.unwrap();
        assert_eq!(config, client.lxc_config(&pve1(), vmid(100)).await.unwrap());
        assert!(config.memory.is_some() && config.all_mounts()[0].key == "rootfs");
        let pending = client.lxc_pending(&pve1(), vmid(100)).await.unwrap();
        assert!(pending.iter().all(|row| !row.changes()));
        let interfaces = client.lxc_interfaces(&pve1(), vmid(100)).await;
        match profile {
            Profile::V7_4 => assert!(matches!(interfaces, Err(Error::NotImplemented { .. }))),
            _ => assert!(!interfaces.unwrap().unwrap().is_empty()),
        }
    }
}

#[tokio::test]
async fn a_directory_of_the_node_rules_a_snapshot_out_and_is_named() {
    let lab = lab(Profile::V8_4, |world| {
        let guest = scenario::guest(110, "files", "pve1").bind("/tank/media", "/media");
        world.clusters[0].guests.insert(110, guest.build());
    })
    .await;
    let client = client_of(&lab, "redflag@pve!desktop");
    assert!(!client.snapshot_feature(&pve1(), vmid(110)).await.unwrap());
    let config = client.lxc_config(&pve1(), vmid(110)).await.unwrap();
    let why = snapshot_obstacle(&config).unwrap();
    assert!(
        why.contains("/media") && why.contains("/tank/media"),
        "{why}"
    );
}

#[tokio::test]
async fn a_login_makes_a_token_that_has_what_it_needs_in_every_release() {
    for profile in RELEASES {
        let lab = lab(profile, |world| {
            let access = &mut world.clusters[0].access;
            // A lab has a token at least.
            access.tokens = vec![scenario::token("root@pam!lab", false, Acl::none())];
            access.users.remove("redflag@pve");
            access.roles.remove("RedFlag");
        })
        .await;
        for expected in ["redflag@pve!desktop", "redflag@pve!desktop-2"] {
            let session = login(cluster(&lab)).await.unwrap();
            let made = session
                .create_token("RedFlag", "redflag@pve", "desktop", &privileges_used())
                .await
                .unwrap();
            assert_eq!(made.id.as_str(), expected, "{profile:?}");
            let client = client(cluster(&lab), Token::new(made.id, made.secret).unwrap());
            let permissions = client.permissions().await.unwrap();
            for check in check_privileges(&permissions) {
                assert!(check.granted, "{profile:?} {}", check.name);
            }
            assert!(guests(&client).await > 0);
        }
    }
}

#[tokio::test]
async fn a_second_factor_and_a_wrong_password_are_told_apart() {
    let lab = lab(Profile::V9_2, |_| ()).await;
    let cluster = cluster(&lab);
    let accepted = cluster.nodes[0].fingerprint;
    let wrong = SecretString::from("wrong");
    let error = Session::login(&cluster.address, accepted, &cluster.root.user, wrong).await;
    assert!(
        matches!(error, Err(SessionError::Password { .. })),
        "{error:?}"
    );
    lab.second_factor(&cluster.name, &cluster.root.user, true)
        .unwrap();
    let error = login(cluster).await;
    assert!(
        matches!(error, Err(SessionError::SecondFactor { .. })),
        "{error:?}"
    );
}

/// Rights are the intersection of user and token, by path; deeper grants replace; nothing is not an error.
#[tokio::test]
async fn a_token_sees_what_it_and_its_user_may_and_is_told_what_is_missing() {
    let full = || Acl::none().role("/", "RedFlag");
    let rows = [
        // The token's own grants, the user's, and whether guests are seen.
        ("both", full(), full(), true),
        ("token without grants", Acl::none(), full(), false),
        ("user without grants", full(), Acl::none(), false),
        (
            "deeper path without",
            full().grant("/vms", ["VM.PowerMgmt"]),
            full(),
            false,
        ),
        (
            "NoAccess wins",
            full().role("/vms", "NoAccess"),
            full(),
            false,
        ),
        (
            "not handed down",
            Acl::none().grant_here("/", ["VM.Audit", "Sys.Audit"]),
            full(),
            false,
        ),
    ];
    for (name, token, user, sees) in rows {
        let lab = lab(Profile::V8_4, |world| {
            let access = &mut world.clusters[0].access;
            access.users.insert("jo@pve".into(), user.into());
            access
                .tokens
                .push(scenario::token("jo@pve!app", true, token));
        })
        .await;
        let client = client_of(&lab, "jo@pve!app");
        assert_eq!(guests(&client).await > 0, sees, "{name}");
        let permissions = client.permissions().await.unwrap();
        let checks = check_privileges(&permissions);
        let audit = checks
            .iter()
            .find(|check| check.name == "VM.Audit")
            .unwrap();
        assert_eq!(audit.granted, sees, "{name}");
        let lines = grant_lines(&checks, &client.token_id());
        assert_eq!(lines.is_empty(), sees, "{name}: {lines:?}");
    }
}

#[tokio::test]
async fn an_expired_or_revoked_token_is_refused_and_its_end_is_told_before() {
    let lab = lab(Profile::V8_4, |_| ()).await;
    let name = cluster(&lab).name.clone();
    let client = client_of(&lab, "redflag@pve!desktop");
    let end = client.token_expiry().await;
    assert!(
        matches!(
            end,
            Ok(None) | Err(Error::Forbidden { .. } | Error::NotImplemented { .. })
        ),
        "{end:?}"
    );
    lab.expire_token(&name, "redflag@pve!desktop", 1).unwrap();
    let error = client.version().await;
    assert!(
        matches!(error, Err(Error::Unauthorised { .. })),
        "{error:?}"
    );
}
