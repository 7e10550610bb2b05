//! Parts that scenarios and tests put together.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use domain::Timestamp;

use super::{packages, standard_access};
use crate::{
    console::Console,
    seed::noise,
    world::{
        Certificate, Cluster, Down, Guest, Machine, Mount, Node, Profile, Source, Storage, millis,
        seconds,
    },
};

/// A cluster without guests. `name` is none for a stand-alone node.
pub fn cluster(label: &str, name: Option<&str>, profile: Profile, nodes: Vec<Node>) -> Cluster {
    Cluster {
        label: label.into(),
        name: name.map(str::to_owned),
        profile,
        nodes,
        guests: BTreeMap::new(),
        access: standard_access(profile),
        tasks: Vec::new(),
        tie_breaker: false,
        authority: Certificate::default(),
        storages: vec![
            storage("local", "dir", "rootdir,backup,vztmpl,snippets,iso,images"),
            storage("local-lvm", "lvmthin", "rootdir,images"),
        ],
        broadcast: Arc::default(),
    }
}

/// A storage of every node.
pub fn storage(name: &str, plugin: &str, content: &str) -> Storage {
    Storage {
        name: name.into(),
        plugin: plugin.into(),
        content: content.into(),
    }
}

/// A node of ordinary size that has been up for some days.
pub fn node(name: &str) -> Node {
    let key = name
        .bytes()
        .fold(7, |k: u64, b| k.wrapping_mul(31).wrapping_add(u64::from(b)));
    Node {
        name: name.into(),
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        down: None,
        booted_at: seconds() - 86_400 * 3 - (noise(key, 1) * 4e6) as i64,
        cores: 8,
        memory: 32 << 30,
        disk: 94 << 30,
        load: 0.08 + noise(key, 2) * 0.25,
        certificate: Certificate::default(),
        profile: None,
        subscription: "notfound".into(),
        repositories: BTreeMap::from([("no-subscription".into(), true)]),
        from_sources: false,
        api_closed: false,
        ssh_closed: false,
        authorized_keys: Vec::new(),
    }
}

/// Builds one guest step by step.
#[derive(Clone, Debug)]
pub struct GuestPlanner(Guest);

/// A running Debian 12 guest, up to date.
pub fn guest(vmid: u32, name: &str, node: &str) -> GuestPlanner {
    let key = u64::from(vmid) ^ (name.len() as u64) << 32;
    let mut machine = packages::debian_12(key);
    machine.lists_at = Some(Timestamp(millis() - 6 * 3_600_000));
    let bits = (noise(key, 4) * f64::from(1 << 24)) as u32;
    GuestPlanner(Guest {
        vmid,
        node: node.into(),
        name: name.into(),
        running_since: Some(seconds() - 3_600 - (noise(key, 5) * 2e6) as i64),
        boots: 0,
        template: false,
        lock: None,
        lock_after_report: None,
        tags: Vec::new(),
        ostype: "debian".into(),
        arch: "amd64".into(),
        cores: 2,
        memory: 1024,
        swap: 512,
        disk: 8,
        storage: "local-lvm".into(),
        mac: format!(
            "BC:24:11:{:02X}:{:02X}:{:02X}",
            bits >> 16 & 0xFF,
            bits >> 8 & 0xFF,
            bits & 0xFF
        ),
        address: None,
        features: Some("nesting=1".into()),
        unprivileged: true,
        onboot: true,
        description: None,
        pending: BTreeMap::new(),
        console: Console::default(),
        mounts: Vec::new(),
        more_nets: Vec::new(),
        interfaces: Vec::new(),
        addressless: false,
        pool: None,
        ha: None,
        load: 0.01 + noise(key, 6) * 0.12,
        machine,
    })
}

impl GuestPlanner {
    /// Ubuntu 24.04 instead of Debian 12.
    #[must_use]
    pub fn ubuntu(self) -> Self {
        let key = u64::from(self.0.vmid);
        self.with(|g| {
            g.ostype = "ubuntu".into();
            let lists_at = g.machine.lists_at;
            g.machine = packages::ubuntu_2404(key);
            g.machine.lists_at = lists_at;
        })
    }

    /// Packages for which a newer version is known.
    #[must_use]
    pub fn pending(self, names: &[&str]) -> Self {
        self.with(|g| packages::pending(&mut g.machine, names))
    }

    #[must_use]
    pub fn held(self, package: &str) -> Self {
        self.with(|g| packages::hold(&mut g.machine, package))
    }

    #[must_use]
    pub fn stopped(self) -> Self {
        self.with(|g| g.running_since = None)
    }

    /// Becomes locked as soon as its agent has reported.
    #[must_use]
    pub fn locked_after_report(self, lock: &str) -> Self {
        self.with(|g| g.lock_after_report = Some(lock.into()))
    }

    #[must_use]
    pub fn locked(self, lock: &str) -> Self {
        self.with(|g| g.lock = Some(lock.into()))
    }

    #[must_use]
    pub fn template(self) -> Self {
        self.with(|g| {
            g.template = true;
            g.running_since = None;
            g.onboot = false;
        })
    }

    #[must_use]
    pub fn tags(self, tags: &[&str]) -> Self {
        self.with(|g| g.tags = tags.iter().map(|t| (*t).to_owned()).collect())
    }

    /// Static address with a /24 prefix.
    #[must_use]
    pub fn address(self, address: [u8; 4]) -> Self {
        self.with(|g| g.address = Some(address.into()))
    }

    /// Cores, MiB of memory and GiB of disk.
    #[must_use]
    pub fn size(self, cores: u32, memory: u64, disk: u64) -> Self {
        self.with(|g| {
            g.cores = cores;
            g.memory = memory;
            g.disk = disk;
        })
    }

    /// A folder or device of the node, mounted in.
    #[must_use]
    pub fn bind(self, host: &str, path: &str) -> Self {
        self.mount(path, Source::Host(host.into()))
    }

    /// A further volume, in GiB.
    #[must_use]
    pub fn volume(self, storage: &str, size: u64, path: &str) -> Self {
        let storage = storage.into();
        self.mount(path, Source::Volume { storage, size })
    }

    fn mount(self, path: &str, source: Source) -> Self {
        let path = path.into();
        self.with(|g| g.mounts.push(Mount { path, source }))
    }

    /// In a pool.
    #[must_use]
    pub fn pool(self, pool: &str) -> Self {
        self.with(|g| g.pool = Some(pool.into()))
    }

    /// Managed by HA, in this state.
    #[must_use]
    pub fn ha(self, state: &str) -> Self {
        self.with(|g| g.ha = Some(state.into()))
    }

    /// Anything else.
    #[must_use]
    pub fn with(mut self, act: impl FnOnce(&mut Guest)) -> Self {
        act(&mut self.0);
        self
    }

    /// Anything about the inside.
    #[must_use]
    pub fn inside(self, act: impl FnOnce(&mut Machine)) -> Self {
        self.with(|g| act(&mut g.machine))
    }

    /// The guest.
    pub fn build(self) -> Guest {
        self.0
    }
}

impl Cluster {
    /// Adds a guest to a cluster that is being put together.
    #[must_use]
    pub fn with_guest(mut self, guest: GuestPlanner) -> Self {
        let guest = guest.build();
        self.guests.insert(guest.vmid, guest);
        self
    }
}

impl Node {
    /// A node of another release than its cluster.
    #[must_use]
    pub fn of_release(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// A node that does not answer.
    #[must_use]
    pub fn unreachable(mut self, down: Down) -> Self {
        self.down = Some(down);
        self
    }
}
