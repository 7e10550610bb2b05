//! `reach::fuzzing::terminal_screen`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reach::fuzzing::terminal_screen(data));
