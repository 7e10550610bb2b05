//! `cargo xtask bench freshness`: how long a node's death and return take to show, counted from when Proxmox's own list
//! says so, and how regularly the other nodes are seen meanwhile. In the real rhythm, against the real staleness.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../tests/desktop/mod.rs"]
mod desktop;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use api::Body;
use desktop::Desktop;
use domain::{
    ClusterId,
    fleet::{Link, NodeRow},
};
use lab::{
    Lab, Options, Scenario,
    facts::{ClusterFacts, NodeFacts},
    world::Down,
};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};

/// How long a node stays down, so that some passes of the others fall into it.
const OUTAGE: Duration = Duration::from_secs(35);
/// Between two looks at Proxmox's own list.
const GLANCE: Duration = Duration::from_millis(50);

/// How a node dies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Death {
    /// Its programs end; connections are refused.
    Refuses,
    /// Its power goes: packets to it vanish.
    Vanishes,
}

#[derive(Default)]
struct Worst {
    grey: Duration,
    back: Duration,
    rhythm: Duration,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let options = Options {
        ssh: false,
        ..Options::default()
    };
    let lab = Lab::start(Scenario::many(2, 3, 10), options).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    let mut clusters: Vec<ClusterId> = Vec::new();
    for facts in &lab.facts().clusters {
        let cluster = desktop.add_cluster(facts).await?;
        clusters.push(serde_json::from_value(cluster.clone())?);
        desktop
            .call("discover", json!({ "cluster": cluster }))
            .await?;
    }
    // A second cluster that is gone altogether must not show in any of the figures.
    let gone = lab.world().read(|w| w.clusters[1].label.clone());
    for node in &lab.facts().clusters[1].nodes {
        lab.take_down(&gone, &node.name, Down::NoRoute)?;
    }
    let (cluster, facts) = (clusters[0], &lab.facts().clusters[0]);
    let entry = facts
        .nodes
        .iter()
        .position(|n| n.address.to_string() == facts.address);
    let entry = entry.context("the entry is a node")?;
    let other = (entry + 1) % facts.nodes.len();
    let mut worst = Worst::default();
    for (case, node, death) in [
        ("another node vanishes", other, Death::Vanishes),
        ("the node that is asked refuses", entry, Death::Refuses),
        // Meanwhile the next one is asked.
        (
            "the node that is asked now vanishes",
            other,
            Death::Vanishes,
        ),
    ] {
        let case_worst = outage(
            &lab,
            &mut desktop,
            cluster,
            facts,
            &facts.nodes[node],
            death,
        )
        .await
        .context(case)?;
        println!(
            "{case}: grey {:.1} s, back {:.1} s, others every {:.1} s at most",
            case_worst.grey.as_secs_f64(),
            case_worst.back.as_secs_f64(),
            case_worst.rhythm.as_secs_f64()
        );
        worst.grey = worst.grey.max(case_worst.grey);
        worst.back = worst.back.max(case_worst.back);
        worst.rhythm = worst.rhythm.max(case_worst.rhythm);
    }
    for (name, value) in [
        ("grey", worst.grey),
        ("back", worst.back),
        ("rhythm", worst.rhythm),
    ] {
        println!(
            "figure freshness_{name}_seconds {:.2} s goal <= 12",
            value.as_secs_f64()
        );
    }
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

/// One death and return, begun just after a pass, which is the worst moment.
async fn outage(
    lab: &Lab,
    desktop: &mut Desktop,
    cluster: ClusterId,
    facts: &ClusterFacts,
    node: &NodeFacts,
    death: Death,
) -> Result<Worst> {
    let label = lab.world().read(|w| w.clusters[0].label.clone());
    let eye = own_list(facts, node)?;
    pass(desktop, &node.name).await?;
    lab.take_down(&label, &node.name, Down::NoRoute)?;
    let hole = match death {
        Death::Refuses => None,
        Death::Vanishes => Some(black_hole(node.address).await?),
    };
    let listed = until_listed(&eye, &node.name, false).await?;
    let grey = until_old(desktop, cluster, &node.name, true).await?;

    let mut rhythm = Duration::ZERO;
    let mut last = Instant::now();
    let outage = Instant::now();
    while outage.elapsed() < OUTAGE {
        pass(desktop, &node.name).await?;
        rhythm = rhythm.max(last.elapsed());
        last = Instant::now();
    }
    drop(hole);
    lab.bring_up(&label, &node.name)?;
    let listed_again = until_listed(&eye, &node.name, true).await?;
    let back = until_old(desktop, cluster, &node.name, false).await?;
    Ok(Worst {
        grey: grey.saturating_duration_since(listed),
        back: back.saturating_duration_since(listed_again),
        rhythm,
    })
}

/// The list as a node that stays has it.
struct List {
    client: reqwest::Client,
    url: String,
    token: String,
}

fn own_list(facts: &ClusterFacts, except: &NodeFacts) -> Result<List> {
    let stays = facts.nodes.iter().find(|n| n.name != except.name);
    let trust = tls::Trust {
        ca_pem: Some(facts.ca_pem.clone()),
        ..tls::Trust::default()
    };
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(tls::client_config(&trust)?)
        .build()?;
    let address = stays.context("another node")?.address;
    Ok(List {
        client,
        url: format!("https://{address}/api2/json/cluster/resources?type=node"),
        token: format!("PVEAPIToken={}={}", facts.token.id, facts.token.secret),
    })
}

async fn until_listed(list: &List, node: &str, online: bool) -> Result<Instant> {
    loop {
        let request = list.client.get(&list.url);
        let answer = request.header("Authorization", &list.token).send().await?;
        let answer: Value = serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?;
        let rows = answer["data"].as_array().context("rows")?;
        let row = rows.iter().find(|row| row["node"] == node);
        if (row.context("the node")?["status"] == "online") == online {
            return Ok(Instant::now());
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Waits until every guest of a node is shown as old, or none.
async fn until_old(
    desktop: &mut Desktop,
    cluster: ClusterId,
    node: &str,
    old: bool,
) -> Result<Instant> {
    loop {
        let guests = desktop.guests().await?;
        let mut of_node = guests
            .iter()
            .filter(|g| g.cluster == cluster && g.node.as_str() == node);
        if of_node.all(|g| g.old == old) {
            return Ok(Instant::now());
        }
        desktop
            .until_news(|body| matches!(body, Body::Fleet { .. }))
            .await?;
    }
}

/// Waits until the next pass has shown the nodes other than `except`.
async fn pass(desktop: &mut Desktop, except: &str) -> Result<()> {
    let seen = |row: &NodeRow| row.key.node.as_str() != except && matches!(row.link, Link::Online);
    desktop
        .until_news(|body| matches!(body, Body::Fleet { patch } if patch.nodes.iter().any(seen)))
        .await
}

/// An address that swallows packets: its queue of connections is full, and nobody takes one out.
async fn black_hole(address: SocketAddr) -> Result<(tokio::net::TcpListener, Vec<TcpStream>)> {
    for _ in 0..100 {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        if socket.bind(address).is_err() {
            tokio::time::sleep(GLANCE).await;
            continue;
        }
        let listener = socket.listen(1)?;
        let mut held = Vec::new();
        // The queue takes one or two more than it was told.
        while let Ok(connected) =
            tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await
        {
            held.push(connected?);
        }
        return Ok((listener, held));
    }
    bail!("{address} did not become free")
}
