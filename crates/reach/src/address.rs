//! Where a node's sshd listens, and as whom to log in there.

use std::fmt;

/// The sshd of one node and the account used there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeAddress {
    /// A name or an address; IPv6 with or without brackets.
    pub host: String,
    pub port: u16,
    /// `root`, as a rule: only root may enter guests.
    pub user: String,
}

impl NodeAddress {
    /// The host as the resolver wants it: without brackets.
    pub(crate) fn plain_host(&self) -> &str {
        self.host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(&self.host)
    }
}

/// `user@host:port`.
impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.plain_host();
        if host.contains(':') {
            write!(f, "{}@[{host}]:{}", self.user, self.port)
        } else {
            write!(f, "{}@{host}:{}", self.user, self.port)
        }
    }
}
