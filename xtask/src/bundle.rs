//! An installable package of the program, with the agent for guests in it, built by Tauri's own bundler.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    Failure, Result, agent, cargo, e2e,
    failure::At as _,
    place, process,
    system::{self, Need},
    ui,
};

/// What is built unless other kinds are named.
const USUAL: &str = if cfg!(target_os = "macos") {
    "dmg"
} else if cfg!(windows) {
    "nsis"
} else {
    "deb"
};

/// The kinds that are tried here.
const KINDS: [&str; 2] = ["deb", "rpm"];

/// Builds packages of these kinds, as the bundler calls them, with commas between.
pub(crate) fn run(kinds: Option<&str>) -> Result<()> {
    system::ensure(&[Need::Build])?;
    ui::install()?;
    ui::ensure_built()?;
    let kinds = kinds.unwrap_or(USUAL);
    let resources = place::target().join("bundle-resources");
    fs::create_dir_all(&resources).at(&resources)?;
    let carried = resources.join("redflag-agent-x86_64");
    let agent = agent_for_it()?;
    fs::copy(&agent, &carried).at(&agent)?;
    // Named here and not in tauri.conf.json: a build for development has no agent to put in. The page is built already.
    let changes = format!(
        "{{\"build\":{{\"beforeBuildCommand\":null}},\"bundle\":{{\"resources\":{{{}:\"resources/redflag-agent-x86_64\"}}}}}}",
        quoted(&carried)
    );
    process::run(
        ui::tauri(&["build", "--ci", "--bundles", kinds, "--config", &changes])
            .env("REDFLAG_CARRIED_AGENT", &carried),
    )
}

/// One that exists already, as a release brings it to machines that cannot build it; else a new one.
fn agent_for_it() -> Result<PathBuf> {
    match env::var_os("REDFLAG_AGENT_BINARY").filter(|path| !path.is_empty()) {
        Some(path) => Ok(PathBuf::from(path)),
        None => agent::build(),
    }
}

/// A path as JSON text.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Builds the packages for Linux and lives with each for a while in a clean container.
pub(crate) fn check() -> Result<()> {
    e2e::containers().map_err(Failure::new)?;
    let bundles = place::target().join("release/bundle");
    for kind in KINDS {
        let folder = bundles.join(kind);
        if folder.is_dir() {
            // What an older version was called must not be taken for this one.
            fs::remove_dir_all(&folder).at(&folder)?;
        }
    }
    run(Some(&KINDS.join(",")))?;
    cargo::ensure_nextest()?;
    let mut cargo = cargo::command();
    cargo.args(["nextest", "run", "--package", "redflag"]);
    cargo.args(["--no-capture", "-E", e2e::PACKAGE]);
    for kind in KINDS {
        let package = package(&bundles.join(kind), kind)?;
        println!("{}", package.display());
        cargo.env(format!("REDFLAG_{}", kind.to_uppercase()), &package);
    }
    cargo.env("REDFLAG_TEST_OUTPUT", place::target().join("e2e"));
    process::run(&mut cargo)
}

/// The one package in a folder of the bundler.
fn package(folder: &Path, kind: &str) -> Result<PathBuf> {
    fs::read_dir(folder)
        .at(folder)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|end| end == kind))
        .ok_or_else(|| Failure::new(format!("no package came into {}", folder.display())))
}
