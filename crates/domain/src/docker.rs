//! Docker inside a guest: its containers, the images they run, and who looks after them.

mod planning;
mod renewal;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::image::{Checked, NewerTags, Origin, Platform, Reference};
pub use planning::{beside, plan};
pub use renewal::{
    ImagePlan, KeptImage, PlannedContainer, PlannedImage, RenewedContainer, RenewedImage,
};

/// What was found behind a guest's container sockets. A guest without one has no entry at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum DockerScan {
    Found {
        engine: Engine,
        containers: Vec<Container>,
        /// Those that containers use.
        images: Vec<Image>,
    },
    /// The socket is there and does not answer; `reason` in its own words.
    Failed { socket: String, reason: String },
}

/// Who answers behind a socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Engine {
    /// `/run/docker.sock`.
    pub socket: String,
    pub podman: bool,
    pub version: String,
    /// The version of its API that is spoken: `1.47`.
    pub api: String,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    pub id: String,
    pub name: String,
    pub state: ContainerState,
    pub health: Health,
    /// What it was made from, as it was written then; an image's id where nothing else is known.
    pub image: String,
    pub image_id: String,
    pub owner: Owner,
    pub networks: Vec<String>,
    /// The container whose network it shares, by name or id.
    pub network_of: Option<String>,
}

impl Container {
    /// What it was made from, where that is something a registry knows.
    pub fn reference(&self) -> Option<Reference> {
        self.image.parse().ok()
    }
}

/// As Docker names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ContainerState {
    Created,
    Running,
    Paused,
    Restarting,
    Exited,
    Dead,
    /// A word of a daemon that is newer than this program.
    Unknown,
}

impl ContainerState {
    /// From Docker's word.
    pub fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "created" | "configured" | "initialized" => Self::Created,
            "running" => Self::Running,
            "paused" => Self::Paused,
            "restarting" => Self::Restarting,
            "exited" | "stopped" => Self::Exited,
            "dead" | "removing" => Self::Dead,
            _ => Self::Unknown,
        }
    }
}

/// What the container's own check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Health {
    /// It has none.
    None,
    Starting,
    Healthy,
    Unhealthy,
}

/// Who made a container, and so has to update it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Owner {
    /// Somebody with `docker run`.
    Nobody,
    Compose {
        project: String,
        service: String,
        /// Where the project's files were; they may be gone since.
        folder: String,
        files: Vec<String>,
        /// The program that keeps the project: `Portainer`, `Dockge`, `Komodo`.
        through: Option<String>,
    },
    Swarm {
        service: String,
    },
}

/// Of programs that keep projects in folders of their own.
const KEEPERS: [(&str, &str); 4] = [
    ("/data/compose/", "Portainer"),
    ("/etc/komodo/", "Komodo"),
    ("/opt/stacks/", "Dockge"),
    ("/opt/dockge/", "Dockge"),
];

impl Owner {
    /// From a container's labels.
    pub fn of(labels: &BTreeMap<String, String>) -> Self {
        let get = |name: &str| labels.get(name).cloned().unwrap_or_default();
        if let Some(service) = labels.get("com.docker.swarm.service.name") {
            return Self::Swarm {
                service: service.clone(),
            };
        }
        let Some(project) = labels.get("com.docker.compose.project") else {
            return Self::Nobody;
        };
        let folder = get("com.docker.compose.project.working_dir");
        let files: Vec<String> = get("com.docker.compose.project.config_files")
            .split(',')
            .filter(|file| !file.is_empty())
            .map(str::to_owned)
            .collect();
        let lies_in = |place: &str| {
            folder.starts_with(place) || files.iter().any(|file| file.starts_with(place))
        };
        let through = KEEPERS
            .iter()
            .find(|(place, _)| lies_in(place))
            .map(|(_, name)| (*name).to_owned());
        Self::Compose {
            project: project.clone(),
            service: get("com.docker.compose.service"),
            folder,
            files,
            through,
        }
    }
}

/// One image that is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    pub id: String,
    pub tags: Vec<String>,
    #[serde(flatten)]
    pub origin: Origin,
    pub platform: Platform,
    /// On the disk, in bytes.
    #[ts(type = "number")]
    pub size: u64,
    /// As its maker says, RFC 3339; some say 1970.
    pub created: String,
    /// What its maker says of it: version, source, documentation, by the names of OCI's annotations without
    /// `org.opencontainers.image.`.
    pub about: BTreeMap<String, String>,
}

