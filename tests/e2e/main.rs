//! End-to-end tests in the real window.
#![cfg(target_os = "linux")]

mod clusters;
mod docker;
mod fleet;
mod kill;
mod lxc;
mod main_job;
mod secrets;
mod smoke;
#[path = "../kill/mod.rs"]
mod truth;
#[path = "../window/mod.rs"]
mod window;
