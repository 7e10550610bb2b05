//! A real guest with Docker, a registry beside it, and an agent.

mod bodies;
mod conformance;
mod fields;
mod private;
mod renew;

use domain::{
    docker::{DockerScan, ImagePlan, plan},
    image::Digest,
};
use lab::lxc::{
    GuestPlan, RealGuest, Userland,
    docker::{Docker, REGISTRY},
};
use serde_json::Value;
use wire::{Action, Outcome};

use crate::{
    desktop::{self, Desktop},
    house::House,
};

const VMID: u32 = 170;

struct Bench<'a> {
    guest: &'a RealGuest,
    desktop: Desktop,
}

/// One guest in which Docker runs.
async fn house(name: &str) -> House {
    House::start(vec![GuestPlan::new(VMID, name).userland(Userland::Docker)]).await
}

impl<'a> Bench<'a> {
    async fn prepare(house: &'a House) -> Self {
        let bench = Self {
            guest: house.guest(VMID),
            desktop: house.desktop().await,
        };
        Docker(bench.guest).start().await.unwrap();
        house.enrol(VMID, &bench.desktop).await;
        bench
    }

    async fn shell(&self, line: &str) -> String {
        self.guest.shell(line).await.unwrap()
    }

    /// Pushes an image of BusyBox that does `script`, with more settings of its own; gives the digest.
    async fn push(&self, name: &str, script: &str, changes: &[&str]) -> Digest {
        self.push_to(REGISTRY, name, script, changes).await
    }

    async fn push_to(&self, registry: &str, name: &str, script: &str, changes: &[&str]) -> Digest {
        let docker = Docker(self.guest);
        docker.push(registry, name, script, changes).await.unwrap()
    }

    async fn inspect(&self, name: &str) -> Value {
        Docker(self.guest).inspect(name).await.unwrap()
    }

    /// What the agent reports of the engine.
    async fn scans(&self) -> Vec<DockerScan> {
        let scanned = self.desktop.done(Action::Scan { refresh: false }).await;
        assert!(matches!(scanned, Outcome::Scanned { .. }), "{scanned:?}");
        let inventory = |m: &mut desktop::Memory| m.inventories.last().cloned();
        self.desktop.until("an inventory", inventory).await.docker
    }

    async fn plan(&self, image: &str, to: &Digest) -> ImagePlan {
        self.plan_at(REGISTRY, image, to).await
    }

    async fn plan_at(&self, registry: &str, image: &str, to: &Digest) -> ImagePlan {
        let wanted = format!("{registry}/{image}");
        let made = plan(&self.scans().await, |_, name, _| {
            (name.familiar() == wanted).then(|| to.clone())
        });
        assert_eq!(made.images.len(), 1, "{made:?}");
        made
    }
}

impl Bench<'_> {
    /// Has the agent renew the one image, and tells how that went.
    async fn renew(&self, image: &str, to: &Digest) -> Outcome {
        self.renew_at(REGISTRY, image, to).await
    }

    async fn renew_at(&self, registry: &str, image: &str, to: &Digest) -> Outcome {
        let images = self.plan_at(registry, image, to).await.images;
        self.desktop.done(Action::UpdateImages { images }).await
    }

    async fn image_of(&self, container: &str) -> String {
        let known = self.inspect(container).await;
        assert_eq!(known["State"]["Running"], true, "{container}");
        known["Image"].as_str().unwrap().to_owned()
    }

    async fn id_of(&self, image: &str, digest: &Digest) -> String {
        let docker = Docker(self.guest);
        docker.id_of(REGISTRY, image, digest).await.unwrap()
    }
}
