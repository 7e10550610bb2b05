//! The situations in which other tools are wrong about image updates, each with the right answer. `cargo xtask bench
//! images --cases` prints the table; `docs/image-cases.md` keeps it.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and prints its table"
)]

mod asking;
mod scene;
mod table;

use std::{fmt::Write as _, fs, path::Path};

use domain::image::{Reference, tag};
use table::{NAMES, TAGS, scenes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn image_cases() {
    let mut rows: Vec<(&str, String, String, String)> = Vec::new();
    for (situation, name, expected, scene) in scenes() {
        rows.push((
            situation,
            name.to_owned(),
            expected.to_owned(),
            scene.answer().await,
        ));
    }
    for (situation, name, expected, got) in asking::rows().await {
        rows.push((situation, name.to_owned(), expected.to_owned(), got));
    }
    for (written, expected) in NAMES {
        let got = match written.parse::<Reference>() {
            Ok(reference) => reference.to_string(),
            Err(_) => "no reference".to_owned(),
        };
        rows.push(("names", format!("`{written}`"), (*expected).to_owned(), got));
    }
    for (current, all, expected) in TAGS {
        let newer = tag::newer(current, all.iter().copied());
        let or_none = |tag: &Option<String>| tag.clone().unwrap_or_else(|| "-".to_owned());
        let got = format!(
            "{} / {} / {}",
            or_none(&newer.patch),
            or_none(&newer.minor),
            or_none(&newer.major)
        );
        let name = format!("`{current}` beside {}", all.join(", "));
        rows.push(("newer tags", name, (*expected).to_owned(), got));
    }
    let mut text = String::from(
        "# Image cases\n\nWhat RedFlag says of an image in each of these situations. Written by `cargo xtask bench images --cases`, and\ncompared by the tests. Newer tags are patch / minor / major.\n\n| Situation | Case | Expected | Got |\n|---|---|---|---|\n",
    );
    for (situation, name, expected, got) in &rows {
        let _ = writeln!(text, "| {situation} | {name} | {expected} | {got} |");
    }
    println!("{text}");
    let wrong: Vec<_> = rows.iter().filter(|row| row.2 != row.3).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/image-cases.md");
    if std::env::var_os("REDFLAG_WRITE_CASES").is_some() {
        fs::write(&kept, &text).unwrap();
    }
    assert!(
        fs::read_to_string(&kept).unwrap_or_default() == text,
        "docs/image-cases.md is older than the cases: run `cargo xtask bench images --cases`"
    );
}
