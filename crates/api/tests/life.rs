//! A cluster's life after it was added: other certificates, other tokens, other addresses, off and on, and gone.

mod desktop;

use anyhow::{Context, Result};
use api::Code;
use desktop::Desktop;
use domain::fleet::{ClusterRow, Link};
use lab::{Lab, Options, Scenario, scenario, world::Acl};
use serde_json::{Value, json};

async fn started(lab: &Lab, folder: &std::path::Path) -> Result<(Desktop, Value)> {
    let desktop = Desktop::open(folder).await?;
    let cluster = desktop.add_cluster(&lab.facts().clusters[0]).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    Ok((desktop, cluster))
}

fn label(lab: &Lab) -> String {
    lab.world().read(|world| world.clusters[0].label.clone())
}

async fn row(desktop: &Desktop, cluster: &Value) -> Result<ClusterRow> {
    let details = desktop
        .call("cluster_details", json!({ "cluster": cluster }))
        .await?;
    Ok(serde_json::from_value(details["row"].clone())?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_passes_and_another_one_is_asked_about() -> Result<()> {
    let lab = Lab::start(Scenario::demo(), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let (desktop, cluster) = started(&lab, folder.path()).await?;
    let which = json!({ "cluster": cluster });

    lab.renew_certificate(&label(&lab), "pve1")?;
    desktop
        .call("discover", which.clone())
        .await
        .context("the cluster's own authority vouches for the new leaf")?;

    let nodes = ["pve1", "pve2"];
    for node in nodes {
        lab.change_certificate(&label(&lab), node)?;
    }
    // A connection that is still open was made with the accepted one; the next one is refused.
    let error = loop {
        if let Err(error) = desktop.call("discover", which.clone()).await {
            break error;
        }
    };
    assert_eq!(error.code, Code::IdentityChanged, "{error:?}");
    assert!(matches!(
        row(&desktop, &cluster).await?.link,
        Link::CertificateChanged { .. }
    ));
    let shown = desktop.call("presented_certificate", which.clone()).await?;
    assert_eq!(shown["same"], json!(false));
    let wrong = json!({ "cluster": cluster, "address": shown["address"], "fingerprint": "00:".repeat(32)[..95] });
    let error = desktop
        .call("accept_certificate", wrong)
        .await
        .expect_err("nobody shows that one");
    assert_eq!(error.code, Code::IdentityChanged);
    let accept = json!({ "cluster": cluster, "address": shown["address"], "fingerprint": shown["presented"]["sha256"] });
    desktop.call("accept_certificate", accept).await?;
    desktop
        .call("discover", which)
        .await
        .context("it is accepted now")?;
    assert!(matches!(row(&desktop, &cluster).await?.link, Link::Online));
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_stops_the_asking_until_another_is_given() -> Result<()> {
    let lab = Lab::start(Scenario::demo(), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let (desktop, cluster) = started(&lab, folder.path()).await?;
    let first = lab.facts().clusters[0].token.id.clone();
    lab.revoke_token(&label(&lab), &first)?;
    let error = desktop
        .call("discover", json!({ "cluster": cluster }))
        .await
        .expect_err("the token is gone");
    assert_eq!(error.code, Code::Refused, "{error:?}");
    assert!(matches!(
        row(&desktop, &cluster).await?.link,
        Link::Refused { .. }
    ));

    let give = async |id: &str, acl: Acl, secret: &str| {
        lab.world().change(|world| {
            let mut token = scenario::token(id, true, acl);
            token.secret = secret.into();
            world.clusters[0].access.tokens.push(token);
        });
        let kept = desktop
            .call("keep_secret", json!({ "value": secret }))
            .await?;
        desktop
            .call(
                "rotate_token",
                json!({ "cluster": cluster, "tokenId": id, "secret": kept }),
            )
            .await
    };
    let report = give(
        "redflag@pve!weak",
        Acl::none(),
        "22222222-2222-4222-8222-222222222222",
    )
    .await?;
    assert_eq!(
        report["enough"],
        json!(false),
        "a token without rights is not taken"
    );
    let details = desktop
        .call("cluster_details", json!({ "cluster": cluster }))
        .await?;
    assert_eq!(details["token"]["id"], json!(first), "the old one stays");

    let strong = Acl::none().grant("/", scenario::ROLE);
    let report = give(
        "redflag@pve!second",
        strong,
        "33333333-3333-4333-8333-333333333333",
    )
    .await?;
    assert_eq!(report["enough"], json!(true), "{report}");
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await
        .context("the new token works")?;
    let details = desktop
        .call("cluster_details", json!({ "cluster": cluster }))
        .await?;
    assert_eq!(details["token"]["id"], json!("redflag@pve!second"));
    assert_eq!(details["token"]["rotate"], json!(false));
    assert!(
        details["discoveries"]
            .as_array()
            .is_some_and(|runs| runs.len() >= 2),
        "each full run stands in the log"
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_cluster_through_another_node_is_recognised() -> Result<()> {
    let lab = Lab::start(Scenario::demo(), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let (desktop, cluster) = started(&lab, folder.path()).await?;
    let facts = &lab.facts().clusters[0];
    let second = facts
        .nodes
        .iter()
        .find(|n| n.online && n.address.to_string() != facts.address)
        .context("a second node")?;
    let secret = desktop
        .call("keep_secret", json!({ "value": facts.token.secret }))
        .await?;
    let request = json!({
        "address": second.address.to_string(), "fingerprint": second.fingerprint, "tokenId": facts.token.id,
        "secret": secret, "name": "twice",
    });
    let added = desktop.call("add_cluster", request).await?;
    assert_eq!(
        (&added["cluster"], &added["already"]),
        (&cluster, &json!(true))
    );
    let snapshot = desktop.call("snapshot", json!({})).await?;
    assert_eq!(
        snapshot["fleet"]["clusters"].as_array().map(Vec::len),
        Some(1)
    );
    let test = desktop
        .call("test_cluster", json!({ "cluster": cluster }))
        .await?;
    let answers = test["addresses"].as_array().context("addresses")?;
    assert!(
        answers.len() >= 2 && answers.iter().all(|a| a["version"].is_string()),
        "{answers:?}"
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edited_switched_off_and_removed() -> Result<()> {
    let lab = Lab::start(Scenario::demo(), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let (mut desktop, cluster) = started(&lab, folder.path()).await?;
    let address = lab.facts().clusters[0].address.clone();
    let edit = |name: &str, addresses: Value| json!({ "cluster": cluster, "name": name, "addresses": addresses });
    for bad in [
        edit("", json!([address])),
        edit("lab", json!([])),
        edit("lab", json!(["two words"])),
    ] {
        assert_eq!(
            desktop
                .call("edit_cluster", bad)
                .await
                .expect_err("bad input")
                .code,
            Code::BadInput
        );
    }
    desktop
        .call("edit_cluster", edit("The lab", json!([address, address])))
        .await?;
    let details = desktop
        .call("cluster_details", json!({ "cluster": cluster }))
        .await?;
    assert_eq!(
        (&details["row"]["name"], &details["addresses"][0]),
        (&json!("The lab"), &json!(address))
    );

    desktop
        .call(
            "set_enabled",
            json!({ "cluster": cluster, "enabled": false }),
        )
        .await?;
    assert!(matches!(
        row(&desktop, &cluster).await?.link,
        Link::Disabled
    ));
    assert!(
        desktop.guests().await?.iter().all(|g| g.old),
        "its picture is an old one from now on"
    );
    let error = desktop
        .call("discover", json!({ "cluster": cluster }))
        .await
        .expect_err("it is off");
    assert_eq!(error.code, Code::NotFound);
    desktop.app.shutdown().await;
    desktop = Desktop::open(folder.path()).await?;
    assert!(
        matches!(row(&desktop, &cluster).await?.link, Link::Disabled),
        "still off after a start"
    );
    desktop
        .call(
            "set_enabled",
            json!({ "cluster": cluster, "enabled": true }),
        )
        .await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    assert!(desktop.guests().await?.iter().any(|g| !g.old));

    let removal = desktop
        .call("removal", json!({ "cluster": cluster }))
        .await?;
    assert_eq!(
        (&removal["nodes"], &removal["guests"]),
        (&json!(2), &json!(7))
    );
    desktop
        .call("remove_cluster", json!({ "cluster": cluster }))
        .await?;
    assert!(desktop.guests().await?.is_empty());
    let again = desktop.add_cluster(&lab.facts().clusters[0]).await?;
    assert_ne!(
        again, cluster,
        "removed is removed: added again, it is a new one"
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_guests_and_nodes_are_those_of_proxmox() -> Result<()> {
    let lab = Lab::start(Scenario::demo(), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let (desktop, cluster) = started(&lab, folder.path()).await?;
    let guest = desktop.guest("nextcloud").await?.id;
    let settings = desktop
        .call("guest_settings", json!({ "guest": guest }))
        .await?;
    let facts = &settings["facts"];
    assert_eq!(settings["problem"], Value::Null);
    assert_eq!(facts["hostname"], json!("nextcloud"));
    assert_eq!(facts["memory"], json!(4096_u64 * 1024 * 1024));
    assert_eq!(facts["mounts"][0]["path"], json!("/"));
    assert_eq!(facts["addresses"][0], json!("192.168.1.200"));
    let node = json!({ "node": { "cluster": cluster, "node": "pve1" } });
    let details = desktop.call("node_details", node).await?;
    assert!(
        details["facts"]["version"].is_string() && details["facts"]["kernel"].is_string(),
        "{details}"
    );

    // What is known stays readable when nobody answers.
    lab.stop().await;
    let settings = desktop
        .call("guest_settings", json!({ "guest": guest }))
        .await?;
    assert_eq!(settings["facts"]["hostname"], json!("nextcloud"));
    assert!(
        settings["problem"].is_string(),
        "and it says that it is old: {settings}"
    );
    desktop.app.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_names_in_two_clusters_are_two_things() -> Result<()> {
    let lab = Lab::start(Scenario::many(2, 1, 3), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let desktop = Desktop::open(folder.path()).await?;
    for facts in &lab.facts().clusters {
        let cluster = desktop.add_cluster(facts).await?;
        desktop
            .call("discover", json!({ "cluster": cluster }))
            .await?;
    }
    let guests = desktop.guests().await?;
    assert_eq!(guests.len(), 6);
    let mut ids: Vec<_> = guests.iter().map(|g| g.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6, "each is its own guest");
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arrivals_and_departures_stand_in_the_log_and_last() -> Result<()> {
    let lab = Lab::start(Scenario::demo(), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let (mut desktop, cluster) = started(&lab, folder.path()).await?;
    let which = json!({ "cluster": cluster });
    lab.remove_guest(&label(&lab), 201)?;
    desktop.call("discover", which.clone()).await?;
    let details = desktop.call("cluster_details", which).await?;
    let runs = details["discoveries"].as_array().context("runs")?;
    let sum = |key: &str| runs.iter().filter_map(|run| run[key].as_u64()).sum::<u64>();
    assert_eq!((sum("new"), sum("gone")), (7, 1), "{runs:?}");
    desktop.app.shutdown().await;
    lab.stop().await;
    desktop = Desktop::open(folder.path()).await?;
    let names: Vec<String> = desktop
        .guests()
        .await?
        .into_iter()
        .map(|g| g.name)
        .collect();
    assert!(
        names.len() == 6 && !names.contains(&"mariadb".to_owned()),
        "what is gone does not come back with the next start: {names:?}"
    );
    desktop.app.shutdown().await;
    Ok(())
}
