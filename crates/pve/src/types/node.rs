//! Nodes and the version that they run.

use domain::{NodeName, host::Fingerprint};
use serde::Deserialize;

use crate::lenient;

/// `GET /version`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// `8.4.21`; `7.4-17` in the style of version 7.
    pub version: String,
    /// `8.4`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub release: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub repoid: Option<String>,
}

impl Version {
    /// Major and minor number: (8, 4).
    pub fn major_minor(&self) -> Option<(u32, u32)> {
        let mut parts = self.version.split(['.', '-']);
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        Some((major, minor))
    }
}

/// How the cluster sees a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    Online,
    Offline,
    /// No statistics: it has just started, or its statistics daemon is stuck.
    Unknown,
}

impl NodeState {
    pub(crate) fn of(word: Option<&str>) -> Self {
        match word {
            Some("online") => Self::Online,
            Some("offline") => Self::Offline,
            _ => Self::Unknown,
        }
    }
}

/// A node, of `GET /nodes` or `/cluster/resources`. Without Sys.Audit the numbers are missing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "RawNode")]
pub struct NodeRow {
    pub node: NodeName,
    pub state: NodeState,
    /// Of its certificate; only in `GET /nodes`.
    pub ssl_fingerprint: Option<Fingerprint>,
    /// Load, 0 to 1 of all processors.
    pub cpu: Option<f64>,
    pub max_cpu: Option<f64>,
    /// Bytes.
    pub mem: Option<u64>,
    pub max_mem: Option<u64>,
    /// Bytes of the root file system.
    pub disk: Option<u64>,
    pub max_disk: Option<u64>,
    /// Seconds.
    pub uptime: Option<u64>,
}

#[derive(Deserialize)]
struct RawNode {
    node: NodeName,
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    ssl_fingerprint: Option<String>,
    #[serde(default, deserialize_with = "lenient::float")]
    cpu: Option<f64>,
    #[serde(default, deserialize_with = "lenient::float")]
    maxcpu: Option<f64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    mem: Option<u64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    maxmem: Option<u64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    disk: Option<u64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    maxdisk: Option<u64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    uptime: Option<u64>,
}

impl From<RawNode> for NodeRow {
    fn from(raw: RawNode) -> Self {
        Self {
            node: raw.node,
            state: NodeState::of(raw.status.as_deref()),
            ssl_fingerprint: raw.ssl_fingerprint.and_then(|f| f.parse().ok()),
            cpu: raw.cpu,
            max_cpu: raw.maxcpu,
            mem: raw.mem,
            max_mem: raw.maxmem,
            disk: raw.disk,
            max_disk: raw.maxdisk,
            uptime: raw.uptime,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NodeRow, NodeState, Version};

    #[test]
    fn versions_of_every_style_give_major_and_minor() {
        for (text, expected) in [
            ("8.4.21", Some((8, 4))),
            ("7.4-17", Some((7, 4))),
            ("9.2", Some((9, 2))),
            ("nine", None),
        ] {
            let json = format!("{{\"version\":\"{text}\"}}");
            let version: Version = serde_json::from_str(&json).unwrap();
            assert_eq!(version.major_minor(), expected);
        }
    }

    #[test]
    fn a_node_without_numbers_or_with_words_for_numbers_is_still_a_node() {
        let bare: NodeRow = serde_json::from_str("{\"node\":\"pve1\"}").unwrap();
        assert_eq!(bare.state, NodeState::Unknown);
        assert_eq!(bare.uptime, None);
        let text = r#"{"node":"pve1","status":"online","uptime":"12","cpu":"0.5","mem":null}"#;
        let row: NodeRow = serde_json::from_str(text).unwrap();
        assert_eq!((row.uptime, row.cpu, row.mem), (Some(12), Some(0.5), None));
        assert!(serde_json::from_str::<NodeRow>("{\"node\":\"../x\"}").is_err());
    }
}
