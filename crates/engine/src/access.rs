//! The way into nodes: RedFlag's own SSH key, accepted host keys, one kept connection for each node.

use std::sync::{Arc, PoisonError};

use domain::{ClusterId, GuestId, NodeKey, NodeName, host::HostKey};
use reach::{CommandLog, CommandRecord, NodeAddress, ReachError, SshNode};
use secrecy::SecretString;
use store::{AccessRecord, AuditEntry, SecretPurpose, Store};
use tokio::sync::mpsc;

use crate::{Error, Kind, clock, inner::Inner, operations::account};

/// Where the id of the private key's secret and the public line are kept.
const KEY_SETTING: &str = "ssh.key";
const PUBLIC_SETTING: &str = "ssh.public";

/// The proposed way into one node.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub node: NodeName,
    pub address: NodeAddress,
}

/// What a first command on a node showed.
#[derive(Clone, Debug)]
pub struct Entered {
    pub hostname: String,
    /// Running guests of that node.
    pub guests: u32,
}

/// Writes every remote command to the audit, in the background: the command itself must not wait for the disk.
pub(crate) struct AuditLog(mpsc::UnboundedSender<AuditEntry>);

impl AuditLog {
    pub(crate) fn new(store: Store) -> Self {
        let (sender, mut entries) = mpsc::unbounded_channel::<AuditEntry>();
        tokio::spawn(async move {
            while let Some(entry) = entries.recv().await {
                if let Err(error) = store.audit(&entry).await {
                    tracing::error!(%error, act = entry.act, "a remote command could not be written to the audit");
                }
            }
        });
        Self(sender)
    }
}

impl CommandLog for AuditLog {
    fn ran(&self, record: &CommandRecord) {
        let target = match record.vmid {
            Some(vmid) => format!("LXC {vmid} through {}", record.via),
            None => record.via.to_string(),
        };
        let outcome = match (&record.error, record.exit) {
            (Some(error), _) => error.clone(),
            (None, Some(status)) => format!("status {status}"),
            (None, None) => "no status".into(),
        };
        let entry = AuditEntry {
            at: clock::now(),
            actor: "RedFlag".into(),
            act: format!("{}.{}", record.via.word(), record.verb.name()),
            target,
            detail: Some(format!("{} ms", record.duration_ms)),
            plan: None,
            outcome,
        };
        // The receiver ends with the program only.
        let _ = self.0.send(entry);
    }
}

/// A failure of the reach as a use case's.
pub(crate) fn reach_error(error: &ReachError) -> Error {
    let kind = match error {
        ReachError::Connect { .. } | ReachError::Lost { .. } | ReachError::Timeout { .. } => {
            Kind::Unreachable
        }
        ReachError::Auth { .. } => Kind::Refused,
        ReachError::HostKeyChanged { .. } => Kind::IdentityChanged,
        ReachError::Console { .. } => Kind::Conflict,
        ReachError::NotAllowed { .. } => Kind::Forbidden,
        ReachError::NoSuchGuest { .. } => Kind::NotFound,
        ReachError::NotRunning { .. } => Kind::Conflict,
        ReachError::BadInput { .. } => Kind::BadInput,
        ReachError::PrivateKey { .. }
        | ReachError::Script { .. }
        | ReachError::NoMarker { .. }
        | ReachError::TooMuchOutput { .. }
        | ReachError::Garbled { .. } => Kind::Internal,
    };
    Error {
        kind,
        problem: error.problem(),
    }
}

impl Inner {
    /// RedFlag's own key: (private, public line). Made at its first use.
    async fn own_key(&self) -> Result<(SecretString, String), Error> {
        let stored = self.store.setting(KEY_SETTING).await?;
        if let (Some(id), Some(public)) = (stored, self.store.setting(PUBLIC_SETTING).await?) {
            let id = id.parse().map_err(|_| {
                Error::new(
                    Kind::Internal,
                    "The stored id of RedFlag's SSH key is damaged",
                )
            })?;
            return Ok((self.vault.reveal(&id).await?, public));
        }
        let (private, public) =
            reach::generate_key().map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
        let id = self
            .vault
            .keep(SecretPurpose::SshKey, private.clone())
            .await?;
        self.store.set_setting(KEY_SETTING, &id.to_string()).await?;
        self.store.set_setting(PUBLIC_SETTING, &public).await?;
        self.audit(
            &account(),
            "ssh.key",
            "RedFlag",
            "a new SSH key was made",
            "done",
        )
        .await;
        Ok((private, public))
    }

