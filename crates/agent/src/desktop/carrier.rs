//! Connections to the desktop that come through the node: `redflag-agent stdio` brings them to the running agent's
//! socket, and the agent speaks over them as it would over the network.

use std::{cell::RefCell, collections::VecDeque, fs, io, os::unix::fs::PermissionsExt, path::Path};

use tokio::{
    net::{UnixListener, UnixStream},
    sync::Notify,
};

/// How many may wait to be used; a session brings one at a time.
const WAITING: usize = 4;

/// What was brought and not used yet.
#[derive(Debug, Default)]
pub struct Carrier {
    waiting: RefCell<VecDeque<UnixStream>>,
    arrived: Notify,
}

impl Carrier {
    /// One that still lives.
    pub fn take(&self) -> Option<UnixStream> {
        loop {
            let stream = self.waiting.borrow_mut().pop_front()?;
            // Nobody speaks before the agent does, so what can be read is the end.
            if matches!(stream.try_read(&mut [0]), Err(e) if e.kind() == io::ErrorKind::WouldBlock)
            {
                return Some(stream);
            }
        }
    }

    /// Ready when the next one comes.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Takes connections at `path` for as long as it is polled. Without the socket there is no way through the node,
    /// which is all that its failure means.
    pub async fn listen(&self, path: &Path) -> io::Result<()> {
        // Of an agent that was killed.
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        loop {
            let (stream, _) = listener.accept().await?;
            {
                let mut waiting = self.waiting.borrow_mut();
                if waiting.len() >= WAITING {
                    waiting.pop_front();
                }
                waiting.push_back(stream);
            }
            self.arrived.notify_waiters();
        }
    }
}
