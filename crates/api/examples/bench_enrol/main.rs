//! `cargo xtask bench enrol`: how an enrolment of 43 LXCs fares when a third of the connections have faults, what it costs
//! beside the bare commands, how long a mixed fleet takes, and what one command in 43 LXCs takes.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../../tests/desktop/mod.rs"]
mod desktop;
mod faulty;
mod fleet;
mod floor;
#[cfg(target_os = "linux")]
mod real;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};

fn figure(name: &str, value: f64, unit: &str, goal: &str) {
    println!("figure {name} {value:.2} {unit} goal {goal}");
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The agent that is put in: all its bytes travel, to simulated guests, too.
fn agent() -> Result<PathBuf> {
    let path =
        std::env::var_os("REDFLAG_AGENT_BINARY").context("REDFLAG_AGENT_BINARY names no agent")?;
    let path = PathBuf::from(path);
    path.canonicalize()
        .with_context(|| format!("{} is not built: run `cargo xtask agent`", path.display()))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<ExitCode> {
    let agent = agent()?;
    // All of it, or the parts that are named.
    let named: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if wanted("faulty") {
        faulty::measure(&agent).await?;
    }
    if wanted("floor") {
        floor::measure(&agent).await?;
    }
    if !wanted("together") && !wanted("command") {
        return Ok(ExitCode::SUCCESS);
    }
    #[cfg(target_os = "linux")]
    let why = {
        let missing = lab::lxc::missing();
        if missing.is_empty() {
            if wanted("together") {
                real::together(&agent).await?;
            }
            if wanted("command") {
                real::one_command().await?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        missing.join("; ")
    };
    #[cfg(not(target_os = "linux"))]
    let why = "real LXC guests need Linux";
    for name in ["enrol_all_seconds", "reach_43_seconds"] {
        println!("skipped {name}: {why}");
    }
    Ok(ExitCode::FAILURE)
}
