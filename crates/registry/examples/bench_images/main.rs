//! `cargo xtask bench images`: what it costs to ask for five hundred images of twenty guests, beside a client that does
//! nothing else, and whether one bad registry of five keeps the others waiting.
//!
//! The registries are a second process of this program, so that the memory measured is the asker's alone.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints what it finds, and may fail by panicking"
)]

mod fleet;
mod others;

use std::time::{Duration, Instant};

use domain::image::ImageState;
use futures_util::{StreamExt, stream};
use registry::{Checks, Freshness, Host, Scheme};

use fleet::{NOW, Row};
use others::Others;

/// Images in use, each in one guest.
const IMAGES: usize = 500;
/// Of them, those that their tag has left behind.
const UPDATES: usize = 20;
/// Questions under way, for both.
const AT_ONCE: usize = 64;
const ROUNDS: usize = 5;
const REGISTRIES: usize = 5;

fn figure(name: &str, value: f64, unit: &str, goal: &str) {
    println!("figure {name} {value:.2} {unit} goal {goal}");
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn count_of(n: usize) -> f64 {
    n as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn checks() -> Checks {
    Checks::new(|name| {
        let host = Host {
            scheme: Scheme::Http,
            at_once: AT_ONCE,
            patience: Duration::from_secs(5),
            ..Host::new(name)
        };
        (host, None)
    })
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return others::serve().await;
    }
    let mut others = Others::start().await;
    let rows = others.rows.clone();
    let first: Vec<Row> = rows.iter().filter(|r| r.registry == 0).cloned().collect();
    speed(&mut others, &first).await;
    faults(&mut others, &rows).await;
}

/// All images at one registry.
async fn speed(others: &mut Others, rows: &[Row]) {
    let questions = fleet::questions(rows);
    let before = resident();
    let (mut ours, mut bare, mut requests) = (Vec::new(), Vec::new(), 0);
    let mut kept = Vec::new();
    for _ in 0..ROUNDS {
        others.count().await;
        let checks = checks();
        let began = Instant::now();
        let states = checks.check(&questions, Freshness::Now, NOW).await;
        ours.push(began.elapsed().as_secs_f64());
        requests = others.count().await;
        let updates = states
            .iter()
            .filter(|c| matches!(c.state, ImageState::Update { .. }));
        assert_eq!(updates.count(), UPDATES);
        let current = states.iter().filter(|c| c.state == ImageState::Current);
        assert_eq!(current.count(), IMAGES - UPDATES);
        // As the program keeps them.
        kept.push(checks);
        kept.truncate(1);
        bare.push(asked_barely(rows).await.as_secs_f64());
    }
    let growth = resident() - before;
    let (ours, bare) = (median(&mut ours), median(&mut bare));
    figure(
        "requests_per_image",
        count_of(requests) / count_of(IMAGES),
        "requests",
        "<= 1.05",
    );
    figure("images_ratio", ours / bare, "x", "<= 1.5");
    figure("images_seconds", ours, "s", "- -");
    figure("images_rss_growth_mb", growth, "MB", "<= 20");
}

/// One `HEAD` for each image and nothing else.
async fn asked_barely(rows: &[Row]) -> Duration {
    let tls = tls::client_config(&tls::Trust::default()).unwrap();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .http1_only()
        .pool_max_idle_per_host(AT_ONCE)
        .build()
        .unwrap();
    let began = Instant::now();
    stream::iter(rows)
        .map(|row| {
            let request = client.head(row.url()).header("accept", "*/*").send();
            async { assert!(request.await.unwrap().status().is_success()) }
        })
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
    began.elapsed()
}

/// A fifth of the images at each of five registries, one of which is not well.
async fn faults(others: &mut Others, rows: &[Row]) {
    let share: Vec<Row> = (0..REGISTRIES)
        .flat_map(|n| {
            rows.iter()
                .filter(move |r| r.registry == n)
                .take(IMAGES / REGISTRIES)
        })
        .cloned()
        .collect();
    let mut worst: f64 = 0.0;
    for mood in ["429", "500", "401", "page", "silent"] {
        let (mut well, mut ill) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            others.mood("well").await;
            well.push(the_other_four(&share).await);
            others.mood(mood).await;
            ill.push(the_other_four(&share).await);
        }
        let ratio = median(&mut ill) / median(&mut well);
        println!("one of five answers {mood}: the others take {ratio:.2} times as long");
        worst = worst.max(ratio);
    }
    others.mood("well").await;
    figure("images_fault_ratio", worst, "x", "<= 1.1");
}

/// Until the last image of the registries that are well is known, in seconds.
async fn the_other_four(rows: &[Row]) -> f64 {
    let questions = fleet::questions(rows);
    let last = std::sync::Mutex::new(Duration::ZERO);
    let checks = checks();
    let began = Instant::now();
    let all = checks.check_each(&questions, Freshness::Now, NOW, |place, checked| {
        if rows[place].registry > 0 {
            let known = matches!(
                checked.state,
                ImageState::Current | ImageState::Update { .. }
            );
            assert!(known, "{checked:?}");
            *last.lock().unwrap() = began.elapsed();
        } else {
            // Of the first one nothing is said that is not so.
            let ill = !matches!(
                checked.state,
                ImageState::Gone { .. } | ImageState::Local { .. }
            );
            assert!(ill, "{checked:?}");
        }
    });
    all.await;
    last.into_inner().unwrap().as_secs_f64()
}

/// In megabytes; nothing where it cannot be read.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|l| l.trim().strip_suffix("kB"));
    kilobytes.map_or(0.0, |k| k.trim().parse::<f64>().unwrap() / 1024.0)
}
