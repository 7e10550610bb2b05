//! The desktop as the agent sees it: where it may be reached, who it must be, and one kept connection to it.

mod authority;
mod carrier;
pub mod check;
pub mod config;
mod connection;
pub mod identity;

pub use authority::Authority;
pub use carrier::Carrier;
pub use config::{Config, ConfigError};
pub use connection::{CallError, Desktop, Way};
pub use identity::{Identity, IdentityError};
