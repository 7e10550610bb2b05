//! Image references as Docker reads them: `[registry/]repository[:tag][@digest]`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Digest;

/// Docker Hub's name in references.
pub const HUB: &str = "docker.io";
/// Other names of the same registry.
const HUB_ALIASES: [&str; 3] = [
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
];
/// More names under which people log in there.
const HUB_LOGINS: [&str; 1] = ["docker.com"];
/// What is meant where neither tag nor digest is named.
const LATEST: &str = "latest";
/// The longest tag that registries take.
const LONGEST_TAG: usize = 128;
/// The longest name that registries take.
const LONGEST_NAME: usize = 255;

/// The registry that an entry of Docker's or Podman's list of logins is for, `https://index.docker.io/v1/` or
/// `quay.io/team`, as references name it, and the part of it that is meant.
pub fn login_place(place: &str) -> (String, Option<&str>) {
    let place = place.split_once("://").map_or(place, |(_, rest)| rest);
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let host = host.to_ascii_lowercase();
    let hub = HUB_ALIASES.iter().chain(&HUB_LOGINS);
    let registry = match hub.into_iter().any(|name| *name == host) {
        true => HUB.to_owned(),
        false => host,
    };
    // Old clients wrote the version of the interface behind the name.
    let part = Some(path.trim_matches('/')).filter(|p| !["", "v1", "v2"].contains(p));
    (registry, part)
}

/// A text that is no reference, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no image reference: {why}")]
pub struct InvalidReference {
    pub text: String,
    pub why: &'static str,
}

pub(super) fn invalid(text: &str, why: &'static str) -> InvalidReference {
    InvalidReference {
        text: text.to_owned(),
        why,
    }
}

/// Which version of a repository is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// A tag, which may move.
    Tag(String),
    /// A digest, which never does; the tag beside it is for people.
    Digest(Digest, Option<String>),
}

/// A reference with everything that Docker adds by itself: `nginx` is `docker.io/library/nginx:latest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Reference {
    registry: String,
    repository: String,
    version: Version,
}

impl Reference {
    /// `docker.io`, `ghcr.io`, `registry.lan:5000`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// `library/nginx`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The tag, also beside a digest.
    pub fn tag(&self) -> Option<&str> {
        match &self.version {
            Version::Tag(tag) => Some(tag),
            Version::Digest(_, tag) => tag.as_deref(),
        }
    }

    pub fn digest(&self) -> Option<&Digest> {
        match &self.version {
            Version::Tag(_) => None,
            Version::Digest(digest, _) => Some(digest),
        }
    }

    /// Whether both are of one repository.
    pub fn is_of(&self, other: &Self) -> bool {
        self.registry == other.registry && self.repository == other.repository
    }

    /// The same repository at another tag.
    #[must_use]
    pub fn at(&self, tag: &str) -> Self {
        Self {
            version: Version::Tag(tag.to_owned()),
            ..self.clone()
        }
    }

    /// As people write it: `nginx:latest`, `ghcr.io/me/app:1`.
    pub fn familiar(&self) -> String {
        let short = match self.repository.strip_prefix("library/") {
            Some(name) if !name.contains('/') => name,
            _ => &self.repository,
        };
        // A name that begins like a registry would be read as one.
        let name = match self.registry.as_str() {
            HUB if split_registry(short).0.is_none() => short.to_owned(),
            registry => format!("{registry}/{}", self.repository),
        };
        format!("{name}{}", self.ending())
    }

    fn ending(&self) -> String {
        match &self.version {
            Version::Tag(tag) => format!(":{tag}"),
            Version::Digest(digest, None) => format!("@{digest}"),
            Version::Digest(digest, Some(tag)) => format!(":{tag}@{digest}"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.registry, self.repository, self.ending())
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for Reference {
    type Error = InvalidReference;
    fn try_from(text: String) -> Result<Self, InvalidReference> {
        text.parse()
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;
    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let because = |why| Err(invalid(text, why));
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.contains("<none>") {
            return because("it names nothing");
        }
        if is_id(trimmed) {
            return because("it is the id of an image, which no registry knows");
        }
        let (rest, digest) = match trimmed.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>()?)),
            None => (trimmed, None),
        };
        let (registry, path) = split_registry(rest);
        // Only behind the last slash is a colon the tag's; before it stands the registry's port.
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (path, None),
        };
        if let Some(tag) = tag
            && !is_tag(tag)
        {
            return because("its tag is not one");
        }
        let registry = match registry.map(host_name) {
            Some(name) if HUB_ALIASES.contains(&name.as_str()) => HUB.to_owned(),
            Some(name) => name,
            None => HUB.to_owned(),
        };
        if !is_host(&registry) {
            return because("its registry is no host");
        }
        let repository = match registry.as_str() {
            HUB if !path.contains('/') => format!("library/{path}"),
            _ => path.to_owned(),
        };
        if repository.len() > LONGEST_NAME || !repository.split('/').all(is_component) {
            return because("a repository is lower-case words with /, ., _ and -");
        }
        let tag = tag.map(str::to_owned);
        let version = match digest {
            Some(digest) => Version::Digest(digest, tag),
            None => Version::Tag(tag.unwrap_or_else(|| LATEST.to_owned())),
        };
        Ok(Self {
            registry,
            repository,
            version,
        })
    }
}

/// An image by its id, as `docker ps` shows it where the tag has moved on.
fn is_id(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    let enough = if hex.len() == text.len() {
        64..=64
    } else {
        12..=64
    };
    enough.contains(&hex.len()) && hex.bytes().all(|c| c.is_ascii_hexdigit())
}

/// Docker's rule: the first part is a registry if it has a dot, a colon or a capital letter, or is `localhost`.
fn split_registry(text: &str) -> (Option<&str>, &str) {
    match text.split_once('/') {
        Some((first, rest))
            if is_plainly_host(first) || first.chars().any(|c| c.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, text),
    }
}

fn is_plainly_host(text: &str) -> bool {
    text.contains(['.', ':', '[']) || text == "localhost"
}

/// A host in small letters, unless its capitals are all that says that it is one.
fn host_name(text: &str) -> String {
    let small = text.to_ascii_lowercase();
    if is_plainly_host(&small) {
        small
    } else {
        text.to_owned()
    }
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let named = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b':' | b'_');
    let port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    !host.is_empty() && host.bytes().all(named) && port
}

fn is_tag(text: &str) -> bool {
    let good = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
    let begins = text
        .bytes()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric() || c == b'_');
    begins && text.len() <= LONGEST_TAG && text.bytes().all(good)
}

fn is_component(text: &str) -> bool {
    let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let (first, last) = (text.bytes().next(), text.bytes().last());
    first.is_some_and(word)
        && last.is_some_and(word)
        && text
            .bytes()
            .all(|c| word(c) || matches!(c, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests;
