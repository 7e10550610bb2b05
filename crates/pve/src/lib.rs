//! Proxmox VE's HTTP API, as far as RedFlag reads it.
//!
//! Types are lenient (Perl writes numbers as strings at will, rows lack what the node does not know), errors keep
//! whether a request can have reached the node, and nothing here prints a secret.

mod address;
mod addresses;
mod client;
mod credential;
mod envelope;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod lenient;
mod limits;
mod path;
mod power;
mod probe;
mod session;
mod shell;
mod terminal;
mod token;
mod transport;
mod types;

pub use address::{AddressError, DEFAULT_PORT, normalise_address};
pub use client::Client;
pub use error::{ConnectFailure, ConnectKind, Error};
pub use limits::Limits;
pub use power::PowerAction;
pub use probe::probe_certificate;
pub use session::{CreatedToken, Session, SessionError};
pub use terminal::{
    ConsoleSetting, ConsoleSupport, TermProxy, Terminal, TerminalError, console_support,
};
pub use token::{Token, TokenError, TokenId};
pub use types::{
    apt::{AptRepositories, AptRepository, PackageVersion, StandardRepository, repository_verdict},
    certificates::{CertificateInfo, cluster_ca_pem},
    cluster::{ClusterRow, ClusterStatus, MemberRow},
    config::{LxcConfig, Mount, MountKind, Network, Volume},
    guest::{GuestRow, Ha, LxcStatus},
    interfaces::{Interface, best_address},
    load::{LoadPoint, TimeFrame},
    node::{NodeRow, NodeState, Version},
    node_status::NodeStatus,
    pending::PendingSetting,
    permissions::{Permissions, PrivilegeCheck, check_privileges, grant_lines, privileges_used},
    resources::{ResourceRow, StorageRow},
    snapshot::snapshot_obstacle,
    task::{TaskEnd, TaskLine, TaskLog, TaskRow, TaskStatus, Upid, UpidError},
};
