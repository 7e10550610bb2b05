//! An installable package of the program, with the agent for guests in it.

use crate::{
    Failure, Result, agent, cargo,
    failure::At as _,
    place, process,
    system::{self, Need},
    ui,
};

pub(crate) fn run() -> Result<()> {
    system::ensure(&[Need::Build])?;
    ui::ensure_built()?;
    let agent = agent::build()?;
    let resources = place::root().join("target/bundle-resources");
    std::fs::create_dir_all(&resources).at(&resources)?;
    let bundled = resources.join("redflag-agent-x86_64");
    std::fs::copy(&agent, &bundled).at(&agent)?;
    if !process::succeeds(cargo::command().args(["tauri", "--version"])) {
        return Err(Failure::new(
            "the bundler is missing; install it with `cargo install --locked tauri-cli`, then try again",
        ));
    }
    // Named here and not in tauri.conf.json: a build for development has no agent to put in.
    let resources = format!(
        "{{\"bundle\":{{\"resources\":{{\"{}\":\"resources/redflag-agent-x86_64\"}}}}}}",
        bundled.display()
    );
    process::run(cargo::command().args([
        "tauri",
        "build",
        "--bundles",
        "deb",
        "--config",
        &resources,
    ]))
}
