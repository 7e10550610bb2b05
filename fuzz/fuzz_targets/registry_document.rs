//! `registry::fuzzing::registry_document`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| registry::fuzzing::registry_document(data));
