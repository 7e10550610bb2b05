//! Setting up the way into a node: what is proposed, its host key, the first entry, and giving it up again.

use domain::{
    ClusterId, NodeKey, NodeName,
    access::{AccessEntry, AccessKey, AccessWay},
    host::HostKey,
    operation::Problem,
};
use reach::{
    NodeAddress,
    setup::{self, Setup, SetupError},
    ssh_config::SshConfig,
};
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

/// The proposed way into one node; the present one where there is one.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub node: NodeName,
    pub address: NodeAddress,
    pub way: AccessWay,
    /// What the user's SSH configuration says of it, where that is something.
    pub configured: Option<Configured>,
}

/// A host of the user's SSH configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// Its name there.
    pub name: String,
    pub address: NodeAddress,
    /// Its first key file, or another agent's socket; none where it names neither.
    pub key: Option<AccessKey>,
    /// The node that it goes through.
    pub through: Option<NodeName>,
}

/// What is proposed for the nodes of a cluster.
#[derive(Clone, Debug)]
pub struct Proposals {
    /// The line for a node's shell that lets RedFlag's own key in as root.
    pub authorise: String,
    pub nodes: Vec<Proposal>,
    /// Keywords of the user's SSH configuration that RedFlag does not follow.
    pub not_followed: Vec<String>,
}

/// What a first command on a node showed.
#[derive(Clone, Debug)]
pub struct Entered {
    /// None where the account may not ask.
    pub hostname: Option<String>,
    /// Running guests of that node; none where the account may not ask.
    pub guests: Option<u32>,
}

/// What the configuration says of a node, looked up under its name, its address, and names that stand for either.
fn configured(
    config: &SshConfig,
    home: &str,
    node: &NodeName,
    address: Option<&str>,
    others: &[(NodeName, Option<String>)],
) -> Option<Configured> {
    let is = |host: &str, node: &NodeName, address: Option<&str>| {
        host.eq_ignore_ascii_case(node.as_str()) || address == Some(host)
    };
    let known = config.names();
    let means =
        |name: &&String| is(name, node, address) || is(&config.lookup(name).host, node, address);
    let name = known.iter().find(means)?;
    let found = config.lookup(name);
    let socket = found.identity_agent.clone();
    let key = match found.identity_paths(home).into_iter().next() {
        Some(path) => Some(AccessKey::File { path }),
        None => socket
            .filter(|s| {
                !s.eq_ignore_ascii_case("none")
                    && !s.starts_with(['$', '%', '~'])
                    && s.contains('/')
            })
            .map(|socket| AccessKey::Agent {
                socket: Some(socket),
                only: None,
            }),
    };
    let through = found.proxy_jump.as_deref().and_then(|jump| {
        let jump = jump.rsplit_once('@').map_or(jump, |(_, host)| host);
        let jump = jump.split(':').next().unwrap_or(jump);
        let host = config.lookup(jump).host;
        let other = others.iter().find(|(name, address)| {
            is(jump, name, address.as_deref()) || is(&host, name, address.as_deref())
        });
        other.map(|(name, _)| name.clone()).filter(|n| n != node)
    });
    Some(Configured {
        name: name.clone(),
        address: found.address(),
        key,
        through,
    })
}

fn unusable(error: &SetupError) -> Error {
    Error::new(Kind::BadInput, "The lines for the node could not be made")
        .words(error.to_string())
        .next(match error {
            SetupError::User(_) => "Write the account's name in small letters, digits, - and _.",
            SetupError::Key => "Choose another key.",
        })
}

fn in_words(key: &AccessKey) -> String {
    match key {
        AccessKey::Own => "RedFlag's key".into(),
        AccessKey::File { path } => format!("the key in {path}"),
        AccessKey::Agent { .. } => "the ssh-agent".into(),
    }
}

impl Inner {
    /// The user's SSH configuration; an empty one where there is none.
    async fn ssh_config(&self) -> SshConfig {
        let Some(home) = &self.home else {
            return SshConfig::default();
        };
        match tokio::fs::read_to_string(home.join(".ssh/config")).await {
            Ok(text) => SshConfig::parse(&text),
            Err(_) => SshConfig::default(),
        }
    }

