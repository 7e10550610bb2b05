//! End-to-end tests in the real window.

mod main_job;
mod smoke;
#[path = "../window/mod.rs"]
mod window;
