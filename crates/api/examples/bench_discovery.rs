//! `cargo xtask bench discovery`: what a discovery costs beside the bare requests that it makes, what a quiet cluster
//! writes, and how quickly the API answers with a thousand guests.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../tests/desktop/mod.rs"]
mod desktop;

use std::{
    collections::HashMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use api::Body;
use desktop::Desktop;
use futures_util::{StreamExt, future::try_join_all, stream};
use lab::{Lab, Options, RequestRecord, Scenario};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

const LATENCY: Duration = Duration::from_millis(5);
const ROUNDS: usize = 3;
const CALLS: usize = 200;

fn figure(name: &str, value: f64, unit: &str, goal: &str) {
    println!("figure {name} {value:.2} {unit} goal {goal}");
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let options = Options {
        latency: LATENCY,
        ..Options::quick()
    };
    let lab = Lab::start(Scenario::many(10, 3, 34), options).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;

    // The first rows of a cluster: how many answers were needed before they were shown?
    let mut clusters = vec![desktop.add_cluster(&lab.facts().clusters[0]).await?];
    figure(
        "discovery_first_rows_roundtrips",
        first_rows(&lab, &mut desktop).await?,
        "roundtrips",
        "<= 1",
    );
    for facts in &lab.facts().clusters[1..] {
        clusters.push(desktop.add_cluster(facts).await?);
    }
    discover_all(&desktop, &clusters).await?;

    let mut ratios = Vec::new();
    let mut seconds = Vec::new();
    let mut count = 0;
    for _ in 0..ROUNDS {
        lab.forget_requests();
        let began = Instant::now();
        discover_all(&desktop, &clusters).await?;
        let ours = began.elapsed();
        let requests = lab.requests();
        count = requests.len();
        let bare = replay(&lab, requests).await?;
        seconds.push(ours.as_secs_f64());
        ratios.push(ours.as_secs_f64() / bare.as_secs_f64());
    }
    figure("discovery_ratio", median(&mut ratios), "x", "<= 1.2");
    figure("discovery_seconds", median(&mut seconds), "s", "- -");
    figure("discovery_requests", count_of(count), "requests", "- -");

    let logged = |details: &Value| details["discoveries"].as_array().map_or(0, Vec::len);
    let which = json!({ "cluster": clusters[0] });
    let before = logged(&desktop.call("cluster_details", which.clone()).await?);
    desktop.call("discover", which.clone()).await?;
    let after = logged(&desktop.call("cluster_details", which).await?);
    figure(
        "discovery_full_rows",
        count_of(after - before),
        "rows",
        "<= 1",
    );
    figure(
        "discovery_steady_writes",
        steady_writes(folder.path()).await?,
        "writes",
        "<= 0",
    );
    figure("api_p95_ms", api_p95(&desktop).await?, "ms", "<= 50");
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn count_of(n: usize) -> f64 {
    n as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn discover_all(desktop: &Desktop, clusters: &[Value]) -> Result<()> {
    let calls = clusters
        .iter()
        .map(|cluster| desktop.call("discover", json!({ "cluster": cluster })));
    try_join_all(calls).await?;
    Ok(())
}

/// Requests of the first discovery that had been answered when its first rows were shown.
async fn first_rows(lab: &Lab, desktop: &mut Desktop) -> Result<f64> {
    let has_guests =
        |body: &Body| matches!(body, Body::Fleet { patch } if !patch.guests.is_empty());
    desktop.until_news(has_guests).await?;
    let shown = Instant::now();
    let resources = lab
        .requests()
        .into_iter()
        .filter(|r| r.path.contains("/cluster/resources"))
        .map(|r| r.at)
        .max();
    let asked = resources.context("the list was asked for")?;
    let answered = lab
        .requests()
        .iter()
        .filter(|r| r.at >= asked && r.at + LATENCY <= shown)
        .count();
    Ok(count_of(answered))
}

/// The same requests by a client that does nothing else, under the same limits.
async fn replay(lab: &Lab, requests: Vec<RequestRecord>) -> Result<Duration> {
    let labels: Vec<String> = lab
        .world()
        .read(|world| world.clusters.iter().map(|c| c.label.clone()).collect());
    let mut clients = HashMap::new();
    for (label, facts) in labels.into_iter().zip(&lab.facts().clusters) {
        let trust = tls::Trust {
            ca_pem: Some(facts.ca_pem.clone()),
            ..tls::Trust::default()
        };
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_backend_preconfigured(tls::client_config(&trust)?)
            .build()?;
        clients.insert(label, (client, facts));
    }
    let over_all = Arc::new(Semaphore::new(20));
    let mut per_node: HashMap<(String, String), Arc<Semaphore>> = HashMap::new();
    let mut calls = Vec::new();
    for request in requests {
        let (client, facts) = clients.get(&request.cluster).context("its cluster")?;
        let node = facts
            .nodes
            .iter()
            .find(|n| n.name == request.node)
            .context("its node")?;
        let key = (request.cluster.clone(), request.node.clone());
        let slots = Arc::clone(
            per_node
                .entry(key)
                .or_insert_with(|| Arc::new(Semaphore::new(4))),
        );
        let call = client
            .get(format!("https://{}{}", node.address, request.path))
            .header(
                "Authorization",
                format!("PVEAPIToken={}={}", facts.token.id, facts.token.secret),
            );
        calls.push((slots, Arc::clone(&over_all), call));
    }
    let began = Instant::now();
    let answers: Vec<Result<()>> = stream::iter(calls)
        .map(|(slots, over_all, call)| async move {
            let _node = slots.acquire().await?;
            let _all = over_all.acquire().await?;
            call.send().await?.error_for_status()?.bytes().await?;
            Ok(())
        })
        .buffer_unordered(200)
        .collect()
        .await;
    let took = began.elapsed();
    answers.into_iter().collect::<Result<Vec<()>>>()?;
    Ok(took)
}

/// Changes of the database's log while clusters are watched and nothing happens, over two passes.
async fn steady_writes(folder: &Path) -> Result<f64> {
    let log = folder.join("redflag.db-wal");
    let look = || -> Result<_> {
        let about = std::fs::metadata(&log)?;
        Ok((about.len(), about.modified()?))
    };
    let mut last = look()?;
    let mut changes = 0;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = look()?;
        changes += usize::from(now != last);
        last = now;
    }
    Ok(count_of(changes))
}

async fn api_p95(desktop: &Desktop) -> Result<f64> {
    let guests = desktop.guests().await?;
    let mut times = Vec::new();
    for i in 0..CALLS {
        let (command, payload) = match i % 2 {
            0 => ("snapshot", json!({})),
            _ => (
                "guest_details",
                json!({ "guest": guests[i % guests.len()].id }),
            ),
        };
        let began = Instant::now();
        desktop.call(command, payload).await?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[CALLS * 95 / 100])
}
