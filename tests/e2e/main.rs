//! End-to-end tests in the real window.
#![cfg(target_os = "linux")]

mod lxc;
mod main_job;
mod secrets;
mod smoke;
#[path = "../window/mod.rs"]
mod window;
