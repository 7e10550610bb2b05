//! Images that are renewed under the containers that run them: what is planned, and what became of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Owner;
use crate::{Timestamp, image::Digest, plan::PlanFingerprint};

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
    /// Images with an update that were not asked for, in use in a compose project of which an image is renewed; by name.
    pub beside: Vec<String>,
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
    /// It kept its image, and was made anew because it uses the network of one that was replaced.
    pub follows: bool,
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
    /// The old image stays on the guest's disk until then, to go back to; none where it is not RedFlag's to remove.
    pub kept_until: Option<Timestamp>,
}

impl RenewedImage {
    /// Whether every container runs from the new image now.
    pub fn is_done(&self) -> bool {
        self.to.is_some() && self.problem.is_none()
    }
}
