//! Guests as lists and status calls show them.

use domain::{NodeName, Vmid, fleet::Power};
use serde::Deserialize;

use crate::lenient;

/// A guest in `/cluster/resources`: up to 10 s old, and without what only its configuration knows.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestRow {
    pub vmid: Vmid,
    pub node: NodeName,
    /// None while its node has no statistics.
    pub name: Option<String>,
    pub power: Power,
    pub template: bool,
    /// Proxmox's word: `backup`, `snapshot`, `migrate`, …
    pub lock: Option<String>,
    pub tags: Vec<String>,
    /// Seconds.
    pub uptime: Option<u64>,
    /// Load, 0 to 1 of its processors.
    pub cpu: Option<f64>,
    pub max_cpu: Option<f64>,
    /// Bytes.
    pub mem: Option<u64>,
    pub max_mem: Option<u64>,
    /// Bytes of the root file system.
    pub disk: Option<u64>,
    pub max_disk: Option<u64>,
    pub pool: Option<String>,
    /// State that high availability wants, where it is in charge.
    pub ha_state: Option<String>,
}

/// Proxmox's word for power; what it has no statistics for, or another word, is unknown.
pub(crate) fn power(word: Option<&str>) -> Power {
    match word {
        Some("running") => Power::Running,
        Some("stopped") => Power::Stopped,
        _ => Power::Unknown,
    }
}

/// `GET …/status/current`: the state right now.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "RawStatus")]
pub struct LxcStatus {
    pub power: Power,
    pub name: Option<String>,
    pub lock: Option<String>,
    pub template: bool,
    pub tags: Vec<String>,
    /// Seconds.
    pub uptime: Option<u64>,
    pub mem: Option<u64>,
    pub max_mem: Option<u64>,
    pub disk: Option<u64>,
    pub max_disk: Option<u64>,
    pub ha: Ha,
}

/// Whether high availability is in charge of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "RawHa")]
pub struct Ha {
    pub managed: bool,
    /// Requested state: `started`, `stopped`, `ignored`, …
    pub state: Option<String>,
}

#[derive(Deserialize)]
struct RawHa {
    #[serde(default, deserialize_with = "lenient::boolean")]
    managed: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    state: Option<String>,
}

impl From<RawHa> for Ha {
    fn from(raw: RawHa) -> Self {
        Self {
            managed: raw.managed.unwrap_or(false),
            state: raw.state,
        }
    }
}

#[derive(Deserialize)]
struct RawStatus {
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    lock: Option<String>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    template: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    tags: Option<String>,
    #[serde(default, deserialize_with = "lenient::uint")]
    uptime: Option<u64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    mem: Option<u64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    maxmem: Option<u64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    disk: Option<u64>,
    #[serde(default, deserialize_with = "lenient::uint")]
    maxdisk: Option<u64>,
    #[serde(default)]
    ha: Option<Ha>,
}

impl From<RawStatus> for LxcStatus {
    fn from(raw: RawStatus) -> Self {
        Self {
            power: power(raw.status.as_deref()),
            name: raw.name,
            lock: raw.lock.filter(|l| !l.is_empty()),
            template: raw.template.unwrap_or(false),
            tags: lenient::words(raw.tags.as_deref()),
            uptime: raw.uptime,
            mem: raw.mem,
            max_mem: raw.maxmem,
            disk: raw.disk,
            max_disk: raw.maxdisk,
            ha: raw.ha.unwrap_or_default(),
        }
    }
}
