//! Container images in the tree: asked for once, right where the registry answers, and never good news where it does not.

mod desktop;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use desktop::{Desktop, lab, label, target, with_agents};
use domain::{
    docker::DockerScan,
    fleet::{GuestRow, ImageCounts},
    image::Digest,
};
use lab::{
    Lab,
    registry::{Build, Manners, Mood, Registry},
    scenario::{Running, docker},
};
use serde_json::{Value, json};

struct House {
    lab: Lab,
    registry: Registry,
    desktop: Desktop,
    folder: tempfile::TempDir,
}

/// Only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
const NAME: &str = "ubuntu-docker-01";

fn counts(total: u32, updates: u32, unclear: u32) -> Option<ImageCounts> {
    Some(ImageCounts {
        total,
        updates,
        unclear,
    })
}

impl House {
    /// Docker Hub is the scripted registry.
    async fn open() -> Result<Self> {
        let (lab, registry) = (lab().await?, Registry::start(Manners::default()).await?);
        let folder = tempfile::tempdir()?;
        let desktop = Desktop::open(folder.path()).await?;
        let house = Self {
            lab,
            registry,
            desktop,
            folder,
        };
        house.mirror().await?;
        Ok(house)
    }

    async fn mirror(&self) -> Result<()> {
        let registry = json!({ "name": "docker.io", "mirror": self.registry.name(), "insecure": true, "caPem": null });
        let request = json!({ "registry": registry });
        self.desktop.call("set_registry", request).await?;
        Ok(())
    }

    fn push(&self, repository: &str, tag: &str, seed: &str) -> Digest {
        self.registry
            .push(repository, tag, &Build::new(seed))
            .digest
    }

    fn holds(&self, scans: Vec<DockerScan>) -> Result<()> {
        self.lab
            .guest(&label(&self.lab), 100, |guest| guest.machine.docker = scans)
    }

    async fn scan(&mut self) -> Result<()> {
        let targets = target(&self.desktop, NAME).await?;
        let scan = json!({ "targets": targets });
        let scan = self.desktop.call("start_scan", scan).await?;
        self.desktop.until_over(&scan["operation"]).await?;
        Ok(())
    }

    async fn becomes(&mut self, expected: Option<ImageCounts>) -> Result<()> {
        let shown = |guests: &[GuestRow]| {
            let row = guests.iter().find(|guest| guest.name == NAME)?;
            (row.images == expected).then_some(())
        };
        let seen = self.desktop.until_tree(shown).await;
        let row = self.desktop.guest(NAME).await?;
        seen.with_context(|| format!("{:?}", row.images))
    }

    /// `nginx:latest update`, one for each image.
    async fn states(&self) -> Result<Vec<String>> {
        let guest = self.desktop.guest(NAME).await?.id;
        let details = self
            .desktop
            .call("guest_details", json!({ "guest": guest }))
            .await?;
        let images = details["images"].as_array().context("a list")?;
        let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let line = |image: &Value| {
            let state = &image["checked"]["state"];
            format!("{} {}", word(&image["image"]), word(&state["kind"]))
        };
        Ok(images.iter().map(line).collect())
    }

    async fn state_become(&self, expected: &[&str]) -> Result<()> {
        let began = std::time::Instant::now();
        loop {
            let states = self.states().await?;
            if states == expected {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "{states:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How often manifests were asked for.
    fn asked(&self) -> usize {
        let asked = self.registry.asked();
        asked
            .iter()
            .filter(|a| a.path.contains("/manifests/"))
            .count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn images_are_compared_with_their_registry_and_asked_for_once() -> Result<()> {
    let mut house = House::open().await?;
    let old = house.push("library/nginx", "latest", "nginx of last month");
    house.push("library/nginx", "latest", "nginx of today");
    let redis = house.push("library/redis", "7.4", "redis");
    let built = Digest::sha256([7; 32]);
    let row = |name, image, digest| Running {
        name,
        image,
        digest,
    };
    house.holds(vec![docker(&[
        row("web", "nginx:latest", &old),
        row("web-2", "nginx:latest", &old),
        row("cache", "redis:7.4", &redis),
    ])])?;
    with_agents(&house.lab, &mut house.desktop).await?;
    house.becomes(counts(2, 1, 0)).await?;
    house
        .state_become(&["nginx:latest update", "redis:7.4 current"])
        .await?;
    assert_eq!(house.desktop.guest("nextcloud").await?.images, None);
    // The old index is gone, so that somebody has to look inside the new one; redis is known by its digest alone.
    let asked = house.asked();
    assert!(asked <= 3, "{asked} questions");

    // Another scan with the same images asks nobody.
    house.scan().await?;
    assert_eq!(house.asked(), 0);
    // Whoever has the new one is up to date.
    let new = house.push("library/nginx", "latest", "nginx of today");
    house.holds(vec![
        docker(&[
            row("web", "nginx:latest", &new),
            row("mine", "me/app:1", &built),
        ]),
        DockerScan::Failed {
            socket: "/run/user/1000/podman/podman.sock".into(),
            reason: "Connection refused".into(),
        },
    ])?;
    house.scan().await?;
    // The registry has no me/app, and an engine that does not answer may have anything.
    house.becomes(counts(2, 0, 2)).await?;
    house
        .state_become(&["me/app:1 gone", "nginx:latest current"])
        .await?;

    // What was said is known after a start, without another question.
    house.desktop.app.shutdown().await;
    house.asked();
    house.registry.behave(Manners {
        mood: Mood::TooMany {
            headers: Vec::new(),
        },
        ..Manners::default()
    });
    house.desktop = Desktop::open(house.folder.path()).await?;
    house.becomes(counts(2, 0, 2)).await?;
    assert!(
        house
            .states()
            .await?
            .contains(&"nginx:latest current".to_owned())
    );
    // Asked on demand, a registry that refuses makes nothing up to date.
    house.desktop.call("check_images", json!({})).await?;
    house.becomes(counts(2, 0, 3)).await?;
    house
        .state_become(&["me/app:1 rateLimited", "nginx:latest rateLimited"])
        .await?;
    house.lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_is_asked_as_the_user_said() -> Result<()> {
    let house = House::open().await?;
    let known = house.desktop.call("registries", json!({})).await?;
    assert_eq!(known["registries"][0]["name"], "docker.io");
    let bad =
        json!({ "registry": { "name": "a b", "mirror": null, "insecure": false, "caPem": null } });
    let refused = house.desktop.call("set_registry", bad).await.unwrap_err();
    assert!(format!("{refused:?}").contains("a b"), "{refused:?}");
    let which = json!({ "name": "docker.io" });
    house.desktop.call("remove_registry", which.clone()).await?;
    let known = house.desktop.call("registries", json!({})).await?;
    assert_eq!(known["registries"], json!([]));
    house
        .desktop
        .call("remove_registry", which)
        .await
        .unwrap_err();
    house.desktop.app.shutdown().await;
    house.lab.stop().await;
    Ok(())
}
