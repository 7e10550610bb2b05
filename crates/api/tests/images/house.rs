//! A desktop, a lab with a guest in which containers run, and a scripted registry in place of Docker Hub.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use domain::{
    docker::DockerScan,
    fleet::{GuestRow, ImageCounts},
    image::Digest,
};
use lab::{
    Lab,
    registry::{Build, Manners, Registry},
};
use serde_json::{Value, json};

use crate::desktop::{Desktop, lab, label, target};

pub(crate) struct House {
    pub(crate) lab: Lab,
    pub(crate) registry: Registry,
    pub(crate) desktop: Desktop,
    pub(crate) folder: tempfile::TempDir,
}

/// Only a test that fails waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const NAME: &str = "ubuntu-docker-01";

pub(crate) fn counts(total: u32, updates: u32, unclear: u32) -> Option<ImageCounts> {
    Some(ImageCounts {
        total,
        updates,
        unclear,
    })
}

impl House {
    /// Docker Hub is the scripted registry.
    pub(crate) async fn open() -> Result<Self> {
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

    pub(crate) fn push(&self, repository: &str, tag: &str, seed: &str) -> Digest {
        self.registry
            .push(repository, tag, &Build::new(seed))
            .digest
    }

    pub(crate) fn holds(&self, scans: Vec<DockerScan>) -> Result<()> {
        self.lab
            .guest(&label(&self.lab), 100, |guest| guest.machine.docker = scans)
    }

    pub(crate) async fn scan(&mut self) -> Result<()> {
        let targets = target(&self.desktop, NAME).await?;
        let scan = json!({ "targets": targets });
        let scan = self.desktop.call("start_scan", scan).await?;
        self.desktop.until_over(&scan["operation"]).await?;
        Ok(())
    }

    pub(crate) async fn becomes(&mut self, expected: Option<ImageCounts>) -> Result<()> {
        let shown = |guests: &[GuestRow]| {
            let row = guests.iter().find(|guest| guest.name == NAME)?;
            (row.images == expected).then_some(())
        };
        let seen = self.desktop.until_tree(shown).await;
        let row = self.desktop.guest(NAME).await?;
        seen.with_context(|| format!("{:?}", row.images))
    }

    /// `nginx:latest update`, one for each image.
    pub(crate) async fn states(&self) -> Result<Vec<String>> {
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

    pub(crate) async fn state_become(&self, expected: &[&str]) -> Result<()> {
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
    pub(crate) fn asked(&self) -> usize {
        let asked = self.registry.asked();
        asked
            .iter()
            .filter(|a| a.path.contains("/manifests/"))
            .count()
    }
}
