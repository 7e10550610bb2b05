//! The demo: simulated clusters, and RedFlag on a database of its own. With a screen the window is the user's; without
//! one this program does the main job by itself and leaves a picture. Started by `cargo xtask demo`.
#![allow(
    clippy::print_stdout,
    reason = "a command line program speaks to its terminal"
)]

#[path = "../window/mod.rs"]
mod window;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Context as _;
use lab::{Facts, Lab, Options, Ports, Scenario};
use serde_json::{Value, json};
use window::{
    Opening, SOON, Window, fleet,
    images::{self, DOCKER},
    screen::Screen,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let usage = "usage: demo PROGRAM AGENT FOLDER";
    let program = arguments.next().context(usage)?;
    let agent = arguments.next().context(usage)?;
    let folder = arguments.next().context(usage)?;
    let data = folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data).with_context(|| data.display().to_string())?;
    }
    std::fs::create_dir_all(&data)?;

    let options = Options {
        ports: Ports::Fixed(8006),
        pace: Duration::from_millis(250),
        ..Options::default()
    };
    let mut scenario = busier(Scenario::demo());
    let registry = images::shelf(&mut scenario, DOCKER).await?;
    images::use_it(&data, &registry).await?;
    let lab = Lab::start(scenario, options).await?;
    let opening = Opening::new(program, data)
        .with("REDFLAG_DEMO", "1")
        .with("REDFLAG_AGENT_BINARY", agent.display().to_string());
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let outcome = if has_screen || !cfg!(target_os = "linux") {
        by_hand(&opening, lab.facts()).await
    } else {
        by_itself(&opening, lab.facts(), &folder).await
    };
    lab.stop().await;
    outcome
}

/// A fleet that rests shows little: its bars of load are hardly there. Here everybody has something to do.
fn busier(mut scenario: Scenario) -> Scenario {
    for cluster in &mut scenario.world.clusters {
        for guest in cluster.guests.values_mut() {
            guest.load = (guest.load * 4.0).clamp(0.15, 0.6);
        }
        for node in &mut cluster.nodes {
            node.load = (node.load * 2.0).clamp(0.25, 0.6);
        }
    }
    scenario
}

/// Opens the window and says what to type into it.
async fn by_hand(opening: &Opening, facts: &Facts) -> anyhow::Result<()> {
    println!("\n{facts}");
    println!("The window is open. To see the main job:");
    println!(
        "  1. Add cluster: the address, token id and secret above; the fingerprint is above, too."
    );
    println!(
        "  2. Node access: the SSH port and password of each node above; pve4 does not answer, skip it."
    );
    println!("  3. Install the agents, then right-click a node: Install updates…");
    println!(
        "Nothing of it is real, and your own RedFlag is not touched. Close the window to end the demo.\n"
    );
    let program = opening.program.clone();
    let mut command = Command::new(&program);
    command.env("REDFLAG_DATA", &opening.data).envs(
        opening
            .environment
            .iter()
            .map(|(name, value)| (name, value)),
    );
    let status = tokio::task::spawn_blocking(move || command.status())
        .await?
        .with_context(|| program.display().to_string())?;
    anyhow::ensure!(status.success(), "the window ended with {status}");
    Ok(())
}

/// Does the main job without anybody.
async fn by_itself(opening: &Opening, facts: &Facts, folder: &Path) -> anyhow::Result<()> {
    println!("\nNo screen: starting one of our own.");
    let screen = Screen::start()?;
    let window = Window::open(&screen, opening).await?;
    for cluster in &facts.clusters {
        println!("Adding {} at {}", cluster.name, cluster.address);
        println!("  {}", window.add_cluster(cluster).await?);
        println!("  agents: {}", words(&window.install_agents().await?));
        window.to_fleet().await?;
    }
    println!("Scanning everything");
    window.click("scan-all").await?;
    println!("  scan: {}", words(&window.newest_ended("scan").await?));
    window.to_fleet().await?;
    let docker = |row: &fleet::Row| row.images.starts_with('1');
    window
        .row_becomes(DOCKER, "one image behind", docker)
        .await?;
    println!("\n{}", fleet::tree(&window.rows().await?));
    println!("{}", inside(&window, DOCKER).await?);

    println!("Updating pve1");
    window.choose("pve1", "update").await?;
    window.find("[data-testid=plan-approve]").await?;
    picture(&window, &folder.join("plan.png")).await?;
    window.approve().await?;
    println!("  update: {}", words(&window.newest_ended("update").await?));
    picture(&window, &folder.join("operation.png")).await?;
    window.to_fleet().await?;
    window
        .row_becomes(DOCKER, "up to date", |row| row.updates == "Up to date")
        .await?;
    window
        .click_on("[role=row][data-name=nextcloud] [role=rowheader]")
        .await?;
    window.shows("APT packages", SOON).await?;
    println!("\n{}", fleet::tree(&window.rows().await?));
    let file = folder.join("redflag.png");
    picture(&window, &file).await?;
    window.close().await?;
    println!("Picture of the window: {}", file.display());
    Ok(())
}

/// What is pending in one LXC, by kind.
async fn inside(window: &Window, name: &str) -> anyhow::Result<String> {
    let snapshot: Value = window.rpc("snapshot", json!({})).await?;
    let guests = snapshot["fleet"]["guests"].as_array().context("guests")?;
    let guest = guests.iter().find(|guest| guest["name"] == name);
    let guest = guest.context("the LXC")?;
    let which = json!({ "guest": guest["id"] });
    let details: Value = window.rpc("guest_details", which).await?;
    let names = |list: &Value, name: &str, wanted: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let all = list
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| wanted(one));
        all.filter_map(|one| one[name].as_str().map(str::to_owned))
            .collect()
    };
    let packages = names(
        &details["inventory"]["packages"]["updates"],
        "package",
        &|_| true,
    );
    let images = names(&details["images"], "image", &|image| {
        image["checked"]["state"]["kind"] == "update"
    });
    let line = |what: &str, names: &[String]| {
        let updates = if names.len() == 1 {
            "update"
        } else {
            "updates"
        };
        format!(
            "  {what}: {} {updates}, {}\n",
            names.len(),
            names.join(", ")
        )
    };
    Ok(format!(
        "LXC {} {name}\n{}{}",
        guest["vmid"],
        line("APT packages", &packages),
        line("Docker images", &images)
    ))
}

/// Takes a picture once the passing notices are gone.
async fn picture(window: &Window, file: &Path) -> anyhow::Result<()> {
    window.gone("[data-testid^=notice-]", SOON).await?;
    window.screenshot(file).await
}

/// `3 succeeded, 1 skipped`
fn words(counts: &fleet::Counts) -> String {
    let parts: Vec<String> = counts
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(state, n)| format!("{n} {state}"))
        .collect();
    parts.join(", ")
}
