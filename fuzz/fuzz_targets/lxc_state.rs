//! `pve::fuzzing::lxc_state`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pve::fuzzing::lxc_state(data));
