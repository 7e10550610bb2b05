//! What may be linked in: licences, origins, and crates that shall never come back. Judged by cargo-deny from `deny.toml`.

use crate::{Result, cargo, process};

/// Everything but advisories, which would make a check of the same commit pass today and fail tomorrow.
pub(crate) fn run() -> Result<()> {
    if !process::succeeds(cargo::command().args(["deny", "--version"])) {
        println!("cargo-deny is missing; installing it");
        process::run(cargo::command().args(["install", "--locked", "cargo-deny"]))?;
    }
    process::run(cargo::command().args(["deny", "check", "bans", "licenses", "sources"]))
}
