//! Docker images: what a reference means, which platform is wanted, and how an image in use stands beside its registry.

mod digest;
pub mod reference;
pub mod tag;

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Timestamp;
pub use digest::Digest;
pub use reference::{InvalidReference, Reference, Version};
pub use tag::Newer;

/// Operating system and processor that an image was made for, in the words of the OCI image specification.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Platform {
    pub os: String,
    /// `amd64`, `arm64`, `arm`, …
    pub architecture: String,
    /// `v7` of `arm`; empty where it makes no difference.
    pub variant: String,
}

impl Platform {
    /// Whether an image for `offered` runs on this platform. A variant that only one of both names makes no difference:
    /// `arm64` and `arm64/v8` are one.
    pub fn takes(&self, offered: &Self) -> bool {
        let variant = self.variant == offered.variant
            || self.variant.is_empty()
            || offered.variant.is_empty();
        self.os == offered.os && self.architecture == offered.architecture && variant
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        Ok(())
    }
}

/// What a registry holds under a tag for one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Of the document that the tag names: an index of several platforms, or one manifest.
    pub digest: Digest,
    /// The digests of the platform's own manifest inside the index; empty where nobody had to look.
    pub platform: Vec<Digest>,
}

/// How a registry is asked, where the usual way is not the right one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RegistrySetting {
    /// As references name it: `docker.io`, `registry.lan:5000`.
    pub name: String,
    /// Who is asked in its place, `host` or `host:port`: a mirror that holds the same.
    pub mirror: Option<String>,
    /// Without encryption.
    pub insecure: bool,
    /// A certificate beside the system's that is accepted (PEM).
    pub ca_pem: Option<String>,
}

/// How much a registry may still be asked, as it told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Allowance {
    pub remaining: u32,
    pub limit: u32,
    /// When it is whole again, as far as it is told.
    pub whole_at: Option<Timestamp>,
    pub at: Timestamp,
}

/// What a registry answered, kept over a restart of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub registry: String,
    pub repository: String,
    /// The tag; the digest where none was named.
    pub version: String,
    pub platform: Platform,
    /// As whom it was asked; none for nobody. Others may be told something else.
    pub user: Option<String>,
    pub held: Held,
    pub at: Timestamp,
}

/// The versions among a repository's tags, kept over a restart of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub registry: String,
    pub repository: String,
    pub tags: Vec<String>,
    pub at: Timestamp,
}

/// How an image in use stands beside its registry. Only [`ImageState::Current`] is good news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ImageState {
    /// Nobody has asked yet.
    Unasked,
    /// The tag still names what is in use.
    Current,
    /// The tag names something newer.
    Update { digest: Digest },
    /// The reference names a digest, which never changes. `moved` tells whether the tag beside it names another one by
    /// now; none where there is no tag or nobody looked.
    Pinned { moved: Option<bool> },
    /// No registry has it: built or loaded on the guest, or used by its id alone.
    Local { why: String },
    /// The registry has no such tag any more; its words.
    Gone { words: String },
    /// The registry wants credentials that RedFlag does not have, or refused those it has; its words.
    NoAccess { words: String },
    /// The registry answers nobody for a while. `last` is what was known before.
    RateLimited {
        until: Option<Timestamp>,
        last: Option<Box<ImageState>>,
    },
    /// Nobody could say; `reason` in the words of whoever failed. `last` is what was known before.
    Unknown {
        reason: String,
        last: Option<Box<ImageState>>,
    },
}

impl ImageState {
    /// Whether nobody could say how the image stands, or nobody has asked yet.
    pub fn is_unclear(&self) -> bool {
        match self {
            Self::Unasked
            | Self::Gone { .. }
            | Self::NoAccess { .. }
            | Self::RateLimited { .. }
            | Self::Unknown { .. } => true,
            Self::Current | Self::Update { .. } | Self::Pinned { .. } | Self::Local { .. } => false,
        }
    }
}

/// An [`ImageState`], and when a registry last said something to the purpose; none when never.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    pub state: ImageState,
    pub at: Option<Timestamp>,
}

