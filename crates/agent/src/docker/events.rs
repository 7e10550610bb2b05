//! Notices what happens to containers and images, by the engines' own streams of events.

use std::{
    future::{Future, poll_fn},
    path::{Path, PathBuf},
    task::Poll,
};

use http_body_util::BodyExt;
use tokio::sync::Notify;

use super::{
    answers,
    socket::{Socket, SocketError},
    sockets,
};
use crate::Layout;

/// What changes an inventory, a list of events in JSON as an address takes it. Without it every check of a container's
/// health would be told, twice a minute for each.
const FILTERS: &str = "%7B%22event%22:%5B%22create%22,%22start%22,%22restart%22,%22stop%22,%22die%22,%22destroy%22,%22rename%22,%22pause%22,%22unpause%22,%22update%22,%22health_status%22,%22pull%22,%22tag%22,%22untag%22,%22import%22,%22load%22,%22delete%22%5D%7D";

/// When engines are looked for: whenever the agent is awake anyway, since a timer of their own would double what it costs
/// while it has nothing to do.
pub(crate) struct Looks<'a> {
    /// It glances at the package manager's files. Engines that do not listen are tried again.
    pub(crate) glance: &'a Notify,
    /// It looks at everything. Where no engine is, the first is looked for: whoever installs one moves those files.
    pub(crate) search: &'a Notify,
}

/// Tells `moved` whenever something happened that an inventory shows, and when a socket came or went. Never ends.
pub(crate) async fn watch(layout: &Layout, looks: Looks<'_>, moved: &Notify) {
    let mut before: Option<Vec<PathBuf>> = None;
    loop {
        let now = sockets(layout);
        if before.is_some_and(|before| before != now) {
            moved.notify_one();
        }
        if now.is_empty() {
            looks.search.notified().await;
        } else {
            let mut open: Vec<_> = now
                .iter()
                .map(|path| Box::pin(listen(path, moved)))
                .collect();
            loop {
                // The first whose daemon ended, or never answered.
                let ended = poll_fn(|context| {
                    let mut all = open.iter_mut().map(|one| one.as_mut().poll(context));
                    match all.any(|one| one.is_ready()) {
                        true => Poll::Ready(()),
                        false => Poll::Pending,
                    }
                });
                tokio::select! {
                    () = ended => {
                        looks.glance.notified().await;
                        break;
                    }
                    () = looks.glance.notified() => if sockets(layout) != now {
                        break;
                    }
                }
            }
        }
        before = Some(now);
    }
}

/// Until the engine ends.
async fn listen(path: &Path, moved: &Notify) -> Result<(), SocketError> {
    let mut socket = Socket::open(path).await?;
    let version: answers::Version = socket.get("/version").await?;
    let mut events = socket
        .stream(&format!(
            "/v{}/events?filters={FILTERS}",
            version.api_version
        ))
        .await?;
    // What happened before anybody listened is in no stream.
    moved.notify_one();
    while let Some(frame) = events.frame().await {
        let frame = frame.map_err(|e| SocketError::Lost(e.to_string()))?;
        if frame.data_ref().is_some_and(|data| !data.is_empty()) {
            moved.notify_one();
        }
    }
    Ok(())
}
