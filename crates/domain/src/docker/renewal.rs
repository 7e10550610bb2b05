//! Images that are renewed under the containers that run them: what is planned, and what became of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Container, ContainerState, DockerScan, Owner};
use crate::{
    image::{Digest, Reference},
    plan::PlanFingerprint,
};

/// A container that a plan replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedContainer {
    pub name: String,
    pub id: String,
    pub owner: Owner,
    pub running: bool,
    /// It keeps its image, and is made anew because it uses the network of one that is replaced.
    pub follows: bool,
}

/// One image of one engine that is renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedImage {
    /// The engine's socket.
    pub socket: String,
    /// As the containers name it, with its tag: `nginx:latest`.
    pub image: String,
    /// The id of the image in use.
    pub from: String,
    /// What its tag names in the registry now.
    pub to: Digest,
    /// Of the image in use, on the disk, in bytes: about what the new one needs.
    #[ts(type = "number")]
    pub size: u64,
    pub containers: Vec<PlannedContainer>,
}

/// An image with an update that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeptImage {
    pub image: String,
    pub containers: Vec<String>,
    pub why: String,
}

/// What will be done to the images of one guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImagePlan {
    pub images: Vec<PlannedImage>,
    pub kept: Vec<KeptImage>,
}

impl ImagePlan {
    /// Over everything that is changed.
    pub fn fingerprint(&self) -> PlanFingerprint {
        let mut parts: Vec<String> = Vec::new();
        for image in &self.images {
            parts.push(format!(
                "{} {} {} {}",
                image.socket, image.image, image.from, image.to
            ));
            for container in &image.containers {
                parts.push(format!("{} {}", container.id, container.follows));
            }
        }
        PlanFingerprint::of(parts.iter().map(String::as_str))
    }
}

/// What became of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RenewedContainer {
    pub name: String,
    /// Of the image that it runs from now; none where it could not be told.
    pub image_id: Option<String>,
    pub running: bool,
}

/// What became of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RenewedImage {
    pub socket: String,
    pub image: String,
    pub from: String,
    /// The new image's id; none when it did not come.
    pub to: Option<String>,
    pub containers: Vec<RenewedContainer>,
    /// Why its containers are the old ones.
    pub problem: Option<String>,
}

impl RenewedImage {
    /// Whether every container runs from the new image now.
    pub fn is_done(&self) -> bool {
        self.to.is_some() && self.problem.is_none()
    }
}

/// Makes the plan for images of a guest: `wanted` gives the new digest of those that are to be renewed, by socket, name
/// and the id in use.
pub fn plan(
    scans: &[DockerScan],
    wanted: impl Fn(&str, &Reference, &str) -> Option<Digest>,
) -> ImagePlan {
    let mut plan = ImagePlan::default();
    for scan in scans {
        let DockerScan::Found {
            engine,
            containers,
            images,
        } = scan
        else {
            continue;
        };
        for image in images {
            let of = containers.iter().filter(|c| c.image_id == image.id);
            let mut names: Vec<Reference> = of.filter_map(Container::reference).collect();
            names.sort_by_key(Reference::familiar);
            names.dedup();
            for name in names {
                let Some(to) = wanted(&engine.socket, &name, &image.id) else {
                    continue;
                };
                let using: Vec<&Container> = containers
                    .iter()
                    .filter(|c| c.image_id == image.id && c.reference().as_ref() == Some(&name))
                    .collect();
                if let Some(why) = using.iter().find_map(|container| refusal(container)) {
                    plan.kept.push(KeptImage {
                        image: name.familiar(),
                        containers: using.iter().map(|c| c.name.clone()).collect(),
                        why,
                    });
                    continue;
                }
                plan.images.push(PlannedImage {
                    socket: engine.socket.clone(),
                    image: name.familiar(),
                    from: image.id.clone(),
                    to,
                    size: image.size,
                    containers: with_followers(&using, containers),
                });
            }
        }
    }
    plan
}

/// Why a container is not for RedFlag to replace.
fn refusal(container: &Container) -> Option<String> {
    match &container.owner {
        Owner::Nobody => None,
        Owner::Compose {
            through: Some(keeper),
            project,
            ..
        } => Some(format!(
            "{} belongs to the project {project} of {keeper}: update it there",
            container.name
        )),
        Owner::Compose { folder, .. } if folder.is_empty() => Some(format!(
            "{} belongs to a compose project whose folder is not known",
            container.name
        )),
        Owner::Compose { .. } => None,
        Owner::Swarm { service } => Some(format!(
            "{} belongs to the Swarm service {service}: update it there",
            container.name
        )),
    }
}

