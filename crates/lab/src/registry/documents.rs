//! Manifests and indexes for the scripted registry.

use domain::image::{Digest, Platform};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Document;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const SCHEMA_2: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// What is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// Makes digests differ.
    pub seed: String,
    /// In an index, or, with one alone and `bare`, a manifest.
    pub platforms: Vec<Platform>,
    /// No index around the only platform.
    pub bare: bool,
    /// Docker's own media types and not OCI's.
    pub docker: bool,
    /// The platforms stand in an index inside the index.
    pub nested: bool,
    /// With an attestation beside each platform.
    pub attested: bool,
}

/// Under which digests it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// What the tag names.
    pub digest: Digest,
    /// Of each platform's manifest, in order.
    pub platforms: Vec<Digest>,
}

/// Everything that is pushed of an image: manifests and indexes, innermost first, and what they name.
#[derive(Clone, Debug)]
pub struct Parts {
    pub pushed: Pushed,
    pub documents: Vec<(Digest, Document)>,
    pub blobs: Vec<(Digest, Vec<u8>)>,
}

impl Build {
    /// For `linux/amd64` and `linux/arm64`, in an index.
    pub fn new(seed: &str) -> Self {
        let platform = |architecture: &str| Platform {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: String::new(),
        };
        Self {
            seed: seed.to_owned(),
            platforms: vec![platform("amd64"), platform("arm64")],
            bare: false,
            docker: false,
            nested: false,
            attested: false,
        }
    }

    /// What a registry has to hold for it, in the order in which a real one takes it.
    pub fn parts(&self) -> Parts {
        let (index_type, manifest_type) = match self.docker {
            true => (LIST, SCHEMA_2),
            false => (INDEX, MANIFEST),
        };
        let config_type = match self.docker {
            true => DOCKER_CONFIG,
            false => CONFIG,
        };
        let mut blobs = Vec::new();
        let mut documents = Vec::new();
        let mut put = |media_type: &str, body: serde_json::Value| {
            let body = body.to_string().into_bytes();
            let digest = Digest::sha256(Sha256::digest(&body).into());
            let document = Document {
                media_type: media_type.to_owned(),
                body,
            };
            documents.push((digest.clone(), document));
            digest
        };
        let mut config = |seed: &str, os: &str, architecture: &str| {
            let body = json!({ "os": os, "architecture": architecture, "config": { "Labels": { "seed": seed } }, "rootfs": { "type": "layers", "diff_ids": [] } });
            let body = body.to_string().into_bytes();
            let digest = Digest::sha256(Sha256::digest(&body).into());
            let about = json!({ "mediaType": config_type, "digest": digest, "size": body.len() });
            blobs.push((digest, body));
            about
        };
        let mut platforms = Vec::new();
        let mut entries = Vec::new();
        for platform in &self.platforms {
            let manifest = json!({ "schemaVersion": 2, "mediaType": manifest_type, "annotations": { "seed": self.seed, "platform": platform.to_string() }, "config": config(&self.seed, &platform.os, &platform.architecture), "layers": [] });
            let size = manifest.to_string().len();
            let digest = put(manifest_type, manifest);
            let mut about = json!({ "os": platform.os, "architecture": platform.architecture });
            if !platform.variant.is_empty() {
                about["variant"] = json!(platform.variant);
            }
            entries.push(json!({ "mediaType": manifest_type, "digest": digest, "size": size, "platform": about }));
            if self.attested {
                let attestation = json!({ "schemaVersion": 2, "mediaType": manifest_type, "annotations": { "of": digest }, "config": config(&self.seed, "unknown", "unknown"), "layers": [] });
                let size = attestation.to_string().len();
                let attestation = put(manifest_type, attestation);
                entries.push(json!({ "mediaType": manifest_type, "digest": attestation, "size": size, "platform": { "os": "unknown", "architecture": "unknown" } }));
            }
            platforms.push(digest);
        }
        if self.bare
            && let [digest] = platforms.as_slice()
        {
            let digest = digest.clone();
            return Parts {
                pushed: Pushed { digest, platforms },
                documents,
                blobs,
            };
        }
        let mut index =
            json!({ "schemaVersion": 2, "mediaType": index_type, "manifests": entries });
        if self.nested {
            let size = index.to_string().len();
            let inner = put(index_type, index);
            index = json!({ "schemaVersion": 2, "mediaType": index_type, "manifests": [{ "mediaType": index_type, "digest": inner, "size": size }] });
        }
        let digest = put(index_type, index);
        Parts {
            pushed: Pushed { digest, platforms },
            documents,
            blobs,
        }
    }
}
