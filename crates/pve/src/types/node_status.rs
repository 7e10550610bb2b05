//! `GET /nodes/{node}/status` and `/subscription`: what a node says of itself.

use domain::fleet::Usage;
use serde::{Deserialize, Deserializer};

use crate::lenient::{self, Scalar};

/// A node's versions, hardware and load. Whatever it does not tell is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "RawStatus")]
pub struct NodeStatus {
    /// Of Proxmox VE: `8.4.21`.
    pub version: Option<String>,
    /// The kernel that runs: `6.8.12-9-pve`.
    pub kernel: Option<String>,
    /// Model of the processor.
    pub processor: Option<String>,
    /// Logical processors.
    pub cpus: Option<u32>,
    /// Averages over 1, 5 and 15 minutes, as the node writes them.
    pub load: Vec<String>,
    /// Of the root file system, in bytes.
    pub root_disk: Option<Usage>,
    /// In bytes.
    pub memory: Option<Usage>,
    /// Seconds.
    pub uptime: Option<u64>,
}

#[derive(Deserialize)]
struct RawStatus {
    #[serde(default, deserialize_with = "lenient::text")]
    pveversion: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    kversion: Option<String>,
    #[serde(default, rename = "current-kernel")]
    current_kernel: Option<RawKernel>,
    #[serde(default)]
    cpuinfo: Option<RawProcessor>,
    #[serde(default)]
    loadavg: Option<Vec<Scalar>>,
    #[serde(default)]
    rootfs: Option<RawUsage>,
    #[serde(default)]
    memory: Option<RawUsage>,
    #[serde(default, deserialize_with = "lenient::uint")]
    uptime: Option<u64>,
}

#[derive(Deserialize)]
struct RawKernel {
    #[serde(default, deserialize_with = "lenient::text")]
    release: Option<String>,
}

#[derive(Deserialize)]
struct RawProcessor {
    #[serde(default, deserialize_with = "lenient::text")]
    model: Option<String>,
    #[serde(default, deserialize_with = "lenient::uint")]
    cpus: Option<u64>,
}

#[derive(Deserialize)]
struct RawUsage {
    #[serde(default, deserialize_with = "lenient::uint")]
    used: Option<u64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    total: Option<u64>,
}

impl RawUsage {
    fn usage(self) -> Option<Usage> {
        let (used, total) = (self.used?, self.total?);
        Some(Usage { used, total })
    }
}

impl From<RawStatus> for NodeStatus {
    fn from(raw: RawStatus) -> Self {
        let kernel = raw.current_kernel.and_then(|k| k.release);
        let (processor, cpus) = raw.cpuinfo.map_or((None, None), |p| (p.model, p.cpus));
        Self {
            version: raw.pveversion.as_deref().and_then(plain_version),
            kernel: kernel.or_else(|| raw.kversion.as_deref().and_then(release)),
            processor: processor.filter(|model| !model.is_empty()),
            cpus: cpus.and_then(|n| u32::try_from(n).ok()),
            load: raw
                .loadavg
                .unwrap_or_default()
                .iter()
                .filter_map(Scalar::text)
                .collect(),
            root_disk: raw.rootfs.and_then(RawUsage::usage),
            memory: raw.memory.and_then(RawUsage::usage),
            uptime: raw.uptime,
        }
    }
}

/// `8.4.21` of `pve-manager/8.4.21/2606ac85f6f41e0d`.
fn plain_version(text: &str) -> Option<String> {
    let version = text.split('/').nth(1).unwrap_or(text);
    (!version.is_empty()).then(|| version.to_owned())
}

/// `5.15.108-1-pve` of `Linux 5.15.108-1-pve #1 SMP PVE 5.15.108-1`, which is all that older nodes tell.
fn release(text: &str) -> Option<String> {
    let mut words = text.split_whitespace();
    let first = words.next()?;
    let release = match first {
        "Linux" => words.next()?,
        other => other,
    };
    Some(release.to_owned())
}

/// The status word of `GET /nodes/{node}/subscription`: `active`, `notfound`, `expired`, …
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subscription(pub(crate) Option<String>);

impl<'de> Deserialize<'de> for Subscription {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default, deserialize_with = "lenient::text")]
            status: Option<String>,
        }
        // Version 7 writes capitals.
        let word = Raw::deserialize(deserializer)?.status;
        Ok(Self(
            word.map(|word| word.trim().to_ascii_lowercase())
                .filter(|word| !word.is_empty()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{NodeStatus, Subscription};
    use domain::fleet::Usage;

    #[test]
    fn version_7_tells_its_kernel_in_a_sentence() {
        let status: NodeStatus = serde_json::from_str(
            r#"{"pveversion":"pve-manager/7.4-17/513c62be","kversion":"Linux 5.15.108-1-pve #1 SMP PVE 5.15.108-1 (2023-06-17T09:41Z)",
                "cpuinfo":{"cpus":"4","model":"Intel(R) N100","mhz":"800.000"},"loadavg":["0.10","0.20","0.30"],
                "rootfs":{"used":"10","total":"100","avail":90},"memory":{"used":1,"free":1,"total":2},"uptime":"60"}"#,
        )
        .unwrap();
        assert_eq!(status.version.as_deref(), Some("7.4-17"));
        assert_eq!(status.kernel.as_deref(), Some("5.15.108-1-pve"));
        assert_eq!(status.processor.as_deref(), Some("Intel(R) N100"));
        assert_eq!((status.cpus, status.uptime), (Some(4), Some(60)));
        assert_eq!(status.load, ["0.10", "0.20", "0.30"]);
        let disk = Usage {
            used: 10,
            total: 100,
        };
        assert_eq!(status.root_disk, Some(disk));
    }

    #[test]
    fn version_9_has_more_and_other_numbers() {
        let status: NodeStatus = serde_json::from_str(
            r#"{"pveversion":"pve-manager/9.2.11/0123456789abcdef","current-kernel":{"sysname":"Linux","release":"6.14.8-2-pve"},
                "kversion":"Linux 6.14.8-1-pve","loadavg":[0.5,"0.25",0],"memory":{"total":2,"used":1,"available":1},
                "pressurecpusome":"0.00","rootfs":{"total":5}}"#,
        )
        .unwrap();
        assert_eq!(status.version.as_deref(), Some("9.2.11"));
        assert_eq!(status.kernel.as_deref(), Some("6.14.8-2-pve"));
        assert_eq!(status.load, ["0.5", "0.25", "0"]);
        assert_eq!(status.root_disk, None);
        assert_eq!(status.memory, Some(Usage { used: 1, total: 2 }));
    }

    #[test]
    fn a_node_that_tells_nothing_is_no_error() {
        let status: NodeStatus = serde_json::from_str("{}").unwrap();
        assert_eq!(status, NodeStatus::default());
        let nulls = r#"{"pveversion":null,"cpuinfo":null,"loadavg":null,"rootfs":null}"#;
        let status: NodeStatus = serde_json::from_str(nulls).unwrap();
        assert_eq!(status, NodeStatus::default());
    }

    #[test]
    fn subscriptions_read_alike_in_all_versions() {
        for (text, expected) in [
            (
                r#"{"status":"notfound","message":"There is no subscription key","serverid":"X"}"#,
                Some("notfound"),
            ),
            (r#"{"status":"NotFound"}"#, Some("notfound")),
            (r#"{"status":"Active","level":"c"}"#, Some("active")),
            (r#"{"status":""}"#, None),
            ("{}", None),
        ] {
            let read: Subscription = serde_json::from_str(text).unwrap();
            assert_eq!(read.0.as_deref(), expected, "{text}");
        }
    }
}