/// An image in use in a guest, and how it stands beside its registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImageInUse {
    /// The engine's socket.
    pub socket: String,
    /// As the containers name it: `nginx:latest`; an image's id where nothing else is known.
    pub image: String,
    pub image_id: String,
    /// None where the engine has lost the image under a running container.
    pub platform: Option<Platform>,
    /// Their names, sorted.
    pub containers: Vec<String>,
    pub checked: Checked,
    /// Newer tags of its family; none where nobody has asked which there are, or the tag is no version.
    pub newer: Option<NewerTags>,
    /// A page that tells what is new in it, as its maker names it.
    pub notes: Option<String>,
}

/// What is kept of an image's labels.
const ABOUT: [&str; 5] = ["version", "revision", "source", "url", "documentation"];

/// Of an image's labels what tells people about it.
pub fn about(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    ABOUT
        .iter()
        .filter_map(|name| {
            let value = labels.get(&format!("org.opencontainers.image.{name}"))?;
            Some(((*name).to_owned(), value.clone()))
        })
        .collect()
}

/// Hosts of sources, and where they list releases below a project.
const RELEASES: [(&str, &str); 4] = [
    ("https://github.com/", "/releases"),
    ("https://codeberg.org/", "/releases"),
    ("https://gitea.com/", "/releases"),
    ("https://gitlab.com/", "/-/releases"),
];
/// A longer address is none that somebody wrote.
const LONGEST_ADDRESS: usize = 500;

/// The page that tells what is new, by what an image's maker says: the releases beside its source where they can be, else
/// the maker's own page.
pub fn notes(about: &BTreeMap<String, String>) -> Option<String> {
    let address = |name: &str| about.get(name).filter(|text| is_address(text));
    let source = address("source").map(|s| s.trim_end_matches('/').trim_end_matches(".git"));
    let releases = source.and_then(|source| {
        let known = RELEASES.iter().find(|(host, _)| {
            let project = source.strip_prefix(host);
            project.is_some_and(|path| path.split('/').count() == 2)
        });
        known.map(|(_, page)| format!("{source}{page}"))
    });
    let own = || address("url").or(address("documentation")).cloned();
    releases.or_else(own).or_else(|| source.map(str::to_owned))
}

/// Whether a text from an image is an address that may be opened.
fn is_address(text: &str) -> bool {
    let web = text.starts_with("https://") || text.starts_with("http://");
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '`');
    web && text.len() <= LONGEST_ADDRESS && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
        rows.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn notes_are_the_releases_or_the_makers_page() {
        type Row<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
        let rows: [Row<'_>; 7] = [
            (
                &[
                    ("source", "https://github.com/nginx/docker-nginx.git"),
                    ("url", "https://nginx.org"),
                ],
                Some("https://github.com/nginx/docker-nginx/releases"),
            ),
            (
                &[
                    ("source", "https://gitlab.com/a/b/"),
                    ("documentation", "https://docs.example"),
                ],
                Some("https://gitlab.com/a/b/-/releases"),
            ),
            (
                &[
                    ("source", "https://github.com/a/b/tree/main/x"),
                    ("url", "https://x.example/"),
                ],
                Some("https://x.example/"),
            ),
            (
                &[("source", "https://git.example/a")],
                Some("https://git.example/a"),
            ),
            (&[("url", "javascript:alert(1)")], None),
            (&[("url", "https://x.example/\" onclick=")], None),
            (&[("version", "1")], None),
        ];
        for (about, expected) in rows {
            assert_eq!(notes(&labels(about)).as_deref(), expected, "{about:?}");
        }
    }

    #[test]
    fn an_owner_is_known_by_its_labels() {
        let compose = |folder: &str, through: Option<&str>| {
            let rows = [
                ("com.docker.compose.project", "media"),
                ("com.docker.compose.service", "sonarr"),
                ("com.docker.compose.project.working_dir", folder),
                (
                    "com.docker.compose.project.config_files",
                    "compose.yml,override.yml",
                ),
            ];
            let expected = Owner::Compose {
                project: "media".into(),
                service: "sonarr".into(),
                folder: folder.into(),
                files: vec!["compose.yml".into(), "override.yml".into()],
                through: through.map(str::to_owned),
            };
            assert_eq!(Owner::of(&labels(&rows)), expected, "{folder}");
        };
        compose("/root/media", None);
        compose("/data/compose/3", Some("Portainer"));
        compose("/opt/stacks/media", Some("Dockge"));
        compose("/etc/komodo/stacks/media", Some("Komodo"));
        assert_eq!(Owner::of(&labels(&[("maintainer", "me")])), Owner::Nobody);
        let swarm = labels(&[("com.docker.swarm.service.name", "web")]);
        assert_eq!(
            Owner::of(&swarm),
            Owner::Swarm {
                service: "web".into()
            }
        );
    }
}
