//! The Proxmox double alone.

use std::process::Command;

use crate::{Result, cargo, place, process};

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    cargo::build_programs(&["redflag-lab"])?;
    process::run(Command::new(place::built("redflag-lab")).args(arguments))
}
