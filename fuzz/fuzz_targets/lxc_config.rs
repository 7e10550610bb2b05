//! `pve::fuzzing::lxc_config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pve::fuzzing::lxc_config(data));