/// Tags beside the one in use, and when the registry listed them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewerTags {
    pub newer: Newer,
    pub at: Timestamp,
}

/// Where an image in use came from, as its daemon tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// `repository@sha256:…`, as many as the daemon knows; none for what never came from a registry.
    pub repo_digests: Vec<String>,
}

impl Origin {
    /// The digests under which a repository gave this image. Of another repository they say nothing: the same image may
    /// have been pushed elsewhere.
    pub fn digests_of(&self, reference: &Reference) -> Vec<Digest> {
        self.repo_digests
            .iter()
            .filter_map(|text| text.parse::<Reference>().ok())
            .filter(|known| known.is_of(reference))
            .filter_map(|known| known.digest().cloned())
            .collect()
    }
}

/// Compares what is in use with what the registry holds. Any digest that both know makes it current; the platform's own
/// manifest counts like the index that lists it.
pub fn compare(reference: &Reference, origin: &Origin, held: &Held) -> ImageState {
    let known = origin.digests_of(reference);
    if known.is_empty() {
        return ImageState::Local {
            why: match origin.repo_digests.is_empty() {
                true => "It never came from a registry".to_owned(),
                false => format!(
                    "It came from another repository than {}",
                    reference.repository()
                ),
            },
        };
    }
    let same = |digest: &Digest| *digest == held.digest || held.platform.contains(digest);
    if known.iter().any(same) {
        return ImageState::Current;
    }
    ImageState::Update {
        digest: held.digest.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(c: char) -> Digest {
        format!("sha256:{}", c.to_string().repeat(64))
            .parse()
            .unwrap()
    }

    fn origin(rows: &[(&str, char)]) -> Origin {
        Origin {
            repo_digests: rows
                .iter()
                .map(|(name, c)| format!("{name}@{}", digest(*c)))
                .collect(),
        }
    }

    fn held(index: char, platform: &[char]) -> Held {
        Held {
            digest: digest(index),
            platform: platform.iter().map(|c| digest(*c)).collect(),
        }
    }

    #[test]
    fn any_digest_of_the_same_repository_that_fits_is_current() {
        let nginx: Reference = "nginx".parse().unwrap();
        let update = ImageState::Update {
            digest: digest('a'),
        };
        let rows = [
            (origin(&[("nginx", 'a')]), ImageState::Current, "the index"),
            (
                origin(&[("nginx", 'b')]),
                ImageState::Current,
                "the platform's manifest",
            ),
            (
                origin(&[("nginx", 'c'), ("docker.io/library/nginx", 'a')]),
                ImageState::Current,
                "one of several",
            ),
            (origin(&[("nginx", 'c')]), update.clone(), "another one"),
            (
                origin(&[("nginx", 'c'), ("ghcr.io/me/nginx", 'a')]),
                update,
                "the digest of another repository does not count",
            ),
        ];
        for (origin, expected, why) in rows {
            assert_eq!(
                compare(&nginx, &origin, &held('a', &['b'])),
                expected,
                "{why}"
            );
        }
    }

    #[test]
    fn what_came_from_no_registry_is_local() {
        let nginx: Reference = "nginx".parse().unwrap();
        let built = compare(&nginx, &Origin::default(), &held('a', &[]));
        assert!(matches!(built, ImageState::Local { .. }), "{built:?}");
        let other = compare(
            &nginx,
            &origin(&[("ghcr.io/me/nginx", 'a')]),
            &held('a', &[]),
        );
        assert!(matches!(other, ImageState::Local { .. }), "{other:?}");
    }

    #[test]
    fn a_variant_that_only_one_side_names_makes_no_difference() {
        let platform = |architecture: &str, variant: &str| Platform {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: variant.into(),
        };
        assert!(platform("arm64", "").takes(&platform("arm64", "v8")));
        assert!(platform("arm64", "v8").takes(&platform("arm64", "")));
        assert!(!platform("arm", "v6").takes(&platform("arm", "v7")));
        assert!(!platform("amd64", "").takes(&platform("arm64", "")));
    }
}
