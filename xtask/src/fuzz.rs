//! Every parser of foreign data against whatever a fuzzer thinks of, on the stable compiler.

use std::{
    fs::{self, File},
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{Failure, Result, cargo, failure::At as _, place, process};

/// Targets that run at a time: each is busy on one processor all the while.
const AT_ONCE: usize = 2;
/// Lines of a failed run that are shown; the rest is in its log.
const SHOWN: usize = 40;

/// Runs each target of `fuzz/` for so many seconds. What is found lies in `fuzz/artifacts`; put it into
/// `fuzz/corpus`, which the tests replay.
pub(crate) fn run(seconds: u32) -> Result<()> {
    if !process::succeeds(cargo::command().args(["fuzz", "--version"])) {
        println!("cargo-fuzz is missing; installing it");
        process::run(cargo::command().args(["install", "--locked", "cargo-fuzz"]))?;
    }
    let targets = process::output(cargo::command().args(["fuzz", "list"]))?;
    // All of them once: two runs that both build would wait for each other.
    process::run(cargo::command().args([
        "fuzz",
        "build",
        "-s",
        "none",
        "--target-dir",
        "target/fuzz",
    ]))?;
    let waiting = Mutex::new(targets.split_whitespace());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .next();
                    let Some(target) = next else { return };
                    match of(target, seconds) {
                        Ok(words) => println!("{target}: {words}"),
                        Err(failure) => {
                            println!("{target}: {failure}");
                            let mut failures =
                                failures.lock().unwrap_or_else(PoisonError::into_inner);
                            failures.push(target);
                        }
                    }
                }
            });
        }
    });
    let failures = failures
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    if failures.is_empty() {
        Ok(())
    } else {
        let names = failures.join(", ");
        Err(Failure::new(format!("fuzzing found something in {names}")))
    }
}

/// Runs one target; its last words.
fn of(target: &str, seconds: u32) -> Result<String> {
    // New inputs go beside what is built, not among the committed ones.
    let grown = format!("target/fuzz/corpus/{target}");
    let folder = place::root().join(&grown);
    fs::create_dir_all(&folder).at(&folder)?;
    let log = place::root().join(format!("target/fuzz/{target}.log"));
    let file = File::create(&log).at(&log)?;
    let committed = format!("fuzz/corpus/{target}");
    let time = format!("-max_total_time={seconds}");
    let mut cargo: Command = cargo::command();
    cargo.args(["fuzz", "run", "-s", "none", "--target-dir", "target/fuzz"]);
    cargo.args([target, &grown, &committed, "--", &time, "-max_len=65536"]);
    cargo.stdout(file.try_clone().at(&log)?).stderr(file);
    let status = cargo.status().map_err(|error| {
        Failure::new(format!(
            "cargo fuzz cannot be started for {target}: {error}"
        ))
    })?;
    let text = fs::read(&log).at(&log)?;
    let text = String::from_utf8_lossy(&text);
    if status.success() {
        let last = text.lines().rev().find(|line| line.starts_with("Done "));
        return Ok(last.unwrap_or("ended").to_owned());
    }
    let lines: Vec<&str> = text.lines().collect();
    let shown = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
    Err(Failure::new(format!("it ended with {status}\n{shown}")))
}
