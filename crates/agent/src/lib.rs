//! The small program inside a guest: reports what is pending, does what was approved, and nothing else.
//!
//! The process that talks to the desktop never runs a package manager itself: scans and jobs are processes of
//! their own, so that it stays small and may be restarted at any moment.

pub mod carried;
pub mod clock;
pub mod desktop;
pub mod docker;
pub mod files;
#[doc(hidden)]
pub mod fuzzing;
pub mod guest;
pub mod init;
pub mod install;
pub mod inventory;
pub mod jobs;
pub mod journal;
pub mod layout;
pub mod mask;
pub mod packages;
pub mod run;
pub mod status;
pub mod stream;
pub mod tools;
pub mod uninstall;
pub mod unit;
pub mod upgrade;

pub use layout::Layout;
pub use tools::Tools;

/// The agent's own version, as it reports it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
