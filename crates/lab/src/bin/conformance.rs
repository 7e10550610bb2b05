//! `redflag-lab-conformance`: the lab's own answers beside what a live Proxmox VE answered. Ends with 1 when they
//! differ.

use std::{io::Write, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;

/// Compares the lab with recordings of a live Proxmox VE.
#[derive(Debug, Parser)]
#[command(name = "redflag-lab-conformance", version)]
struct Arguments {
    /// Where the recordings lie.
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings"))]
    recordings: PathBuf,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let report = lab::conformance::run(&arguments.recordings).await?;
    write!(std::io::stdout(), "{report}")?;
    Ok(match report.different() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
