//! The idle cost of the agent: measured by an example of its own crate, which has a desktop for it to wait for.

use std::path::Path;

use crate::{Result, cargo, process};

/// Ten minutes of an enrolled agent that waits.
pub(crate) fn idle(program: &Path) -> Result<()> {
    let run = ["run", "--package", "agent", "--example", "bench_idle", "--"];
    process::run(cargo::command().args(run).arg(program))
}
