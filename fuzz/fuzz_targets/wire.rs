//! What agents send to the desktop, and what it answers: read without a panic, and the same after writing it again.
#![no_main]

#[path = "../../crates/wire/tests/rounds/mod.rs"]
mod rounds;

libfuzzer_sys::fuzz_target!(|data: &[u8]| rounds::all(data));
