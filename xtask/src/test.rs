//! Every check of the project. What fails soonest comes first, and nothing is compiled twice.

use crate::{
    Result, agent, bindings, bundle, cargo, deny, e2e, fuzz, lint,
    phases::Phases,
    process, sqlx,
    system::{self, Need},
    ui,
};

/// How much is tested.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What every change must pass.
    Usual,
    /// The long matrices and kill loops too.
    Full,
}

pub(crate) fn run(extent: Extent) -> Result<()> {
    let must_run_all = cargo::checked_by_ci();
    let mut phases = Phases::default();
    phases.run("format", lint::format);
    phases.run("packages", || {
        system::ensure(&[Need::Build, Need::Keyring, Need::NodeShell])
    });
    phases.run("ui packages", ui::install);
    phases.run("ui lint", || ui::script("lint"));
    phases.run("ui types", || ui::script("typecheck"));
    phases.run("ui tests", || ui::script("test"));
    phases.run("ui build", || ui::script("build"));
    phases.run("clippy", lint::clippy);
    phases.run("bindings", bindings::check);
    phases.run("sql", sqlx::check);
    // The agent before the tests, some of which run it.
    let builds_agent = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    if builds_agent {
        phases.run("agent", || agent::build().map(drop));
    } else {
        phases.skip("agent", "it is built on x86_64 Linux");
    }
    phases.run("nextest", cargo::ensure_nextest);
    let containers = e2e::containers();
    if let Err(reason) = &containers {
        phases.skip("tests with real containers", reason.clone());
    }
    let sshd = process::find("sshd").is_some();
    if !sshd {
        phases.skip(
            "tests with a real sshd",
            "there is no sshd (openssh-server)",
        );
    }
    phases.run("tests", || tests(extent, containers.is_ok(), sshd));
    if extent == Extent::Full {
        phases.run("fuzzing", || fuzz::run(60));
    }
    match e2e::window() {
        Ok(()) => phases.run("end to end", || e2e::suite(extent, containers.is_ok())),
        Err(reason) => phases.skip("end to end", reason),
    }
    if extent == Extent::Full {
        phases.run("licences", deny::run);
        match &containers {
            Ok(()) => phases.run("package", bundle::check),
            Err(reason) => phases.skip("package", reason.clone()),
        }
    }
    phases.end(must_run_all)
}

/// All tests but those in the window.
fn tests(extent: Extent, containers: bool, sshd: bool) -> Result<()> {
    let mut filter = format!("not ({}) and not ({})", e2e::FILTER, e2e::PACKAGE);
    if !containers {
        filter.push_str(&format!(" and not ({})", e2e::CONTAINERS));
    }
    if !sshd {
        filter.push_str(&format!(" and not ({})", e2e::SSHD));
    }
    let mut cargo = cargo::command();
    cargo.args(["nextest", "run", "--workspace", "-E", &filter]);
    e2e::settings(&mut cargo, extent);
    process::run(&mut cargo)
}
