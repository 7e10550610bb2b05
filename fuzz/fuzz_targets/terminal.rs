//! `pve::fuzzing::terminal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pve::fuzzing::terminal(data));
