//! End-to-end tests in the real window.
#![cfg(target_os = "linux")]

mod accessible;
mod clusters;
mod docker;
mod fleet;
mod journeys;
mod kill;
mod lxc;
mod main_job;
mod secrets;
mod smoke;
mod tray;
#[path = "../kill/mod.rs"]
mod truth;
#[path = "../window/mod.rs"]
mod window;
