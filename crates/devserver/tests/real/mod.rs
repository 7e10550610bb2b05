//! What tests with real guests need first: that they can be made here, and the agent that is put into them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use lab::lxc::missing;

/// Whether real guests can be made here; where they must be (`CI=true`), they have to.
pub(crate) fn possible() -> Result<bool> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(true);
    }
    let why = missing.join("; ");
    if std::env::var("CI").as_deref() == Ok("true") {
        bail!("real LXC guests are needed here: {why}");
    }
    eprintln!("not run here: {why}");
    Ok(false)
}

/// The static agent, as `cargo xtask agent` builds it.
pub(crate) fn agent() -> Result<PathBuf> {
    let path = match std::env::var_os("REDFLAG_AGENT_BINARY") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/agent/redflag-agent"),
    };
    path.canonicalize()
        .with_context(|| format!("{} is not built: run `cargo xtask agent`", path.display()))
}
