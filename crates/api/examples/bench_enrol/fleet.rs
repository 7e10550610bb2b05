//! What is enrolled here: 43 simulated LXCs, whose connections may have faults.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use domain::{fleet::AgentState, operation::JobState};
use lab::{Carrier, Lab, LinkFault, LinkRule, Options, Scenario, facts::ClusterFacts};
use serde_json::{Value, json};

use crate::desktop::Desktop;

pub(crate) const GUESTS: usize = 43;

/// A cluster of so many nodes with 43 guests on them, all of them running.
pub(crate) async fn start(nodes: usize, seed: u64) -> Result<Lab> {
    let mut scenario = Scenario::many(1, nodes, GUESTS.div_ceil(nodes));
    let cluster = &mut scenario.world.clusters[0];
    while cluster.guests.len() > GUESTS {
        cluster.guests.pop_last();
    }
    let since = cluster.guests.values().find_map(|g| g.running_since);
    for guest in cluster.guests.values_mut() {
        guest.running_since = guest.running_since.or(since);
    }
    let options = Options {
        seed,
        ssh: true,
        ..Options::quick()
    };
    Lab::start(scenario, options).await
}

/// Adds a cluster, discovers it, and sets up the way into its nodes.
pub(crate) async fn enter(desktop: &Desktop, facts: &ClusterFacts) -> Result<Value> {
    let cluster = desktop.add_cluster(facts).await?;
    let which = json!({ "cluster": cluster });
    desktop.call("discover", which).await?;
    desktop.open_nodes(&cluster, facts).await?;
    Ok(cluster)
}

/// From now on a third of the connections have a fault: in equal parts reset at once, reset in the middle, and slow. What
/// is open already ends, so that every connection is a new one.
pub(crate) fn disturb(lab: &Lab) {
    // The middle of what each kind of connection carries: some agents, and a handshake with its first calls.
    for (carrier, most, each) in [
        (Carrier::Ssh, 32 << 20, Duration::from_millis(5)),
        (Carrier::Agent, 8 << 10, Duration::from_millis(50)),
    ] {
        for fault in [
            LinkFault::Refused,
            LinkFault::Cut(most),
            LinkFault::Slow(each),
        ] {
            lab.links().add(LinkRule {
                carrier,
                fault,
                probability: 1.0 / 9.0,
                times: None,
            });
        }
    }
    lab.links().end_ssh();
}

/// What became of an operation's jobs: how many went well, and those that the window offers to try again, as targets.
pub(crate) struct Outcome {
    pub(crate) succeeded: usize,
    pub(crate) again: Vec<Value>,
}

/// Plans, approves and waits.
pub(crate) async fn enrol(desktop: &mut Desktop, targets: Vec<Value>) -> Result<Outcome> {
    let (plan, operation) = desktop.plan_and_approve("enrol", json!(targets)).await?;
    desktop.until_over(&operation).await?;
    let details = desktop
        .call("operation_details", json!({ "operation": operation }))
        .await?;
    let jobs: Vec<domain::operation::Job> = serde_json::from_value(details["jobs"].clone())?;
    let good = |job: &&domain::operation::Job| job.state == JobState::Succeeded;
    for job in jobs.iter().filter(|job| !good(job)) {
        println!("  {} {:?}: {:?}", job.name, job.state, job.problem);
    }
    let planned = plan["guests"].as_array().context("a plan")?.len();
    anyhow::ensure!(planned == jobs.len(), "{planned} were planned");
    Ok(Outcome {
        succeeded: jobs.iter().filter(good).count(),
        again: jobs
            .iter()
            .filter(|job| !good(job))
            .map(|job| json!({ "kind": "guest", "guest": job.guest }))
            .collect(),
    })
}

/// How many LXCs have an agent that answers.
pub(crate) async fn online(desktop: &Desktop) -> Result<usize> {
    let guests = desktop.guests().await?;
    let online = guests
        .iter()
        .filter(|g| matches!(g.agent, AgentState::Online { .. }));
    Ok(online.count())
}

/// A desktop on a new folder.
pub(crate) async fn desktop(folder: &Path, agent: &Path, gateway: &str) -> Result<Desktop> {
    Desktop::open_with(folder, agent.to_owned(), gateway).await
}
