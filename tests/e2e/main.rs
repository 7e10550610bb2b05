//! End-to-end tests in the real window.

mod smoke;
#[path = "../window/mod.rs"]
mod window;
