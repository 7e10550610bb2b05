//! `GET /cluster/resources`: one row for each thing of the cluster.

use domain::{NodeName, Vmid};
use serde::Deserialize;

use crate::{GuestRow, NodeRow, NodeState, lenient, types::guest::power};

/// One row. Kinds that RedFlag does not know are kept as `Other`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "RawRow")]
pub enum ResourceRow {
    Lxc(GuestRow),
    Qemu(GuestRow),
    Node(NodeRow),
    Storage(StorageRow),
    Other { kind: String, id: String },
}

/// A storage as one node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageRow {
    pub storage: String,
    pub node: NodeName,
    pub available: bool,
    pub shared: bool,
    /// Bytes.
    pub disk: Option<u64>,
    pub max_disk: Option<u64>,
    /// `dir`, `lvmthin`, `zfspool`, …
    pub plugin: Option<String>,
}

#[derive(Deserialize)]
struct RawRow {
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    node: Option<String>,
    #[serde(default, deserialize_with = "lenient::uint")]
    vmid: Option<u64>,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    template: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    lock: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    tags: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pool: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    hastate: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    storage: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    plugintype: Option<String>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    shared: Option<bool>,
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

/// A row whose own identity cannot be read. It fails the answer: a guest must not vanish for a misread number.
#[derive(Debug, thiserror::Error)]
#[error("row {id:?} has no valid {what}")]
struct BadRow {
    id: String,
    what: &'static str,
}

impl RawRow {
    fn bad(&self, what: &'static str) -> BadRow {
        let id = self.id.clone().unwrap_or_default();
        BadRow { id, what }
    }

    fn node(&self) -> Result<NodeName, BadRow> {
        self.node
            .as_deref()
            .and_then(|node| node.parse().ok())
            .ok_or_else(|| self.bad("node"))
    }

    fn guest(self) -> Result<GuestRow, BadRow> {
        // The id says it too: `lxc/101`.
        let in_id = self.id.as_deref().and_then(|id| id.rsplit_once('/'));
        let vmid = self
            .vmid
            .and_then(|n| u32::try_from(n).ok())
            .or_else(|| in_id.and_then(|(_, n)| n.parse().ok()))
            .and_then(|n| Vmid::try_from(n).ok())
            .ok_or_else(|| self.bad("vmid"))?;
        let node = self.node()?;
        Ok(GuestRow {
            vmid,
            node,
            name: self.name.filter(|n| !n.is_empty()),
            power: power(self.status.as_deref()),
            template: self.template.unwrap_or(false),
            lock: self.lock.filter(|l| !l.is_empty()),
            tags: lenient::words(self.tags.as_deref()),
            uptime: self.uptime,
            cpu: self.cpu,
            max_cpu: self.maxcpu,
            mem: self.mem,
            max_mem: self.maxmem,
            disk: self.disk,
            max_disk: self.maxdisk,
            pool: self.pool,
            ha_state: self.hastate,
        })
    }
}

impl TryFrom<RawRow> for ResourceRow {
    type Error = BadRow;

    fn try_from(raw: RawRow) -> Result<Self, BadRow> {
        match raw.kind.as_deref() {
            Some("lxc") => raw.guest().map(Self::Lxc),
            Some("qemu") => raw.guest().map(Self::Qemu),
            Some("node") => Ok(Self::Node(NodeRow {
                node: raw.node()?,
                state: NodeState::of(raw.status.as_deref()),
                ssl_fingerprint: None,
                cpu: raw.cpu,
                max_cpu: raw.maxcpu,
                mem: raw.mem,
                max_mem: raw.maxmem,
                disk: raw.disk,
                max_disk: raw.maxdisk,
                uptime: raw.uptime,
            })),
            Some("storage") => Ok(Self::Storage(StorageRow {
                node: raw.node()?,
                available: raw.status.as_deref() == Some("available"),
                shared: raw.shared.unwrap_or(false),
                disk: raw.disk,
                max_disk: raw.maxdisk,
                storage: raw.storage.unwrap_or_default(),
                plugin: raw.plugintype,
            })),
            _ => Ok(Self::Other {
                kind: raw.kind.unwrap_or_default(),
                id: raw.id.unwrap_or_default(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ResourceRow;
    use domain::fleet::Power;

    fn row(text: &str) -> Result<ResourceRow, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn words_for_numbers_and_numbers_for_words_make_the_same_guest() {
        let row = row(
            r#"{"id":"lxc/101","type":"lxc","vmid":"101","node":"pve1","name":42,"status":"running",
            "template":"0","uptime":"60","cpu":"0.5","maxmem":"1024","tags":"a;b","lock":"backup"}"#,
        );
        let Ok(ResourceRow::Lxc(guest)) = row else {
            panic!("{row:?}")
        };
        assert_eq!(guest.vmid.get(), 101);
        assert_eq!(guest.name.as_deref(), Some("42"));
        assert_eq!(guest.power, Power::Running);
        assert!(!guest.template);
        assert_eq!(
            (guest.uptime, guest.cpu, guest.max_mem),
            (Some(60), Some(0.5), Some(1024))
        );
        assert_eq!(guest.tags, ["a", "b"]);
        assert_eq!(guest.lock.as_deref(), Some("backup"));
    }

    #[test]
    fn a_guest_of_a_node_without_statistics_is_a_guest_of_unknown_power() {
        let row =
            row(r#"{"id":"lxc/200","type":"lxc","vmid":200,"node":"pve2","status":"unknown"}"#);
        let Ok(ResourceRow::Lxc(guest)) = row else {
            panic!("{row:?}")
        };
        assert_eq!((guest.power, guest.name), (Power::Unknown, None));
    }

    #[test]
    fn the_id_helps_where_the_number_is_missing_and_a_row_without_identity_fails() {
        assert!(matches!(
            row(r#"{"id":"lxc/101","type":"lxc","node":"pve1"}"#),
            Ok(ResourceRow::Lxc(guest)) if guest.vmid.get() == 101
        ));
        for text in [
            r#"{"id":"lxc/","type":"lxc","node":"pve1"}"#,
            r#"{"id":"lxc/7","type":"lxc","node":"pve1","vmid":7}"#,
            r#"{"id":"lxc/101","type":"lxc","vmid":101}"#,
            r#"{"id":"lxc/101","type":"lxc","vmid":101,"node":"a/b"}"#,
        ] {
            let said = row(text).unwrap_err().to_string();
            assert!(said.contains("lxc/"), "{said}");
        }
    }

    #[test]
    fn kinds_of_the_future_are_kept_and_harmless() {
        assert!(matches!(
            row(r#"{"id":"hologram/1","type":"hologram","mem":{"odd":[1]}}"#),
            Ok(ResourceRow::Other { kind, .. }) if kind == "hologram"
        ));
    }
}
