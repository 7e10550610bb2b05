//! What a container engine in a simulated guest tells.

use std::collections::BTreeMap;

use domain::{
    docker::{Container, ContainerState, DockerScan, Engine, Health, Image, Owner, PlannedImage},
    image::{Digest, Origin, Platform, Reference},
};

/// A running container: its name, what it was made from, and under which digest that came.
pub struct Running<'a> {
    pub name: &'a str,
    pub image: &'a str,
    pub digest: &'a Digest,
}

/// Docker with these containers. A reference that is none is shown as it is, and its image never came from a registry.
pub fn docker(containers: &[Running<'_>]) -> DockerScan {
    let mut images: Vec<Image> = Vec::new();
    for row in containers {
        let id = id_of(row.digest);
        let repository = row.image.parse::<Reference>().ok();
        let came = repository.map(|reference| {
            format!(
                "{}/{}@{}",
                reference.registry(),
                reference.repository(),
                row.digest
            )
        });
        if images.iter().all(|image| image.id != id) {
            images.push(Image {
                id,
                tags: vec![row.image.to_owned()],
                origin: Origin {
                    repo_digests: came.into_iter().collect(),
                },
                platform: Platform {
                    os: "linux".into(),
                    architecture: "amd64".into(),
                    variant: String::new(),
                },
                size: 192_000_000,
                created: "2026-10-01T08:00:00Z".into(),
                about: BTreeMap::new(),
            });
        }
    }
    let container = |row: &Running<'_>| Container {
        id: format!("{:0<64}", hex::encode(row.name)),
        name: row.name.to_owned(),
        state: ContainerState::Running,
        health: Health::None,
        image: row.image.to_owned(),
        image_id: id_of(row.digest),
        owner: Owner::Nobody,
        networks: vec!["bridge".into()],
        network_of: None,
    };
    DockerScan::Found {
        engine: Engine {
            socket: "/run/docker.sock".into(),
            podman: false,
            version: "28.0.1".into(),
            api: "1.48".into(),
        },
        containers: containers.iter().map(container).collect(),
        images,
    }
}

/// An image's id is the digest of its configuration, which is none of its manifests'.
fn id_of(digest: &Digest) -> String {
    let hex: String = digest.as_str().chars().rev().take(64).collect();
    format!("sha256:{hex}")
}

/// Puts a newer image under the containers of a plan. The new image's id; none when they are not there as planned.
pub(crate) fn renew(scans: &mut [DockerScan], planned: &PlannedImage) -> Option<String> {
    let (containers, images) = scans.iter_mut().find_map(|scan| match scan {
        DockerScan::Found {
            engine,
            containers,
            images,
        } if engine.socket == planned.socket => Some((containers, images)),
        DockerScan::Found { .. } | DockerScan::Failed { .. } => None,
    })?;
    let own = |id: &str| planned.containers.iter().any(|c| c.id == id && !c.follows);
    let mut using: Vec<&mut Container> = containers.iter_mut().filter(|c| own(&c.id)).collect();
    if using.is_empty() || using.iter().any(|c| c.image_id != planned.from) {
        return None;
    }
    let id = id_of(&planned.to);
    let old = images.iter().find(|image| image.id == planned.from)?;
    let reference: Reference = planned.image.parse().ok()?;
    let came = format!(
        "{}/{}@{}",
        reference.registry(),
        reference.repository(),
        planned.to
    );
    let new = Image {
        id: id.clone(),
        origin: Origin {
            repo_digests: vec![came],
        },
        ..old.clone()
    };
    for container in &mut using {
        container.image_id.clone_from(&id);
    }
    if images.iter().all(|image| image.id != id) {
        images.push(new);
    }
    Some(id)
}
