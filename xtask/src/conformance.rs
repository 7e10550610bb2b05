//! The Proxmox double's own answers beside recordings of a live one.

use std::process::Command;

use crate::{Result, cargo, place, process};

pub(crate) fn run() -> Result<()> {
    cargo::build_programs(&["redflag-lab-conformance"])?;
    process::run(&mut Command::new(place::built("redflag-lab-conformance")))
}
