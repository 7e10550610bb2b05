//! Nodes that die while others live: what is old is shown as old, what is fresh stays fresh, and all comes back.

mod desktop;

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use api::{Body, Rhythm};
use desktop::Desktop;
use domain::{
    Timestamp,
    fleet::{Fleet, Link, NodeRow},
};
use lab::{Fault, Lab, Options, Rule, Scenario, Where, world::Down};
use serde_json::{Value, json};

const QUICK: Duration = Duration::from_millis(40);

fn rhythm() -> Rhythm {
    Rhythm {
        watched: QUICK,
        unwatched: QUICK,
        failing: QUICK,
        config: QUICK * 5,
        ..Rhythm::default()
    }
}

async fn desktop(folder: &Path) -> Result<Desktop> {
    Desktop::open_at(folder, folder.join("no-agent"), "127.0.0.1:0", rhythm()).await
}

async fn fleet(desktop: &Desktop) -> Result<Fleet> {
    let snapshot = desktop.call("snapshot", json!({})).await?;
    Ok(serde_json::from_value(snapshot["fleet"].clone())?)
}

async fn until(desktop: &mut Desktop, look: impl Fn(&Fleet) -> bool) -> Result<Fleet> {
    loop {
        let fleet = fleet(desktop).await?;
        if look(&fleet) {
            return Ok(fleet);
        }
        desktop
            .until_news(|body| matches!(body, Body::Fleet { .. }))
            .await
            .with_context(|| format!("clusters {:?}", fleet.clusters))?;
    }
}

fn label(lab: &Lab, cluster: usize) -> String {
    lab.world()
        .read(|world| world.clusters[cluster].label.clone())
}

/// Whether exactly the guests of `down` are old, and its row says why.
fn only_old_on(fleet: &Fleet, down: &str) -> bool {
    let guests_right = fleet
        .guests
        .iter()
        .all(|guest| guest.old == (guest.node.as_str() == down));
    let nodes_right = fleet.nodes.iter().all(|node| match &node.link {
        Link::Unreachable { error, next_try } => {
            node.key.node.as_str() == down && !error.is_empty() && next_try.is_some()
        }
        link => node.key.node.as_str() != down && matches!(link, Link::Online),
    });
    let counted = fleet
        .clusters
        .iter()
        .any(|c| matches!(c.link, Link::Partly { .. }));
    guests_right && nodes_right && counted
}

fn all_fresh(fleet: &Fleet) -> bool {
    let online = |node: &NodeRow| matches!(node.link, Link::Online);
    fleet.nodes.iter().all(online)
        && fleet.guests.iter().all(|g| !g.old)
        && fleet
            .clusters
            .iter()
            .all(|c| matches!(c.link, Link::Online))
}

/// When each of the other nodes was last seen, the oldest.
fn seen(fleet: &Fleet, except: &str) -> Option<Timestamp> {
    let others = fleet.nodes.iter().filter(|n| n.key.node.as_str() != except);
    others.filter_map(|n| n.checked_at).min()
}

