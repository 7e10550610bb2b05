//! `agent::fuzzing::apt_refresh`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| agent::fuzzing::apt_refresh(data));