    /// The public key and a proposal for each node of a cluster.
    pub(crate) async fn access_proposals(&self, cluster: ClusterId) -> Result<Proposals, Error> {
        let authorise = self
            .access_setup(AccessEntry::Attach, "root", &AccessKey::Own)
            .await?;
        let config = self.ssh_config().await;
        let home = self.home.as_ref().map(|home| home.display().to_string());
        let nodes: Vec<(NodeName, Option<String>, Option<AccessRecord>)> =
            self.state.read(|known| {
                let of_cluster = known
                    .nodes
                    .values()
                    .filter(|n| n.record.key.cluster == cluster);
                of_cluster
                    .map(|node| {
                        let record = &node.record;
                        let name = record.key.node.clone();
                        (name, record.address.clone(), record.access.clone())
                    })
                    .collect()
            });
        let all: Vec<_> = nodes
            .iter()
            .map(|(name, at, _)| (name.clone(), at.clone()))
            .collect();
        let proposal = |(node, at, access): (NodeName, Option<String>, Option<AccessRecord>)| {
            let configured = configured(
                &config,
                home.as_deref().unwrap_or_default(),
                &node,
                at.as_deref(),
                &all,
            );
            let address = match &access {
                Some(access) => address_of(access),
                None => NodeAddress {
                    host: at.unwrap_or_else(|| node.to_string()),
                    port: 22,
                    user: "root".into(),
                },
            };
            let way = access.map(|access| access.way).unwrap_or_default();
            Proposal {
                node,
                address,
                way,
                configured,
            }
        };
        Ok(Proposals {
            authorise,
            nodes: nodes.into_iter().map(proposal).collect(),
            not_followed: config.unsupported().map(str::to_owned).collect(),
        })
    }

    /// The lines that let a key in with less than root's rights, to be run as root on the node.
    pub(crate) async fn access_setup(
        &self,
        entry: AccessEntry,
        user: &str,
        key: &AccessKey,
    ) -> Result<String, Error> {
        let public = match key {
            AccessKey::Own => self.own_key().await?.1,
            other => {
                let lines = self.credential(other).await?.public_lines().await;
                let lines = lines.map_err(|words| {
                    Error::new(Kind::BadInput, "The key for the node is not known")
                        .words(words)
                        .next("Start the ssh-agent and add the key to it, or choose another key.")
                })?;
                match lines.as_slice() {
                    [one] => one.clone(),
                    _ => {
                        return Err(
                            Error::new(Kind::BadInput, "The ssh-agent holds several keys")
                                .next("Write the fingerprint of the one to use."),
                        );
                    }
                }
            }
        };
        let setup: Setup = match entry {
            AccessEntry::Attach => setup::root_setup(&public),
            AccessEntry::Sudo => setup::sudo_setup(user.trim(), &public),
            AccessEntry::Wrapper => setup::wrapper_setup(&public),
        }
        .map_err(|error| unusable(&error))?;
        Ok(setup.commands.join("\n"))
    }

    /// The node to go through.
    fn gate(&self, key: &NodeKey, through: Option<&NodeName>) -> Option<NodeKey> {
        through.map(|node| NodeKey {
            cluster: key.cluster,
            node: node.clone(),
        })
    }

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
        let looked = match self.gate(key, through) {
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
            let installed = match self.gate(key, record.way.through.as_ref()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> NodeName {
        NodeName::try_from(text.to_owned()).expect("a name")
    }

    #[test]
    fn a_host_of_the_users_configuration_is_found_by_the_nodes_name_or_address() {
        let text = "Host lab-one\n HostName 10.0.0.11\n User root\n Port 2222\n IdentityFile ~/.ssh/lab\n\
            Host pve2\n HostName 10.0.0.12\n ProxyJump root@lab-one:22\n IdentityAgent /run/agent\n\
            Host *\n User admin\n";
        let config = SshConfig::parse(text);
        let nodes = [
            (name("pve1"), Some("10.0.0.11".to_owned())),
            (name("pve2"), Some("10.0.0.12".to_owned())),
        ];
        let find = |node: &str, address: Option<&str>| {
            configured(&config, "/home/me", &name(node), address, &nodes)
        };
        let one = find("pve1", Some("10.0.0.11")).expect("by its address");
        assert_eq!(one.name, "lab-one");
        assert_eq!(one.address.to_string(), "root@10.0.0.11:2222");
        let path = "/home/me/.ssh/lab".to_owned();
        assert_eq!(one.key, Some(AccessKey::File { path }));
        assert_eq!(one.through, None);
        let two = find("pve2", None).expect("by its name");
        assert_eq!(two.address.to_string(), "admin@10.0.0.12:22");
        let socket = Some("/run/agent".to_owned());
        assert_eq!(two.key, Some(AccessKey::Agent { socket, only: None }));
        assert_eq!(two.through, Some(name("pve1")), "the jump is a node here");
        assert_eq!(
            find("pve3", Some("10.0.0.13")),
            None,
            "what holds for every host proposes nothing"
        );
    }
}
