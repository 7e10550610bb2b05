//! The project's own commands, `cargo xtask VERB`. One module a verb; what several verbs need stands beside them.
#![allow(
    clippy::print_stdout,
    reason = "a command line program speaks to its terminal"
)]

mod agent;
mod bench;
mod bench_agent;
mod bindings;
mod bundle;
mod cargo;
mod conformance;
mod demo;
mod deny;
mod e2e;
mod failure;
mod fuzz;
mod icons;
mod lab;
mod lint;
mod phases;
mod place;
mod process;
mod screenshots;
mod sqlx;
mod system;
mod test;
mod tree;
mod ui;

use std::process::ExitCode;

use failure::{Failure, Result};

const USAGE: &str = "\
cargo xtask VERB

  demo                 build everything and show the main job on a simulated fleet
  test [--full]        every check of the project; --full adds the long ones
  e2e [NAME]           the tests in the real window, or those whose name contains NAME
  lint                 fmt, clippy, oxlint and tsc
  bindings [--check]   write the TypeScript types of the API, or compare them
  sqlx [--check]       write the checked SQL's descriptions, or compare them
  lab [ARGUMENTS]      the Proxmox double alone (`cargo xtask lab --help`)
  lab-conformance      the double's answers beside recordings of a live Proxmox VE
  bench NAME           measure; prints `figure NAME VALUE UNIT goal OP VALUE`
  bench images --cases what RedFlag says of an image in each situation, as a table
  fuzz                 every parser of foreign data against a fuzzer, 60 seconds each
  screenshots          pictures of the real window for the documents
  agent                the static agent for x86_64 guests
  icons                render icons/ from its two SVG files
  bundle [KINDS]       an installable package of the program: deb, rpm, appimage, dmg, nsis
  bundle --check       the .deb and the .rpm, installed, started and removed in clean containers
  deny                 licences, origins and bans of everything that is linked in
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match verb(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn verb(arguments: &[&str]) -> Result<()> {
    match arguments {
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        ["demo"] => demo::run(),
        ["test"] => test::run(test::Extent::Usual),
        ["test", "--full"] => test::run(test::Extent::Full),
        ["e2e"] => e2e::run(None),
        ["e2e", name] => e2e::run(Some(name)),
        ["lint"] => lint::run(),
        ["bindings"] => bindings::write(),
        ["bindings", "--check"] => bindings::check(),
        ["sqlx"] => sqlx::write(),
        ["sqlx", "--check"] => sqlx::check(),
        ["lab", rest @ ..] => lab::run(rest),
        ["lab-conformance"] => conformance::run(),
        ["bench", "images", "--cases"] => bench::image_cases(),
        ["bench", name] => bench::run(name),
        ["fuzz"] => fuzz::run(60),
        ["screenshots"] => screenshots::run(),
        ["agent"] => agent::build().map(drop),
        ["icons"] => icons::render(),
        ["deny"] => deny::run(),
        ["bundle"] => bundle::run(None),
        ["bundle", "--check"] => bundle::check(),
        ["bundle", kinds] => bundle::run(Some(kinds)),
        _ => Err(Failure::new(format!(
            "{:?} is not understood\n\n{USAGE}",
            arguments.join(" ")
        ))),
    }
}
