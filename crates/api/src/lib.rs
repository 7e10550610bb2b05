//! The one list of commands, the use cases behind them, errors with codes, and events. Knows no host: the window
//! (src-tauri) and the browser (devserver) carry the same calls.

pub mod commands;
pub mod dto;
pub mod error;
pub mod events;

pub use commands::App;
pub use error::{Code, Error};
pub use events::{Body, Event};
