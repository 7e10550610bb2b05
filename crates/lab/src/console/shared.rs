//! A session that is shared by all who attach to it and goes on when they leave, until its program ends.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::lock;

/// What dtach writes when somebody attaches, and at the end.
const CLEAR: &[u8] = b"\x1b[H\x1b[J";
const END: &[u8] = b"\x1b[999H\r\n[EOF - dtach terminating]\r\n\x1b[?25h";

/// What goes to the program.
#[derive(Debug)]
pub(super) enum Key {
    Typed(Vec<u8>),
    /// Columns and rows; the program draws itself anew.
    Size(u16, u16),
}

/// A session. Clones are the same.
#[derive(Clone)]
pub(super) struct Shared {
    keys: mpsc::Sender<Key>,
    seats: Arc<Mutex<Seats>>,
}

#[derive(Default)]
struct Seats {
    watching: Vec<mpsc::UnboundedSender<Vec<u8>>>,
    ended: bool,
}

/// Where a program of a session reads keys and writes to everybody's screen. Dropping it ends the session.
pub(super) struct Stage {
    pub(super) keys: mpsc::Receiver<Key>,
    screen: Screen,
}

/// Everybody's screen.
#[derive(Clone)]
pub(super) struct Screen(Arc<Mutex<Seats>>);

impl Shared {
    /// A session whose program is still to begin. Few keys wait in between, so that whoever types too fast waits.
    pub(super) fn new() -> (Self, Stage) {
        let (sender, keys) = mpsc::channel(2);
        let seats = Arc::new(Mutex::new(Seats::default()));
        let stage = Stage {
            keys,
            screen: Screen(Arc::clone(&seats)),
        };
        (
            Self {
                keys: sender,
                seats,
            },
            stage,
        )
    }

    /// Watches from now on; none when it has ended.
    pub(super) fn attach(&self) -> Option<mpsc::UnboundedReceiver<Vec<u8>>> {
        let mut seats = lock(&self.seats);
        if seats.ended {
            return None;
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        // The receiver is right here.
        let _ = sender.send(CLEAR.to_vec());
        seats.watching.push(sender);
        Some(receiver)
    }

    pub(super) fn ended(&self) -> bool {
        lock(&self.seats).ended
    }

    /// Types; waits while the program is slow. False when it has ended.
    pub(super) async fn key(&self, key: Key) -> bool {
        self.keys.send(key).await.is_ok()
    }
}

impl Stage {
    pub(super) fn screen(&self) -> Screen {
        self.screen.clone()
    }
}

impl Screen {
    pub(super) fn show(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            lock(&self.0)
                .watching
                .retain(|seat| seat.send(bytes.to_vec()).is_ok());
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.screen.show(END);
        let mut seats = lock(&self.screen.0);
        seats.ended = true;
        seats.watching.clear();
    }
}
