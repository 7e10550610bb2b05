//! The desktop as the agent sees it: where it may be reached, who it must be, and one kept connection to it.

mod authority;
pub mod config;
mod connection;
pub mod identity;

pub use authority::Authority;
pub use config::{Config, ConfigError};
pub use connection::{CallError, Desktop};
pub use identity::{Identity, IdentityError};
