//! A cluster after it was added: tested, edited, switched off, given another token or certificate, removed.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use domain::{
    ClusterId, Timestamp,
    facts::{AcceptedCertificate, DiscoveryEntry, TokenFacts},
    fleet::Link,
    host::Fingerprint,
};
use futures_util::future::join_all;
use pve::{Client, normalise_address};
use secrecy::{ExposeSecret, SecretString};
use store::{ClusterRecord, SecretPurpose};
use tls::Trust;

use crate::{
    Error, Kind, TokenReport, clock, clusters::token, failures::cluster_error, inner::Inner,
    operations::account,
};

/// Runs of the discovery log that are shown.
const DISCOVERIES_SHOWN: u32 = 100;
/// How long details that a node must be asked for are waited for before the rest is shown without them.
const DETAILS_WITHIN: Duration = Duration::from_secs(2);
/// A token older than this should be replaced, in milliseconds (a year).
const OLD_TOKEN_MS: i64 = 365 * 24 * 3600 * 1000;
/// A token that expires within this should be replaced, in milliseconds (30 days).
const EXPIRING_MS: i64 = 30 * 24 * 3600 * 1000;

/// A cluster with what the tree does not show.
#[derive(Clone, Debug)]
pub struct ClusterLife {
    pub enabled: bool,
    /// `host:port`, the entry first.
    pub addresses: Vec<String>,
    pub token: TokenFacts,
    pub certificates: Vec<AcceptedCertificate>,
    pub authority: Option<Fingerprint>,
    /// Newest first.
    pub discoveries: Vec<DiscoveryEntry>,
}

/// How one address of a cluster answers.
#[derive(Clone, Debug)]
pub struct AddressAnswer {
    pub address: String,
    /// Proxmox's version, or why there is none.
    pub version: Result<String, String>,
}

