//! `agent::fuzzing::guest_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| agent::fuzzing::guest_files(data));
