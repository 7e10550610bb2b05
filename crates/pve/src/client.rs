//! The calls, typed.

use std::{fmt, sync::Arc, time::Duration};

use domain::{NodeName, Timestamp, Vmid};
use serde::de::DeserializeOwned;
use tls::Trust;

use crate::{
    AptRepositories, CertificateInfo, ClusterStatus, Error, Interface, Limits, LoadPoint,
    LxcConfig, LxcStatus, NodeRow, NodeStatus, PackageVersion, PendingSetting, Permissions,
    ResourceRow, TaskLine, TaskLog, TaskStatus, TimeFrame, Token, TokenId, Upid, Version,
    envelope::{Asked, Envelope},
    http::{Answer, Verb},
    path::encoded,
    transport::Transport,
    types::{expiry::Expiry, node_status::Subscription, snapshot::Feature},
};

/// One cluster, reached through whichever of its addresses answers. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Arc<Transport>,
    /// How long a read may take in all, from when its turn has come.
    within: Option<Duration>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("addresses", &self.transport.addresses())
            .field("token", &self.transport.token_id())
            .finish()
    }
}

impl Client {
    /// A client with limits of its own. Nothing is sent yet. Addresses are taken in any form that
    /// [`crate::normalise_address`] takes; the first is asked first.
    pub fn new(addresses: Vec<String>, trust: Trust, token: Token) -> Result<Self, Error> {
        Self::within(Limits::default(), addresses, trust, token)
    }

    /// [`Client::new`] within limits that may be shared.
    pub fn within(
        limits: Limits,
        addresses: Vec<String>,
        trust: Trust,
        token: Token,
    ) -> Result<Self, Error> {
        Ok(Self {
            transport: Arc::new(Transport::new(&addresses, &trust, token, limits)?),
            within: None,
        })
    }

    /// The same client for reads that are not worth waiting for longer than this, however many addresses are tried.
    #[must_use]
    pub fn hasty(&self, within: Duration) -> Self {
        Self {
            transport: self.transport.clone(),
            within: Some(within),
        }
    }

    /// Takes another token; a refusal of the one before is forgotten.
    pub fn set_token(&self, token: Token) -> Result<(), Error> {
        self.transport.set_token(token)
    }

    /// Takes other addresses, for instance all nodes of the cluster once they are known.
    pub fn set_addresses(&self, addresses: Vec<String>) -> Result<(), Error> {
        self.transport.set_addresses(&addresses)
    }

    /// Whose token is used.
    pub fn token_id(&self) -> TokenId {
        self.transport.token_id()
    }

    /// `host:port` that is asked first now.
    pub fn address(&self) -> String {
        self.transport.address()
    }

    /// All addresses, `host:port`.
    pub fn addresses(&self) -> Vec<String> {
        self.transport.addresses()
    }

    /// Of the node that answers. Any valid token may ask.
    pub async fn version(&self) -> Result<Version, Error> {
        self.get("/version", None).await
    }

    /// All nodes; load and uptime only with Sys.Audit.
    pub async fn nodes(&self) -> Result<Vec<NodeRow>, Error> {
        self.get("/nodes", None).await
    }

    /// Name, quorum and members. Needs Sys.Audit on `/`.
    pub async fn cluster_status(&self) -> Result<ClusterStatus, Error> {
        self.get("/cluster/status", None).await
    }

    /// Everything in the cluster that the token may see: missing rights show as missing rows, not as an error.
    pub async fn resources(&self) -> Result<Vec<ResourceRow>, Error> {
        self.get("/cluster/resources", None).await
    }

    /// What a node says of itself. Needs Sys.Audit on the node.
    pub async fn node_status(&self, node: &NodeName) -> Result<NodeStatus, Error> {
        self.get(&format!("/nodes/{node}/status"), Some(node)).await
    }

    /// Of that node, which may differ from the one that answers. Any valid token may ask.
    pub async fn node_version(&self, node: &NodeName) -> Result<Version, Error> {
        self.get(&format!("/nodes/{node}/version"), Some(node))
            .await
    }

    /// Proxmox's word in lower case: `active`, `notfound`, `expired`, …; none when it says nothing. Any valid
    /// token may ask.
    pub async fn subscription(&self, node: &NodeName) -> Result<Option<String>, Error> {
        let path = format!("/nodes/{node}/subscription");
        let Subscription(word) = self.get(&path, Some(node)).await?;
        Ok(word)
    }

    /// The package sources of a node; [`crate::repository_verdict`] judges them. Needs Sys.Audit on the node.
    pub async fn apt_repositories(&self, node: &NodeName) -> Result<AptRepositories, Error> {
        self.get(&format!("/nodes/{node}/apt/repositories"), Some(node))
            .await
    }

    /// Proxmox's own packages on a node, by which features are told that no version number tells. Needs Sys.Audit
    /// on the node.
    pub async fn apt_versions(&self, node: &NodeName) -> Result<Vec<PackageVersion>, Error> {
        self.get(&format!("/nodes/{node}/apt/versions"), Some(node))
            .await
    }

    /// Settings of a guest, pending ones included. Needs VM.Audit.
    pub async fn lxc_config(&self, node: &NodeName, vmid: Vmid) -> Result<LxcConfig, Error> {
        self.get(&format!("/nodes/{node}/lxc/{vmid}/config"), Some(node))
            .await
    }