/// What goes when a cluster is removed.
#[derive(Clone, Debug)]
pub struct Removal {
    pub name: String,
    pub nodes: u32,
    pub guests: u32,
    /// Names of guests whose agents stay installed and are no longer heard.
    pub agents: Vec<String>,
    pub running_operations: u32,
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn token_facts(
    record: &ClusterRecord,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> TokenFacts {
    let old = now.since(record.token_entered_at) > OLD_TOKEN_MS;
    let expiring = expires_at.is_some_and(|at| at.0 - now.0 < EXPIRING_MS);
    TokenFacts {
        id: record.token_id.clone(),
        entered_at: record.token_entered_at,
        expires_at,
        rotate: old || expiring,
    }
}

impl Inner {
    pub(crate) async fn stored_cluster(&self, id: ClusterId) -> Result<ClusterRecord, Error> {
        self.store
            .cluster(id)
            .await?
            .ok_or_else(|| Error::not_found("The cluster"))
    }

    /// Changes the record of a cluster, writes it and lets everybody know it. Edits of the user and what a pass learns
    /// come at the same time, so each begins from what is stored.
    pub(crate) async fn change_cluster(
        &self,
        id: ClusterId,
        change: impl FnOnce(&mut ClusterRecord),
    ) -> Result<ClusterRecord, Error> {
        let _one_writer = self.records.lock().await;
        let mut record = self.stored_cluster(id).await?;
        let before = record.clone();
        change(&mut record);
        if record != before {
            self.store.update_cluster(&record).await?;
        }
        self.state.change(|known| {
            if let Some(cluster) = known.clusters.get_mut(&id) {
                // The time of the last answer is written now and then only.
                let checked_at = cluster.record.checked_at.max(record.checked_at);
                cluster.record = ClusterRecord {
                    checked_at,
                    ..record.clone()
                };
            }
        });
        Ok(record)
    }

    /// Watches a cluster anew after its record changed; a disabled one is left alone.
    pub(crate) async fn watch_anew(self: &Arc<Self>, record: &ClusterRecord) -> Result<(), Error> {
        self.unwatch(record.id);
        self.consoles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|key, _| key.cluster != record.id);
        let (id, enabled) = (record.id, record.enabled);
        self.state.change(|known| {
            if let Some(cluster) = known.clusters.get_mut(&id) {
                cluster.answered = Link::Unknown;
            }
        });
        if enabled {
            let client = self.client_of(record).await?;
            self.watch(id, client);
        }
        Ok(())
    }

    pub(crate) async fn cluster_life(&self, id: ClusterId) -> Result<ClusterLife, Error> {
        let record = self.stored_cluster(id).await?;
        // Many tokens may not ask about themselves, and a node may be away; then it is not known, which is what is shown.
        let (expires_at, nodes) = match self.watch_of(id) {
            Ok(watch) => {
                let client = watch.client.hasty(DETAILS_WITHIN);
                let (expiry, nodes) = tokio::join!(client.token_expiry(), client.nodes());
                (expiry.ok().flatten(), nodes.unwrap_or_default())
            }
            Err(_) => (None, Vec::new()),
        };
        let shown_by = |leaf: &Fingerprint| {
            let mut of_leaf = nodes.iter().filter(|n| n.ssl_fingerprint == Some(*leaf));
            match (of_leaf.next(), of_leaf.next()) {
                (Some(node), None) => Some(node.node.clone()),
                _ => None,
            }
        };
        Ok(ClusterLife {
            enabled: record.enabled,
            addresses: record.addresses.clone(),
            token: token_facts(&record, expires_at, clock::now()),
            certificates: record
                .leaves
                .iter()
                .map(|sha256| AcceptedCertificate {
                    sha256: *sha256,
                    node: shown_by(sha256),
                })
                .collect(),
            authority: record.ca_fingerprint,
            discoveries: self.store.discoveries(id, DISCOVERIES_SHOWN).await?,
        })
    }

    pub(crate) async fn test_cluster(&self, id: ClusterId) -> Result<Vec<AddressAnswer>, Error> {
        let record = self.stored_cluster(id).await?;
        let tests = record.addresses.iter().map(|address| {
            let alone = ClusterRecord {
                addresses: vec![address.clone()],
                ..record.clone()
            };
            async move {
                let version = match self.client_of(&alone).await {
                    Ok(client) => client
                        .version()
                        .await
                        .map(|v| v.version)
                        .map_err(|e| e.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                AddressAnswer {
                    address: alone.addresses[0].clone(),
                    version,
                }
            }
        });
        Ok(join_all(tests).await)
    }

    pub(crate) async fn edit_cluster(
        self: &Arc<Self>,
        id: ClusterId,
        name: &str,
        addresses: &[String],
    ) -> Result<(), Error> {
        let name = name.trim();
        if name.is_empty() {
            return Err(Error::new(Kind::BadInput, "The cluster needs a name")
                .next("Enter the name that the tree shall show."));
        }
        let mut normal = Vec::new();
        for address in addresses {
            let address = normalise_address(address).map_err(|e| {
                Error::new(
                    Kind::BadInput,
                    format!("{address:?} is not an address of a Proxmox node"),
                )
                .words(e.to_string())
                .next("Correct or remove it.")
            })?;
            if !normal.contains(&address) {
                normal.push(address);
            }
        }
        if normal.is_empty() {
            return Err(
                Error::new(Kind::BadInput, "The cluster needs at least one address")
                    .next("Enter a host name or an IP address."),
            );
        }
        let record = self
            .change_cluster(id, |record| {
                name.clone_into(&mut record.name);
                record.addresses = normal;
            })
            .await?;
        self.audit(
            &account(),
            "cluster.edit",
            name,
            &record.addresses.join(", "),
            "done",
        )
        .await;
        self.watch_anew(&record).await
    }

    pub(crate) async fn set_enabled(
        self: &Arc<Self>,
        id: ClusterId,
        enabled: bool,
    ) -> Result<(), Error> {
        let record = self
            .change_cluster(id, |record| record.enabled = enabled)
            .await?;
        self.audit(
            &account(),
            if enabled {
                "cluster.enable"
            } else {
                "cluster.disable"
            },
            &record.name,
            "",
            "done",
        )
        .await;
        self.watch_anew(&record).await
    }

    /// Tries another token and, if it may do what is required, uses it from now on.
    pub(crate) async fn rotate_token(
        self: &Arc<Self>,
        id: ClusterId,
        token_id: &str,
        secret: SecretString,
    ) -> Result<TokenReport, Error> {
        let record = self.stored_cluster(id).await?;
        let trust = Trust {
            system: true,
            leaves: record.leaves.clone(),
            ca_pem: record.ca_pem.clone(),
        };
        let client = Client::within(
            self.limits.clone(),
            record.addresses.clone(),
            trust,
            token(token_id, &secret)?,
        )
        .map_err(|e| cluster_error(&record.name, e))?;
        let report = self.report_on(&record.name, &client).await?;
        if report.privileges.iter().any(|p| p.required && !p.granted) {
            // The old one stays: a cluster must not be lost to a half-made token.
            return Ok(report);
        }
        self.use_token(id, token_id, &secret).await?;
        Ok(report)
    }

    /// Uses another token for a cluster from now on, and watches it anew.
    pub(crate) async fn use_token(
        self: &Arc<Self>,
        id: ClusterId,
        token_id: &str,
        secret: &SecretString,
    ) -> Result<(), Error> {
        let value = SecretString::from(secret.expose_secret().trim().to_owned());
        let new = self.vault.keep(SecretPurpose::ClusterToken, value).await?;
        let mut old = None;
        let record = self
            .change_cluster(id, |record| {
                old = Some(std::mem::replace(&mut record.token_secret, new));
                token_id.trim().clone_into(&mut record.token_id);
                record.token_entered_at = clock::now();
            })
            .await?;
        if let Some(old) = old {
            self.vault.forget(&old).await?;
        }
        self.audit(
            &account(),
            "cluster.token",
            &record.name,
            &record.token_id,
            "done",
        )
        .await;
        self.watch_anew(&record).await
    }

    pub(crate) async fn removal(&self, id: ClusterId) -> Result<Removal, Error> {
        let record = self.stored_cluster(id).await?;
        let (nodes, guests, agents, ids) = self.state.read(|known| {
            let nodes = known.nodes.keys().filter(|key| key.cluster == id).count();
            let guests: Vec<_> = known
                .guests
                .values()
                .filter(|g| g.record.cluster == id)
                .collect();
            let agents = guests
                .iter()
                .filter(|g| g.agent.is_some())
                .map(|g| g.record.name.clone())
                .collect();
            let ids: Vec<_> = guests.iter().map(|g| g.record.id).collect();
            (nodes, guests.len(), agents, ids)
        });
        let running = self
            .live()
            .values()
            .filter(|live| live.concerns(&ids))
            .count();
        Ok(Removal {
            name: record.name,
            nodes: count(nodes),
            guests: count(guests),
            agents,
            running_operations: count(running),
        })
    }

    pub(crate) async fn remove_cluster(&self, id: ClusterId) -> Result<(), Error> {
        let removal = self.removal(id).await?;
        if removal.running_operations > 0 {
            return Err(Error::new(
                Kind::Conflict,
                format!("Operations are running on {}", removal.name),
            )
            .next("Wait for them or cancel them, then remove the cluster."));
        }
        self.unwatch(id);
        self.ssh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|key, _| key.cluster != id);
        self.store.remove_cluster(id).await?;
        self.state.change(|known| {
            known.clusters.remove(&id);
            known.nodes.retain(|key, _| key.cluster != id);
            known.guests.retain(|_, guest| guest.record.cluster != id);
        });
        let detail = format!(
            "{} nodes, {} LXCs, {} agents left in place",
            removal.nodes,
            removal.guests,
            removal.agents.len()
        );
        self.audit(&account(), "cluster.remove", &removal.name, &detail, "done")
            .await;
        Ok(())
    }
}
