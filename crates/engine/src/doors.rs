//! From the stored way into a node to the connection that is kept to it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, MutexGuard, PoisonError},
};

use domain::{
    GuestId, NodeKey, NodeName,
    access::{AccessEntry, AccessKey, AccessWay},
};
use futures_util::future::BoxFuture;
use reach::{Credential, Door, Entry, NodeAddress, SshNode};
use store::AccessRecord;

use crate::{Error, Kind, access::AuditLog, inner::Inner};

pub(crate) fn address_of(access: &AccessRecord) -> NodeAddress {
    NodeAddress {
        host: access.host.clone(),
        port: access.port,
        user: access.user.clone(),
    }
}

fn entry(entry: AccessEntry) -> Entry {
    match entry {
        AccessEntry::Attach => Entry::Attach,
        AccessEntry::Sudo => Entry::Sudo,
        AccessEntry::Wrapper => Entry::Wrapper,
    }
}

/// ` through pve2`, where it is not entered directly.
pub(crate) fn detour(way: &AccessWay) -> String {
    way.through
        .as_ref()
        .map_or_else(String::new, |node| format!(" through {node}"))
}

impl Inner {
    /// The kept connections.
    fn kept(&self) -> MutexGuard<'_, HashMap<NodeKey, SshNode>> {
        self.ssh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops the kept connections of a cluster: when one way changes, those that lead through its node change too.
    pub(crate) fn drop_connections(&self, of: &NodeKey) {
        self.kept().retain(|key, _| key.cluster != of.cluster);
    }

    /// The way into a node that is set up.
    pub(crate) fn access_to(&self, key: &NodeKey) -> Result<AccessRecord, Error> {
        let access = self
            .state
            .read(|known| known.nodes.get(key)?.record.access.clone());
        access.ok_or_else(|| {
            Error::new(
                Kind::Conflict,
                format!("No access to {} is set up", key.node),
            )
            .next("Set up the node's access, then try again.")
        })
    }

    /// A path as the user writes it: `~/` is the home folder.
    pub(crate) fn path_of(&self, written: &str) -> Result<PathBuf, Error> {
        let written = written.trim();
        let path = match (written.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(written),
        };
        if path.is_absolute() {
            return Ok(path);
        }
        Err(
            Error::new(Kind::BadInput, format!("{written:?} is no whole path"))
                .next("Write the whole path of the key file, or one that begins with ~/."),
        )
    }

    /// What opens a node's sshd.
    pub(crate) async fn credential(&self, key: &AccessKey) -> Result<Credential, Error> {
        match key {
            AccessKey::Own => Ok(Credential::Key(self.own_key().await?.0)),
            AccessKey::File { path } => {
                let path = self.path_of(path)?;
                let read = tokio::task::spawn_blocking(move || Credential::from_file(&path)).await;
                let read = read.map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
                read.map_err(|error| {
                    Error::new(Kind::BadInput, "The key file cannot be used")
                        .words(error.to_string())
                        .next("Choose another file. A key with a passphrase goes into the ssh-agent, which is another choice.")
                })
            }
            AccessKey::Agent { socket, only } => {
                let written = |text: &Option<String>| {
                    let text = text.as_deref().map(str::trim).unwrap_or_default();
                    (!text.is_empty()).then(|| text.to_owned())
                };
                Ok(Credential::Agent {
                    socket: written(socket).map(PathBuf::from),
                    only: written(only),
                })
            }
        }
    }

    /// A node as it would be entered so. Nothing is connected yet.
    pub(crate) async fn door(
        &self,
        key: &NodeKey,
        access: &AccessRecord,
    ) -> Result<SshNode, Error> {
        let through = match &access.way.through {
            None => None,
            Some(node) if self.in_a_circle(key, node) => {
                return Err(Error::new(
                    Kind::BadInput,
                    format!("The way to {} leads through {node} in a circle", key.node),
                )
                .next("Choose another node to go through, or none."));
            }
            Some(node) => {
                let gate = NodeKey {
                    cluster: key.cluster,
                    node: node.clone(),
                };
                Some(self.ssh_of(&gate).await?)
            }
        };
        let door = Door {
            address: address_of(access),
            accepted: access.host_key.clone(),
            credential: self.credential(&access.way.key).await?,
            entry: entry(access.way.entry),
            through,
        };
        let log = Arc::new(AuditLog::new(self.store.clone()));
        Ok(SshNode::behind(door, log))
    }

    /// Whether the way through `first` passes a node twice.
    fn in_a_circle(&self, key: &NodeKey, first: &NodeName) -> bool {
        self.state.read(|known| {
            let mut passed = vec![key.node.clone()];
            let mut next = Some(first.clone());
            while let Some(node) = next {
                if passed.contains(&node) {
                    return true;
                }
                let of = NodeKey {
                    cluster: key.cluster,
                    node: node.clone(),
                };
                let access = known.nodes.get(&of).and_then(|n| n.record.access.as_ref());
                next = access.and_then(|access| access.way.through.clone());
                passed.push(node);
            }
            false
        })
    }

    /// The kept connection to a node.
    pub(crate) fn ssh_of<'a>(&'a self, key: &'a NodeKey) -> BoxFuture<'a, Result<SshNode, Error>> {
        // Boxed: a way through nodes has no length that is known beforehand.
        Box::pin(async move {
            if let Some(node) = self.kept().get(key) {
                return Ok(node.clone());
            }
            let access = self.access_to(key)?;
            let node = self.door(key, &access).await?;
            // Another call may have been quicker; its connection is the one to share.
            Ok(self.kept().entry(key.clone()).or_insert(node).clone())
        })
    }

    /// The kept connection to the node that a guest is on now.
    pub(crate) async fn ssh_of_guest(&self, guest: GuestId) -> Result<SshNode, Error> {
        let key = self.state.read(|known| {
            let record = &known.guests.get(&guest)?.record;
            Some(NodeKey {
                cluster: record.cluster,
                node: record.node.clone(),
            })
        });
        self.ssh_of(&key.ok_or_else(|| Error::not_found("The LXC"))?)
            .await
    }
}
