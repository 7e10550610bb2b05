//! A guest's console through Proxmox's API: a shell that is typed into.

mod trouble;

pub use trouble::{ConsoleMode, ConsoleTrouble};
