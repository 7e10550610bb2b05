//! What one visit to a cluster tells about the cluster itself: version, quorum, nodes with their addresses, its own CA.

use std::{collections::BTreeMap, time::Duration};

use domain::{ClusterId, NodeName, host::Fingerprint};
use pve::{Client, NodeState, cluster_ca_pem};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::{Error, failures::cluster_error, inner::Inner, roads::CONSOLE};

/// How long a node's certificates are waited for before another node is asked for the same.
const CERTIFICATES_WITHIN: Duration = Duration::from_secs(5);

/// Everything that one visit to a cluster tells about the cluster itself.
pub(crate) struct Visit {
    pub(crate) version: String,
    pub(crate) name: Option<String>,
    pub(crate) quorate: Option<bool>,
    /// Addresses of the nodes, by name.
    pub(crate) nodes: BTreeMap<NodeName, Option<String>>,
    pub(crate) ca_pem: Option<String>,
    /// What the nodes say of each other's certificates, over the accepted connection.
    pub(crate) leaves: Vec<Fingerprint>,
}

/// Visits a cluster. What a token may not see is left out; what fails otherwise is an error.
pub(crate) async fn visit(name: &str, client: &Client) -> Result<Visit, Error> {
    let fail = |e| cluster_error(name, e);
    let version = client.version().await.map_err(fail)?;
    let rows = client.nodes().await.map_err(fail)?;
    let mut nodes: BTreeMap<NodeName, Option<String>> =
        rows.iter().map(|row| (row.node.clone(), None)).collect();
    let (mut cluster_name, mut quorate) = (None, None);
    match client.cluster_status().await {
        Ok(status) => {
            if let Some(cluster) = status.cluster {
                cluster_name = Some(cluster.name);
                quorate = Some(cluster.quorate);
            }
            for member in status.members {
                nodes.insert(member.name, member.ip.map(|ip| ip.to_string()));
            }
        }
        Err(pve::Error::Forbidden { .. }) => {}
        Err(error) => return Err(fail(error)),
    }
    // Every node keeps the same CA: those that are down need not be asked.
    let down = |name: &NodeName| {
        let row = rows.iter().find(|row| &row.node == name);
        row.is_some_and(|row| row.state == NodeState::Offline)
    };
    let mut ca_pem = None;
    for node in nodes.keys().filter(|name| !down(name)) {
        if let Ok(certificates) = client.hasty(CERTIFICATES_WITHIN).certificates(node).await {
            ca_pem = cluster_ca_pem(&certificates).map(str::to_owned);
            break;
        }
    }
    Ok(Visit {
        version: version.version,
        name: cluster_name,
        quorate,
        nodes,
        ca_pem,
        leaves: rows.iter().filter_map(|row| row.ssl_fingerprint).collect(),
    })
}

pub(crate) fn fingerprint_of_pem(pem: &str) -> Option<Fingerprint> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    Some(tls::fingerprint(&der))
}

pub(crate) fn with_port(host: &str, like: &str) -> String {
    let port = like.rsplit_once(':').map_or("8006", |(_, port)| port);
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

impl Inner {
    /// Learns what a full discovery tells about the cluster itself, and the addresses of its nodes.
    pub(crate) async fn learn_cluster(
        &self,
        id: ClusterId,
        client: &Client,
        problems: &mut Vec<String>,
    ) -> BTreeMap<NodeName, String> {
        let name = self
            .state
            .read(|known| known.clusters.get(&id).map(|c| c.record.name.clone()))
            .unwrap_or_default();
        let visited = match visit(&name, client).await {
            Ok(visited) => visited,
            Err(error) => {
                problems.push(error.problem.words.unwrap_or(error.problem.what));
                return BTreeMap::new();
            }
        };
        let permissions = client.permissions().await;
        self.state.change(|known| {
            if let (Some(cluster), Ok(permissions)) = (known.clusters.get_mut(&id), permissions) {
                cluster.consoles = Some(permissions.holds_below("/vms", CONSOLE));
            }
        });
        let mut more_addresses = false;
        let learnt = self
            .change_cluster(id, |record| {
                record.version = Some(visited.version.clone());
                record.quorate = visited.quorate;
                if record.ca_pem.is_none() && visited.ca_pem.is_some() {
                    record.ca_fingerprint = visited.ca_pem.as_deref().and_then(fingerprint_of_pem);
                    record.ca_pem.clone_from(&visited.ca_pem);
                }
                let entry = record.addresses.first().cloned().unwrap_or_default();
                for ip in visited.nodes.values().flatten() {
                    let address = with_port(ip, &entry);
                    if !record.addresses.contains(&address) {
                        record.addresses.push(address);
                        more_addresses = true;
                    }
                }
            })
            .await;
        match learnt {
            Ok(record) if more_addresses => {
                if let Err(error) = client.set_addresses(record.addresses) {
                    problems.push(error.to_string());
                }
            }
            Ok(_) => {}
            Err(error) => problems.push(error.to_string()),
        }
        visited
            .nodes
            .into_iter()
            .filter_map(|(name, ip)| Some((name, ip?)))
            .collect()
    }
}
