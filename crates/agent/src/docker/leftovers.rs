//! Images that a renewal put out of use: kept for a while to go back to, then removed where nobody else wants them.

use std::{path::PathBuf, time::Duration};

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::{calls::Engine, socket::SocketError};
use crate::{
    Layout,
    files::{self, FileError},
};

/// So long an old image stays: what is wrong with a new one may show on the weekend only.
const SOAK: Duration = Duration::from_secs(7 * 24 * 3600);

/// One image that only a renewal has put out of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Leftover {
    /// As a path of this process.
    socket: PathBuf,
    id: String,
    until: Timestamp,
}

/// When an image that was put out of use now may go.
pub(super) fn until(now: Timestamp) -> Timestamp {
    now.plus_millis(i64::try_from(SOAK.as_millis()).unwrap_or(i64::MAX))
}

fn known(layout: &Layout) -> Result<Vec<Leftover>, FileError> {
    Ok(files::read_json_if_there(&layout.leftovers())?.unwrap_or_default())
}

/// Writes down that an image is to go after the soak. Known already, it stays from now on as long again.
pub(super) fn note(
    layout: &Layout,
    socket: PathBuf,
    id: &str,
    now: Timestamp,
) -> Result<(), FileError> {
    let mut all = known(layout)?;
    all.retain(|one| one.id != id || one.socket != socket);
    all.push(Leftover {
        socket,
        id: id.to_owned(),
        until: until(now),
    });
    files::write_json(&layout.leftovers(), &all)
}

/// Removes what is over its time. An image that has a name again, or that is gone, is nobody's leftover any more; one that
/// a container uses stays for the next time.
pub(crate) async fn prune(layout: &Layout, now: Timestamp) -> Result<(), FileError> {
    let all = known(layout)?;
    if all.iter().all(|one| one.until > now) {
        return Ok(());
    }
    let mut kept = Vec::new();
    for one in all {
        if one.until > now || matches!(remove(&one).await, Ok(false) | Err(_)) {
            kept.push(one);
        }
    }
    match kept.is_empty() {
        true => files::remove(&layout.leftovers()),
        false => files::write_json(&layout.leftovers(), &kept),
    }
}

/// Whether there is nothing more to be done about it.
async fn remove(leftover: &Leftover) -> Result<bool, SocketError> {
    let mut engine = Engine::open(&leftover.socket).await?;
    let Some(image) = engine.image(&leftover.id).await? else {
        return Ok(true);
    };
    let named = image["RepoTags"].as_array().is_some_and(|t| !t.is_empty());
    match named {
        true => Ok(true),
        false => engine.remove_image(&leftover.id).await,
    }
}
