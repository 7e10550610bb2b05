//! Setting up the way into a node: its host key, the first entry, and giving it up again.

use domain::{
    NodeKey, NodeName,
    access::{AccessEntry, AccessKey, AccessWay},
    host::HostKey,
    operation::Problem,
};
use reach::NodeAddress;
use secrecy::SecretString;
use store::AccessRecord;

use crate::{
    Error, Kind,
    access::reach_error,
    clock,
    doors::{address_of, detour},
    inner::Inner,
    operations::account,
};

/// What a first command on a node showed.
#[derive(Clone, Debug)]
pub struct Entered {
    /// None where the account may not ask.
    pub hostname: Option<String>,
    /// Running guests of that node; none where the account may not ask.
    pub guests: Option<u32>,
}

fn in_words(key: &AccessKey) -> String {
    match key {
        AccessKey::Own => "RedFlag's key".into(),
        AccessKey::File { path } => format!("the key in {path}"),
        AccessKey::Agent { .. } => "the ssh-agent".into(),
    }
}

/// The node to go through.
fn gate(key: &NodeKey, through: Option<&NodeName>) -> Option<NodeKey> {
    through.map(|node| NodeKey {
        cluster: key.cluster,
        node: node.clone(),
    })
}

impl Inner {
    /// Keeps what a try to reach a node told, for whoever recommends a road.
    fn note_try(&self, key: &NodeKey, failed: Option<&Error>) {
        let mut tries = self
            .tries
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match failed {
            Some(error) => {
                let words = error.problem.words.as_ref().unwrap_or(&error.problem.what);
                tries.insert(key.clone(), words.clone());
            }
            None => {
                tries.remove(key);
            }
        }
    }

    /// The host key that a node shows now, and the accepted one if it is another.
    pub(crate) async fn probe_node(
        &self,
        key: &NodeKey,
        address: &NodeAddress,
        through: Option<&NodeName>,
    ) -> Result<(HostKey, Option<HostKey>), Error> {
        let looked = match gate(key, through) {
            None => reach::probe_host_key(address).await,
            Some(gate) => self.ssh_of(&gate).await?.look_through(address).await,
        };
        let looked = looked.map_err(|e| reach_error(&e));
        self.note_try(key, looked.as_ref().err());
        let shown = looked?;
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
        way: AccessWay,
        password: Option<SecretString>,
    ) -> Result<Entered, Error> {
        let known = self.state.read(|known| known.nodes.contains_key(key));
        if !known {
            return Err(Error::not_found(&format!("The node {}", key.node)));
        }
        let record = AccessRecord {
            host: address.host.clone(),
            port: address.port,
            user: address.user.clone(),
            host_key,
            way,
            tried_at: Some(clock::now()),
            error: None,
        };
        let entered = self.enter_first(key, &record, password).await;
        self.note_try(key, entered.as_ref().err());
        let entered = entered?;
        self.set_access(key, Some(record.clone())).await?;
        let detail = format!("by {}, {:?}", in_words(&record.way.key), record.way.entry);
        let target = format!("{} at {address}{}", key.node, detour(&record.way));
        self.audit(&account(), "ssh.access", &target, &detail, "done")
            .await;
        Ok(entered)
    }

    async fn enter_first(
        &self,
        key: &NodeKey,
        record: &AccessRecord,
        password: Option<SecretString>,
    ) -> Result<Entered, Error> {
        let node = self.door(key, record).await?;
        if let Some(password) = password {
            if record.way.key != AccessKey::Own || record.way.entry == AccessEntry::Wrapper {
                return Err(Error::new(
                    Kind::BadInput,
                    "A password only puts RedFlag's own key in place",
                )
                .next("Leave the password empty, and put the key on the node yourself."));
            }
            let (_, public) = self.own_key().await?;
            let (address, accepted) = (address_of(record), &record.host_key);
            let installed = match gate(key, record.way.through.as_ref()) {
                None => reach::install_key(&address, accepted, password, &public).await,
                Some(gate) => {
                    let gate = self.ssh_of(&gate).await?;
                    gate.install_key_through(&address, accepted, password, &public)
                        .await
                }
            };
            installed.map_err(|e| reach_error(&e))?;
            self.audit(
                &account(),
                "ssh.install-key",
                &address.to_string(),
                "with a password that was used once",
                "done",
            )
            .await;
        }
        let entered = node.enter().await.map_err(|e| reach_error(&e))?;
        let count = |guests: Vec<domain::Vmid>| u32::try_from(guests.len()).unwrap_or(u32::MAX);
        Ok(Entered {
            hostname: entered.hostname,
            guests: entered.guests.map(count),
        })
    }

    /// Gives up the way into a node. Nothing is changed on the node.
    pub(crate) async fn forget_access(&self, key: &NodeKey) -> Result<(), Error> {
        let access = self.access_to(key)?;
        let behind: Vec<String> = self.state.read(|known| {
            let of_cluster = known
                .nodes
                .values()
                .filter(|n| n.record.key.cluster == key.cluster);
            of_cluster
                .filter(|n| {
                    let access = n.record.access.as_ref();
                    access.is_some_and(|a| a.way.through.as_ref() == Some(&key.node))
                })
                .map(|n| n.record.key.node.to_string())
                .collect()
        });
        if !behind.is_empty() {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "The way to {} leads through {}",
                    behind.join(", "),
                    key.node
                ),
            )
            .next("Give these another way first."));
        }
        self.set_access(key, None).await?;
        let target = format!("{} at {}", key.node, address_of(&access));
        self.audit(
            &account(),
            "ssh.forget",
            &target,
            "the key stays on the node",
            "done",
        )
        .await;
        Ok(())
    }

    /// Stores the way into a node and shows it. What was connected by an earlier way is let go.
    async fn set_access(&self, key: &NodeKey, access: Option<AccessRecord>) -> Result<(), Error> {
        self.store.set_access(key, access.as_ref()).await?;
        self.drop_connections(key);
        self.state.change(|known| {
            if let Some(node) = known.nodes.get_mut(key) {
                node.record.access = access;
            }
        });
        Ok(())
    }

    /// Enters a node that is set up, and keeps whether it worked.
    pub(crate) async fn try_access(&self, key: &NodeKey) -> Result<(), Error> {
        let tried = async {
            let node = self.ssh_of(key).await?;
            node.enter().await.map_err(|e| reach_error(&e))
        };
        let error = tried.await.err().map(|error| {
            let Problem { what, words, .. } = error.problem;
            words.unwrap_or(what)
        });
        let mut access = self.access_to(key)?;
        access.tried_at = Some(clock::now());
        access.error = error;
        self.store.set_access(key, Some(&access)).await?;
        self.state.change(|known| {
            if let Some(node) = known.nodes.get_mut(key) {
                node.record.access = Some(access);
            }
        });
        Ok(())
    }
}
