//! Notices what happens to containers and images, by the engines' own streams of events.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use http_body_util::BodyExt;
use tokio::{sync::Notify, time::sleep};

use super::{
    answers,
    socket::{Socket, SocketError},
    sockets,
};
use crate::Layout;

/// What changes an inventory. Without it every check of a container's health would be told, twice a minute for each.
const FILTERS: &str = r#"{"type":["container","image"],"event":["create","start","restart","stop","die","destroy","rename","pause","unpause","update","health_status","pull","tag","untag","import","load","delete"]}"#;

/// Tells `moved` whenever something happened that an inventory shows, and when a socket came or went. Engines that do
/// not listen are tried again after `look`. Never ends.
pub(crate) async fn watch(layout: &Layout, look: Duration, moved: &Notify) {
    let mut before: Option<Vec<PathBuf>> = None;
    loop {
        let now = sockets(layout);
        if before.is_some_and(|before| before != now) {
            moved.notify_one();
        }
        if now.is_empty() {
            sleep(look).await;
        } else {
            let mut open: FuturesUnordered<_> =
                now.iter().map(|path| listen(path, moved)).collect();
            loop {
                tokio::select! {
                    // Its daemon ended, or never answered.
                    _ = open.next() => {
                        sleep(look).await;
                        break;
                    }
                    () = sleep(look) => if sockets(layout) != now {
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
    let filters =
        percent_encoding::utf8_percent_encode(FILTERS, percent_encoding::NON_ALPHANUMERIC);
    let mut events = socket
        .stream(&format!(
            "/v{}/events?filters={filters}",
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