/// Waits until every other node was seen three times after now.
async fn others_go_on(desktop: &mut Desktop, except: &str) -> Result<()> {
    for _ in 0..3 {
        let before = seen(&fleet(desktop).await?, except);
        until(desktop, |fleet| seen(fleet, except) > before).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_greys_its_guests_alone_whether_it_is_the_one_that_is_asked_or_not()
-> Result<()> {
    let lab = Lab::start(Scenario::many(1, 3, 4), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = desktop(folder.path()).await?;
    let facts = &lab.facts().clusters[0];
    let cluster = desktop.add_cluster(facts).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let before = until(&mut desktop, all_fresh).await?;
    for (node, how) in [(0, Down::Refused), (2, Down::NoRoute), (1, Down::NoRoute)] {
        let name = facts.nodes[node].name.clone();
        lab.take_down(&label(&lab, 0), &name, how)?;
        let grey = until(&mut desktop, |fleet| only_old_on(fleet, &name)).await?;
        assert_eq!(grey.guests.len(), before.guests.len(), "all stay in sight");
        for (guest, was) in grey.guests.iter().zip(&before.guests) {
            assert_eq!(
                (guest.id, guest.power),
                (was.id, was.power),
                "the last picture stays"
            );
        }
        others_go_on(&mut desktop, &name).await?;
        // A full discovery is possible meanwhile, and says who is missing.
        let summary = desktop
            .call("discover", json!({ "cluster": cluster }))
            .await?;
        let problems = summary["problems"].to_string();
        assert!(problems.contains(&name), "{problems}");
        lab.bring_up(&label(&lab, 0), &name)?;
        until(&mut desktop, all_fresh).await?;
    }
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_takes_questions_and_never_answers_makes_nobody_old() -> Result<()> {
    let lab = Lab::start(Scenario::many(1, 3, 4), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = desktop(folder.path()).await?;
    let facts = &lab.facts().clusters[0];
    let cluster = desktop.add_cluster(facts).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let (first, second) = (&facts.nodes[0].name, &facts.nodes[1].name);
    // Whatever is asked of the first directly, and whatever is asked about the second through anyone.
    lab.faults().add(Rule::always(Fault::Silent).at(Where {
        node: Some(first.clone()),
        ..Where::default()
    }));
    lab.faults().add(Rule::always(Fault::Silent).at(Where {
        path: Some(format!("/nodes/{second}/")),
        ..Where::default()
    }));
    others_go_on(&mut desktop, "").await?;
    // A full pass ends, tells what it could not read, and did not ask that node 4 times over.
    lab.forget_requests();
    let summary = desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let problems = summary["problems"].to_string();
    assert!(problems.contains(&format!("{second}: ")), "{problems}");
    assert!(all_fresh(&fleet(&desktop).await?));
    lab.forget_requests();
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let about_second = |r: &lab::RequestRecord| r.path.contains(&format!("/nodes/{second}/lxc/"));
    assert_eq!(
        lab.requests().iter().filter(|r| about_second(r)).count(),
        1,
        "a node that was silent is asked one question before the rest"
    );
    lab.faults().clear();
    let summary = desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    assert_eq!(summary["problems"], json!([]), "and it comes back");
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_down_as_a_whole_does_not_slow_another() -> Result<()> {
    let lab = Lab::start(Scenario::many(2, 3, 3), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = desktop(folder.path()).await?;
    let mut clusters: Vec<Value> = Vec::new();
    for facts in &lab.facts().clusters {
        let cluster = desktop.add_cluster(facts).await?;
        desktop
            .call("discover", json!({ "cluster": cluster }))
            .await?;
        clusters.push(cluster);
    }
    let dead: domain::ClusterId = serde_json::from_value(clusters[1].clone())?;
    for node in &lab.facts().clusters[1].nodes {
        lab.take_down(&label(&lab, 1), &node.name, Down::NoRoute)?;
    }
    until(&mut desktop, |fleet| {
        let row = fleet.clusters.iter().find(|c| c.id == dead);
        row.is_some_and(|row| {
            matches!(&row.link, Link::Unreachable { error, next_try: Some(_) } if !error.is_empty())
        }) && fleet.guests.iter().all(|g| g.old == (g.cluster == dead))
    })
    .await?;
    for _ in 0..3 {
        let of_alive = |fleet: &Fleet| {
            let nodes = fleet.nodes.iter().filter(|n| n.key.cluster != dead);
            nodes.filter_map(|n| n.checked_at).min()
        };
        let before = of_alive(&fleet(&desktop).await?);
        until(&mut desktop, |fleet| of_alive(fleet) > before).await?;
    }
    for node in &lab.facts().clusters[1].nodes {
        lab.bring_up(&label(&lab, 1), &node.name)?;
    }
    until(&mut desktop, all_fresh).await?;
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_used_again_is_another_guest_with_the_next_look() -> Result<()> {
    let lab = Lab::start(Scenario::many(1, 1, 3), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = desktop(folder.path()).await?;
    let cluster = desktop.add_cluster(&lab.facts().clusters[0]).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let before = fleet(&desktop).await?.guests[0].clone();
    let vmid: u32 = before.vmid.to_string().parse()?;
    let label = label(&lab, 0);
    let mut other = lab
        .world()
        .read(|world| world.guest(&label, vmid).cloned())
        .context("the guest")?;
    other.name = "another".into();
    other.mac = "BC:24:11:FF:FF:01".into();
    lab.add_guest(&label, other)?;
    // No full discovery in between: the row has changed, so its configuration is read. The list may be older than the
    // configuration, so the name may follow a look later.
    let after = until(&mut desktop, |fleet| {
        let row = fleet.guests.iter().find(|g| g.vmid == before.vmid);
        row.is_some_and(|row| row.id != before.id && row.name == "another")
    })
    .await?;
    assert_eq!(after.guests.len(), 3);
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}
