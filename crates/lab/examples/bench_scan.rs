//! What a scan costs a real guest beside apt's own simulation, in processor time of everything that it starts.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use anyhow::{Context, Result};
use lab::lxc::{Options, RealGuest, RealNodes};

/// Rounds of each; the median counts.
const ROUNDS: usize = 7;
/// Runs in a round: the shell's clock ticks in hundredths.
const ROUND: u32 = 10;
/// Unchanged scans that are measured together.
const UNCHANGED: u32 = 40;
const APT: &str =
    "LC_ALL=C apt-get -q -y -o APT::Color=0 -s -o Debug::NoLocking=1 upgrade --with-new-pkgs";
const SCAN: &str = "redflag-agent scan --record";

#[tokio::main]
async fn main() -> Result<()> {
    let agent = std::env::args().nth(1).map(PathBuf::from);
    let agent = agent.context("usage: bench_scan AGENT")?;
    let nodes = RealNodes::start(Options::two_nodes()).await?;
    let outcome = measured(nodes.guest("pve1", 100)?, &agent).await;
    nodes.stop().await?;
    outcome
}

async fn measured(guest: &RealGuest, agent: &std::path::Path) -> Result<()> {
    let place = guest.root().join("usr/local/bin/redflag-agent");
    fs::copy(agent, &place)?;
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
    // As an agent begins: it fetches the lists itself, and remembers which repositories answered.
    guest.shell("mkdir -p /var/lib/redflag-agent").await?;
    guest.shell(&format!("{SCAN} --refresh")).await?;
    let (mut apt, mut scan) = (Vec::new(), Vec::new());
    // As after an installation by hand: the package manager has to be asked again.
    let ten = |command: &str| {
        format!("for i in $(seq {ROUND}); do touch /var/lib/dpkg/status; {command} || exit 1; done")
    };
    for _ in 0..ROUNDS {
        apt.push(seconds(guest, &ten(APT)).await? / f64::from(ROUND));
        scan.push(seconds(guest, &ten(SCAN)).await? / f64::from(ROUND));
    }
    let many = format!("for i in $(seq {UNCHANGED}); do {SCAN}; done");
    let unchanged = seconds(guest, &many).await? / f64::from(UNCHANGED);
    let (apt, scan) = (median(apt), median(scan));
    println!("figure scan_cpu_ratio {:.2} x goal <= 1.2", scan / apt);
    println!(
        "figure scan_unchanged_cpu_ms {:.1} ms goal <= 10",
        unchanged * 1000.0
    );
    println!("figure scan_cpu_ms {:.0} ms goal - -", scan * 1000.0);
    println!(
        "figure apt_simulation_cpu_ms {:.0} ms goal - -",
        apt * 1000.0
    );
    Ok(())
}

/// Processor time of a command and its children, from the shell's `times`.
async fn seconds(guest: &RealGuest, command: &str) -> Result<f64> {
    let line = format!("{{ {command}; }} >/dev/null 2>&1 || exit 1; times");
    let told = guest.shell(&line).await?;
    // The second line is the children's: `0m0.120000s 0m0.030000s`.
    let children = told.lines().nth(1).context("times prints two lines")?;
    let part = |text: &str| -> Result<f64> {
        let (minutes, seconds) = text
            .trim_end_matches('s')
            .split_once('m')
            .context("a time")?;
        Ok(minutes.parse::<f64>()? * 60.0 + seconds.parse::<f64>()?)
    };
    children.split_whitespace().map(part).sum()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
