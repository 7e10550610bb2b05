//! The plain data behind the double: clusters, nodes, guests, tokens, tasks. No I/O and no clock in here.

pub mod access;
pub(crate) mod live;
pub mod load;
pub mod machine;
pub mod profile;
pub mod task;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use serde_json::{Map, Value};

pub(crate) use self::live::{millis, seconds};
pub use self::{
    access::{Access, Acl, Token},
    live::Live,
    machine::{Agent, Candidate, Machine, Package},
    profile::Profile,
    task::Task,
};

/// Everything that exists.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub clusters: Vec<Cluster>,
}

/// One Proxmox cluster, or a stand-alone node when `name` is none.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// What people call it; how tests and facts refer to it.
    pub label: String,
    /// `cluster_name` of corosync; none for a stand-alone node.
    pub name: Option<String>,
    pub profile: Profile,
    pub nodes: Vec<Node>,
    pub guests: BTreeMap<u32, Guest>,
    pub access: Access,
    pub tasks: Vec<Task>,
    /// A QDevice or `two_node` keeps it quorate with half of its nodes.
    pub tie_breaker: bool,
    /// The cluster's CA; filled in when the lab starts.
    pub authority: Certificate,
    /// What the nodes last broadcast of themselves and their guests, by `node/pve1` or `lxc/100`.
    pub broadcast: BTreeMap<String, Broadcast>,
}

/// Figures as they stood at one statistics tick.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// Seconds since 1970.
    pub at: i64,
    pub figures: Map<String, Value>,
}

/// Why a node does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Down {
    /// Its machine is up but nothing listens: an error at once.
    Refused,
    /// Nothing is there: an error after 3.1 s, as measured.
    NoRoute,
}

/// One Proxmox host.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    /// Where its API and sshd listen; filled in when the lab starts.
    pub ip: IpAddr,
    pub down: Option<Down>,
    /// Seconds since 1970.
    pub booted_at: i64,
    pub cores: u32,
    /// Bytes.
    pub memory: u64,
    /// Bytes of the root file system.
    pub disk: u64,
    /// Average load of the processors, 0 to 1.
    pub load: f64,
    /// The certificate that it presents; filled in when the lab starts.
    pub certificate: Certificate,
    /// Its sshd refuses connections although the node is up.
    pub ssh_closed: bool,
    /// Lines of `authorized_keys` that were added through a simulated sshd; equal on all nodes of a cluster.
    pub authorized_keys: Vec<String>,
}

/// A certificate as `certificates/info` describes it.
#[derive(Clone, Debug, Default)]
pub struct Certificate {
    pub pem: String,
    /// SHA-256, upper-case hex pairs joined by colons.
    pub fingerprint: String,
    pub subject: String,
    pub issuer: String,
    /// Seconds since 1970.
    pub not_before: i64,
    pub not_after: i64,
    pub names: Vec<String>,
}

/// One LXC container.
#[derive(Clone, Debug)]
pub struct Guest {
    pub vmid: u32,
    pub node: String,
    pub name: String,
    /// Seconds since 1970; none while stopped.
    pub running_since: Option<i64>,
    pub template: bool,
    /// `backup`, `snapshot`, …
    pub lock: Option<String>,
    /// A lock that comes when the guest's agent has first reported: something begins on the node meanwhile.
    pub lock_after_report: Option<String>,
    pub tags: Vec<String>,
    pub ostype: String,
    pub arch: String,
    pub cores: u32,
    /// MiB.
    pub memory: u64,
    /// MiB.
    pub swap: u64,
    /// GiB.
    pub disk: u64,
    pub storage: String,
    /// Upper case with colons, as in Proxmox's configuration.
    pub mac: String,
    /// Static address with a /24 prefix; none means DHCP.
    pub address: Option<Ipv4Addr>,
    pub features: Option<String>,
    pub unprivileged: bool,
    pub onboot: bool,
    pub description: Option<String>,
    /// Configuration changes that wait for the next start.
    pub pending: BTreeMap<String, String>,
    /// Whether its storage can take snapshots.
    pub snapshots: bool,
    /// Average load of its processors, 0 to 1.
    pub load: f64,
    /// What is inside.
    pub machine: Machine,
}

impl World {
    /// The cluster of that label.
    pub fn cluster(&self, label: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|c| c.label == label)
    }

    /// The cluster of that label, to change.
    pub fn cluster_mut(&mut self, label: &str) -> Option<&mut Cluster> {
        self.clusters.iter_mut().find(|c| c.label == label)
    }

    /// A guest by cluster and number.
    pub fn guest(&self, label: &str, vmid: u32) -> Option<&Guest> {
        self.cluster(label)?.guests.get(&vmid)
    }

    /// A guest by cluster and number, to change.
    pub fn guest_mut(&mut self, label: &str, vmid: u32) -> Option<&mut Guest> {
        self.cluster_mut(label)?.guests.get_mut(&vmid)
    }
}

impl Cluster {
    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.name == name)
    }

    /// The node of that name, to change.
    pub fn node_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.nodes.iter_mut().find(|n| n.name == name)
    }

    /// Whether enough nodes are up to change anything.
    pub fn quorate(&self) -> bool {
        let up = self.nodes.iter().filter(|n| n.down.is_none()).count();
        up * 2 > self.nodes.len() || (self.tie_breaker && up * 2 == self.nodes.len())
    }

    /// Takes the figures of every node that is up and of its guests, as `pvestatd` does every 10 s, and forgets
    /// those older than `kept` seconds.
    pub fn tick(&mut self, now: i64, kept: i64) {
        let mut fresh = Vec::new();
        for node in self.nodes.iter().filter(|n| n.down.is_none()) {
            fresh.push((format!("node/{}", node.name), node.figures(now)));
            for guest in self.guests.values().filter(|g| g.node == node.name) {
                fresh.push((format!("lxc/{}", guest.vmid), guest.figures(now)));
            }
        }
        for (id, figures) in fresh {
            self.broadcast.insert(id, Broadcast { at: now, figures });
        }
        self.broadcast.retain(|_, b| now - b.at <= kept);
    }
}

impl Guest {
    /// Whether it runs.
    pub fn running(&self) -> bool {
        self.running_since.is_some()
    }

    /// Its address on the bridge; one from its number when it uses DHCP.
    pub fn ip(&self) -> Ipv4Addr {
        self.address.unwrap_or_else(|| {
            let [_, _, high, low] = self.vmid.to_be_bytes();
            Ipv4Addr::new(10, 20, high, low)
        })
    }
}
