//! What Proxmox answers, call by call.

pub(crate) mod apt;
pub(crate) mod certificates;
pub(crate) mod cluster;
pub(crate) mod config;
pub(crate) mod expiry;
pub(crate) mod guest;
pub(crate) mod interfaces;
pub(crate) mod load;
pub(crate) mod node;
pub(crate) mod node_status;
pub(crate) mod pending;
pub(crate) mod permissions;
pub(crate) mod resources;
pub(crate) mod snapshot;
pub(crate) mod task;
