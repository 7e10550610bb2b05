//! Containers replaced by new ones of another image, all that belong together or none.
//!
//! What breaks if this is wrong: a service that ran and does not any more. So the old container is set aside under another
//! name and not removed before the new one is well, and every step is written down before it is taken: whoever finds the
//! journal after a lost process can tell what to bring back.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{calls::Engine, recreate::recreation, socket::SocketError, well};
use crate::{
    files::{self, FileError},
    packages::Progress,
};

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
    #[error(transparent)]
    Journal(#[from] FileError),
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

/// The containers of one replacement, in the order in which they are made: whoever lends its network comes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    pub socket: PathBuf,
    pub entries: Vec<Entry>,
    /// All new ones are well: from here on the old ones go.
    pub well: bool,
}

impl Journal {
    fn write(&self, file: &Path) -> Result<(), FileError> {
        files::write_json(file, self)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whose network, processes or memory a container uses.
fn lenders(container: &Value) -> impl Iterator<Item = &str> {
    let host = &container["HostConfig"];
    let modes = ["NetworkMode", "PidMode", "IpcMode"].map(|mode| text(&host[mode]));
    let shared = modes
        .into_iter()
        .filter_map(|mode| mode.strip_prefix("container:"));
    shared.collect::<Vec<_>>().into_iter()
}

/// The containers to be replaced with those that depend on them, in order. `all` are the engine's containers as
/// `/containers/ID/json` tells them.
pub(super) fn group(wanted: &[(String, String)], all: &[Value]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let entry = |container: &Value, image: &str| Entry {
        name: text(&container["Name"]).trim_start_matches('/').to_owned(),
        old: text(&container["Id"]).to_owned(),
        ran: container["State"]["Running"] == true,
        image: image.to_owned(),
    };
    let find = |name: &str| {
        all.iter()
            .find(|c| text(&c["Name"]).trim_start_matches('/') == name)
    };
    let mut open: Vec<(&Value, String)> = wanted
        .iter()
        .filter_map(|(name, image)| Some((find(name)?, image.clone())))
        .collect();
    // Lenders first: a wanted one that uses another wanted one waits for it.
    open.sort_by_key(|(container, _)| lenders(container).count());
    while !open.is_empty() {
        let (container, image) = open.remove(0);
        let new = entry(container, &image);
        if entries.iter().any(|known| known.old == new.old) {
            continue;
        }
        let id = new.old.clone();
        let name = new.name.clone();
        entries.push(new);
        for other in all {
            let follows = lenders(other).any(|lender| lender == id || lender == name);
            let asked = wanted
                .iter()
                .any(|(name, _)| text(&other["Name"]).trim_start_matches('/') == name);
            if follows && !asked {
                // It stays what it is, and is made anew to find its lender.
                open.push((other, text(&other["Config"]["Image"]).to_owned()));
            }
        }
    }
    entries
}

/// Replaces all of them. On an error the old ones are back, as far as the engine allows.
pub(super) async fn replace(
    engine: &mut Engine,
    file: &Path,
    mut journal: Journal,
    progress: &mut dyn Progress,
) -> Result<(), ReplaceError> {
    journal.write(file)?;
    let done = forward(engine, &journal.entries, progress).await;
    if let Err(error) = done {
        bring_back(engine, &journal.entries, progress).await?;
        files::remove(file)?;
        return Err(error);
    }
    journal.well = true;
    journal.write(file)?;
    finish(engine, &journal.entries).await?;
    files::remove(file)?;
    Ok(())
}

/// Ends what a lost process left: the new ones where all of them were well, else the old ones. Answers which.
pub(super) async fn conclude(
    engine: &mut Engine,
    file: &Path,
    journal: &Journal,
    progress: &mut dyn Progress,
) -> Result<bool, ReplaceError> {
    match journal.well {
        true => finish(engine, &journal.entries).await?,
        false => bring_back(engine, &journal.entries, progress).await?,
    }
    files::remove(file)?;
    Ok(journal.well)
}

async fn forward(
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

/// The old ones as they were. Goes on where one of them fails, and tells the first failure.
async fn bring_back(
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
    if text(&old["Name"]).trim_start_matches('/') != entry.name {
        engine.rename(&entry.old, &entry.name).await?;
    }
    match entry.ran {
        true => engine.start(&entry.old).await,
        false => Ok(()),
    }
}

/// The new ones are well: the old ones go, without their volumes.
async fn finish(engine: &mut Engine, entries: &[Entry]) -> Result<(), ReplaceError> {
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
    fn those_that_use_its_network_follow_it_in_order() {
        let all = [
            container("torrent", "torrent:1", "container:id-vpn", true),
            container("web", "nginx:1", "bridge", true),
            container("vpn", "vpn:1", "bridge", true),
            container("index", "index:1", "container:id-torrent", false),
        ];
        let wanted = [("vpn".to_owned(), "vpn:1".to_owned())];
        let shown: Vec<_> = group(&wanted, &all)
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
        // Both wanted: the lender comes first, and each once.
        let both = [
            ("torrent".to_owned(), "torrent:2".to_owned()),
            ("vpn".to_owned(), "vpn:2".to_owned()),
        ];
        let names: Vec<_> = group(&both, &all)
            .into_iter()
            .map(|e| (e.name, e.image))
            .collect();
        assert_eq!(names[0], ("vpn".to_owned(), "vpn:2".to_owned()));
        assert!(names.contains(&("torrent".to_owned(), "torrent:2".to_owned())));
        assert_eq!(names.len(), 3);
    }
}
