//! What reads the sources without running them.

use crate::{Result, cargo, process, ui};

pub(crate) fn run() -> Result<()> {
    format()?;
    ui::script("lint")?;
    ui::script("typecheck")?;
    clippy()
}

/// Whether everything is formatted.
pub(crate) fn format() -> Result<()> {
    process::run(cargo::command().args(["fmt", "--all", "--check"]))
}

/// Clippy for everything; the desktop program's build wants the built page.
pub(crate) fn clippy() -> Result<()> {
    ui::ensure_built()?;
    process::run(cargo::command().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}