/// The containers with those that use their network, each once.
fn with_followers(using: &[&Container], all: &[Container]) -> Vec<PlannedContainer> {
    let planned = |container: &Container, follows: bool| PlannedContainer {
        name: container.name.clone(),
        id: container.id.clone(),
        owner: container.owner.clone(),
        running: container.state == ContainerState::Running,
        follows,
    };
    let mut found: Vec<PlannedContainer> = using.iter().map(|c| planned(c, false)).collect();
    let mut at = 0;
    while at < found.len() {
        for other in all {
            let lender = other.network_of.as_deref();
            let follows = lender.is_some_and(|l| l == found[at].id || l == found[at].name);
            if follows && found.iter().all(|known| known.id != other.id) {
                found.push(planned(other, true));
            }
        }
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        docker::{Engine, Health, Image},
        image::{Origin, Platform},
    };

    fn container(name: &str, image: &str, owner: Owner, network_of: Option<&str>) -> Container {
        Container {
            id: format!("id-{name}"),
            name: name.into(),
            state: ContainerState::Running,
            health: Health::None,
            image: image.into(),
            image_id: format!("sha256:{image}"),
            owner,
            networks: Vec::new(),
            network_of: network_of.map(str::to_owned),
        }
    }

    fn scan(containers: Vec<Container>) -> DockerScan {
        let mut ids: Vec<String> = containers.iter().map(|c| c.image_id.clone()).collect();
        ids.sort();
        ids.dedup();
        let image = |id: String| Image {
            id,
            tags: Vec::new(),
            origin: Origin::default(),
            platform: Platform {
                os: "linux".into(),
                architecture: "amd64".into(),
                variant: String::new(),
            },
            size: 7,
            created: String::new(),
            about: std::collections::BTreeMap::new(),
        };
        DockerScan::Found {
            engine: Engine {
                socket: "/run/docker.sock".into(),
                podman: false,
                version: "26.1".into(),
                api: "1.45".into(),
            },
            images: ids.into_iter().map(image).collect(),
            containers,
        }
    }

    fn all(_: &str, _: &Reference, _: &str) -> Option<Digest> {
        Some(Digest::sha256([1; 32]))
    }

    #[test]
    fn containers_of_an_image_come_with_those_that_use_their_network() {
        let scan = scan(vec![
            container("vpn", "gluetun:v3", Owner::Nobody, None),
            container("torrent", "qbittorrent:5", Owner::Nobody, Some("id-vpn")),
            container("index", "prowlarr:1", Owner::Nobody, Some("torrent")),
        ]);
        let only_vpn = |_: &str, r: &Reference, _: &str| {
            (r.familiar() == "gluetun:v3").then(|| Digest::sha256([1; 32]))
        };
        let plan = plan(&[scan], only_vpn);
        assert_eq!(plan.images.len(), 1);
        let names: Vec<(&str, bool)> = plan.images[0]
            .containers
            .iter()
            .map(|c| (c.name.as_str(), c.follows))
            .collect();
        assert_eq!(names, [("vpn", false), ("torrent", true), ("index", true)]);
        assert!(plan.kept.is_empty());
    }

    #[test]
    fn what_somebody_else_keeps_is_named_and_left() {
        let compose = |through: Option<&str>, folder: &str| Owner::Compose {
            project: "media".into(),
            service: "web".into(),
            folder: folder.into(),
            files: Vec::new(),
            through: through.map(str::to_owned),
        };
        let swarm = Owner::Swarm {
            service: "web".into(),
        };
        let plan = plan(
            &[scan(vec![
                container(
                    "a",
                    "a:1",
                    compose(Some("Portainer"), "/data/compose/1"),
                    None,
                ),
                container("b", "b:1", swarm, None),
                container("c", "c:1", compose(None, ""), None),
                container("d", "d:1", compose(None, "/root/media"), None),
            ])],
            all,
        );
        let why: Vec<&str> = plan.kept.iter().map(|kept| kept.why.as_str()).collect();
        assert_eq!(
            why,
            [
                "a belongs to the project media of Portainer: update it there",
                "b belongs to the Swarm service web: update it there",
                "c belongs to a compose project whose folder is not known",
            ]
        );
        assert_eq!(plan.images.len(), 1);
    }

    #[test]
    fn another_digest_or_container_is_another_plan() {
        let one = scan(vec![container("a", "a:1", Owner::Nobody, None)]);
        let first = plan(std::slice::from_ref(&one), all);
        assert_eq!(
            first.fingerprint(),
            plan(std::slice::from_ref(&one), all).fingerprint()
        );
        let other = plan(&[one], |_, _, _| Some(Digest::sha256([2; 32])));
        assert_ne!(first.fingerprint(), other.fingerprint());
    }
}
