//! `registry::fuzzing::registry_logins`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| registry::fuzzing::registry_logins(data));
