//! The one list of commands, the use cases behind them, errors with codes, and events. Knows no host: the window
//! (src-tauri) and the browser (devserver) carry the same calls.

mod access;
mod app;
pub mod commands;
mod desktop;
pub mod dto;
pub mod error;
mod export;
mod fleet;
mod history;
mod images;
mod life;
pub mod notices;
mod operate;
mod updates;
mod way;
mod wizard;

pub use app::{App, Settings};
pub use domain;
pub use engine::{
    AgentFile, Rhythm,
    feed::{Body, Event},
};
pub use error::{Code, Error};