    /// Settings as they are in force, without those that wait for the next start. Needs VM.Audit.
    pub async fn lxc_config_current(
        &self,
        node: &NodeName,
        vmid: Vmid,
    ) -> Result<LxcConfig, Error> {
        let path = format!("/nodes/{node}/lxc/{vmid}/config?current=1");
        self.get(&path, Some(node)).await
    }

    /// All settings, by name, with what each becomes at the next start. Needs VM.Audit.
    pub async fn lxc_pending(
        &self,
        node: &NodeName,
        vmid: Vmid,
    ) -> Result<Vec<PendingSetting>, Error> {
        let path = format!("/nodes/{node}/lxc/{vmid}/pending");
        let mut rows: Vec<PendingSetting> = self.get(&path, Some(node)).await?;
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(rows)
    }

    /// Whether every volume of a guest lies on a storage that can take a snapshot;
    /// [`crate::snapshot_obstacle`] may name what rules it out. Needs VM.Audit.
    pub async fn snapshot_feature(&self, node: &NodeName, vmid: Vmid) -> Result<bool, Error> {
        let path = format!("/nodes/{node}/lxc/{vmid}/feature?feature=snapshot");
        let feature: Feature = self.get(&path, Some(node)).await?;
        Ok(feature.has.unwrap_or(false))
    }

    /// Network interfaces as seen inside; none when the guest does not run. Needs VM.Audit, and Proxmox VE 8.1
    /// ([`Error::NotImplemented`] before).
    pub async fn lxc_interfaces(
        &self,
        node: &NodeName,
        vmid: Vmid,
    ) -> Result<Option<Vec<Interface>>, Error> {
        let path = format!("/nodes/{node}/lxc/{vmid}/interfaces");
        Ok(self.envelope(&path, Some(node)).await?.data)
    }

    /// The load of a guest over time, oldest first. Needs VM.Audit.
    pub async fn lxc_load(
        &self,
        node: &NodeName,
        vmid: Vmid,
        frame: TimeFrame,
    ) -> Result<Vec<LoadPoint>, Error> {
        let frame = frame.word();
        let path = format!("/nodes/{node}/lxc/{vmid}/rrddata?timeframe={frame}&cf=AVERAGE");
        self.get(&path, Some(node)).await
    }

    /// The present state of a guest, not from the list that is up to 10 s old. Needs VM.Audit.
    pub async fn lxc_status(&self, node: &NodeName, vmid: Vmid) -> Result<LxcStatus, Error> {
        let path = format!("/nodes/{node}/lxc/{vmid}/status/current");
        self.get(&path, Some(node)).await
    }

    /// What the token itself may do.
    pub async fn permissions(&self) -> Result<Permissions, Error> {
        self.get("/access/permissions", None).await
    }

    /// When the token in use expires; none when it does not. Many versions do not tell a token about itself
    /// ([`Error::Forbidden`]).
    pub async fn token_expiry(&self) -> Result<Option<Timestamp>, Error> {
        let id = self.token_id();
        let (user, name) = (encoded(id.user()), encoded(id.name()));
        let path = format!("/access/users/{user}/token/{name}");
        let Expiry(end) = self.get(&path, None).await?;
        Ok(end)
    }

    /// A node's certificates, the cluster's own CA among them. Any valid token may ask.
    pub async fn certificates(&self, node: &NodeName) -> Result<Vec<CertificateInfo>, Error> {
        self.get(&format!("/nodes/{node}/certificates/info"), Some(node))
            .await
    }

    /// How a task stands. Only its end tells success; the answer that started it does not.
    pub async fn task_status(&self, task: &Upid) -> Result<TaskStatus, Error> {
        self.get(&format!("{}/status", task_path(task)), Some(task.node()))
            .await
    }

    /// Up to 500 lines of a task's log from line `start` (0 is the first).
    pub async fn task_log(&self, task: &Upid, start: u64) -> Result<TaskLog, Error> {
        let path = format!("{}/log?start={start}&limit=500", task_path(task));
        let envelope: Envelope<Vec<TaskLine>> = self.envelope(&path, Some(task.node())).await?;
        Ok(TaskLog {
            lines: envelope.data.unwrap_or_default(),
            total: envelope.total,
        })
    }

    /// Sends a form once, to the first address that can be reached.
    pub(crate) async fn write(
        &self,
        verb: Verb,
        path: &str,
        node: &NodeName,
        form: &[(&str, &str)],
    ) -> Result<Answer, Error> {
        self.transport.write(verb, path, node, form).await
    }

    /// What a connection of its own needs.
    pub(crate) fn wire(&self) -> (Arc<rustls::ClientConfig>, reqwest::header::HeaderValue) {
        self.transport.wire()
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        node: Option<&NodeName>,
    ) -> Result<T, Error> {
        let answer = self.transport.get(path, node, self.within).await?;
        asked(&answer, path).data(&answer.body)
    }

    pub(crate) async fn envelope<T: DeserializeOwned>(
        &self,
        path: &str,
        node: Option<&NodeName>,
    ) -> Result<Envelope<T>, Error> {
        let answer = self.transport.get(path, node, self.within).await?;
        asked(&answer, path).read(&answer.body)
    }
}

fn asked<'a>(answer: &'a Answer, path: &'a str) -> Asked<'a> {
    Asked {
        address: &answer.address,
        verb: Verb::Get,
        path,
    }
}

fn task_path(task: &Upid) -> String {
    let upid = encoded(task.as_str());
    format!("/nodes/{}/tasks/{upid}", task.node())
}
