//! Requests and answers about the ways into nodes and their LXCs.

use domain::{
    ClusterId, NodeName,
    access::{AccessEntry, AccessKey, AccessWay, Road},
    host::HostKey,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::SecretRef;

dto! {
    struct AccessInfo { cluster: ClusterId, }
    struct AccessPlan {
        /// The line for a node's shell that lets RedFlag's own key in as root.
        authorise: String,
        nodes: Vec<NodeAddress>,
        /// Keywords of the user's SSH configuration that are not followed.
        not_followed: Vec<String>,
    }
    struct NodeAddress {
        node: NodeName,
        /// Proposed host of its sshd.
        host: String,
        port: u16,
        user: String,
        /// The present one, else the usual one.
        way: AccessWay,
        /// What the user's SSH configuration says of the node.
        configured: Option<ConfiguredHost>,
    }
    /// A host of the user's SSH configuration.
    struct ConfiguredHost {
        /// Its name there.
        name: String,
        host: String,
        port: u16,
        user: String,
        key: Option<AccessKey>,
        /// The node of this cluster that it goes through.
        through: Option<NodeName>,
    }
    struct AccessSetup {
        entry: AccessEntry,
        /// The account, where it is not root.
        user: String,
        key: AccessKey,
    }
    /// To be run as root on the node.
    struct SetupLines { lines: String, }
    struct RoadsOf {
        cluster: ClusterId,
        /// One node; none: the whole cluster.
        node: Option<NodeName>,
    }
    struct Roads {
        /// The best first; empty where there is no LXC.
        roads: Vec<Road>,
    }
    struct ProbeNode {
        cluster: ClusterId,
        node: NodeName,
        host: String,
        port: u16,
        /// The node to go through.
        #[serde(default)]
        through: Option<NodeName>,
    }
    struct ProbedNode {
        key: HostKey,
        /// Another key was accepted before; nothing is done until it is compared and forgotten on purpose.
        changed_from: Option<HostKey>,
        /// The command to compare on the node's console.
        compare: String,
    }
    struct SaveAccess {
        cluster: ClusterId,
        node: NodeName,
        host: String,
        port: u16,
        user: String,
        /// The host key that the user accepted.
        host_key: HostKey,
        /// What opens it and how its guests are entered; the usual way where nothing is said.
        #[serde(default)]
        way: AccessWay,
        /// Used once to put RedFlag's key in place, then forgotten. None when the key is already there.
        password: Option<SecretRef>,
    }
    struct SavedAccess {
        /// What the node answered to a first harmless command; none where the account may not ask.
        hostname: Option<String>,
        /// Running guests of the node; none where the account may not ask.
        guests: Option<u32>,
    }
}
