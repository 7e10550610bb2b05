//! The descriptions of the checked SQL in `.sqlx`, from which the store compiles where there is no database.

use std::{
    path::PathBuf,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{Result, cargo, failure::At as _, place, process, tree};

fn committed() -> PathBuf {
    place::root().join(".sqlx")
}

/// Writes all descriptions into an empty folder, by compiling the store against a database of the present schema.
fn fresh() -> Result<PathBuf> {
    let scratch = place::target().join("sqlx");
    let (prepared, database) = (scratch.join("prepared"), scratch.join("schema.db"));
    tree::empty(&scratch)?;
    tree::empty(&prepared)?;
    // Without its queries the store's own helper can be built before they have been described.
    process::run(cargo::command().args([
        "build",
        "--package",
        "store",
        "--no-default-features",
        "--bin",
        "redflag-store-prepare",
    ]))?;
    process::run(Command::new(place::built("redflag-store-prepare")).arg(&database))?;
    // The macros write while they are expanded, so the library must be compiled even if nothing changed: a name that no
    // run had before makes it new to cargo.
    let run = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    process::run(
        cargo::command()
            .env("DATABASE_URL", format!("sqlite://{}", database.display()))
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", &prepared)
            .args(["rustc", "--package", "store", "--lib", "--profile", "check"])
            .args(["--", "--cfg", &format!("prepared=\"{run}\"")]),
    )?;
    Ok(prepared)
}

/// Writes them.
pub(crate) fn write() -> Result<()> {
    let fresh = fresh()?;
    std::fs::create_dir_all(committed()).at(&committed())?;
    tree::replace(&committed(), &fresh)
}

/// Fails when the committed ones are not those that would be written.
pub(crate) fn check() -> Result<()> {
    tree::compare(&committed(), &fresh()?, "cargo xtask sqlx")
}
