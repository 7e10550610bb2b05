//! The terminals of guests: what `termproxy` offers, the websocket that carries it, and the shared session behind it
//! that outlives connections, as dtach keeps it on a real node.

mod frame;
mod link;
mod offer;
#[cfg(target_os = "linux")]
mod real;
mod shared;
mod shell;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(crate) use link::{serve, wanted};
pub(crate) use offer::offer;

use self::{offer::Offer, shared::Shared};

/// Makes the command that a node connects a real guest's console to, by `cmode`.
pub(crate) type Program = Arc<dyn Fn(&str) -> std::process::Command + Send + Sync>;

/// What a guest's console is connected to, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Console {
    /// `cmode` in force; none: `tty`.
    pub mode: Option<String>,
    /// A program that somebody left on the shared terminal, in what it shows. It swallows every key.
    pub foreign: Option<String>,
    /// The connection is cut, once, when so many bytes have been typed over it.
    pub cut_after: Option<usize>,
    /// Tickets are too old as soon as they are made.
    pub expired: bool,
    /// How many sessions have begun, and how many of them have ended by themselves.
    pub begun: u32,
    pub ended: u32,
}

impl Console {
    /// `cmode` in force.
    pub fn mode(&self) -> &str {
        self.mode.as_deref().unwrap_or("tty")
    }
}

/// All terminals of a lab.
#[derive(Default)]
pub(crate) struct Terminals {
    open: Mutex<HashMap<(usize, u32), Shared>>,
    offers: Mutex<Vec<Offer>>,
    /// Real guests, by cluster and number.
    real: Mutex<HashMap<(usize, u32), Program>>,
}

impl fmt::Debug for Terminals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Terminals")
    }
}

impl Terminals {
    /// Connects a guest's console to programs of this machine.
    pub(crate) fn connect(&self, cluster: usize, vmid: u32, program: Program) {
        lock(&self.real).insert((cluster, vmid), program);
    }

    fn program(&self, cluster: usize, vmid: u32) -> Option<Program> {
        lock(&self.real).get(&(cluster, vmid)).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
