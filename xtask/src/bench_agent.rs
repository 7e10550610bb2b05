//! The idle cost of the agent: measured by an example of its own crate, which has a desktop for it to wait for.

use std::{path::Path, process::Command};

use crate::{Result, cargo, process};

/// Ten minutes of an enrolled agent that waits.
pub(crate) fn idle(program: &Path) -> Result<()> {
    process::run(Command::new(cargo::build_example("bench_idle", false)?).arg(program))
}
