//! The plain data behind the double: clusters, nodes, guests, tokens, tasks. No I/O and no clock in here.

pub mod access;
pub(crate) mod live;
pub mod load;
pub mod machine;
mod pending;
pub mod profile;
pub mod task;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use serde_json::{Map, Value};

use crate::console::Console;

pub(crate) use self::live::{millis, seconds};
pub use self::{
    access::{Access, Acl, Caller, Token, User},
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
    /// What its nodes can keep volumes on.
    pub storages: Vec<Storage>,
    /// What the nodes last broadcast of themselves and their guests, by `node/pve1` or `lxc/100`.
    pub broadcast: Arc<Broadcasts>,
}

/// By `node/pve1` or `lxc/100`.
pub type Broadcasts = BTreeMap<String, Broadcast>;

/// A storage that every node has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    pub name: String,
    /// `dir`, `lvmthin`, `zfspool`, `btrfs`, …
    pub plugin: String,
    /// As the list shows it.
    pub content: String,
}

impl Storage {
    /// Whether a container's volume on it can have snapshots.
    pub fn snapshots(&self) -> bool {
        ["lvmthin", "zfspool", "btrfs", "rbd", "cephfs"].contains(&self.plugin.as_str())
    }
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
    /// Its own release, where it differs from the cluster's.
    pub profile: Option<Profile>,
    /// `active`, `notfound`, `expired`, …
    pub subscription: String,
    /// Proxmox's repositories that are configured, by handle (`no-subscription`), and whether they are enabled.
    pub repositories: BTreeMap<String, bool>,
    /// Built from sources on a plain Debian, as the recorded node was: apt knows no package of Proxmox.
    pub from_sources: bool,
    /// Nothing listens on the port of its API although the node is up.
    pub api_closed: bool,
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
    /// How often it has been started here.
    pub boots: u32,
    pub template: bool,
    /// `backup`, `snapshot`, …
    pub lock: Option<String>,
    /// A lock that comes when the guest's agent has first reported: something begins on the node meanwhile.
    pub lock_after_report: Option<String>,
    pub tags: Vec<String>,
    pub ostype: String,
    pub arch: String,
    /// 0: all of the node's.
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
    /// Configuration changes that wait for the next start; no text: the setting goes away.
    pub pending: BTreeMap<String, String>,
    /// Its console.
    pub console: Console,
    /// `mp0`, `mp1`, …
    pub mounts: Vec<Mount>,
    /// `net1`, `net2`, … as the configuration writes them.
    pub more_nets: Vec<String>,
    /// What `ip` shows inside beside `lo` and `eth0`.
    pub interfaces: Vec<Interface>,
    /// `eth0` has no address (yet).
    pub addressless: bool,
    /// The pool that it is in.
    pub pool: Option<String>,
    /// State that the HA manager keeps for it: `started`, `stopped`, …; none when it does not manage it.
    pub ha: Option<String>,
    /// Average load of its processors, 0 to 1.
    pub load: f64,
    /// What is inside.
    pub machine: Machine,
}

/// A mount point beside the root volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is inside.
    pub path: String,
    pub source: Source,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A volume of so many GiB.
    Volume { storage: String, size: u64 },
    /// A folder or device of the node: it rules out snapshots.
    Host(String),
}

/// A network interface inside a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    /// Lower case with colons.
    pub mac: String,
    /// Each with the length of its prefix.
    pub addresses: Vec<(IpAddr, u8)>,
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

    /// The release of a node.
    pub fn profile_of(&self, node: &Node) -> Profile {
        node.profile.unwrap_or(self.profile)
    }

    /// The processors that a guest may use.
    pub fn cores_of(&self, guest: &Guest) -> u32 {
        match (guest.cores, self.node(&guest.node)) {
            (0, Some(node)) => node.cores,
            (cores, _) => cores,
        }
    }

    /// Whether Proxmox can take a snapshot of a guest: all its volumes can have one, and nothing of the node is
    /// mounted in.
    pub fn can_snapshot(&self, guest: &Guest) -> bool {
        let able = |name: &str| {
            self.storages
                .iter()
                .any(|s| s.name == name && s.snapshots())
        };
        !guest.template
            && able(&guest.storage)
            && guest.mounts.iter().all(|m| match &m.source {
                Source::Volume { storage, .. } => able(storage),
                Source::Host(_) => false,
            })
    }

    /// Whether someone has a privilege at a path. A pool's rights are its guests' too.
    pub fn allows(&self, caller: Caller<'_>, path: &str, privilege: &str) -> bool {
        let pool = || {
            let vmid = path.strip_prefix("/vms/")?.parse().ok()?;
            let pool = self.guests.get(&vmid)?.pool.as_deref()?;
            Some(
                self.access
                    .allows(caller, &format!("/pool/{pool}"), privilege),
            )
        };
        self.access.allows(caller, path, privilege) || pool().unwrap_or(false)
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
                fresh.push((
                    format!("lxc/{}", guest.vmid),
                    guest.figures(now, self.cores_of(guest)),
                ));
            }
        }
        let broadcast = Arc::make_mut(&mut self.broadcast);
        for (id, figures) in fresh {
            broadcast.insert(id, Broadcast { at: now, figures });
        }
        broadcast.retain(|_, b| now - b.at <= kept);
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
