//! One installation over real LXCs of every kind, as one click on their node begins it: each ends enrolled or with a plain
//! reason, and what is said is compared with what is inside.
#![cfg(target_os = "linux")]

mod desktop;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use desktop::{Desktop, real};
use domain::{
    fleet::{AgentState, GuestRow},
    operation::JobState,
};
use lab::lxc::{GuestPlan, NodePlan, Options, RealGuest, RealNodes, Stand, Userland};
use serde_json::{Value, json};

/// Enrolled, and nothing of the installation is left.
async fn enrolled(guest: &RealGuest) -> Result<()> {
    let name = guest.name();
    let left = guest
        .shell("ls /etc/redflag-agent /usr/local/bin /var/lib/redflag-agent")
        .await?;
    assert!(left.contains("identity.json"), "{name}: {left}");
    assert!(
        !left.contains("bootstrap") && !left.contains(".new"),
        "{name}: {left}"
    );
    Ok(())
}

/// Nothing of the agent is inside.
async fn untouched(guest: &RealGuest) -> Result<()> {
    let found = guest
        .shell("find /etc /usr/local /var/lib /run -name '*redflag*' 2>/dev/null; true")
        .await?;
    assert_eq!(found, "", "{}", guest.name());
    Ok(())
}

fn online(guests: &[GuestRow], name: &str) -> Option<()> {
    let row = guests.iter().find(|g| g.name == name)?;
    matches!(row.agent, AgentState::Online { .. }).then_some(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lxc_one_rollout_over_every_kind_of_guest() -> Result<()> {
    if !real::possible()? {
        return Ok(());
    }
    let mut options = Options::two_nodes();
    let guests = [
        GuestPlan::new(100, "privileged"),
        GuestPlan::new(101, "unprivileged").unprivileged(),
        GuestPlan::new(102, "openrc").userland(Userland::OpenRc),
        GuestPlan::new(103, "offline")
            .userland(Userland::OpenRc)
            .offline(),
        GuestPlan::new(104, "stopped").stand(Stand::Stopped),
        GuestPlan::new(105, "full")
            .userland(Userland::NoInit)
            .room(1_000_000),
        GuestPlan::new(106, "locked").userland(Userland::NoInit),
        GuestPlan::new(107, "clone").stand(Stand::Stopped),
        GuestPlan::new(900, "template").stand(Stand::Template),
    ];
    let node = guests
        .into_iter()
        .fold(NodePlan::new("mixed", "pve1"), NodePlan::guest);
    options.nodes = vec![node];
    let (nodes, lab) = RealNodes::with_double(options, lab::Options::quick()).await?;
    let facts = nodes.facts(&lab);
    let facts = &facts.clusters[0];
    lab.lock_guest("mixed", 106, Some("backup"))?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open_with(folder.path(), real::agent()?, "0.0.0.0:0").await?;
    let cluster = desktop.add_cluster(facts).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    desktop.open_nodes(&cluster, facts).await?;

    // The copy waits for its original, and so is not among those that are chosen.
    let mut chosen = Vec::new();
    for guest in desktop.guests().await? {
        if guest.name != "clone" {
            chosen.push(json!({ "kind": "guest", "guest": guest.id }));
        }
    }
    let wish = json!({
        "kind": "enrol", "targets": chosen, "only": { "kind": "all" },
        "allowed": { "start": true },
    });
    let plan = desktop.call("make_plan", wish).await?;
    let left_out: BTreeMap<&str, &str> = plan["leftOut"]
        .as_array()
        .context("a list")?
        .iter()
        .filter_map(|out| Some((out["name"].as_str()?, out["why"].as_str()?)))
        .collect();
    assert_eq!(
        left_out,
        BTreeMap::from([
            ("locked", "Locked: backup"),
            ("template", "Template: it cannot be started"),
        ])
    );
    let approval = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
    let enrol = desktop.call("approve_plan", approval).await?["operation"].clone();
    desktop.until_over(&enrol).await?;
    let mut states = BTreeMap::new();
    for (name, state, problem) in desktop.job_states(&enrol).await? {
        states.insert(name, (state, problem.unwrap_or_default()));
    }
    let (full, words) = states.remove("full").context("it was tried")?;
    assert_eq!(full, JobState::Failed);
    assert!(words.contains("MB free at /usr/local"), "{words}");
    for (name, (state, problem)) in &states {
        assert_eq!(*state, JobState::Succeeded, "{name}: {problem}");
    }
    let names: Vec<&str> = states.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["offline", "openrc", "privileged", "stopped", "unprivileged"]
    );

    // Inside: what was said is so.
    for vmid in [100, 101, 102, 103] {
        enrolled(nodes.guest("pve1", vmid)?).await?;
    }
    for vmid in [105, 106] {
        untouched(nodes.guest("pve1", vmid)?).await?;
    }
    let stopped = nodes.guest("pve1", 104)?;
    assert!(!stopped.running().await?, "it did not run before");
    let identity = stopped.root().join("var/lib/redflag-agent/identity.json");
    assert!(identity.exists(), "it was enrolled meanwhile");
    let offline = desktop.guest("offline").await?;
    assert!(
        matches!(&offline.agent, AgentState::Online { via: Some(node), .. } if node.as_str() == "pve1"),
        "{:?}",
        offline.agent
    );

    // What failed is tried again when there is room, with the wishes of the first plan.
    let details: Value = desktop
        .call("operation_details", json!({ "operation": enrol }))
        .await?;
    assert_eq!(details["allowed"]["start"], json!(true), "for Retry failed");

    // A copy of an enrolled guest becomes one of its own.
    let (original, clone) = (nodes.guest("pve1", 100)?, nodes.guest("pve1", 107)?);
    original.stop().await?;
    clone.become_copy_of(original).await?;
    original.start().await?;
    lab.start_guest("mixed", 107)?;
    clone.start().await?;
    desktop.until_tree(|guests| online(guests, "clone")).await?;
    desktop
        .until_tree(|guests| online(guests, "privileged"))
        .await?;
    let id = "cat /var/lib/redflag-agent/identity.json";
    assert_ne!(original.shell(id).await?, clone.shell(id).await?);

    desktop.app.shutdown().await;
    lab.stop().await;
    nodes.stop().await
}
