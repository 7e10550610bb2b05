//! Where everything of the agent lies, below a root that tests may move.

use std::path::{Path, PathBuf};

use domain::JobId;

/// The agent's paths. All that it ever writes is named here.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Default for Layout {
    fn default() -> Self {
        Self::new("/")
    }
}

impl Layout {
    /// Everything below `root`; `/` for the real thing.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether this is the guest itself and not a test's folder.
    pub fn is_real(&self) -> bool {
        self.root == Path::new("/")
    }

    /// An absolute path, below the root.
    pub fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    pub fn config_dir(&self) -> PathBuf {
        self.at("etc/redflag-agent")
    }

    /// Written by the desktop, holds the single-use code, deleted as soon as it is used.
    pub fn bootstrap(&self) -> PathBuf {
        self.config_dir().join("bootstrap.json")
    }

    /// Endpoints, authority and server name.
    pub fn config(&self) -> PathBuf {
        self.config_dir().join("config.json")
    }

    pub fn state_dir(&self) -> PathBuf {
        self.at("var/lib/redflag-agent")
    }

    pub fn key(&self) -> PathBuf {
        self.state_dir().join("key.pem")
    }

    pub fn certificate(&self) -> PathBuf {
        self.state_dir().join("certificate.pem")
    }

    /// Who the agent is to the desktop, and when the certificate is to be renewed.
    pub fn identity(&self) -> PathBuf {
        self.state_dir().join("identity.json")
    }

    /// The newest inventory, exactly as it is sent.
    pub fn inventory(&self) -> PathBuf {
        self.state_dir().join("inventory.json")
    }

    /// What the last good scan saw of the package manager's files.
    pub fn memory(&self) -> PathBuf {
        self.state_dir().join("scan.json")
    }

    /// How the last refresh of the package lists went.
    pub fn refreshed(&self) -> PathBuf {
        self.state_dir().join("refresh.json")
    }

    /// Images that are to be removed after a while.
    pub fn leftovers(&self) -> PathBuf {
        self.state_dir().join("leftovers.json")
    }

    pub fn jobs(&self) -> PathBuf {
        self.state_dir().join("jobs")
    }

    pub fn job(&self, id: JobId) -> PathBuf {
        self.jobs().join(id.to_string())
    }

    /// Gone with every boot.
    pub fn run_dir(&self) -> PathBuf {
        self.at("run/redflag-agent")
    }

    pub fn status(&self) -> PathBuf {
        self.run_dir().join("status.json")
    }

    pub fn unit(&self) -> PathBuf {
        self.at("etc/systemd/system/redflag-agent.service")
    }

    pub fn openrc_script(&self) -> PathBuf {
        self.at("etc/init.d/redflag-agent")
    }

    /// Where a running agent takes connections that come through the node.
    pub fn socket(&self) -> PathBuf {
        self.run_dir().join("agent.sock")
    }

    /// Lock and process id of the agent's own supervisor, where there is no init system.
    pub fn supervisor(&self) -> PathBuf {
        self.run_dir().join("supervisor.pid")
    }

    /// What the agent says where there is no journal. Bounded.
    pub fn log(&self) -> PathBuf {
        self.state_dir().join("agent.log")
    }

    /// Which machine the identity was made on.
    pub fn machine(&self) -> PathBuf {
        self.state_dir().join("machine.json")
    }

    /// Programs on their way.
    pub fn upgrade(&self) -> PathBuf {
        self.state_dir().join("upgrade")
    }

    /// The program before the present one. There is never more than one.
    pub fn previous(&self) -> PathBuf {
        self.binary().with_added_extension("previous")
    }

    /// How many jobs were dropped for want of room, while the desktop does not know.
    pub fn dropped(&self) -> PathBuf {
        self.state_dir().join("dropped")
    }

    pub fn binary(&self) -> PathBuf {
        self.at("usr/local/bin/redflag-agent")
    }
}
