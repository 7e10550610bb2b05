//! `pve::fuzzing::refusal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pve::fuzzing::refusal(data));
