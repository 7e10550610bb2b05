//! The desktop's side of the agents' protocol: who they are, what they report, what they are given.

use std::net::IpAddr;

use domain::{AgentId, ClusterId, GuestId, Timestamp, inventory::Inventory};
use secrecy::SecretString;
use store::{AgentRecord, StoreError};
use wire::{Bootstrap, CheckInRequest, Refusal, RefusalCode};

use crate::{
    Error, Kind, addresses, clock,
    inner::Inner,
    picture::{Agent, Report},
};

/// The time of an agent's last call is written at most this often, in milliseconds.
const SEEN_WRITTEN_EVERY_MS: i64 = 60 * 1000;

pub(crate) fn refuse(code: RefusalCode, message: impl Into<String>) -> Refusal {
    Refusal {
        code,
        message: message.into(),
    }
}

pub(crate) fn internal(error: impl std::fmt::Display) -> Refusal {
    tracing::error!(%error, "an agent's call failed on the desktop's side");
    refuse(
        RefusalCode::Internal,
        "the desktop could not store it; try again",
    )
}

/// Marks an agent as waiting for work, for as long as it lives.
pub(crate) struct Polling<'a> {
    inner: &'a Inner,
    agent: AgentId,
}

impl<'a> Polling<'a> {
    pub(crate) fn begin(inner: &'a Inner, agent: AgentId, now: Timestamp) -> Self {
        inner.with_agent(agent, |a| {
            a.polling = true;
            a.record.last_seen = Some(now);
        });
        Self { inner, agent }
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.inner.with_agent(self.agent, |a| a.polling = false);
    }
}

impl Inner {
    /// Changes what is known of a live agent, if it is known.
    pub(crate) fn with_agent(&self, agent: AgentId, change: impl FnOnce(&mut Agent)) {
        self.state.change(|known| {
            let of_guest = known.guests.values_mut().filter_map(|g| g.agent.as_mut());
            if let Some(found) = of_guest.into_iter().find(|a| a.record.id == agent) {
                change(found);
            }
        });
    }

    pub(crate) async fn note_call(
        &self,
        record: &AgentRecord,
        version: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let written = record
            .last_seen
            .is_some_and(|seen| now.since(seen) < SEEN_WRITTEN_EVERY_MS);
        if !written || record.version != version {
            self.store.touch_agent(record.id, version, now).await?;
        }
        Ok(())
    }

    pub(crate) async fn live_agent(&self, agent: AgentId) -> Result<AgentRecord, Refusal> {
        self.store
            .agent(agent)
            .await
            .map_err(internal)?
            .filter(|record| record.revoked_at.is_none())
            .ok_or_else(|| {
                refuse(
                    RefusalCode::Revoked,
                    "this agent was replaced or removed in RedFlag",
                )
            })
    }

    /// Takes what a check-in says about the inventory; true when the inventory itself is wanted.
    pub(crate) async fn compare_inventory(
        &self,
        record: &AgentRecord,
        request: &CheckInRequest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(hash) = &request.inventory else {
            return Ok(false);
        };
        let known = self.state.read(|known| {
            let report = known.guests.get(&record.guest)?.inventory.as_ref()?;
            let same = report.hash == *hash;
            same.then(|| (report.scanned_at, report.inventory.clone()))
        });
        let Some((scanned_at, inventory)) = known else {
            return Ok(true);
        };
        let Some(ago) = request.scanned_ms_ago else {
            return Ok(false);
        };
        let newer = now.plus_millis(-i64::try_from(ago).unwrap_or(i64::MAX));
        // Less than a second is the noise of two clocks, not a new scan.
        if newer.since(scanned_at) > 1_000 {
            self.store
                .put_inventory(record.guest, hash, &inventory, newer)
                .await?;
            self.state.change(|known| {
                if let Some(report) = known
                    .guests
                    .get_mut(&record.guest)
                    .and_then(|g| g.inventory.as_mut())
                {
                    report.scanned_at = newer;
                }
            });
        }
        Ok(false)
    }

    /// Stores an inventory and shows it. `scanned_at` is by the desktop's clock.
    pub(crate) async fn take_inventory(
        &self,
        record: &AgentRecord,
        hash: String,
        mut inventory: Inventory,
        scanned_at: Timestamp,
    ) -> Result<(), StoreError> {
        let has_images = !inventory.docker.is_empty();
        self.store
            .put_inventory(record.guest, &hash, &inventory, scanned_at)
            .await?;
        self.state.change(|known| {
            if let Some(guest) = known.guests.get_mut(&record.guest) {
                known.shared.share(&mut inventory);
                guest.inventory = Some(Report {
                    hash,
                    scanned_at,
                    inventory,
                });
            }
        });
        self.show_images_of(record.guest);
        if has_images {
            self.images_came();
        }
        self.settle_approvals(record.guest).await
    }

    pub(crate) fn endpoints_for(&self, record: &AgentRecord) -> Vec<std::net::SocketAddr> {
        let cluster = self
            .state
            .read(|known| Some(known.guests.get(&record.guest)?.record.cluster));
        match cluster {
            Some(cluster) => self.endpoints_of_cluster(cluster),
            None => self.endpoints(None),
        }
    }

    /// The addresses of this desktop for the nodes and guests of a cluster.
    pub(crate) fn endpoints_of_cluster(&self, cluster: ClusterId) -> Vec<std::net::SocketAddr> {
        let host = self.state.read(|known| {
            let cluster = known.clusters.get(&cluster)?;
            cluster.record.addresses.first().cloned()
        });
        self.endpoints(host.as_deref())
    }

    /// What an agent begins with: where this desktop is, and a code that counts once and for this guest.
    pub(crate) fn bootstrap(
        &self,
        guest: GuestId,
        endpoints: Vec<std::net::SocketAddr>,
    ) -> Result<SecretString, Error> {
        let bootstrap = Bootstrap {
            endpoints,
            ca_pem: self.ca()?.certificate_pem().to_owned(),
            server_name: self.server_name()?,
            code: self.codes.issue(guest, clock::random()?, clock::now()),
        };
        let text = serde_json::to_string(&bootstrap).map_err(|e| {
            Error::new(
                Kind::Internal,
                "The agent's configuration could not be written",
            )
            .words(e.to_string())
        })?;
        Ok(SecretString::from(text))
    }

    /// The addresses of this desktop for a cluster at `host:port`.
    pub(crate) fn endpoints(&self, cluster_address: Option<&str>) -> Vec<std::net::SocketAddr> {
        let host = cluster_address
            .and_then(|a| a.rsplit_once(':'))
            .and_then(|(host, _)| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        self.gateway_port()
            .map(|port| addresses::endpoints(host, port))
            .unwrap_or_default()
    }
}
