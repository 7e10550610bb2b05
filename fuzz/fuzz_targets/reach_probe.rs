//! `reach::fuzzing::reach_probe`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reach::fuzzing::reach_probe(data));
