//! What Proxmox answers, call by call.

pub(crate) mod certificates;
pub(crate) mod cluster;
pub(crate) mod config;
pub(crate) mod guest;
pub(crate) mod interfaces;
pub(crate) mod node;
pub(crate) mod permissions;
pub(crate) mod resources;
pub(crate) mod task;
