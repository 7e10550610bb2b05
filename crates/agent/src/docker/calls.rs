//! What an engine is told to do. Paths and bodies are those of Docker's API; Podman answers the same ones.

use http_body_util::BodyExt;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answers,
    socket::{Socket, SocketError, lost},
};

/// An engine that is being told things.
pub(super) struct Engine {
    socket: Socket,
    /// In front of every path.
    api: String,
}

/// One line of what a fetch tells.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Fetched {
    id: String,
    status: String,
    error: Option<String>,
}

impl Engine {
    pub(super) async fn open(path: &std::path::Path) -> Result<Self, SocketError> {
        let mut socket = Socket::open(path).await?;
        let version: answers::Version = socket.get("/version").await?;
        Ok(Self {
            socket,
            api: format!("/v{}", version.api_version),
        })
    }

    async fn get(&mut self, path: &str) -> Result<Value, SocketError> {
        self.socket.get(&format!("{}{path}", self.api)).await
    }

    async fn post(&mut self, path: &str, body: Option<&Value>) -> Result<Value, SocketError> {
        let path = format!("{}{path}", self.api);
        self.socket.send(Method::POST, &path, body).await
    }

    /// Every container, also one that is stopped.
    pub(super) async fn containers(&mut self) -> Result<Vec<Value>, SocketError> {
        let listed = self.get("/containers/json?all=true").await?;
        Ok(listed.as_array().cloned().unwrap_or_default())
    }

    /// Where it keeps its images.
    pub(super) async fn root(&mut self) -> Result<String, SocketError> {
        let info = self.get("/info").await?;
        let root = info["DockerRootDir"].as_str();
        Ok(root.unwrap_or("/var/lib/docker").to_owned())
    }

    /// By name or id. None when there is none.
    pub(super) async fn container(&mut self, which: &str) -> Result<Option<Value>, SocketError> {
        missing(self.get(&format!("/containers/{which}/json")).await)
    }

    /// By id, or by a name with tag or digest. None when it is not here.
    pub(super) async fn image(&mut self, which: &str) -> Result<Option<Value>, SocketError> {
        missing(self.get(&format!("/images/{which}/json")).await)
    }

    /// Fetches an image by its digest. `progress` hears what the engine tells, a line a layer and state.
    pub(super) async fn fetch(
        &mut self,
        repository: &str,
        digest: &str,
        login: Option<&str>,
        mut progress: impl FnMut(&str, &str),
    ) -> Result<(), SocketError> {
        let path = format!(
            "{}/images/create?fromImage={repository}&tag={digest}",
            self.api
        );
        let mut answer = self.socket.begin(Method::POST, &path, login).await?;
        let mut rest = Vec::new();
        while let Some(frame) = answer.frame().await {
            let frame = frame.map_err(|e| lost(&e))?;
            let Some(data) = frame.data_ref() else {
                continue;
            };
            rest.extend_from_slice(data);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                // Newer engines tell more than is read here; a failure is told by all in the same way.
                let told: Fetched = serde_json::from_slice(&line).unwrap_or_default();
                if let Some(words) = told.error {
                    return Err(SocketError::Refused {
                        path,
                        status: 200,
                        words,
                    });
                }
                progress(&told.id, &told.status);
            }
        }
        Ok(())
    }

    /// Lets a name stand for an image.
    pub(super) async fn tag(
        &mut self,
        image: &str,
        repository: &str,
        tag: &str,
    ) -> Result<(), SocketError> {
        let path = format!("/images/{image}/tag?repo={repository}&tag={tag}");
        self.post(&path, None).await.map(drop)
    }

    /// The new container's id.
    pub(super) async fn create(&mut self, name: &str, body: &Value) -> Result<String, SocketError> {
        let path = format!("/containers/create?name={name}");
        let made = self.post(&path, Some(body)).await?;
        let id = made["Id"].as_str().map(str::to_owned);
        id.ok_or_else(|| SocketError::Unknown {
            path,
            why: "it has no id".to_owned(),
        })
    }

    pub(super) async fn join(
        &mut self,
        network: &str,
        container: &str,
        endpoint: &Value,
    ) -> Result<(), SocketError> {
        let body = json!({ "Container": container, "EndpointConfig": endpoint });
        let path = format!("/networks/{network}/connect");
        self.post(&path, Some(&body)).await.map(drop)
    }

    pub(super) async fn rename(&mut self, container: &str, name: &str) -> Result<(), SocketError> {
        let path = format!("/containers/{container}/rename?name={name}");
        self.post(&path, None).await.map(drop)
    }

    pub(super) async fn start(&mut self, container: &str) -> Result<(), SocketError> {
        let path = format!("/containers/{container}/start");
        self.post(&path, None).await.map(drop)
    }

    /// Waits until it has ended, or was killed after its own time to stop.
    pub(super) async fn stop(&mut self, container: &str) -> Result<(), SocketError> {
        let path = format!("/containers/{container}/stop");
        self.post(&path, None).await.map(drop)
    }

    /// Without its volumes: they are somebody's data. One that is not there is removed already.
    pub(super) async fn remove(&mut self, container: &str) -> Result<(), SocketError> {
        let path = format!("{}/containers/{container}?v=false&force=true", self.api);
        let removed = self.socket.send(Method::DELETE, &path, None).await;
        missing(removed).map(drop)
    }

    /// By its id, and nothing that it was made from. False when something still uses it.
    pub(super) async fn remove_image(&mut self, id: &str) -> Result<bool, SocketError> {
        let path = format!("{}/images/{id}?noprune=true", self.api);
        match missing(self.socket.send(Method::DELETE, &path, None).await) {
            Err(SocketError::Refused { status: 409, .. }) => Ok(false),
            other => other.map(|_| true),
        }
    }
}

fn missing(answer: Result<Value, SocketError>) -> Result<Option<Value>, SocketError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(SocketError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
