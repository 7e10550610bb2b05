//! `registry::fuzzing::registry_headers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| registry::fuzzing::registry_headers(data));
