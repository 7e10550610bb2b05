//! `reach::fuzzing::ssh_config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reach::fuzzing::ssh_config(data));
