//! The page: its packages, its checks, its build.

use std::{fs, path::Path, process::Command, time::SystemTime};

use crate::{Failure, Result, failure::At as _, place, process};

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(place::ui()).args(arguments);
    command
}

/// Tauri's own command line, which comes with the page's packages.
pub(crate) fn tauri(arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command
        .current_dir(place::root())
        .arg(place::ui().join("node_modules/@tauri-apps/cli/tauri.js"))
        .args(arguments);
    command
}

/// Installs the page's packages unless those of the lock file are there.
pub(crate) fn install() -> Result<()> {
    if process::find("npm").is_none() && !cfg!(windows) {
        return Err(Failure::new(
            "npm is missing: install Node.js 20.19 or newer (it brings npm)",
        ));
    }
    let installed = changed(&place::ui().join("node_modules/.package-lock.json"));
    let wanted = changed(&place::ui().join("package-lock.json"));
    if installed.is_some() && installed >= wanted {
        return Ok(());
    }
    process::run(&mut npm(&["ci", "--no-audit", "--no-fund"]))
}

/// Runs a script of `ui/package.json`.
pub(crate) fn script(name: &str) -> Result<()> {
    install()?;
    process::run(&mut npm(&["run", name]))
}

/// Builds the page unless the built one is newer than everything it is made of.
pub(crate) fn ensure_built() -> Result<()> {
    let built = changed(&place::ui().join("dist/index.html"));
    if built.is_some() && built >= newest(&place::ui())? {
        return Ok(());
    }
    script("build")
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file)
        .and_then(|metadata| metadata.modified())
        .ok()
}

fn newest(folder: &Path) -> Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in fs::read_dir(folder).at(folder)? {
        let path = entry.at(folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name == "node_modules" || name == "dist" {
            continue;
        }
        let found = if path.is_dir() {
            self::newest(&path)?
        } else {
            changed(&path)
        };
        newest = newest.max(found);
    }
    Ok(newest)
}
