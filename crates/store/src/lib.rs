//! The database: one SQLite file with what was found, what was done and, sealed, what must stay secret.
//!
//! One connection writes, with full synchronisation, since the journal of operations must survive a power cut; small
//! writes that wait at the same time share one. Four other connections read beside it. Every query is checked against the schema when the crate is compiled.
#![cfg(feature = "queries")]

mod agents;
mod approvals;
mod audit;
mod backup;
mod clusters;
mod column;
mod discovery;
mod error;
mod guests;
mod images;
mod inventories;
mod nodes;
mod open;
mod operations;
mod platform;
mod restore;
mod rules;
mod settings;
mod together;
pub mod vault;

pub use agents::AgentRecord;
pub use audit::AuditEntry;
pub use backup::Backup;
pub use clusters::ClusterRecord;
pub use discovery::DiscoveryWrite;
pub use error::StoreError;
pub use guests::GuestRecord;
pub use inventories::StoredInventory;
pub use nodes::{AccessRecord, NodeRecord};
pub use open::Store;
pub use operations::{
    FoundReceipt, JobEnd, JobRecord, NewJob, NewOperation, OperationRecord, StepChange,
};
pub use together::Written;
pub use vault::{KeySource, SecretId, SecretPurpose, Vault, VaultError, VaultState};
