//! `redflag-lab`: starts simulated Proxmox clusters on loopback and tells how to reach them, until Ctrl-C.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use lab::{Facts, Lab, Options, Ports, Scenario, world::Profile};

/// Simulated Proxmox clusters for trying out RedFlag. Ends at Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "redflag-lab", version)]
struct Arguments {
    /// So many clusters, nodes in each, and guests on each node, instead of the demo.
    #[arg(long, num_args = 3, value_names = ["CLUSTERS", "NODES", "GUESTS"])]
    many: Option<Vec<usize>>,
    /// Also write the facts as JSON to this file, readable by you only.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Port of the API on every node, if it is free.
    #[arg(long, default_value_t = 8006)]
    port: u16,
    /// Added to every answer of the API, in milliseconds.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    latency: u64,
    /// How long one small step of a package manager takes inside a guest, in milliseconds.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 250)]
    pace: u64,
    /// The release that the clusters run; only 8.4 was measured, the others are from sources.
    #[arg(long, value_name = "RELEASE", value_parser = ["7.4", "8.1", "8.4", "9.2"])]
    release: Option<String>,
    /// For everything that is drawn by chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Without a simulated sshd on the nodes.
    #[arg(long)]
    no_ssh: bool,
    /// Real LXC containers with a real sshd per node instead (root on Linux; lxc and debootstrap).
    #[cfg(target_os = "linux")]
    #[arg(long, conflicts_with_all = ["many", "no_ssh"])]
    lxc: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let scenario = match arguments.many.as_deref() {
        Some([clusters, nodes, guests]) => {
            let fits = *clusters <= 200 && *nodes <= 250 && nodes * guests <= 900_000;
            ensure!(fits, "at most 200 clusters of 250 nodes and 900,000 guests");
            ensure!(
                *clusters > 0 && *nodes > 0,
                "at least one cluster of one node"
            );
            Scenario::many(*clusters, *nodes, *guests)
        }
        _ => Scenario::demo(),
    };
    let release = arguments.release.as_deref().and_then(Profile::named);
    let scenario = match release {
        Some(profile) => scenario.of_release(profile),
        None => scenario,
    };
    let options = Options {
        seed: arguments.seed,
        latency: Duration::from_millis(arguments.latency),
        pace: Duration::from_millis(arguments.pace),
        ports: Ports::Fixed(arguments.port),
        ssh: !arguments.no_ssh,
        ..Options::default()
    };
    #[cfg(target_os = "linux")]
    if arguments.lxc {
        return with_containers(options, arguments.json.as_deref()).await;
    }
    let lab = Lab::start(scenario, options).await?;
    run(lab.facts(), arguments.json.as_deref()).await?;
    lab.stop().await;
    Ok(())
}

/// The same with real containers behind the API.
#[cfg(target_os = "linux")]
async fn with_containers(options: Options, json: Option<&Path>) -> Result<()> {
    let plan = lab::lxc::Options::two_nodes();
    let (nodes, lab) = lab::lxc::RealNodes::with_double(plan, options).await?;
    let outcome = run(&nodes.facts(&lab), json).await;
    lab.stop().await;
    nodes.stop().await?;
    outcome
}

/// Tells the facts and waits for the end.
async fn run(facts: &Facts, json: Option<&Path>) -> Result<()> {
    if let Some(file) = json {
        facts
            .write(file)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let mut out = std::io::stdout();
    write!(out, "{facts}")?;
    writeln!(out, "Running until Ctrl-C.")?;
    out.flush()?;
    ended().await?;
    if let Some(file) = json {
        // The secrets in it are worth nothing any more.
        let _ = std::fs::remove_file(file);
    }
    Ok(())
}

/// Waits for Ctrl-C or SIGTERM.
async fn ended() -> Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}
