//! A Proxmox double that a client cannot tell from the real thing: HTTPS per node, tokens with privileges, tasks,
//! guests with agents that speak the real protocol, and an sshd per node. For the demo, tests and benchmarks.
//!
//! Everything runs inside the calling process on loopback addresses, so a test may start as many labs as it needs.

pub mod conformance;
pub mod console;
pub mod facts;
pub mod faults;
mod ground;
pub mod guest;
mod lab;
mod links;
#[cfg(target_os = "linux")]
pub mod lxc;
mod net;
mod options;
pub mod pve;
mod pveum;
mod records;
pub mod registry;
mod rights;
pub mod scenario;
mod seed;
pub mod ssh;
pub mod world;

pub use facts::Facts;
pub use faults::{Fault, Faults, Rule, Where};
pub use lab::Lab;
pub use links::{Carrier, LinkFault, LinkRule, Links};
pub use options::{Options, Ports};
pub use pveum::pveum;
pub use records::RequestRecord;
pub use scenario::Scenario;
pub use world::{Live, World};
