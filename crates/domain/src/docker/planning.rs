//! Which images of a guest a renewal is about, with the containers that it replaces, and what stays as it is.

use super::{
    Container, ContainerState, DockerScan, ImagePlan, KeptImage, Owner, PlannedContainer,
    PlannedImage,
};
use crate::image::{Digest, Reference};

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
                let planned = with_followers(&using, containers);
                let touched = containers
                    .iter()
                    .filter(|c| planned.iter().any(|p| p.id == c.id));
                if let Some(why) = touched.into_iter().find_map(refusal) {
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
                    containers: planned,
                });
            }
        }
    }
    plan
}

/// Images with an update that are in use in a compose project of the plan and not part of it. `newer` gives their digests,
/// as for [`plan`].
pub fn beside(
    scans: &[DockerScan],
    plan: &ImagePlan,
    newer: impl Fn(&str, &Reference, &str) -> Option<Digest>,
) -> Vec<String> {
    let touched = |socket: &str, wanted: &str| {
        let images = plan.images.iter().filter(|image| image.socket == socket);
        images
            .flat_map(|image| &image.containers)
            .any(|c| matches!(&c.owner, Owner::Compose { project, .. } if project == wanted))
    };
    let mut names = Vec::new();
    for scan in scans {
        let DockerScan::Found {
            engine, containers, ..
        } = scan
        else {
            continue;
        };
        for container in containers {
            let Owner::Compose { project, .. } = &container.owner else {
                continue;
            };
            let Some(name) = container.reference() else {
                continue;
            };
            let has_newer = newer(&engine.socket, &name, &container.image_id).is_some();
            let name = name.familiar();
            let planned = plan
                .images
                .iter()
                .any(|image| image.socket == engine.socket && image.image == name);
            if has_newer && !planned && touched(&engine.socket, project) {
                names.push(name);
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Why a container is not for RedFlag to replace, or not now.
fn refusal(container: &Container) -> Option<String> {
    if container.state == ContainerState::Paused {
        return Some(format!(
            "{} is paused, and would run afterwards",
            container.name
        ));
    }
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
        running: matches!(
            container.state,
            ContainerState::Running | ContainerState::Restarting
        ),
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
    fn what_has_an_update_in_the_same_compose_project_is_named() {
        let of = |project: &str| Owner::Compose {
            project: project.into(),
            service: "web".into(),
            folder: "/srv".into(),
            files: Vec::new(),
            through: None,
        };
        let scans = [scan(vec![
            container("a", "a:1", of("shop"), None),
            container("b", "b:1", of("shop"), None),
            container("c", "c:1", of("other"), None),
            container("d", "d:1", Owner::Nobody, None),
        ])];
        let only = |name: &'static str| {
            plan(&scans, move |_, r, _| {
                (r.familiar() == name).then(|| Digest::sha256([1; 32]))
            })
        };
        assert_eq!(beside(&scans, &only("a:1"), all), ["b:1"]);
        assert!(beside(&scans, &only("d:1"), all).is_empty());
        assert!(beside(&scans, &only("a:1"), |_, _, _| None).is_empty());
    }

    #[test]
    fn one_that_is_paused_or_whose_follower_is_somebody_elses_stays() {
        let mut paused = container("a", "a:1", Owner::Nobody, None);
        paused.state = ContainerState::Paused;
        let swarm = Owner::Swarm {
            service: "web".into(),
        };
        let all_of_them = vec![
            paused,
            container("vpn", "vpn:1", Owner::Nobody, None),
            container("web", "web:1", swarm, Some("vpn")),
        ];
        let only = |_: &str, r: &Reference, _: &str| {
            (r.familiar() != "web:1").then(|| Digest::sha256([1; 32]))
        };
        let plan = plan(&[scan(all_of_them)], only);
        let why: Vec<&str> = plan.kept.iter().map(|kept| kept.why.as_str()).collect();
        assert_eq!(
            why,
            [
                "a is paused, and would run afterwards",
                "web belongs to the Swarm service web: update it there",
            ]
        );
        assert!(plan.images.is_empty());
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
