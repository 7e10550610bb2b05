//! With real LXCs: a mixed fleet gets its agents while a third of the simulated connections have faults, and one command
//! is run in 43 of them.

use std::{path::Path, time::Instant};

use anyhow::{Result, ensure};
use domain::Vmid;
use lab::{
    facts::SshFacts,
    lxc::{GuestPlan, NodePlan, Options, RealNodes, Userland},
};
use serde_json::json;

use crate::{
    figure,
    fleet::{self, GUESTS},
    floor, median,
};

/// Real guests beside the simulated ones.
const REAL: usize = 8;
/// How often Retry may be pressed before it is given up.
const RETRIES: usize = 3;
const ROUNDS: usize = 5;

/// From the first approval to the last agent that answers.
pub(crate) async fn together(agent: &Path) -> Result<()> {
    let mut plan = Options::two_nodes();
    let names = [
        "web", "db", "cache", "proxy", "mail", "git", "media", "build",
    ];
    plan.nodes = vec![NodePlan::new("real", "pve1"), NodePlan::new("real", "pve2")];
    for (number, name) in (100..).zip(names) {
        let userland = match number % 4 {
            3 => Userland::OpenRc,
            _ => Userland::Debian,
        };
        let node = &mut plan.nodes[usize::from(number >= 104)];
        let guest = GuestPlan::new(number, name).userland(userland);
        node.guests.push(if number % 2 == 1 {
            guest.unprivileged()
        } else {
            guest
        });
    }
    let (nodes, double) = RealNodes::with_double(plan, lab::Options::quick()).await?;
    let simulated = fleet::start(4, 9).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = fleet::desktop(folder.path(), agent, "0.0.0.0:0").await?;
    let mut targets = Vec::new();
    for facts in [
        &nodes.facts(&double).clusters[0],
        &simulated.facts().clusters[0],
    ] {
        let cluster = fleet::enter(&desktop, facts).await?;
        targets.push(json!({ "kind": "cluster", "cluster": cluster }));
    }
    fleet::disturb(&simulated);
    let began = Instant::now();
    for _ in 0..=RETRIES {
        targets = fleet::enrol(&mut desktop, targets).await?.again;
        if targets.is_empty() {
            break;
        }
    }
    let took = began.elapsed();
    let online = fleet::online(&desktop).await?;
    ensure!(online == GUESTS + REAL, "{online} agents answer");
    for guest in nodes.guests() {
        guest.shell("/usr/local/bin/redflag-agent status").await?;
    }
    figure("enrol_all_seconds", took.as_secs_f64(), "s", "<= 300");
    desktop.app.shutdown().await;
    simulated.stop().await;
    double.stop().await;
    nodes.stop().await
}

/// One command in each of 43 real guests of a node, over a real sshd and by the real lxc-attach.
pub(crate) async fn one_command() -> Result<()> {
    let mut plan = Options::two_nodes();
    let node = (0..43).fold(NodePlan::new("real", "pve1"), |node, n| {
        node.guest(GuestPlan::new(100 + n, &format!("guest-{n}")).userland(Userland::NoInit))
    });
    plan.nodes = vec![node];
    let nodes = RealNodes::start(plan).await?;
    let door = nodes.door("pve1")?;
    let ssh = SshFacts {
        address: door.address,
        user: door.user,
        password: door.password,
        host_key: door.host_key,
        algorithm: door.algorithm,
    };
    let node = floor::node(&ssh).await?;
    let guests: Vec<Vmid> = node.guests().await?;
    ensure!(guests.len() == GUESTS, "{} guests run", guests.len());
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let answers = node.run_many(&guests, reach::Verb::Hostname).await;
        seconds.push(began.elapsed().as_secs_f64());
        for (vmid, answer) in answers {
            let name = answer?;
            let expected = format!("guest-{}", u32::from(vmid) - 100);
            ensure!(name.trim() == expected, "{vmid}: {name}");
        }
    }
    figure("reach_43_seconds", median(&mut seconds), "s", "<= 2");
    nodes.stop().await
}
