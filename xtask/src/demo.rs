//! The demo, from nothing: packages, builds with visible progress, then the program in `tests/demo`.

use std::{env, fs, process::Command};

use crate::{
    Result, agent, cargo,
    failure::At as _,
    place, process,
    system::{self, Need},
    ui,
};

/// By what a program knows that there is a screen.
const SCREENS: [&str; 2] = ["DISPLAY", "WAYLAND_DISPLAY"];

/// With the user's screen if there is one.
pub(crate) fn run() -> Result<()> {
    let screen = SCREENS
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    show(screen)
}

/// On a screen of its own, whatever there is.
pub(crate) fn without_screen() -> Result<()> {
    show(false)
}

fn show(screen: bool) -> Result<()> {
    if screen {
        system::ensure(&[Need::Build])?;
    } else {
        system::ensure(&[Need::Build, Need::Window])?;
    }
    ui::ensure_built()?;
    let folder = place::target().join("demo");
    fs::create_dir_all(&folder).at(&folder)?;
    let agent = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        agent::build()?
    } else {
        // Simulated guests run their own; they only compare what arrives.
        let stand_in = folder.join("agent");
        fs::write(&stand_in, "stands for the agent").at(&stand_in)?;
        stand_in
    };
    process::run(cargo::command().args([
        "build",
        "--workspace",
        "--bin",
        "redflag",
        "--example",
        "demo",
    ]))?;
    let demo = place::target()
        .join("debug/examples")
        .join(format!("demo{}", env::consts::EXE_SUFFIX));
    let mut demo = Command::new(demo);
    demo.arg(place::built("redflag")).arg(agent).arg(&folder);
    if !screen {
        for name in SCREENS {
            demo.env_remove(name);
        }
    }
    process::run(&mut demo)
}
