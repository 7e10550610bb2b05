//! Replays every file that fuzzing starts from, or once stumbled over, through the same parsers.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{fs, path::Path};

use registry::fuzzing::PARSERS;

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
