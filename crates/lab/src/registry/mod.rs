//! A scripted registry: the calls of the OCI distribution specification, in the manners of registries that exist.

mod calls;
mod documents;
mod manners;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use documents::{Build, Parts, Pushed};
pub use manners::{Door, Manners, Mood};

/// One call as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub accept: String,
    pub authorization: Option<String>,
}

/// A document under its digest.
#[derive(Clone, Debug)]
pub struct Document {
    pub media_type: String,
    pub body: Vec<u8>,
}

#[derive(Debug, Default)]
struct Shelf {
    /// By repository and digest.
    documents: BTreeMap<(String, String), Document>,
    /// By repository and tag: the digest.
    tags: BTreeMap<(String, String), String>,
    asked: Vec<Asked>,
    manners: Manners,
    /// Tokens that were given: the scope of each.
    tokens: BTreeMap<String, String>,
}

/// A registry on loopback, without encryption. Ends when it is dropped.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
    stop: CancellationToken,
}

impl Registry {
    /// Opens one.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(manners: Manners) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shelf = Arc::new(Mutex::new(Shelf {
            manners,
            ..Shelf::default()
        }));
        let stop = CancellationToken::new();
        let app = calls::router(address, shelf.clone());
        let ended = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            let serving = axum::serve(listener, app).with_graceful_shutdown(ended);
            if let Err(error) = serving.await {
                tracing::error!(%error, "the scripted registry ended");
            }
        });
        Ok(Self {
            address,
            shelf,
            stop,
        })
    }

    /// `127.0.0.1:PORT`, as references name it.
    pub fn name(&self) -> String {
        self.address.to_string()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        lock(&self.shelf)
    }

    /// From now on it behaves so.
    pub fn behave(&self, manners: Manners) {
        self.shelf().manners = manners;
    }

    /// Everything that it was asked since the last time.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shelf().asked)
    }

    /// Puts an image under a tag, over whatever was there.
    pub fn push(&self, repository: &str, tag: &str, build: &Build) -> Pushed {
        let Parts {
            pushed, documents, ..
        } = build.parts();
        let mut shelf = self.shelf();
        for (digest, document) in documents {
            shelf
                .documents
                .insert((repository.to_owned(), digest.to_string()), document);
        }
        shelf.tags.insert(
            (repository.to_owned(), tag.to_owned()),
            pushed.digest.to_string(),
        );
        pushed
    }

    /// Takes a tag away.
    pub fn untag(&self, repository: &str, tag: &str) {
        self.shelf()
            .tags
            .remove(&(repository.to_owned(), tag.to_owned()));
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
