//! The agent as a systemd service.

use super::{InitError, run, write};
use crate::{Layout, Tools, files, unit};

pub(super) fn set_up(layout: &Layout, tools: &Tools) -> Result<(), InitError> {
    write(&layout.unit(), unit::TEXT, 0o644)?;
    run(tools, "systemctl", &["daemon-reload"])?;
    run(tools, "systemctl", &["reset-failed", unit::NAME]).ok();
    run(tools, "systemctl", &["enable", unit::NAME])?;
    run(tools, "systemctl", &["restart", unit::NAME])?;
    run(tools, "systemctl", &["is-active", unit::NAME])
}

/// `runs`: systemd is there to be told.
pub(super) fn take_down(runs: bool, layout: &Layout, tools: &Tools) -> Result<(), InitError> {
    let there = layout.unit().exists();
    if runs && there {
        run(tools, "systemctl", &["disable", "--now", unit::NAME])?;
    }
    files::remove(&layout.unit())?;
    if runs {
        // A leftover in systemd's memory is gone with the next boot.
        let _ = run(tools, "systemctl", &["daemon-reload"]);
        let _ = run(tools, "systemctl", &["reset-failed", unit::NAME]);
    }
    Ok(())
}
