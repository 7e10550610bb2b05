//! Every journey of the user through the real window, by mouse and again by keyboard alone, against the demo's fleet.

use std::{path::Path, time::Instant};

use lab::Lab;
use serde_json::json;

use crate::window::{
    SOON, Window,
    fleet::Counts,
    images::{DOCKER, DemoFleet},
    page::by_id,
};

#[tokio::test(flavor = "multi_thread")]
async fn all_journeys_by_mouse() -> anyhow::Result<()> {
    journeys(false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_journeys_by_keyboard_alone() -> anyhow::Result<()> {
    journeys(true).await
}

async fn journeys(keys: bool) -> anyhow::Result<()> {
    let demo = DemoFleet::open(Path::new(env!("CARGO_BIN_EXE_redflag"))).await?;
    if keys {
        demo.window.hand.keys_alone();
    }
    go(&demo.window, &demo.lab).await?;
    demo.close().await
}

async fn go(window: &Window, lab: &Lab) -> anyhow::Result<()> {
    let cluster = lab.facts().clusters[0].clone();
    let began = Instant::now();
    let sentence = window.add_cluster(&cluster).await?;
    eprintln!(
        "figure journey_add_cluster_seconds {:.1} s goal <= 120 (in {} steps{})",
        began.elapsed().as_secs_f64(),
        window.hand.steps(),
        if window.hand.is_keys() {
            ", by keyboard"
        } else {
            ""
        }
    );
    assert!(
        sentence.starts_with("Found 2 nodes"),
        "discovered: {sentence}"
    );

    all_went_well("agents in all", &window.install_agents().await?);
    window.to_fleet().await?;
    let levels: Vec<usize> = window.rows().await?.iter().map(|row| row.level).collect();
    assert!(
        levels.starts_with(&[1, 2, 3]),
        "cluster, node, LXC: {levels:?}"
    );

    window.click("scan-all").await?;
    all_went_well("scan all", &window.newest_ended("scan").await?);
    window.to_fleet().await?;
    window.choose(&cluster.name, "scan").await?;
    all_went_well("scan of a cluster", &window.newest_ended("scan").await?);

    window.to_fleet().await?;
    window
        .row_becomes(DOCKER, "one image behind", |row| {
            row.images.starts_with('1')
        })
        .await?;
    by_update_type(window).await?;

    window.choose("pve2", "approve").await?;
    approved(window, "nextcloud").await?;
    window.choose(&cluster.name, "approve").await?;
    approved(window, "syncthing").await?;

    // By severity: the list of what is there, then its plan.
    window.choose("pve2", "by-severity").await?;
    window.click_on("[data-testid^=action-install-]").await?;
    window.approve().await?;
    all_went_well("install by severity", &window.newest_ended("update").await?);
    window.to_fleet().await?;

    window.click("update-all").await?;
    window.approve().await?;
    all_went_well("update all", &window.newest_ended("update").await?);
    window.to_fleet().await?;
    window
        .row_becomes("nextcloud", "up to date", |row| row.updates == "Up to date")
        .await?;

    window.choose(&cluster.name, "update-images").await?;
    window.approve().await?;
    all_went_well(
        "update all images",
        &window.newest_ended("updateImages").await?,
    );
    window.to_fleet().await?;

    window.choose("pve1", "restart-agent").await?;
    window.approve().await?;
    all_went_well(
        "restart agents",
        &window.newest_ended("restartAgent").await?,
    );
    window.to_fleet().await?;

    window.open_row("nextcloud").await?;
    window.click("tab-history").await?;
    window.shows("Update", SOON).await?;
    window.reads(&by_id("panel"), "#", SOON).await?;

    window.open_row(DOCKER).await?;
    window.click("tab-images").await?;
    window.reads(&by_id("panel"), "nginx", SOON).await?;
    window.reads(&by_id("panel"), "web", SOON).await.map(drop)
}

fn all_went_well(what: &str, counts: &Counts) {
    let good = counts.get("succeeded").copied().unwrap_or(0);
    let bad = ["failed", "interrupted", "cancelled"]
        .iter()
        .filter_map(|state| counts.get(*state))
        .sum::<u32>();
    assert!(good > 0 && bad == 0, "{what}: {counts:?}");
}

async fn approved(window: &Window, name: &str) -> anyhow::Result<()> {
    window
        .until(
            &format!("approved updates of {name}"),
            SOON,
            "const row = document.querySelector(`[role=row][data-name='${arguments[0]}']`);
             return row !== null && /approved/i.test(row.textContent + [...row.querySelectorAll('[title]')].map((one) => one.title).join(' '))",
            vec![json!(name)],
        )
        .await
        .map(drop)
}

/// The tree by update type and back.
async fn by_update_type(window: &Window) -> anyhow::Result<()> {
    window.to_fleet().await?;
    window.click("group-updateType").await?;
    window.shows("Security updates", SOON).await?;
    window.shows("Docker images", SOON).await?;
    window.click("group-hierarchy").await?;
    window.find("[role=row][data-name=pve1]").await.map(drop)
}
