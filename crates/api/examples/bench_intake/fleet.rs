//! A thousand LXCs, given their agents by an enrolment as a person would start it.

use std::{net::SocketAddr, path::Path};

use anyhow::{Context, Result};
use domain::operation::JobState;
use lab::{
    Lab, Options, Scenario,
    world::machine::{Identity, Standing},
};
use serde_json::json;

use crate::{ENROLLED, desktop::Desktop};

/// What the lab's agents got, taken over by this bench's own.
pub(crate) struct Enrolled {
    pub(crate) lab: Lab,
    pub(crate) endpoint: SocketAddr,
    pub(crate) ca_pem: String,
    pub(crate) server_name: String,
    /// With the network address of each one's LXC.
    pub(crate) identities: Vec<(Identity, String)>,
}

/// Adds a cluster of ten nodes to a desktop on `folder` and installs agents in all of it.
pub(crate) async fn enrol(folder: &Path) -> Result<Enrolled> {
    let mut scenario = Scenario::many(1, 10, ENROLLED / 10);
    let cluster = &mut scenario.world.clusters[0];
    let since = cluster.guests.values().find_map(|g| g.running_since);
    for guest in cluster.guests.values_mut() {
        guest.running_since = guest.running_since.or(since);
    }
    let options = Options {
        ssh: true,
        ..Options::quick()
    };
    let lab = Lab::start(scenario, options).await?;
    let mut desktop = Desktop::open_free(folder).await?;
    let facts = lab.facts().clusters[0].clone();
    let cluster = desktop.add_cluster(&facts).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    desktop.open_nodes(&cluster, &facts).await?;
    let targets = json!([{ "kind": "cluster", "cluster": cluster }]);
    let (_, operation) = desktop.plan_and_approve("enrol", targets).await?;
    desktop.until_over(&operation).await?;
    let states = desktop.job_states(&operation).await?;
    let good = states.iter().filter(|job| job.1 == JobState::Succeeded);
    let good = good.count();
    let bad = states.iter().find(|job| job.1 != JobState::Succeeded);
    anyhow::ensure!(
        good == ENROLLED,
        "{good} of {ENROLLED} were enrolled: {bad:?}"
    );
    println!("{good} LXCs enrolled");
    desktop.app.shutdown().await;

    let (mut identities, mut first) = (Vec::new(), None);
    lab.world().change(|world| {
        for guest in world.clusters[0].guests.values_mut() {
            // From now on this bench speaks for it.
            guest.machine.quirks.silent = true;
            if let Some(agent) = &guest.machine.agent
                && let Standing::Enrolled(identity) = &agent.standing
            {
                identities.push((identity.clone(), guest.mac.to_ascii_lowercase()));
                first.get_or_insert_with(|| agent.clone());
            }
        }
    });
    let agent = first.context("an agent")?;
    anyhow::ensure!(
        identities.len() == ENROLLED,
        "{} identities",
        identities.len()
    );
    Ok(Enrolled {
        lab,
        endpoint: *agent.endpoints.first().context("an endpoint")?,
        ca_pem: agent.ca_pem,
        server_name: agent.server_name,
        identities,
    })
}
