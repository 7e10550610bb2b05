//! Real LXC guests on this machine behind the double's API: systemd and apt inside, a real sshd per node, a real
//! `lxc-attach`, and an apt repository made for the purpose. Root on Linux only.
//!
//! Everything that one run makes carries its random id: a folder below the cache, a bridge, a cgroup, and mount
//! namespaces whose processes are known by that folder in their mount table. So a run that was killed can be cleared
//! away by the next one without touching anything else.

mod accounts;
mod bridge;
mod command;
mod deb;
pub mod docker;
mod firewall;
mod guest;
mod making;
mod namespace;
mod nodes;
mod online;
mod plan;
mod repository;
mod run;
mod step;
mod sweep;
mod template;
mod userland;

pub use accounts::missing_for_accounts;
pub use command::Output;
pub use deb::{Deb, Suite};
pub use firewall::Rule;
pub use guest::RealGuest;
pub use namespace::NodeDoor;
pub use nodes::RealNodes;
pub use plan::{GuestPlan, NodePlan, Options, Stand};
pub use repository::Repository;
pub use run::missing;
pub use sweep::{Remains, remains, sweep};
pub use userland::Userland;
