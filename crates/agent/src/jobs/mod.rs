//! Jobs: each has a folder, and a process of its own that works in it.
//!
//! `work.json` what was asked · `accepted.json` when it came · `begun` made once, by the one process that may do the
//! work · `lock` held by that process as long as it lives · `reports.jsonl` one [`wire::JobReport`] a line ·
//! `acknowledged` the last one that the desktop has · `cancel` present when it is to stop · `before.json` installed
//! versions right before an installation · `images.json` while containers are replaced.

pub mod bounds;
mod directory;
mod renewal;
mod runner;
mod spool;

pub use bounds::Bounds;
pub use directory::{JobDirectory, JobError};
pub use runner::{Ending, run};
pub use spool::Spool;
