//! The window from outside, as the screen's owner sees it: whether it is shown, and closing it by its frame.

use std::time::Instant;

use anyhow::Context as _;
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{
        AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, MapState, Window as Id,
    },
    rust_connection::RustConnection,
};

use super::{SOON, Window, screen::Screen};

/// A connection to a screen, and the window that is all of it.
pub fn look_at(screen: &Screen) -> anyhow::Result<(RustConnection, Id)> {
    let (connection, number) = x11rb::connect(Some(screen.display()))?;
    let root = connection.setup().roots.get(number).context("a screen")?;
    let root = root.root;
    Ok((connection, root))
}

/// The frame of a window.
pub struct Frame {
    screen: RustConnection,
    window: Id,
}

impl Frame {
    /// Of a window on that screen, as soon as it is there.
    pub async fn of(window: &Window, screen: &Screen) -> anyhow::Result<Self> {
        let deadline = Instant::now() + SOON;
        loop {
            match Self::find(window, screen) {
                Err(_) if Instant::now() < deadline => {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                found => return found,
            }
        }
    }

    fn find(window: &Window, screen: &Screen) -> anyhow::Result<Self> {
        let (connection, root) = look_at(screen)?;
        let atom = |name: &str| -> anyhow::Result<u32> {
            Ok(connection
                .intern_atom(false, name.as_bytes())?
                .reply()?
                .atom)
        };
        let (pid, name) = (atom("_NET_WM_PID")?, atom("WM_PROTOCOLS")?);
        let property = |id, property, kind: AtomEnum| -> anyhow::Result<Vec<u32>> {
            let asked = connection.get_property(false, id, property, kind, 0, 64)?;
            let values = asked.reply()?.value32().map(Iterator::collect);
            Ok(values.unwrap_or_default())
        };
        let all = connection.query_tree(root)?.reply()?.children;
        let found = all.into_iter().find(|id| {
            let its = property(*id, pid, AtomEnum::CARDINAL).unwrap_or_default();
            let protocols = property(*id, name, AtomEnum::ATOM).unwrap_or_default();
            let size = connection
                .get_geometry(*id)
                .ok()
                .and_then(|asked| asked.reply().ok());
            // The program has small windows for itself, too.
            let large = size.is_some_and(|size| size.width > 200);
            its == [window.program()] && !protocols.is_empty() && large
        });
        Ok(Self {
            window: found.context("the program has no window on the screen")?,
            screen: connection,
        })
    }

    /// Presses the button that closes it.
    pub fn close(&self) -> anyhow::Result<()> {
        let atom = |name: &str| -> anyhow::Result<u32> {
            Ok(self
                .screen
                .intern_atom(false, name.as_bytes())?
                .reply()?
                .atom)
        };
        let (protocols, delete) = (atom("WM_PROTOCOLS")?, atom("WM_DELETE_WINDOW")?);
        let message = ClientMessageEvent::new(32, self.window, protocols, [delete, 0, 0, 0, 0]);
        self.screen
            .send_event(false, self.window, EventMask::NO_EVENT, message)?
            .check()?;
        Ok(())
    }

    /// Whether it is on the screen.
    pub fn is_shown(&self) -> anyhow::Result<bool> {
        let state = self.screen.get_window_attributes(self.window)?.reply()?;
        Ok(state.map_state == MapState::VIEWABLE)
    }

    /// Waits until it is shown, or out of sight.
    pub async fn until_shown(&self, shown: bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + SOON;
        while self.is_shown()? != shown {
            let wanted = if shown { "shown" } else { "out of sight" };
            anyhow::ensure!(Instant::now() < deadline, "the window is not {wanted}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        Ok(())
    }
}
