//! A road into guests, whichever it is: what enrolment needs is the same over all.

use domain::Vmid;
use secrecy::SecretString;

use crate::{ApiConsole, Copied, GuestProbe, Knocked, ReachError, SshNode, knock};

/// The way into the guests of one node.
#[derive(Clone, Debug)]
pub enum Reach {
    Ssh(SshNode),
    Console(ApiConsole),
}

/// Does the same on whichever road it is.
macro_rules! on {
    ($road:expr, $way:ident => $act:expr) => {
        match $road {
            Reach::Ssh($way) => $act.await,
            Reach::Console($way) => $act.await,
        }
    };
}

impl Reach {
    /// What the guest is and whether an agent is in it. Changes nothing.
    ///
    /// # Errors
    /// Those of a guest. The same holds for all methods below.
    pub async fn probe(&self, vmid: Vmid) -> Result<GuestProbe, ReachError> {
        on!(self, way => way.probe(vmid))
    }

    /// Puts the agent's binary in place, whole or not at all.
    pub async fn copy(
        &self,
        vmid: Vmid,
        binary: impl AsRef<[u8]> + Send,
        sha256: [u8; 32],
    ) -> Result<Copied, ReachError> {
        on!(self, way => way.copy(vmid, binary, sha256))
    }

    /// Writes the agent's bootstrap file, readable by root alone.
    pub async fn configure(&self, vmid: Vmid, bootstrap: SecretString) -> Result<(), ReachError> {
        on!(self, way => way.configure(vmid, bootstrap))
    }

    /// Lets the agent set up its service; gives what it wrote.
    pub async fn install(&self, vmid: Vmid) -> Result<String, ReachError> {
        on!(self, way => way.install(vmid))
    }

    /// Removes what only the installation needed; and the agent itself where it was never enrolled.
    pub async fn clean(&self, vmid: Vmid) -> Result<(), ReachError> {
        on!(self, way => way.clean(vmid))
    }

    /// Starts the agent's service again.
    pub async fn restart(&self, vmid: Vmid) -> Result<(), ReachError> {
        on!(self, way => way.restart(vmid))
    }

    /// Takes the agent away with everything of it.
    pub async fn remove(&self, vmid: Vmid) -> Result<(), ReachError> {
        on!(self, way => way.remove(vmid))
    }

    /// Lets the agent try every address of the desktop that it was told.
    pub async fn check(&self, vmid: Vmid) -> Result<Vec<Knocked>, ReachError> {
        on!(self, way => knock::check(way, vmid))
    }
}

impl From<SshNode> for Reach {
    fn from(node: SshNode) -> Self {
        Self::Ssh(node)
    }
}

impl From<ApiConsole> for Reach {
    fn from(console: ApiConsole) -> Self {
        Self::Console(console)
    }
}
