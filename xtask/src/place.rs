//! Where things are in the project.

use std::{env, path::PathBuf};

/// The top of the project.
pub(crate) fn root() -> PathBuf {
    // Set by cargo for `cargo xtask`; the compiled-in one serves a program that is started directly.
    let own = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map_or_else(|| own.clone(), PathBuf::from)
}

/// Cargo's folder of results.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(
        || root().join("target"),
        |folder| root().join(PathBuf::from(folder)),
    )
}

/// A program that cargo built in its usual profile.
pub(crate) fn built(name: &str) -> PathBuf {
    target()
        .join("debug")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// The page's project.
pub(crate) fn ui() -> PathBuf {
    root().join("ui")
}
