//! `pve::fuzzing::token_id`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pve::fuzzing::token_id(data));
