//! How many LXCs get their agent at the first try, and how many after one Retry, when a third of the connections have a
//! fault: those to the nodes' sshds and those of the agents to this desktop.

use std::path::Path;

use anyhow::Result;
use lab::Carrier;
use serde_json::json;

use crate::{
    figure,
    fleet::{self, GUESTS},
    percent,
};

/// Fleets, each with its own faults: one fleet alone has few connections to its nodes.
const SEEDS: [u64; 4] = [1, 2, 3, 4];
const NODES: usize = 11;

pub(crate) async fn measure(agent: &Path) -> Result<()> {
    let (mut first, mut after) = (0, 0);
    for seed in SEEDS {
        let lab = fleet::start(NODES, seed).await?;
        let folder = tempfile::tempdir()?;
        let mut desktop = fleet::desktop(folder.path(), agent, "127.0.0.1:0").await?;
        let cluster = fleet::enter(&desktop, &lab.facts().clusters[0]).await?;
        fleet::disturb(&lab);
        let before = lab.links().counted(Carrier::Ssh).0;
        let whole = vec![json!({ "kind": "cluster", "cluster": cluster })];
        let done = fleet::enrol(&mut desktop, whole).await?;
        if !done.again.is_empty() {
            // As the buttons of the window do it.
            fleet::enrol(&mut desktop, done.again).await?;
        }
        let online = fleet::online(&desktop).await?;
        let [ssh, agents] = [Carrier::Ssh, Carrier::Agent].map(|c| lab.links().counted(c));
        println!(
            "seed {seed}: {} of {GUESTS} at the first try, {online} in the end; {} of {} connections to nodes and {} of {} of agents had a fault",
            done.succeeded,
            ssh.1,
            ssh.0 - before,
            agents.1,
            agents.0,
        );
        first += done.succeeded;
        after += online;
        desktop.app.shutdown().await;
        lab.stop().await;
    }
    let all = GUESTS * SEEDS.len();
    figure("enrol_first_try_percent", percent(first, all), "%", ">= 95");
    figure(
        "enrol_after_retry_percent",
        percent(after, all),
        "%",
        ">= 100",
    );
    Ok(())
}
