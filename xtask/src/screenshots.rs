//! Pictures of the real window: every screen in both themes and two sizes into `target/screens`, and those for the
//! documents, which are taken while the demo does the main job by itself.

use std::{fs, process::Command};

use crate::{Failure, Result, cargo, demo, failure::At as _, place, process, tree};

/// Name in `target/demo`, name in `docs`.
const PICTURES: &[(&str, &str)] = &[
    ("redflag.png", "redflag.png"),
    ("plan.png", "plan.png"),
    ("operation.png", "operation.png"),
];

pub(crate) fn run() -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Err(Failure::new("pictures are taken on Linux"));
    }
    demo::without_screen()?;
    let docs = place::root().join("docs");
    fs::create_dir_all(&docs).at(&docs)?;
    for (taken, kept) in PICTURES {
        let from = place::target().join("demo").join(taken);
        fs::copy(&from, docs.join(kept)).at(&from)?;
        println!("docs/{kept}");
    }
    every_screen()
}

fn every_screen() -> Result<()> {
    cargo::build_programs(&["redflag"])?;
    let screens = cargo::build_example("screens", false)?;
    let pictures = place::target().join("screens");
    tree::empty(&pictures)?;
    process::run(
        Command::new(screens)
            .arg(place::built("redflag"))
            .arg(&pictures),
    )
}
