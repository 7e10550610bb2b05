//! Images renewed in a real LXC, by the real agent, in Debian's own Docker, from Debian's own registry.
#![cfg(target_os = "linux")]
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and prints its table"
)]

#[allow(
    clippy::result_large_err,
    dead_code,
    unreachable_pub,
    reason = "the desktop of the agent's own tests, of which a part is used here"
)]
#[path = "../../agent/tests/common/desktop.rs"]
mod desktop;
#[allow(
    dead_code,
    reason = "of what the tests in real guests share a part is used here"
)]
mod house;

mod docker;
#[allow(
    dead_code,
    reason = "of the cases those for a real registry are used here"
)]
#[path = "../../registry/tests/cases/scene.rs"]
mod scene;
#[allow(
    dead_code,
    reason = "of the cases those for a real registry are used here"
)]
#[path = "../../registry/tests/cases/table/mod.rs"]
mod table;

// For the desktop beside it.
use house::until;
