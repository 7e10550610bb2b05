//! What an account on a node may do to get into its guests, and the constant command lines that follow from it.

use domain::Vmid;

/// How commands get from a node's account into its guests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Entry {
    /// The account is root: `lxc-attach`, which starts at once.
    #[default]
    Attach,
    /// Another account, allowed one command by sudo: `pct exec`, which takes a second to load.
    Sudo,
    /// The key has a forced command that takes `exec VMID` and nothing else. The node itself answers no question.
    Wrapper,
}

impl Entry {
    /// Whether scripts can run on the node itself, with the account's own rights.
    pub fn has_shell(self) -> bool {
        match self {
            Self::Attach | Self::Sudo => true,
            Self::Wrapper => false,
        }
    }

    /// The command line that takes a script on its standard input. A VMID is a number by its type.
    pub(crate) fn line(self, vmid: Option<Vmid>) -> String {
        match (vmid, self) {
            (None, _) => "/bin/sh -s".to_owned(),
            (Some(vmid), Self::Attach) => {
                format!("lxc-attach -n {vmid} --clear-env -- /bin/sh -s")
            }
            (Some(vmid), Self::Sudo) => format!("sudo -n pct exec {vmid} -- /bin/sh -s"),
            (Some(vmid), Self::Wrapper) => format!("exec {vmid}"),
        }
    }
}