    /// The public key and a proposal for each node of a cluster.
    pub(crate) async fn access_proposals(
        &self,
        cluster: ClusterId,
    ) -> Result<(String, Vec<Proposal>), Error> {
        let (_, public) = self.own_key().await?;
        let nodes = self.state.read(|known| {
            let found = known
                .nodes
                .values()
                .filter(|n| n.record.key.cluster == cluster);
            found
                .map(|node| {
                    let record = &node.record;
                    let address = match &record.access {
                        Some(access) => NodeAddress {
                            host: access.host.clone(),
                            port: access.port,
                            user: access.user.clone(),
                        },
                        None => NodeAddress {
                            host: record
                                .address
                                .clone()
                                .unwrap_or_else(|| record.key.node.to_string()),
                            port: 22,
                            user: "root".into(),
                        },
                    };
                    Proposal {
                        node: record.key.node.clone(),
                        address,
                    }
                })
                .collect()
        });
        Ok((public, nodes))
    }

    /// The host key that a node shows now, and the accepted one if it is another.
    pub(crate) async fn probe_node(
        &self,
        key: &NodeKey,
        address: &NodeAddress,
    ) -> Result<(HostKey, Option<HostKey>), Error> {
        let shown = reach::probe_host_key(address)
            .await
            .map_err(|e| reach_error(&e))?;
        let accepted = self.state.read(|known| {
            let access = known.nodes.get(key)?.record.access.as_ref()?;
            (access.host == address.host && access.port == address.port)
                .then(|| access.host_key.clone())
        });
        let changed = accepted.filter(|a| *a != shown);
        Ok((shown, changed))
    }

    /// Sets up the way into a node: puts the key there with the password if one is given, and enters once.
    pub(crate) async fn save_access(
        &self,
        key: &NodeKey,
        address: NodeAddress,
        host_key: HostKey,
        password: Option<SecretString>,
    ) -> Result<Entered, Error> {
        let known = self.state.read(|known| known.nodes.contains_key(key));
        if !known {
            return Err(Error::not_found(&format!("The node {}", key.node)));
        }
        let (private, public) = self.own_key().await?;
        if let Some(password) = password {
            reach::install_key(&address, &host_key, password, &public)
                .await
                .map_err(|e| reach_error(&e))?;
            self.audit(
                &account(),
                "ssh.install-key",
                &address.to_string(),
                "with a password that was used once",
                "done",
            )
            .await;
        }
        let node = SshNode::new(
            address.clone(),
            host_key.clone(),
            private,
            Arc::new(AuditLog::new(self.store.clone())),
        );
        let entered = async {
            let hostname = node.hostname().await?;
            let guests = node.guests().await?;
            Ok::<_, ReachError>(Entered {
                hostname,
                guests: u32::try_from(guests.len()).unwrap_or(u32::MAX),
            })
        };
        let entered = entered.await.map_err(|e| reach_error(&e))?;
        let record = AccessRecord {
            host: address.host,
            port: address.port,
            user: address.user,
            host_key,
            tried_at: Some(clock::now()),
            error: None,
        };
        self.store.set_access(key, Some(&record)).await?;
        self.ssh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone(), node);
        self.state.change(|known| {
            if let Some(node) = known.nodes.get_mut(key) {
                node.record.access = Some(record);
            }
        });
        Ok(entered)
    }

    /// The kept connection to the node that a guest is on now.
    pub(crate) async fn ssh_of_guest(&self, guest: GuestId) -> Result<SshNode, Error> {
        let found = self.state.read(|known| {
            let record = &known.guests.get(&guest)?.record;
            let key = NodeKey {
                cluster: record.cluster,
                node: record.node.clone(),
            };
            let access = known.nodes.get(&key)?.record.access.clone();
            Some((key, access))
        });
        let Some((key, access)) = found else {
            return Err(Error::not_found("The LXC"));
        };
        let Some(access) = access else {
            return Err(Error::new(
                Kind::Conflict,
                format!("No access to {} is set up", key.node),
            )
            .next("Set up the node's access, then try again."));
        };
        let kept = self
            .ssh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(node) = kept {
            return Ok(node);
        }
        let (private, _) = self.own_key().await?;
        let address = NodeAddress {
            host: access.host,
            port: access.port,
            user: access.user,
        };
        let node = SshNode::new(
            address,
            access.host_key,
            private,
            Arc::new(AuditLog::new(self.store.clone())),
        );
        self.ssh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, node.clone());
        Ok(node)
    }
}
