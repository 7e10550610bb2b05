//! Docker in a real guest: images that do next to nothing, and what there is to compare of a container.

use anyhow::{Context as _, Result};
use domain::image::Digest;
use serde_json::{Map, Value, json};

use super::RealGuest;

/// Where the guest's own registry listens, seen from inside.
pub const REGISTRY: &str = "127.0.0.1:5000";

/// The engine and the registry of a guest with [`Userland::Docker`](super::Userland::Docker).
#[derive(Clone, Copy, Debug)]
pub struct Docker<'a>(pub &'a RealGuest);

/// Of a container these differ from one to the next whatever it was made of.
const ITS_OWN: [&str; 11] = [
    "Id",
    "Created",
    "State",
    "Image",
    "ResolvConfPath",
    "HostnamePath",
    "HostsPath",
    "LogPath",
    "GraphDriver",
    "SizeRw",
    "ExecIDs",
];

impl Docker<'_> {
    /// Starts both and waits for the engine.
    ///
    /// # Errors
    /// When it does not answer within a minute.
    pub async fn start(self) -> Result<()> {
        let line = "systemctl start docker docker-registry && for i in $(seq 60); do docker version >/dev/null 2>&1 && break; sleep 1; done; \
                    docker version >/dev/null";
        self.0.shell(line).await.map(drop)
    }

    /// Pushes an image of BusyBox that does `script`, with more settings of its own; gives the digest. `place` is the
    /// registry as the guest names it.
    ///
    /// # Errors
    /// Docker's words.
    pub async fn push(
        self,
        place: &str,
        name: &str,
        script: &str,
        changes: &[&str],
    ) -> Result<Digest> {
        let changes: String = changes.iter().map(|c| format!(" --change '{c}'")).collect();
        let line = format!(
            "d=$(mktemp -d) && mkdir $d/bin && cp /bin/busybox $d/bin/ && for t in sh sleep cat test touch; do ln -s busybox $d/bin/$t; done && \
             echo '{script}' > $d/run && chmod 755 $d/run && \
             tar -C $d -c . | docker import --change 'CMD [\"/bin/sh\",\"/run\"]'{changes} - {place}/{name} >/dev/null && \
             docker push -q {place}/{name} >/dev/null && \
             docker image inspect --format '{{{{index .RepoDigests 0}}}}' {place}/{name}"
        );
        let told = self.0.shell(&line).await?;
        let digest = told.trim().rsplit('@').next().unwrap_or_default();
        digest
            .parse()
            .with_context(|| format!("no digest of {name}: {told}"))
    }

    /// All that the engine tells of a container.
    ///
    /// # Errors
    /// When there is none.
    pub async fn inspect(self, name: &str) -> Result<Value> {
        let text = self.0.shell(&format!("docker inspect {name}")).await?;
        let mut all: Vec<Value> = serde_json::from_str(&text)?;
        all.pop().with_context(|| format!("no container {name}"))
    }

    /// The id of an image under its digest.
    ///
    /// # Errors
    /// When it is not here.
    pub async fn id_of(self, place: &str, image: &str, digest: &Digest) -> Result<String> {
        let line = format!("docker image inspect --format '{{{{.Id}}}}' {place}/{image}@{digest}");
        Ok(self.0.shell(&line).await?.trim().to_owned())
    }
}

/// A container without what may differ between an old one and the one that takes its place.
pub fn comparable(mut container: Value) -> Value {
    let id = container["Id"].as_str().unwrap_or_default().to_owned();
    if let Some(container) = container.as_object_mut() {
        container.retain(|name, _| !ITS_OWN.contains(&name.as_str()));
    }
    if let Some(config) = container["Config"].as_object_mut() {
        config.retain(|name, value| {
            name != "Hostname" || !value.as_str().is_some_and(|name| id.starts_with(name))
        });
    }
    let networks = container["NetworkSettings"].take();
    let mut kept = Map::new();
    for (name, network) in networks["Networks"].as_object().into_iter().flatten() {
        let aliases = network["Aliases"].as_array().into_iter().flatten();
        let aliases: Vec<&str> = aliases
            .filter_map(Value::as_str)
            .filter(|alias| !id.starts_with(alias))
            .collect();
        kept.insert(
            name.clone(),
            json!({ "IPAMConfig": network["IPAMConfig"], "Aliases": aliases }),
        );
    }
    container["NetworkSettings"] = Value::Object(kept);
    // Volumes without a name are named by the new one, so that they stay.
    let mounts = container["Mounts"].as_array().into_iter().flatten();
    let mut mounts: Vec<(String, String)> = mounts
        .map(|mount| (mount["Destination"].to_string(), mount["Name"].to_string()))
        .collect();
    mounts.sort();
    container["Mounts"] = json!(mounts);
    container["HostConfig"]["Binds"] = Value::Null;
    container
}
