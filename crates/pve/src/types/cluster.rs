//! `GET /cluster/status`: the cluster's name and quorum, and its members.

use std::net::IpAddr;

use domain::NodeName;
use serde::Deserialize;

use crate::lenient;

/// Name, quorum, members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<RawRow>")]
pub struct ClusterStatus {
    /// None for a stand-alone node.
    pub cluster: Option<ClusterRow>,
    /// By name.
    pub members: Vec<MemberRow>,
}

/// The cluster itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRow {
    pub name: String,
    /// Without quorum nothing can be changed.
    pub quorate: bool,
    /// How many nodes belong to it.
    pub nodes: Option<u64>,
}

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    pub name: NodeName,
    /// Of the cluster's own network, perhaps not reachable from elsewhere.
    pub ip: Option<IpAddr>,
    /// The node that answered.
    pub local: bool,
    pub online: bool,
}

#[derive(Deserialize)]
struct RawRow {
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    ip: Option<String>,
    #[serde(default, deserialize_with = "lenient::uint")]
    nodes: Option<u64>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    quorate: Option<bool>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    local: Option<bool>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    online: Option<bool>,
}

impl TryFrom<Vec<RawRow>> for ClusterStatus {
    type Error = domain::ids::InvalidId;

    fn try_from(rows: Vec<RawRow>) -> Result<Self, Self::Error> {
        let mut status = Self::default();
        for row in rows {
            let name = row.name.unwrap_or_default();
            match row.kind.as_deref() {
                Some("cluster") => {
                    status.cluster = Some(ClusterRow {
                        name,
                        quorate: row.quorate.unwrap_or(false),
                        nodes: row.nodes,
                    });
                }
                Some("node") => status.members.push(MemberRow {
                    name: name.parse()?,
                    ip: row.ip.and_then(|ip| ip.parse().ok()),
                    local: row.local.unwrap_or(false),
                    online: row.online.unwrap_or(false),
                }),
                _ => {}
            }
        }
        status.members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(status)
    }
}

#[cfg(test)]
mod tests {
    use super::ClusterStatus;

    #[test]
    fn a_cluster_is_read_with_words_for_numbers_and_rows_in_any_order() {
        let text = r#"[
            {"type":"node","id":"node/pve2","name":"pve2","nodeid":"2","ip":"10.0.0.12","local":"","online":"1"},
            {"type":"surprise","name":"x"},
            {"type":"cluster","id":"cluster","name":"lab","nodes":"2","quorate":"1","version":7},
            {"type":"node","id":"node/pve1","name":"pve1","nodeid":1,"ip":"10.0.0.11","local":1,"online":0}]"#;
        let status: ClusterStatus = serde_json::from_str(text).unwrap();
        let cluster = status.cluster.unwrap();
        assert_eq!(
            (cluster.name.as_str(), cluster.quorate, cluster.nodes),
            ("lab", true, Some(2))
        );
        let names: Vec<_> = status.members.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["pve1", "pve2"]);
        assert!(status.members[0].local && !status.members[0].online);
        assert!(!status.members[1].local && status.members[1].online);
        assert_eq!(status.members[1].ip.unwrap().to_string(), "10.0.0.12");
    }
}
