//! Containers replaced by new ones of another image, all that belong together or none.
//!
//! What breaks if this is wrong: a service that ran and does not any more. So the old container is set aside under another
//! name and not removed before all new ones are well. [`bring_back`] and [`finish`] need no more than the entries: whoever
//! finds them written down after a lost process can end what it began.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{calls::Engine, recreate::recreation, socket::SocketError, well};
use crate::packages::Progress;

/// The end of the name of a container that is set aside.
const ASIDE: &str = ".redflag-old";

/// Why the containers are the old ones again, or what could not be brought back.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplaceError {
    #[error("{name}: {source}")]
    Engine { name: String, source: SocketError },
    #[error("{name} is not well: {why}")]
    NotWell { name: String, why: String },
    #[error("{name} is not there any more")]
    Gone { name: String },
    #[error("the work was cancelled")]
    Cancelled,
}

/// One container that is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub name: String,
    /// The old container's id.
    pub old: String,
    /// It ran before, so it has to run afterwards.
    pub ran: bool,
    /// What the new one is made of.
    pub image: String,
}

impl Entry {
    fn aside(&self) -> String {
        format!("{}{ASIDE}", self.name)
    }
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whose network, processes or memory a container uses.
fn lenders(container: &Value) -> Vec<&str> {
    let host = &container["HostConfig"];
    let modes = ["NetworkMode", "PidMode", "IpcMode"].map(|mode| text(&host[mode]));
    let shared = modes.into_iter();
    shared
        .filter_map(|mode| mode.strip_prefix("container:"))
        .collect()
}

/// The containers to be replaced, lenders first: id of each, and the image that it gets; none where it stays what it is
/// and only follows its lender.
pub(super) async fn entries(
    engine: &mut Engine,
    wanted: &[(String, Option<String>)],
) -> Result<Vec<Entry>, ReplaceError> {
    let mut found = Vec::new();
    for (id, image) in wanted {
        let known = engine.container(id).await.map_err(of(id))?;
        let known = known.ok_or_else(|| ReplaceError::Gone { name: id.clone() })?;
        found.push((known, image.clone()));
    }
    Ok(in_order(&found))
}

fn in_order(wanted: &[(Value, Option<String>)]) -> Vec<Entry> {
    let mut open: Vec<&(Value, Option<String>)> = wanted.iter().collect();
    let mut entries: Vec<Entry> = Vec::new();
    while !open.is_empty() {
        let waits = |container: &Value| {
            lenders(container)
                .iter()
                .any(|lender| open.iter().any(|(other, _)| is_called(other, lender)))
        };
        // Two that wait for each other cannot be; should they, the first goes on.
        let next = open.iter().position(|(c, _)| !waits(c)).unwrap_or(0);
        let (container, image) = open.remove(next);
        let stays = || text(&container["Config"]["Image"]).to_owned();
        entries.push(Entry {
            name: name_of(container).to_owned(),
            old: text(&container["Id"]).to_owned(),
            ran: container["State"]["Running"] == true,
            image: image.clone().unwrap_or_else(stays),
        });
    }
    entries
}

fn name_of(container: &Value) -> &str {
    text(&container["Name"]).trim_start_matches('/')
}

fn is_called(container: &Value, which: &str) -> bool {
    text(&container["Id"]) == which || name_of(container) == which
}

/// Makes all of them anew and waits until they are well. Stops at the first that is not.
pub(super) async fn forward(
    engine: &mut Engine,
    entries: &[Entry],
    progress: &mut dyn Progress,
) -> Result<(), ReplaceError> {
    let mut made: BTreeMap<&str, String> = BTreeMap::new();
    // The last one that was made uses the others: it stops first.
    for entry in entries.iter().rev().filter(|entry| entry.ran) {
        if progress.cancelled() {
            return Err(ReplaceError::Cancelled);
        }
        progress.detail(&entry.name);
        engine.stop(&entry.old).await.map_err(of(&entry.name))?;
    }
    for entry in entries {
        if progress.cancelled() {
            return Err(ReplaceError::Cancelled);
        }
        progress.detail(&entry.name);
        let id = one(engine, entry, &made).await.map_err(of(&entry.name))?;
        let id = id.ok_or_else(|| ReplaceError::Gone {
            name: entry.name.clone(),
        })?;
        if entry.ran {
            engine.start(&id).await.map_err(of(&entry.name))?;
            well::wait(engine, &id, progress)
                .await
                .map_err(of(&entry.name))?
                .map_err(|why| ReplaceError::NotWell {
                    name: entry.name.clone(),
                    why,
                })?;
        }
        made.insert(&entry.old, id);
    }
    Ok(())
}

/// Sets the old one aside and makes the new one. None when the old one is not there.
async fn one(
    engine: &mut Engine,
    entry: &Entry,
    made: &BTreeMap<&str, String>,
) -> Result<Option<String>, SocketError> {
    let Some(old) = engine.container(&entry.old).await? else {
        return Ok(None);
    };
    let image = engine.image(text(&old["Image"])).await?;
    let wanted = recreation(&old, &image.unwrap_or(Value::Null), &entry.image, |id| {
        made.get(id).cloned()
    });
    engine.rename(&entry.old, &entry.aside()).await?;
    let id = engine.create(&entry.name, &wanted.body).await?;
    for (network, endpoint) in &wanted.networks {
        engine.join(network, &id, endpoint).await?;
    }
    Ok(Some(id))
}

/// The old ones as they were, whatever the new ones are. Goes on where one of them fails, and tells the first failure.
pub(super) async fn bring_back(
    engine: &mut Engine,
    entries: &[Entry],
    progress: &mut dyn Progress,
) -> Result<(), ReplaceError> {
    let mut outcome = Ok(());
    // New ones that use others go first; old ones that lend come first.
    for entry in entries.iter().rev() {
        let removed = remove_new(engine, entry).await.map_err(of(&entry.name));
        outcome = outcome.and(removed);
    }
    for entry in entries {
        progress.detail(&entry.name);
        let back = old_again(engine, entry).await.map_err(of(&entry.name));
        outcome = outcome.and(back);
    }
    outcome
}

/// Whatever has the old one's name and is not the old one was made by us.
async fn remove_new(engine: &mut Engine, entry: &Entry) -> Result<(), SocketError> {
    let Some(present) = engine.container(&entry.name).await? else {
        return Ok(());
    };
    match text(&present["Id"]) {
        id if id == entry.old => Ok(()),
        id => engine.remove(id).await,
    }
}

async fn old_again(engine: &mut Engine, entry: &Entry) -> Result<(), SocketError> {
    let Some(old) = engine.container(&entry.old).await? else {
        return Err(SocketError::Lost("the old container is gone".to_owned()));
    };
    if name_of(&old) != entry.name {
        engine.rename(&entry.old, &entry.name).await?;
    }
    match entry.ran {
        true => engine.start(&entry.old).await,
        false => Ok(()),
    }
}

/// The new ones are well: the old ones go, without their volumes.
pub(super) async fn finish(engine: &mut Engine, entries: &[Entry]) -> Result<(), ReplaceError> {
    for entry in entries.iter().rev() {
        engine.remove(&entry.old).await.map_err(of(&entry.name))?;
    }
    Ok(())
}

fn of(name: &str) -> impl FnOnce(SocketError) -> ReplaceError + '_ {
    move |source| ReplaceError::Engine {
        name: name.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn container(name: &str, image: &str, network: &str, running: bool) -> Value {
        json!({
            "Id": format!("id-{name}"), "Name": format!("/{name}"), "State": { "Running": running },
            "Config": { "Image": image }, "HostConfig": { "NetworkMode": network },
        })
    }

    #[test]
    fn lenders_come_first_and_followers_keep_their_image() {
        let wanted = [
            (
                container("index", "index:1", "container:id-torrent", false),
                None,
            ),
            (
                container("torrent", "torrent:1", "container:vpn", true),
                None,
            ),
            (
                container("vpn", "vpn:1", "bridge", true),
                Some("vpn:1".to_owned()),
            ),
        ];
        let shown: Vec<_> = in_order(&wanted)
            .into_iter()
            .map(|e| (e.name, e.image, e.ran))
            .collect();
        let row = |name: &str, image: &str, ran| (name.to_owned(), image.to_owned(), ran);
        assert_eq!(
            shown,
            [
                row("vpn", "vpn:1", true),
                row("torrent", "torrent:1", true),
                row("index", "index:1", false),
            ]
        );
    }
}
