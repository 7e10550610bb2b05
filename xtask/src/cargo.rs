//! Cargo and its additions. Every verb builds with the same profile and for the whole workspace, so that nothing is
//! compiled twice with other features.

use std::{env, path::PathBuf, process::Command};

use crate::{Result, place, process};

/// The cargo that started xtask, at the top of the project.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(place::root());
    // Cargo sets these for what it runs; handed on they would be taken for this run's own.
    command.env_remove("CARGO_MANIFEST_DIR");
    command.env_remove("CARGO_PKG_NAME");
    if checked_by_ci() {
        // Nothing is built twice there, and what would make a second build quicker fills gigabytes.
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Whether continuous integration runs this: on a fresh machine, where everything must be checked.
pub(crate) fn checked_by_ci() -> bool {
    env::var_os("CI").is_some_and(|value| value == "true")
}

/// Builds programs of the workspace with the features that the tests use.
pub(crate) fn build_programs(names: &[&str]) -> Result<()> {
    let mut cargo = command();
    cargo.args(["build", "--workspace"]);
    for name in names {
        cargo.args(["--bin", name]);
    }
    process::run(&mut cargo)
}

/// Builds an example of a crate as the tests are built, or optimised; where it lies.
pub(crate) fn build_example(name: &str, release: bool) -> Result<PathBuf> {
    let mut cargo = command();
    cargo.args(["build", "--workspace", "--example", name]);
    cargo.args(release.then_some("--release"));
    process::run(&mut cargo)?;
    let profile = if release { "release" } else { "debug" };
    Ok(place::target().join(profile).join("examples").join(name))
}

/// Makes sure that cargo-nextest is there.
pub(crate) fn ensure_nextest() -> Result<()> {
    if process::succeeds(command().args(["nextest", "--version"])) {
        return Ok(());
    }
    println!("cargo-nextest is missing; installing it");
    process::run(command().args(["install", "--locked", "cargo-nextest"]))
}
