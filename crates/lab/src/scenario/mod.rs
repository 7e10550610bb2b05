//! Ready-made worlds: the demo, a small one for tests, one as recorded from a live node, and large ones for scale.

mod build;
mod demo;
mod docker;
pub mod packages;

use std::time::Duration;

pub use self::build::{GuestPlanner, cluster, guest, node, storage};
pub(crate) use self::docker::renew;
pub use self::docker::{Running, docker};
use crate::world::{Access, Acl, Profile, Token, User, World};

/// A world to start, and how long its statistics outlive the node that broadcast them.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub world: World,
    /// Proxmox forgets figures after five minutes without news.
    pub statistics_kept: Duration,
}

/// The rights that the wizard's five lines give: role `RedFlag`.
pub const ROLE: [&str; 9] = [
    "VM.Audit",
    "VM.PowerMgmt",
    "VM.Snapshot",
    "VM.Snapshot.Rollback",
    "VM.Backup",
    "Sys.Audit",
    "Datastore.Audit",
    "Datastore.AllocateSpace",
    "Pool.Audit",
];

/// User and token as those lines make them; the secret is drawn when the lab starts.
pub fn standard_access(profile: Profile) -> Access {
    let mut access = Access {
        all: profile.all_privileges().collect(),
        ..Access::default()
    };
    let privileges = ROLE.iter().map(|p| (*p).to_owned()).collect();
    access.roles.insert("RedFlag".into(), privileges);
    let acl = Acl::none().role("/", "RedFlag");
    access
        .users
        .insert("redflag@pve".into(), User::from(acl.clone()));
    access.tokens.push(token("redflag@pve!desktop", true, acl));
    access
}

/// A token without a secret yet.
pub fn token(id: &str, separated: bool, acl: Acl) -> Token {
    Token {
        id: id.into(),
        secret: String::new(),
        separated,
        acl,
        expires: None,
        comment: None,
        revoked: false,
    }
}

impl Scenario {
    /// A world with Proxmox's own memory for statistics.
    pub fn new(world: World) -> Self {
        Self {
            world,
            statistics_kept: Duration::from_secs(300),
        }
    }

    /// The two clusters of the demo.
    pub fn demo() -> Self {
        demo::demo()
    }

    /// One cluster `small` of two nodes: pve1 with 100 `web` (3 updates, 1 of them security, and one package held)
    /// and 101 `stopped1` (stopped); pve2 with 102 `db` (1 update).
    pub fn small() -> Self {
        demo::small()
    }

    /// What the transcripts of a live 8.4.21 show: a stand-alone node with three guests and tokens of differing
    /// rights (`root@pam!full`, `mgr@pve!agent`, `ro@pve!audit`, `none@pve!nothing`, `mgr@pve!sep`, expired
    /// `ro@pve!old`).
    pub fn recorded() -> Self {
        demo::recorded()
    }

    /// `clusters` × `nodes` × `guests` (per node), with zero to six updates each; every 17th guest is stopped.
    pub fn many(clusters: usize, nodes: usize, guests: usize) -> Self {
        demo::many(clusters, nodes, guests)
    }

    /// The same with another release in every cluster.
    #[must_use]
    pub fn of_release(mut self, profile: Profile) -> Self {
        for cluster in &mut self.world.clusters {
            cluster.profile = profile;
            cluster.access.all = profile.all_privileges().collect();
        }
        self
    }
}
