//! Where a registry is, and how much it may be asked.

use std::{str::FromStr, time::Duration};

use domain::image::reference::HUB;
use reqwest::Url;

/// Where Docker Hub answers.
const HUB_API: &str = "registry-1.docker.io";

/// Encrypted or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Https,
    /// Only where the user said so.
    Http,
}

/// One registry as it is to be asked.
#[derive(Clone, Debug)]
pub struct Host {
    /// As references name it.
    pub name: String,
    /// Who is asked in its place, `host` or `host:port`: a mirror that holds the same.
    pub mirror: Option<String>,
    pub scheme: Scheme,
    /// Certificates beside the system's that are accepted (PEM).
    pub ca_pem: Option<String>,
    /// Questions at once.
    pub at_once: usize,
    /// For one question with everything that belongs to it.
    pub patience: Duration,
}

/// A name that is no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no host of a registry: {why}")]
pub struct InvalidHost {
    pub name: String,
    pub why: String,
}

impl Host {
    /// With defaults that are kind to a public registry.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            mirror: None,
            scheme: Scheme::Https,
            ca_pem: None,
            at_once: 4,
            patience: Duration::from_secs(20),
        }
    }

    /// Whether it can be asked at all.
    ///
    /// # Errors
    /// When its name, its mirror or its certificate is none.
    pub fn check(&self) -> Result<(), InvalidHost> {
        crate::Registry::new(self.clone(), None).map(drop)
    }

    /// The root of its API, `https://registry-1.docker.io/v2/` for Docker Hub.
    pub(crate) fn root(&self) -> Result<Url, InvalidHost> {
        let host = match (&self.mirror, self.name.as_str()) {
            (Some(mirror), _) => mirror,
            (None, HUB) => HUB_API,
            (None, name) => name,
        };
        let scheme = match self.scheme {
            Scheme::Https => "https",
            Scheme::Http => "http",
        };
        Url::from_str(&format!("{scheme}://{host}/v2/")).map_err(|e| InvalidHost {
            name: self.name.clone(),
            why: e.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hub_answers_elsewhere_than_its_name_says() {
        let root = |name: &str| Host::new(name).root().unwrap().to_string();
        assert_eq!(root("docker.io"), "https://registry-1.docker.io/v2/");
        assert_eq!(root("registry.lan:5000"), "https://registry.lan:5000/v2/");
        assert_eq!(root("[::1]:5000"), "https://[::1]:5000/v2/");
        assert!(Host::new("a b").root().is_err());
    }
}
