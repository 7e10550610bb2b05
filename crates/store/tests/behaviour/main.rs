//! What the store promises, tried on real files.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics says what went wrong"
)]

mod agents;
mod audit;
mod backups;
mod clusters;
mod discovery;
mod inventories;
mod journal;
mod keyring;
mod logs;
mod opening;
mod reading_beside_writing;
mod receipts;
mod released;
mod samples;
mod secrets;
