//! What engines answer, as far as it is wanted. Fields that a daemon leaves away or sets to null are empty.

use std::collections::BTreeMap;

use domain::{
    docker::{self, Container, ContainerState, Health, Image, Owner},
    image::{Origin, Platform},
};
use serde::{Deserialize, Deserializer};

/// Null is what old daemons write for nothing.
fn or_empty<'de, D, T>(value: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

/// `/version`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Version {
    pub version: String,
    pub api_version: String,
    #[serde(default, deserialize_with = "or_empty")]
    components: Vec<Component>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Component {
    #[serde(default, deserialize_with = "or_empty")]
    name: String,
}

impl Version {
    pub(super) fn is_podman(&self) -> bool {
        self.components.iter().any(|c| c.name.contains("Podman"))
    }
}

/// One of `/containers/json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    id: String,
    #[serde(default, deserialize_with = "or_empty")]
    names: Vec<String>,
    #[serde(default, deserialize_with = "or_empty")]
    image: String,
    #[serde(default, rename = "ImageID", deserialize_with = "or_empty")]
    image_id: String,
    #[serde(default, deserialize_with = "or_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "or_empty")]
    state: String,
    #[serde(default, deserialize_with = "or_empty")]
    status: String,
    #[serde(default, deserialize_with = "or_empty")]
    host_config: HostConfig,
    #[serde(default, deserialize_with = "or_empty")]
    network_settings: NetworkSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    #[serde(default, deserialize_with = "or_empty")]
    network_mode: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings {
    #[serde(default, deserialize_with = "or_empty")]
    networks: BTreeMap<String, serde::de::IgnoredAny>,
}

/// `Up 2 hours (healthy)`: the list has the check's word nowhere else.
fn health(status: &str) -> Health {
    let inside = status
        .rsplit_once('(')
        .map(|(_, rest)| rest.trim_end_matches(')'));
    match inside {
        Some("healthy") => Health::Healthy,
        Some("unhealthy") => Health::Unhealthy,
        Some("health: starting" | "starting") => Health::Starting,
        _ => Health::None,
    }
}

impl Listed {
    pub(super) fn container(self) -> Container {
        // Names of links to it have more slashes.
        let own = self.names.iter().find(|n| n.matches('/').count() <= 1);
        let name = own.or(self.names.first());
        let name = name.map(|name| name.trim_start_matches('/').to_owned());
        let shared = self.host_config.network_mode.strip_prefix("container:");
        Container {
            name: name.unwrap_or_else(|| self.id.chars().take(12).collect()),
            state: ContainerState::of(&self.state),
            health: health(&self.status),
            owner: Owner::of(&self.labels),
            networks: self.network_settings.networks.into_keys().collect(),
            network_of: shared.map(str::to_owned),
            id: self.id,
            image: self.image,
            image_id: self.image_id,
        }
    }
}

/// `/containers/ID/json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Named {
    pub config: NamedConfig,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamedConfig {
    #[serde(default, deserialize_with = "or_empty")]
    pub image: String,
}

/// `/images/ID/json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Inspected {
    id: String,
    #[serde(default, deserialize_with = "or_empty")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "or_empty")]
    repo_digests: Vec<String>,
    #[serde(default, deserialize_with = "or_empty")]
    os: String,
    #[serde(default, deserialize_with = "or_empty")]
    architecture: String,
    #[serde(default, deserialize_with = "or_empty")]
    variant: String,
    #[serde(default, deserialize_with = "or_empty")]
    size: u64,
    #[serde(default, deserialize_with = "or_empty")]
    created: String,
    #[serde(default, deserialize_with = "or_empty")]
    config: ImageConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageConfig {
    #[serde(default, deserialize_with = "or_empty")]
    labels: BTreeMap<String, String>,
}

impl Inspected {
    pub(super) fn image(self) -> Image {
        Image {
            tags: self.repo_tags,
            origin: Origin {
                repo_digests: self.repo_digests,
            },
            platform: Platform {
                os: self.os,
                architecture: self.architecture,
                variant: self.variant,
            },
            size: self.size,
            created: self.created,
            about: docker::about(&self.config.labels),
            id: self.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_container_is_read_from_old_and_new_daemons() {
        let new = r#"{"Id":"abc","Names":["/web","/proxy/web"],"Image":"nginx:1.27","ImageID":"sha256:1","Labels":{"com.docker.compose.project":"p"},"State":"running","Status":"Up 2 hours (healthy)","HostConfig":{"NetworkMode":"container:def"},"NetworkSettings":{"Networks":{"front":{},"back":{}}},"Health":{"Status":"healthy"}}"#;
        let listed: Listed = serde_json::from_str(new).unwrap();
        let container = listed.container();
        assert_eq!(container.name, "web");
        assert_eq!(
            (container.state, container.health),
            (ContainerState::Running, Health::Healthy)
        );
        assert_eq!(container.networks, ["back", "front"]);
        assert_eq!(container.network_of.as_deref(), Some("def"));
        assert!(matches!(container.owner, Owner::Compose { .. }));
        let old = r#"{"Id":"0123456789abcdef","Names":null,"Image":"sha256:0123456789ab","ImageID":"sha256:1","Labels":null,"Status":"Exited (0) 2 days ago","NetworkSettings":null}"#;
        let container = serde_json::from_str::<Listed>(old).unwrap().container();
        assert_eq!(container.name, "0123456789ab");
        assert_eq!(container.health, Health::None);
        assert_eq!(container.reference(), None, "an id is no reference");
    }

    #[test]
    fn an_image_is_read_where_half_of_it_is_null() {
        let text = r#"{"Id":"sha256:1","RepoTags":null,"RepoDigests":["nginx@sha256:2"],"Os":"linux","Architecture":"arm64","Variant":"v8","Size":12,"Created":null,"Config":{"Labels":{"org.opencontainers.image.version":"1.27","x":"y"}}}"#;
        let image = serde_json::from_str::<Inspected>(text).unwrap().image();
        assert_eq!(image.platform.to_string(), "linux/arm64/v8");
        assert_eq!(image.about["version"], "1.27");
        assert_eq!(image.about.len(), 1);
        assert_eq!(image.origin.repo_digests, ["nginx@sha256:2"]);
    }
}
