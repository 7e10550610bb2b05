//! Replays every file that fuzzing starts from, or once stumbled over, through the same parsers.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{fs, path::Path};

use agent::fuzzing::PARSERS;

#[test]
fn every_file_of_the_corpus_is_survived_and_every_parser_has_a_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (name, parse) in PARSERS {
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name}");
        let files: Vec<_> = fs::read_dir(fuzz.join("corpus").join(name))
            .expect(name)
            .collect();
        assert!(!files.is_empty(), "{name}");
        for file in files {
            parse(&fs::read(file.unwrap().path()).unwrap());
        }
    }
}

/// What real programs printed is more than a fuzzer thinks of.
#[test]
fn whatever_program_wrote_a_text_every_parser_survives_it() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut read = 0;
    for file in fs::read_dir(fixtures).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(path).unwrap();
            PARSERS.iter().for_each(|(_, parse)| parse(&bytes));
            read += 1;
        }
    }
    assert!(read > 5);
}
