//! `redflag-agent install`: configuration, binary and service, repeatable, each failure named. An installation that
//! fails where there was none leaves nothing behind.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use serde::Serialize;
use wire::{Bootstrap, Init};

use crate::{
    Layout, Tools,
    desktop::{Authority, Config, ConfigError, Identity, IdentityError, config},
    files::{self, FileError, failed},
    init::{self, InitError},
};

/// Why the installation did not succeed. [`InstallError::exit_code`] tells it to scripts.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error("must be run as root")]
    NotRoot,
    #[error(
        "nothing tells where the desktop is: {0} is missing and the agent was not installed before"
    )]
    NoBootstrap(String),
    #[error(
        "this LXC has an agent of another RedFlag already: \"{}\", SHA-256 {}, called at {calls}; take it over only if that one shall lose it (--take-over)",
        owner.name, owner.sha256
    )]
    AnotherDesktop { owner: Authority, calls: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Init(#[from] InitError),
}

impl InstallError {
    /// 3 configuration, 5 the service, 6 not root, 7 a file could not be written, 10 another desktop's.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoBootstrap(_) | Self::Config(ConfigError::NoEndpoint { .. }) => 3,
            Self::Config(ConfigError::File(e)) if !matches!(e, FileError::Content { .. }) => 7,
            Self::Config(_) => 3,
            Self::Init(InitError::File(_)) | Self::Identity(_) | Self::File(_) => 7,
            Self::Init(_) => 5,
            Self::NotRoot => 6,
            Self::AnotherDesktop { .. } => 10,
        }
    }
}

/// What the installation did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Installed {
    pub version: String,
    pub init: Init,
    /// What is to be known about how it is started, for people.
    pub note: Option<&'static str>,
    /// Whether an enrolment is to follow; otherwise the agent was enrolled before.
    pub enrolling: bool,
}

/// What is to be done with what is there.
#[derive(Debug, Default)]
pub struct Wish {
    /// From standard input; without it the file is used, and without that the configuration that is there.
    pub bootstrap: Option<Bootstrap>,
    /// An agent of another desktop may be taken from it.
    pub take_over: bool,
}

/// Installs or repairs.
pub fn run(layout: &Layout, tools: &Tools, wish: Wish) -> Result<Installed, InstallError> {
    if layout.is_real() && !rustix::process::geteuid().is_root() {
        return Err(InstallError::NotRoot);
    }
    let first = !layout.config().exists() && !layout.identity().exists();
    let placed = !layout.binary().exists();
    let done = steps(layout, tools, wish);
    if let Err(error) = &done {
        if matches!(error, InstallError::AnotherDesktop { .. }) {
            // The agent that stays must not find a stranger's code at its next start.
            files::remove(&layout.bootstrap())?;
        } else if first {
            undo(layout, tools, placed);
        }
    }
    done
}

fn steps(layout: &Layout, tools: &Tools, wish: Wish) -> Result<Installed, InstallError> {
    let bootstrap = match wish.bootstrap {
        Some(bootstrap) => Some(bootstrap),
        None => config::bootstrap(layout)?,
    };
    let before = Config::load(layout)?;
    match &bootstrap {
        Some(bootstrap) => {
            let config = Config::of(bootstrap);
            let foreign = before.filter(|b| b.ca_pem != config.ca_pem);
            if let Some(foreign) = foreign {
                if !wish.take_over && layout.identity().exists() {
                    return Err(another_desktop(&foreign));
                }
                forget_desktop(layout)?;
            }
            files::make_private_dir(&layout.config_dir())?;
            // Also when it came through a shell: its mode is what the umask made of it, then.
            files::write_json(&layout.bootstrap(), bootstrap)?;
            config.store(layout)?;
        }
        None if before.is_some() => {}
        None => {
            let missing = layout.bootstrap().display().to_string();
            return Err(InstallError::NoBootstrap(missing));
        }
    }
    files::make_private_dir(&layout.jobs())?;
    place_binary(layout)?;
    let init = init::detect(layout, tools);
    init::set_up(init, layout, tools)?;
    Ok(Installed {
        version: crate::VERSION.to_owned(),
        init,
        note: init::note(init),
        enrolling: bootstrap.is_some(),
    })
}

fn another_desktop(config: &Config) -> InstallError {
    let calls: Vec<String> = config.endpoints.iter().map(ToString::to_string).collect();
    let unknown = || Authority {
        name: "unknown".into(),
        sha256: "unknown".into(),
    };
    InstallError::AnotherDesktop {
        owner: Authority::of(config).unwrap_or_else(unknown),
        calls: calls.join(", "),
    }
}

/// An identity of another desktop's authority can never be used again, and its work is none of the new one's business.
fn forget_desktop(layout: &Layout) -> Result<(), InstallError> {
    Identity::forget(layout)?;
    files::remove(&layout.machine())?;
    Ok(files::remove_dir(&layout.jobs())?)
}

/// Takes away what an installation made that failed where there was none before. What cannot be taken away is not
/// worth hiding the reason of the failure for.
fn undo(layout: &Layout, tools: &Tools, placed: bool) {
    let _ = init::take_down(layout, tools);
    for folder in [layout.config_dir(), layout.state_dir(), layout.run_dir()] {
        let _ = files::remove_dir(&folder);
    }
    if placed {
        let _ = files::remove(&layout.binary());
    }
}

/// Copies this program to where the service looks for it, unless it runs from there.
fn place_binary(layout: &Layout) -> Result<(), FileError> {
    let target = layout.binary();
    let own = Path::new("/proc/self/exe");
    let same = |a: io::Result<fs::Metadata>, b: io::Result<fs::Metadata>| match (a, b) {
        (Ok(a), Ok(b)) => a.ino() == b.ino() && a.dev() == b.dev(),
        _ => false,
    };
    if same(fs::metadata(own), fs::metadata(&target)) {
        let mode = fs::Permissions::from_mode(0o755);
        return fs::set_permissions(&target, mode).map_err(failed("protect", &target));
    }
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
    }
    let content = fs::read(own).map_err(failed("read", own))?;
    files::write(&target, &content, 0o755)
}
