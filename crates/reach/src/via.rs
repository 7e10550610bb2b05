//! By which road a node or a guest is reached.

use std::fmt;

use domain::NodeName;

use crate::NodeAddress;

/// Who carries commands to a node or a guest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// The node's sshd.
    Ssh(NodeAddress),
    /// The guest's console, through Proxmox's API.
    Console {
        /// `host:port` of the API.
        api: String,
        /// The node that the guest is on.
        node: NodeName,
    },
}

impl Via {
    /// One word for logs and the audit table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ssh(_) => "ssh",
            Self::Console { .. } => "console",
        }
    }
}

impl From<NodeAddress> for Via {
    fn from(address: NodeAddress) -> Self {
        Self::Ssh(address)
    }
}

/// `root@pve1:22`, or `pve1 (console through 10.0.0.11:8006)`.
impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ssh(address) => address.fmt(f),
            Self::Console { api, node } => write!(f, "{node} (console through {api})"),
        }
    }
}
