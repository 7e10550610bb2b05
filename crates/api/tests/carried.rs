//! A real LXC behind a firewall that drops what it sends to this computer: its node carries the agent, and everything
//! works as if there were no firewall.
#![cfg(target_os = "linux")]

mod desktop;

use anyhow::{Context, Result};
use desktop::{Desktop, real};
use domain::{
    NodeName,
    fleet::{AgentState, GuestRow, UpdateState},
    operation::JobState,
};
use lab::lxc::{GuestPlan, NodePlan, Options, RealNodes, Rule};
use serde_json::{Value, json};

fn via(guests: &[GuestRow]) -> Option<Option<NodeName>> {
    match &guests.iter().find(|g| g.name == "web")?.agent {
        AgentState::Online { via, .. } => Some(via.clone()),
        _ => None,
    }
}

async fn log_of(desktop: &Desktop, operation: &Value) -> Result<String> {
    let details = desktop
        .call("operation_details", json!({ "operation": operation }))
        .await?;
    let job = &details["jobs"][0]["id"];
    let log = desktop
        .call("read_log", json!({ "job": job, "after": 0 }))
        .await?;
    Ok(log["lines"].to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lxc_behind_a_firewall_is_enrolled_scanned_and_updated_through_its_node() -> Result<()> {
    if !real::possible()? {
        return Ok(());
    }
    let mut options = Options::two_nodes();
    options.nodes = vec![NodePlan::new("firewalled", "pve1").guest(GuestPlan::new(100, "web"))];
    let (nodes, lab) = RealNodes::with_double(options, lab::Options::quick()).await?;
    let facts = nodes.facts(&lab);
    let facts = &facts.clusters[0];
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open_with(folder.path(), real::agent()?, "0.0.0.0:0").await?;
    let port = desktop.call("gateway", json!({})).await?["port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok())
        .context("a port")?;
    let web = nodes.guest("pve1", 100)?;
    web.close_port(port, Rule::Drop).await?;

    let cluster = desktop.add_cluster(facts).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    desktop.open_nodes(&cluster, facts).await?;
    let whole = json!([{ "kind": "cluster", "cluster": cluster }]);
    let (_, enrol) = desktop.plan_and_approve("enrol", whole.clone()).await?;
    desktop.until_over(&enrol).await?;
    for (name, state, problem) in desktop.job_states(&enrol).await? {
        assert_eq!(state, JobState::Succeeded, "{name}: {problem:?}");
    }
    let log = log_of(&desktop, &enrol).await?;
    assert!(
        log.contains("A firewall between web and pve1 drops connections to this computer"),
        "{log}"
    );
    let pve1: NodeName = facts.nodes[0].name.parse()?;
    assert_eq!(via(&desktop.guests().await?), Some(Some(pve1.clone())));

    let scan = desktop
        .call("start_scan", json!({ "targets": whole }))
        .await?["operation"]
        .clone();
    assert_eq!(desktop.until_over(&scan).await?.counts.succeeded, 1);
    let known = |guests: &[GuestRow]| match &guests.iter().find(|g| g.name == "web")?.updates {
        UpdateState::Updates { counts } => Some(*counts),
        _ => None,
    };
    let counts = desktop.until_tree(known).await?;
    assert_eq!(counts.total, facts.guests[0].updates);

    // The program is started anew: the node is asked without waiting for the agent to be missed.
    desktop.app.shutdown().await;
    let bind = format!("0.0.0.0:{port}");
    let mut desktop = Desktop::open_with(folder.path(), real::agent()?, &bind).await?;
    desktop
        .until_tree(|guests| via(guests).flatten().map(drop))
        .await?;

    let (plan, update) = desktop.plan_and_approve("update", whole).await?;
    let over = desktop.until_over(&update).await?;
    let states = desktop.job_states(&update).await?;
    assert_eq!(over.counts.succeeded, 1, "{states:?}");
    let upgraded = &plan["guests"][0]["work"]["plan"]["upgraded"];
    for change in upgraded.as_array().context("upgrades")? {
        let name = change["package"].as_str().context("a name")?;
        let inside = web.version_of(name).await?;
        assert_eq!(inside.as_deref(), change["to"].as_str(), "{name}");
    }

    // What is in the way is named, and so is that nothing is any more.
    let id = desktop.guest("web").await?.id;
    let dropped = desktop.call("try_way", json!({ "guest": id })).await?;
    assert_eq!(dropped["open"], json!(false));
    let what = dropped["problem"]["what"].as_str().context("a problem")?;
    assert!(
        what.contains("drops connections") && what.contains("pve1 reaches"),
        "{what}"
    );
    web.open_ports().await?;
    web.close_port(port, Rule::Reject).await?;
    let rejected = desktop.call("try_way", json!({ "guest": id })).await?;
    let what = rejected["problem"]["what"].as_str().context("a problem")?;
    assert!(what.contains("rejects connections"), "{what}");
    web.open_ports().await?;
    let open = desktop.call("try_way", json!({ "guest": id })).await?;
    assert_eq!(
        (&open["open"], &open["problem"]),
        (&json!(true), &json!(null))
    );
    desktop
        .until_tree(|guests| via(guests)?.is_none().then_some(()))
        .await?;

    desktop.app.shutdown().await;
    lab.stop().await;
    nodes.stop().await
}
