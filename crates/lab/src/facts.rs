//! What a person or a script must know to use a running lab. Holds secrets of the lab; they die with it.

use std::{fmt, io, net::SocketAddr, path::Path};

use anyhow::{Context, Result, bail};
use domain::host::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::{
    guest::apt,
    ssh::Door,
    world::{Cluster, Guest},
};

/// Everything about a running lab.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    pub clusters: Vec<ClusterFacts>,
}

/// One cluster.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterFacts {
    pub name: String,
    /// `8.4.21`, with a note where the release was not measured.
    pub version: String,
    /// `host:port` of the first node that is up: where to add the cluster.
    pub address: String,
    /// SHA-256 of that node's certificate.
    pub fingerprint: Fingerprint,
    pub ca_pem: String,
    /// Who may change everything; also the password of root on every simulated sshd.
    pub root: LoginFacts,
    /// The token to add it with.
    pub token: TokenFacts,
    /// All tokens, that one included.
    pub tokens: Vec<TokenFacts>,
    pub nodes: Vec<NodeFacts>,
    pub guests: Vec<GuestFacts>,
}

/// A login by password.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginFacts {
    /// `root@pam`.
    pub user: String,
    pub password: String,
}

/// An API token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenFacts {
    /// `user@realm!name`.
    pub id: String,
    pub secret: String,
}

/// One node.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeFacts {
    pub name: String,
    /// As for the cluster.
    pub version: String,
    /// Of its API.
    pub address: SocketAddr,
    /// SHA-256 of its certificate at the start.
    pub fingerprint: Fingerprint,
    /// Whether it was up at the start.
    pub online: bool,
    /// None when the lab runs without SSH.
    pub ssh: Option<SshFacts>,
}

/// How to enter a node.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SshFacts {
    pub address: SocketAddr,
    pub user: String,
    pub password: String,
    /// As `ssh-keygen -lf` prints it: `SHA256:…`.
    pub host_key: String,
    pub algorithm: String,
}

/// One guest at the start.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuestFacts {
    pub vmid: u32,
    pub name: String,
    pub node: String,
    pub running: bool,
    pub template: bool,
    pub lock: Option<String>,
    /// Pending updates that an update of everything would install.
    pub updates: u32,
    /// Of these, security updates.
    pub security: u32,
}

impl Facts {
    /// The cluster of that name.
    pub fn cluster(&self, name: &str) -> Option<&ClusterFacts> {
        self.clusters.iter().find(|c| c.name == name)
    }

    /// Writes them as JSON, readable by the owner only.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        use io::Write;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
            options.mode(0o600);
            // An older file keeps its mode when it is opened.
            if let Ok(old) = std::fs::metadata(path) {
                let mut mode = old.permissions();
                mode.set_mode(0o600);
                std::fs::set_permissions(path, mode)?;
            }
        }
        let mut file = options.open(path)?;
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")
    }
}

impl ClusterFacts {
    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<&NodeFacts> {
        self.nodes.iter().find(|n| n.name == name)
    }

    /// The token of that id.
    pub fn token(&self, id: &str) -> Option<&TokenFacts> {
        self.tokens.iter().find(|t| t.id == id)
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.clusters.iter().map(|c| (&c.name, &c.address)))
            .finish()
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cluster in &self.clusters {
            writeln!(f, "{}  (Proxmox VE {})", cluster.name, cluster.version)?;
            writeln!(f, "  address      {}", cluster.address)?;
            writeln!(f, "  fingerprint  {}", cluster.fingerprint)?;
            writeln!(f, "  token id     {}", cluster.token.id)?;
            writeln!(f, "  secret       {}", cluster.token.secret)?;
            writeln!(
                f,
                "  login        {} password {}",
                cluster.root.user, cluster.root.password
            )?;
            for node in &cluster.nodes {
                let state = if node.online { "" } else { "  (unreachable)" };
                writeln!(f, "  node {:<8}{}{state}", node.name, node.address)?;
                if node.version != cluster.version {
                    writeln!(f, "    release    {}", node.version)?;
                }
                if let Some(ssh) = node.ssh.as_ref().filter(|_| node.online) {
                    writeln!(f, "    ssh        {} user {}", ssh.address, ssh.user)?;
                    writeln!(f, "    password   {}", ssh.password)?;
                    writeln!(f, "    host key   {} {}", ssh.algorithm, ssh.host_key)?;
                }
            }
            // A thousand guests are not for reading.
            if cluster.guests.len() <= 30 {
                for guest in &cluster.guests {
                    let state = match (guest.template, guest.running) {
                        (true, _) => "template",
                        (false, true) => "running",
                        (false, false) => "stopped",
                    };
                    let lock = guest.lock.as_deref().unwrap_or("");
                    let row = format!(
                        "  {:>5}  {:<18} {:<5} {state:<9} {} updates, {} security  {lock}",
                        guest.vmid, guest.name, guest.node, guest.updates, guest.security
                    );
                    writeln!(f, "{}", row.trim_end())?;
                }
            } else {
                writeln!(f, "  {} guests", cluster.guests.len())?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// What to know of a cluster whose nodes listen at these addresses.
///
/// # Errors
/// For a cluster without nodes or tokens.
pub(crate) fn of_cluster(
    cluster: &Cluster,
    addresses: &[SocketAddr],
    sshds: &[Door],
) -> Result<ClusterFacts> {
    let mut nodes = Vec::new();
    for (n, (node, address)) in cluster.nodes.iter().zip(addresses).enumerate() {
        nodes.push(NodeFacts {
            name: node.name.clone(),
            version: cluster.profile_of(node).label(),
            address: *address,
            fingerprint: node.certificate.fingerprint.parse()?,
            online: node.down.is_none(),
            ssh: sshds.get(n).map(|door| SshFacts {
                address: door.address(),
                user: "root".into(),
                password: door.password().to_owned(),
                host_key: door.fingerprint(),
                algorithm: "ssh-ed25519".into(),
            }),
        });
    }
    let tokens: Vec<TokenFacts> = cluster
        .access
        .tokens
        .iter()
        .map(|t| TokenFacts {
            id: t.id.clone(),
            secret: t.secret.clone(),
        })
        .collect();
    let Some(entry) = nodes.iter().find(|n| n.online).or(nodes.first()) else {
        bail!("cluster {} has no nodes", cluster.label);
    };
    Ok(ClusterFacts {
        name: cluster.label.clone(),
        version: cluster.profile.label(),
        address: entry.address.to_string(),
        fingerprint: entry.fingerprint,
        ca_pem: cluster.authority.pem.clone(),
        root: LoginFacts {
            user: "root@pam".into(),
            password: cluster
                .access
                .users
                .get("root@pam")
                .and_then(|u| u.password.clone())
                .unwrap_or_default(),
        },
        token: tokens
            .first()
            .cloned()
            .with_context(|| format!("cluster {} has no token", cluster.label))?,
        tokens,
        guests: cluster.guests.values().map(of_guest).collect(),
        nodes,
    })
}

fn of_guest(guest: &Guest) -> GuestFacts {
    let pending = apt::updates(&guest.machine);
    let free = || pending.iter().filter(|u| u.blocked.is_none());
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    GuestFacts {
        vmid: guest.vmid,
        name: guest.name.clone(),
        node: guest.node.clone(),
        running: guest.running(),
        template: guest.template,
        lock: guest.lock.clone(),
        updates: count(free().count()),
        security: count(free().filter(|u| u.severity.is_security()).count()),
    }
}
