//! Replays every message that fuzzing starts from, or once stumbled over.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod rounds;

use std::{fs, path::Path};

#[test]
fn every_file_of_the_corpus_is_survived() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/wire");
    let files: Vec<_> = fs::read_dir(corpus).unwrap().collect();
    assert!(!files.is_empty());
    for file in files {
        rounds::all(&fs::read(file.unwrap().path()).unwrap());
    }
}
