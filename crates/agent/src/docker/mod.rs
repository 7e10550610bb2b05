//! Docker and Podman in the guest, through their sockets.

mod answers;
mod calls;
mod compose;
mod events;
pub(crate) mod fuzzing;
mod leftovers;
mod login;
mod preflight;
mod recreate;
mod renew;
mod replace;
mod socket;
mod well;

use std::path::{Path, PathBuf};

use domain::{
    Timestamp,
    docker::{DockerScan, Engine},
};

use crate::Layout;
use answers::{Listed, Named};
pub(crate) use events::{Looks, watch};
pub(crate) use renew::{Ended, Site};
use socket::{Socket, SocketError};

/// Where engines listen that run as root.
const SOCKETS: [&str; 2] = ["run/docker.sock", "run/podman/podman.sock"];
/// Below a user's runtime folder.
const OF_USERS: [&str; 2] = ["docker.sock", "podman/podman.sock"];

/// Every socket that is there, those of root first. A link to another one counts once.
fn sockets(layout: &Layout) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = SOCKETS.iter().map(|path| layout.at(path)).collect();
    if let Ok(users) = std::fs::read_dir(layout.at("run/user")) {
        let mut users: Vec<PathBuf> = users.flatten().map(|user| user.path()).collect();
        users.sort();
        for user in users {
            all.extend(OF_USERS.iter().map(|path| user.join(path)));
        }
    }
    let mut found: Vec<PathBuf> = Vec::new();
    for path in all.iter().filter_map(|path| path.canonicalize().ok()) {
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

/// [`scan`] to its end, from anywhere.
pub(crate) fn found(layout: &Layout) -> Vec<DockerScan> {
    if sockets(layout).is_empty() {
        return Vec::new();
    }
    let work = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().map_err(|e| e.to_string())?;
        Ok(runtime.block_on(scan(layout)))
    };
    // In a thread of its own, since it may be called from within a runtime.
    let told = std::thread::scope(|scope| scope.spawn(work).join());
    told.unwrap_or_else(|_| Err("the question was lost".to_owned()))
        .unwrap_or_else(|reason| {
            let failed = |path: PathBuf| DockerScan::Failed {
                socket: inside(layout, &path),
                reason: reason.clone(),
            };
            sockets(layout).into_iter().map(failed).collect()
        })
}

/// Removes old images whose time is over; see [`leftovers`].
///
/// # Errors
/// Why what is kept of them cannot be read or written.
pub fn tidy(layout: &Layout, now: Timestamp) -> Result<(), String> {
    if !layout.leftovers().exists() {
        return Ok(());
    }
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().map_err(|e| e.to_string())?;
    let done = runtime.block_on(leftovers::prune(layout, now));
    done.map_err(|e| e.to_string())
}

/// A socket as the guest names it.
fn inside(layout: &Layout, path: &Path) -> String {
    let inside = path.strip_prefix(layout.root()).unwrap_or(path);
    format!("/{}", inside.display())
}

/// What every engine of the guest tells; nothing where there is none.
pub async fn scan(layout: &Layout) -> Vec<DockerScan> {
    let mut scans = Vec::new();
    for path in sockets(layout) {
        let name = inside(layout, &path);
        scans.push(match engine(&path, &name).await {
            Ok(scan) => scan,
            Err(error) => DockerScan::Failed {
                socket: name,
                reason: error.to_string(),
            },
        });
    }
    scans
}

async fn engine(path: &Path, name: &str) -> Result<DockerScan, SocketError> {
    let mut socket = Socket::open(path).await?;
    let version: answers::Version = socket.get("/version").await?;
    let api = version.api_version.clone();
    // Whatever it speaks best: an old engine knows no newer form, and a new one no old one.
    let listed: Vec<Listed> = socket
        .get(&format!("/v{api}/containers/json?all=true"))
        .await?;
    let mut containers = Vec::new();
    for one in listed {
        let mut container = one.container();
        // Where the tag has moved on since, the list names the image's id alone.
        if container.reference().is_none() {
            let path = format!("/v{api}/containers/{}/json", container.id);
            let named: Named = socket.get(&path).await?;
            container.image = named.config.image;
        }
        containers.push(container);
    }
    let mut ids: Vec<&str> = containers.iter().map(|c| c.image_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut images = Vec::new();
    for id in ids {
        let image: Result<answers::Inspected, SocketError> =
            socket.get(&format!("/v{api}/images/{id}/json")).await;
        match image {
            Ok(image) => images.push(image.image()),
            // Removed by force while a container still runs from it.
            Err(SocketError::Refused { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(DockerScan::Found {
        engine: Engine {
            socket: name.to_owned(),
            podman: version.is_podman(),
            version: version.version,
            api,
        },
        containers,
        images,
    })
}
