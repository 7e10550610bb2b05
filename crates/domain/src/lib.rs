//! Pure types and rules: the fleet's tree, updates, plans, operations. No I/O, no clock, no async.
//!
//! Everything here is shared by the agent, the desktop and (through generated TypeScript) the window, so a
//! change of a field's meaning is a change of all three.

pub mod access;
pub mod approval;
pub mod docker;
pub mod facts;
pub mod fleet;
pub mod host;
pub mod ids;
pub mod image;
pub mod inventory;
pub mod operation;
pub mod paste;
pub mod plan;
pub mod preferences;
pub mod rule;
pub mod time;
pub mod version;

pub use ids::{
    AgentId, ApprovalId, ClusterId, GuestId, JobId, NodeKey, NodeName, OperationId, PasteId,
    PlanId, RuleId, Vmid,
};
pub use time::Timestamp;
