//! What is proposed for the way into a node: the present one, the usual one, what the user's SSH configuration says; and the
//! lines that let a key in.

use domain::{
    ClusterId, NodeName,
    access::{AccessEntry, AccessKey, AccessWay},
};
use reach::{
    NodeAddress,
    setup::{self, Setup, SetupError},
    ssh_config::SshConfig,
};
use store::AccessRecord;

use crate::{Error, Kind, doors::address_of, inner::Inner};

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
