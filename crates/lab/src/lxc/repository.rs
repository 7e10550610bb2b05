//! An apt repository over plain HTTP on the lab's bridge, with a stable and a security suite.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{StatusCode, Uri, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::deb::{Deb, Suite};

/// Stanzas of one suite's index, by architecture, package and version.
type Stanzas = BTreeMap<(String, String, String), String>;

/// What a guest may have added with `dpkg --add-architecture`.
const FOREIGN: &str = "i386";

/// A running repository. Guests see a change at their next refresh.
#[derive(Debug)]
pub struct Repository {
    served: Arc<Served>,
    address: SocketAddr,
    stanzas: Mutex<BTreeMap<Suite, Stanzas>>,
    server: tokio::sync::Mutex<Option<Server>>,
}

/// What the server gives, and where it fails.
#[derive(Debug)]
struct Served {
    folder: PathBuf,
    /// Files whose transfer ends in the middle, by the end of their path.
    cut: Mutex<Option<String>>,
}

#[derive(Debug)]
struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Repository {
    /// Makes it in `folder` with these packages, and serves it on any free port of `host`.
    pub(crate) async fn start(folder: &Path, host: Ipv4Addr, packages: Vec<Deb>) -> Result<Self> {
        let listener = TcpListener::bind((host, 0)).await?;
        let repository = Self {
            served: Arc::new(Served {
                folder: folder.to_owned(),
                cut: Mutex::default(),
            }),
            address: listener.local_addr()?,
            stanzas: Mutex::default(),
            server: tokio::sync::Mutex::default(),
        };
        fs::create_dir_all(folder.join("pool"))?;
        repository.publish(packages).await?;
        *repository.server.lock().await = Some(serve(listener, Arc::clone(&repository.served)));
        Ok(repository)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What guests have in their `sources.list`.
    pub(crate) fn sources(address: SocketAddr) -> String {
        [Suite::Stable, Suite::Security]
            .map(|suite| format!("deb [trusted=yes] http://{address} {} main\n", suite.name()))
            .concat()
    }

    /// Builds packages and adds them; those of the same name and version are replaced.
    ///
    /// # Errors
    /// When a package cannot be built, or a file not be written.
    pub async fn publish(&self, packages: Vec<Deb>) -> Result<()> {
        let folder = self.served.folder.clone();
        let built = tokio::task::spawn_blocking(move || -> Result<Vec<(Deb, String)>> {
            let mut built = Vec::new();
            for package in packages {
                let file = package.build(&folder.join("pool"))?;
                let bytes = fs::read(file)?;
                let stanza = format!(
                    "{}Filename: pool/{}\nSize: {}\nSHA256: {}\n",
                    package.control(),
                    package.file_name(),
                    bytes.len(),
                    hex::encode(Sha256::digest(&bytes))
                );
                built.push((package, stanza));
            }
            Ok(built)
        })
        .await??;
        let mut stanzas = self.stanzas.lock().unwrap_or_else(PoisonError::into_inner);
        for (package, stanza) in built {
            let suite = stanzas.entry(package.suite).or_default();
            suite.insert((package.arch, package.name, package.version), stanza);
        }
        for suite in [Suite::Stable, Suite::Security] {
            let none = Stanzas::new();
            self.index(suite, stanzas.get(&suite).unwrap_or(&none))?;
        }
        Ok(())
    }

    fn index(&self, suite: Suite, stanzas: &Stanzas) -> Result<()> {
        let folder = self.served.folder.join("dists").join(suite.name());
        let mut sums = String::new();
        for arch in [architecture(), FOREIGN] {
            let packages: String = stanzas
                .iter()
                .filter(|((of, ..), _)| of == arch || of == "all")
                .map(|(_, stanza)| format!("{stanza}\n"))
                .collect();
            let place = format!("main/binary-{arch}/Packages");
            let hash = hex::encode(Sha256::digest(&packages));
            sums.push_str(&format!(" {hash} {} {place}\n", packages.len()));
            write(&folder.join(place), packages.as_bytes())?;
        }
        let release = format!(
            "Origin: Lab\nLabel: {label}\nSuite: {name}\nCodename: {name}\nDate: {date}\nArchitectures: {arch} {FOREIGN}\n\
             Components: main\nSHA256:\n{sums}",
            label = suite.label(),
            name = suite.name(),
            date = time::OffsetDateTime::now_utc()
                .format(&time::format_description::well_known::Rfc2822)
                .context("today has a date")?,
            arch = architecture(),
        );
        write(&folder.join("Release"), release.as_bytes())
    }

    /// Puts a file there as it is: part of another repository on the same server.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn place(&self, path: &str, content: &[u8]) -> Result<()> {
        write(&self.served.folder.join(path), content)
    }

    /// Ends the transfer of files whose path ends so in the middle; of none any more.
    pub fn cut(&self, ending: Option<&str>) {
        *self
            .served
            .cut
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = ending.map(str::to_owned);
    }

    /// Makes it refuse connections, or answer again.
    ///
    /// # Errors
    /// When its port was taken meanwhile.
    pub async fn set_reachable(&self, reachable: bool) -> Result<()> {
        let mut server = self.server.lock().await;
        match (server.take(), reachable) {
            (Some(running), false) => {
                let _ = running.stop.send(());
                running.task.abort();
                let _ = running.task.await;
            }
            (None, true) => {
                let listener = TcpListener::bind(self.address).await?;
                *server = Some(serve(listener, Arc::clone(&self.served)));
            }
            (unchanged, _) => *server = unchanged,
        }
        Ok(())
    }
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(fs::write(path, content)?)
}

fn serve(listener: TcpListener, served: Arc<Served>) -> Server {
    let router = Router::new().fallback(file).with_state(served);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let serving = axum::serve(listener, router);
        tokio::select! {
            // Accepting never fails for good; an end of it shows in the guests' words.
            _ = serving.into_future() => {}
            _ = stopped => {}
        }
    });
    Server { stop, task }
}

async fn file(State(served): State<Arc<Served>>, uri: Uri) -> Result<Response, StatusCode> {
    let path = Path::new(uri.path().trim_start_matches('/'));
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !plain {
        return Err(StatusCode::BAD_REQUEST);
    }
    // apt asks for versions in URLs with `+` and `~` as they are, or percent-encoded.
    let decoded = percent_encoding::percent_decode_str(path.to_str().unwrap_or_default())
        .decode_utf8()
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    if decoded.contains("..") {
        return Err(StatusCode::BAD_REQUEST);
    }
    let content = tokio::fs::read(served.folder.join(decoded.as_ref()))
        .await
        .map_err(|_| StatusCode::NOT_FOUND)?;
    let cut = served.cut.lock().unwrap_or_else(PoisonError::into_inner);
    if cut.as_ref().is_none_or(|ending| !decoded.ends_with(ending)) {
        return Ok(content.into_response());
    }
    // All is promised, half is sent, and the connection ends.
    let length = [(CONTENT_LENGTH, content.len().to_string())];
    let half = content[..content.len() / 2].to_vec();
    let pieces = [Ok(half), Err(std::io::Error::other("cut off"))];
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    Ok((length, body).into_response())
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
