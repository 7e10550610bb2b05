//! The tests in the real window, and what a machine must have for them.

use std::process::Command;

use crate::{
    Failure, Result, agent, cargo, place, process,
    system::{self, Need},
    test::Extent,
    ui,
};

/// The tests that open the real window.
pub(crate) const FILTER: &str = "package(redflag) and binary(e2e)";
/// The test of the installable package, which only exists once it is built.
pub(crate) const PACKAGE: &str = "package(redflag) and binary(package)";
/// The tests that start real LXC containers, wherever they are: by their names.
pub(crate) const CONTAINERS: &str = "test(/(^|::)lxc_/)";

/// One run, for `cargo xtask e2e`.
pub(crate) fn run(name: Option<&str>) -> Result<()> {
    window().map_err(Failure::new)?;
    system::ensure(&[Need::Build])?;
    ui::ensure_built()?;
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        agent::build()?;
    }
    cargo::ensure_nextest()?;
    let containers = containers();
    if let Err(reason) = &containers {
        println!("without real containers: {reason}");
    }
    let mut filter = FILTER.to_owned();
    if containers.is_err() {
        filter.push_str(&format!(" and not ({CONTAINERS})"));
    }
    if let Some(name) = name {
        filter.push_str(&format!(" and (test(~{name}) or binary(~{name}))"));
    }
    let mut cargo = cargo::command();
    cargo.args(["nextest", "run", "--package", "redflag"]);
    cargo.args(["--no-capture", "-E", &filter]);
    settings(&mut cargo, Extent::Usual);
    process::run(&mut cargo)
}

/// All of them, as a phase of `cargo xtask test`.
pub(crate) fn suite(extent: Extent, containers: bool) -> Result<()> {
    let mut filter = FILTER.to_owned();
    if !containers {
        filter.push_str(&format!(" and not ({CONTAINERS})"));
    }
    let mut cargo = cargo::command();
    cargo.args(["nextest", "run", "--workspace", "-E", &filter]);
    settings(&mut cargo, extent);
    process::run(&mut cargo)
}

/// The tests that need an sshd, which only root's tests may have installed.
pub(crate) const SSHD: &str = "package(reach) and binary(sshd)";

/// What the tests are told by the environment.
pub(crate) fn settings(cargo: &mut Command, extent: Extent) {
    cargo.env("REDFLAG_AGENT_BINARY", agent::path());
    if extent == Extent::Full {
        cargo.env("REDFLAG_TEST_FULL", "1");
    }
    cargo.env("REDFLAG_TEST_OUTPUT", place::target().join("e2e"));
}

/// Makes the machine fit for the window's tests.
///
/// # Errors
/// Why it is not.
pub(crate) fn window() -> std::result::Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("WebKitWebDriver exists on Linux only".into());
    }
    system::ensure(&[Need::Window]).map_err(|failure| failure.to_string())
}

/// Makes the machine fit for real containers.
///
/// # Errors
/// Why it is not.
pub(crate) fn containers() -> std::result::Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("LXC exists on Linux only".into());
    }
    if !system::is_root() {
        return Err("real LXC containers need root".into());
    }
    system::ensure(&[Need::Containers]).map_err(|failure| failure.to_string())
}
