//! An apt repository over plain HTTP on the lab's bridge, with a stable and a security suite.

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Component, Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri},
};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::deb::{Deb, Suite};

/// Stanzas of one suite's index, by package and version.
type Stanzas = BTreeMap<(String, String), String>;

/// A running repository. Guests see a change at their next refresh.
#[derive(Debug)]
pub struct Repository {
    folder: PathBuf,
    address: SocketAddr,
    stanzas: Mutex<BTreeMap<Suite, Stanzas>>,
    server: tokio::sync::Mutex<Option<Server>>,
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
            folder: folder.to_owned(),
            address: listener.local_addr()?,
            stanzas: Mutex::default(),
            server: tokio::sync::Mutex::default(),
        };
        fs::create_dir_all(folder.join("pool"))?;
        repository.publish(packages).await?;
        *repository.server.lock().await = Some(serve(listener, folder.to_owned()));
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
        let folder = self.folder.clone();
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
            suite.insert((package.name, package.version), stanza);
        }
        for suite in [Suite::Stable, Suite::Security] {
            let none = Stanzas::new();
            self.index(suite, stanzas.get(&suite).unwrap_or(&none))?;
        }
        Ok(())
    }

    fn index(&self, suite: Suite, stanzas: &Stanzas) -> Result<()> {
        let packages: String = stanzas
            .values()
            .map(|stanza| format!("{stanza}\n"))
            .collect();
        let place = format!("main/binary-{}/Packages", architecture());
        let release = format!(
            "Origin: Lab\nLabel: {label}\nSuite: {name}\nCodename: {name}\nDate: {date}\nArchitectures: {arch}\nComponents: main\n\
             SHA256:\n {hash} {size} {place}\n",
            label = suite.label(),
            name = suite.name(),
            date = time::OffsetDateTime::now_utc()
                .format(&time::format_description::well_known::Rfc2822)
                .context("today has a date")?,
            arch = architecture(),
            hash = hex::encode(Sha256::digest(&packages)),
            size = packages.len(),
        );
        let folder = self.folder.join("dists").join(suite.name());
        let file = folder.join(&place);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(file, packages)?;
        fs::write(folder.join("Release"), release)?;
        Ok(())
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
                *server = Some(serve(listener, self.folder.clone()));
            }
            (unchanged, _) => *server = unchanged,
        }
        Ok(())
    }
}

fn serve(listener: TcpListener, folder: PathBuf) -> Server {
    let router = Router::new().fallback(file).with_state(folder);
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

async fn file(State(folder): State<PathBuf>, uri: Uri) -> Result<Vec<u8>, StatusCode> {
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
    tokio::fs::read(folder.join(decoded.as_ref()))
        .await
        .map_err(|_| StatusCode::NOT_FOUND)
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
