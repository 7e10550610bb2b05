//! Pictures of the real window for the documents, taken while the demo does the main job by itself.

use std::fs;

use crate::{Failure, Result, demo, failure::At as _, place};

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
    Ok(())
}
