//! What a run with real guests consists of, before anything is made.

use std::{
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::userland::Userland;

/// How a guest stands at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    Running,
    Stopped,
    Template,
}

/// One guest.
#[derive(Clone, Debug)]
pub struct GuestPlan {
    pub vmid: u32,
    pub name: String,
    pub stand: Stand,
    /// Packages of the lab that are not installed in it.
    pub without: Vec<String>,
    pub userland: Userland,
    /// Root inside is not root on the machine.
    pub unprivileged: bool,
    /// How much its disk takes in all beside what the root holds already, in bytes; none for as much as the machine has.
    pub room: Option<u64>,
    /// Without a network card.
    pub offline: bool,
}

/// One node.
#[derive(Clone, Debug)]
pub struct NodePlan {
    /// Label of its cluster in the double.
    pub cluster: String,
    pub name: String,
    /// Where its sshd listens.
    pub address: IpAddr,
    /// Port of its sshd; none takes 22 if it is free, else any.
    pub port: Option<u16>,
    /// Accounts can be made on it and files written into its folders, without a trace on the machine.
    pub accounts: bool,
    pub guests: Vec<GuestPlan>,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the Debian root is kept between runs, and the runs themselves lie. No blanks in its path.
    pub cache: PathBuf,
    pub nodes: Vec<NodePlan>,
}

impl GuestPlan {
    /// A running guest with all packages of the lab.
    pub fn new(vmid: u32, name: &str) -> Self {
        Self {
            vmid,
            name: name.into(),
            stand: Stand::Running,
            without: Vec::new(),
            userland: Userland::default(),
            unprivileged: false,
            room: None,
            offline: false,
        }
    }

    /// Something else than Debian with systemd.
    #[must_use]
    pub fn userland(mut self, userland: Userland) -> Self {
        self.userland = userland;
        self
    }

    #[must_use]
    pub fn unprivileged(mut self) -> Self {
        self.unprivileged = true;
        self
    }

    /// A disk with room for no more than so many bytes.
    #[must_use]
    pub fn room(mut self, bytes: u64) -> Self {
        self.room = Some(bytes);
        self
    }

    /// Without a network card.
    #[must_use]
    pub fn offline(mut self) -> Self {
        self.offline = true;
        self
    }

    #[must_use]
    pub fn stand(mut self, stand: Stand) -> Self {
        self.stand = stand;
        self
    }

    /// Leaves a package out.
    #[must_use]
    pub fn without(mut self, package: &str) -> Self {
        self.without.push(package.into());
        self
    }
}

impl NodePlan {
    /// A node without guests whose sshd listens on 127.0.0.1.
    pub fn new(cluster: &str, name: &str) -> Self {
        Self {
            cluster: cluster.into(),
            name: name.into(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: None,
            accounts: false,
            guests: Vec::new(),
        }
    }

    /// Lets accounts be made on it. Needs what [`super::missing_for_accounts`] names.
    #[must_use]
    pub fn accounts(mut self) -> Self {
        self.accounts = true;
        self
    }

    /// Adds a guest.
    #[must_use]
    pub fn guest(mut self, guest: GuestPlan) -> Self {
        self.guests.push(guest);
        self
    }
}

impl Options {
    /// One cluster `real` of two nodes: pve1 with 100 `web` and 101 `spare` (stopped); pve2 with 200 `db` (without the
    /// service and the held package) and 900 `tmpl-debian-12` (template).
    pub fn two_nodes() -> Self {
        Self {
            cache: default_cache(),
            nodes: vec![
                NodePlan::new("real", "pve1")
                    .guest(GuestPlan::new(100, "web"))
                    .guest(GuestPlan::new(101, "spare").stand(Stand::Stopped)),
                NodePlan::new("real", "pve2")
                    .guest(
                        GuestPlan::new(200, "db")
                            .without("rf-web")
                            .without("rf-held"),
                    )
                    .guest(GuestPlan::new(900, "tmpl-debian-12").stand(Stand::Template)),
            ],
        }
    }
}

/// Where roots of guests are kept when the workspace cannot be passed by everybody.
const CLOSED_HOMES_CACHE: &str = "/var/cache/redflag-lab";

/// `lab-lxc` in the workspace's target folder, so that `cargo clean` clears it away too; a place of its own where the
/// workspace lies in a folder that is closed to others, such as a home: root of an unprivileged guest is such another.
fn default_cache() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    // The mount table, by which leftovers are found, knows only paths without detours.
    let target = target.canonicalize().unwrap_or(target);
    if target.ancestors().all(may_be_passed) {
        target.join("lab-lxc")
    } else {
        PathBuf::from(CLOSED_HOMES_CACHE)
    }
}

/// Whether everybody may go through a folder.
fn may_be_passed(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|folder| folder.permissions().mode() & 0o001 != 0)
}
