//! Every parser of foreign data against whatever a fuzzer thinks of, on the stable compiler.

use std::fs;

use crate::{Failure, Result, cargo, place, process};

/// Runs each target of `fuzz/` for so many seconds. What is found lies in `fuzz/artifacts`; put it into
/// `fuzz/corpus`, which the tests replay.
pub(crate) fn run(seconds: u32) -> Result<()> {
    if !process::succeeds(cargo::command().args(["fuzz", "--version"])) {
        println!("cargo-fuzz is missing; installing it");
        process::run(cargo::command().args(["install", "--locked", "cargo-fuzz"]))?;
    }
    let targets = process::output(cargo::command().args(["fuzz", "list"]))?;
    for target in targets.split_whitespace() {
        // New inputs go beside what is built, not among the committed ones.
        let grown = format!("target/fuzz/corpus/{target}");
        fs::create_dir_all(place::root().join(&grown))
            .map_err(|error| Failure::new(format!("{grown}: {error}")))?;
        let committed = format!("fuzz/corpus/{target}");
        let time = format!("-max_total_time={seconds}");
        let mut cargo = cargo::command();
        cargo.args(["fuzz", "run", "-s", "none", "--target-dir", "target/fuzz"]);
        cargo.args([target, &grown, &committed, "--", &time, "-max_len=65536"]);
        process::run(&mut cargo)?;
    }
    Ok(())
}
