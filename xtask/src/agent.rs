//! The agent for guests: one static program that runs in every x86_64 Linux guest, whatever its C library.

use std::{fs, path::PathBuf};

use crate::{Failure, Result, cargo, failure::At as _, place, process};

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds it and answers where it is: `target/agent/redflag-agent`.
pub(crate) fn build() -> Result<PathBuf> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure::new(
            "the static agent can be built on x86_64 Linux only; take one from a release and name it in REDFLAG_AGENT_BINARY",
        ));
    }
    // Named here and not in a cargo configuration, so that it reaches nothing but the agent.
    process::run(
        cargo::command()
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .args(["build", "--profile", "agent", "--target", TARGET])
            .args(["--package", "agent", "--bin", "redflag-agent"]),
    )?;
    let built = place::target().join(TARGET).join("agent/redflag-agent");
    let wanted = path();
    if let Some(folder) = wanted.parent() {
        fs::create_dir_all(folder).at(folder)?;
    }
    // Put in place by its name: a running one, as in a test, cannot be written to.
    let new = wanted.with_extension("new");
    fs::copy(&built, &new).at(&built)?;
    fs::rename(&new, &wanted).at(&wanted)?;
    println!("{}", wanted.display());
    Ok(wanted)
}

/// Where the built agent is put.
pub(crate) fn path() -> PathBuf {
    place::target().join("agent/redflag-agent")
}
