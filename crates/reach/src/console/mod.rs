//! A guest's console through Proxmox's API: a shell of root that is typed into.
//!
//! The terminal is shared with whoever has the console open in Proxmox, and what runs on it outlives the connection.
//! So every command is one visit: look at the screen, prove that a shell answers, run one script, leave by `exit`.
//! Nothing is left running or lying in the guest between two visits, however the last one ended.
//!
//! Who opens terminals is not this crate's business: [`Consoles`] is implemented where Proxmox's API is known.

mod feed;
mod road;
pub(crate) mod screen;
mod session;
mod trouble;
mod visit;

use domain::Vmid;
use futures_util::future::BoxFuture;

pub use road::ApiConsole;
pub use trouble::{ConsoleMode, ConsoleTrouble};

/// What is set about a guest's console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleState {
    /// In force.
    pub mode: ConsoleMode,
    /// From the guest's next start on, where that is another.
    pub waiting: Option<ConsoleMode>,
    /// `backup`, `migrate`, …
    pub lock: Option<String>,
}

/// An open terminal. Dropping it closes the connection, and what runs on it goes on.
pub trait Terminal: Send {
    /// Types bytes, at most 64 KiB. The error is in words; how much arrived is not known then.
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), String>>;

    /// What it shows next; none at its end, which need not come. May be dropped while it waits: nothing is lost.
    fn receive(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, String>>;
}

/// Opens the consoles of one node's guests.
pub trait Consoles: Send + Sync {
    /// `host:port` of the API, for people.
    fn api(&self) -> String;

    /// What is set about a guest's console now.
    fn state(&self, vmid: Vmid) -> BoxFuture<'_, Result<ConsoleState, ConsoleTrouble>>;

    /// Opens it. A stopped guest's may open too and show words instead of a shell.
    fn open(&self, vmid: Vmid) -> BoxFuture<'_, Result<Box<dyn Terminal>, ConsoleTrouble>>;
}
