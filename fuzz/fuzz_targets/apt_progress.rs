//! `agent::fuzzing::apt_progress`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| agent::fuzzing::apt_progress(data));
