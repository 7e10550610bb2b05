//! `redflag-agent install`: configuration, binary and service, repeatable, each failure named.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path, time::Duration};

use serde::Serialize;
use wire::Bootstrap;

use crate::{
    Layout, Tools,
    desktop::{Config, ConfigError, Identity, IdentityError, config},
    files::{self, FileError, failed},
    unit,
};

const LIMIT: Duration = Duration::from_secs(60);

/// Why the installation did not succeed. [`InstallError::exit_code`] tells it to scripts.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error("not yet: RedFlag's agent needs systemd, and this guest was started by {found}")]
    NoSystemd { found: String },
    #[error("must be run as root")]
    NotRoot,
    #[error(
        "nothing tells where the desktop is: {0} is missing and the agent was not installed before"
    )]
    NoBootstrap(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("`systemctl {what}` failed: {words}")]
    Systemctl { what: String, words: String },
}

impl InstallError {
    /// 3 configuration, 4 no systemd, 5 systemctl failed, 6 not root, 7 a file could not be written.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoBootstrap(_) | Self::Config(_) => 3,
            Self::NoSystemd { .. } => 4,
            Self::Systemctl { .. } => 5,
            Self::NotRoot => 6,
            Self::Identity(_) | Self::File(_) => 7,
        }
    }
}

/// What the installation did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Installed {
    pub version: String,
    pub unit: String,
    /// Whether an enrolment is to follow; otherwise the agent was enrolled before.
    pub enrolling: bool,
}

/// Installs or repairs. `given` is a bootstrap from standard input; without it the file is used, and without that the
/// configuration that is there.
pub fn run(
    layout: &Layout,
    tools: &Tools,
    given: Option<Bootstrap>,
) -> Result<Installed, InstallError> {
    if layout.is_real() && !rustix::process::geteuid().is_root() {
        return Err(InstallError::NotRoot);
    }
    if !layout.at("run/systemd/system").is_dir() {
        return Err(InstallError::NoSystemd {
            found: first_process(layout),
        });
    }
    let bootstrap = match given {
        Some(bootstrap) => {
            files::make_private_dir(&layout.config_dir())?;
            files::write_json(&layout.bootstrap(), &bootstrap)?;
            Some(bootstrap)
        }
        None => {
            let bootstrap = config::bootstrap(layout)?;
            if bootstrap.is_some() {
                // The file was written through a shell: its mode is what the umask made of it.
                keep_private(&layout.bootstrap())?;
            }
            bootstrap
        }
    };
    let before = Config::load(layout)?;
    match &bootstrap {
        Some(bootstrap) => {
            let config = Config::of(bootstrap);
            // An identity of another desktop's authority can never be used again.
            if before.is_some_and(|b| b.ca_pem != config.ca_pem) {
                Identity::forget(layout)?;
            }
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
    let unit = layout.unit();
    if let Some(folder) = unit.parent() {
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
    }
    files::write(&unit, unit::TEXT.as_bytes(), 0o644)?;
    systemctl(tools, &["daemon-reload"])?;
    systemctl(tools, &["reset-failed", unit::NAME]).ok();
    systemctl(tools, &["enable", unit::NAME])?;
    systemctl(tools, &["restart", unit::NAME])?;
    systemctl(tools, &["is-active", unit::NAME])?;
    Ok(Installed {
        version: crate::VERSION.to_owned(),
        unit: unit::NAME.to_owned(),
        enrolling: bootstrap.is_some(),
    })
}

fn keep_private(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed("protect", path))
}

/// The name of process 1, for the message.
fn first_process(layout: &Layout) -> String {
    fs::read_to_string(layout.at("proc/1/comm"))
        .map_or_else(|_| "another init".to_owned(), |n| n.trim().to_owned())
}

/// Copies this program to where the unit looks for it, unless it runs from there.
fn place_binary(layout: &Layout) -> Result<(), FileError> {
    let target = layout.binary();
    let own = Path::new("/proc/self/exe");
    let same = |a: io::Result<fs::Metadata>, b: io::Result<fs::Metadata>| match (a, b) {
        (Ok(a), Ok(b)) => a.ino() == b.ino() && a.dev() == b.dev(),
        _ => false,
    };
    if same(fs::metadata(own), fs::metadata(&target)) {
        return Ok(());
    }
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
    }
    let content = fs::read(own).map_err(failed("read", own))?;
    files::write(&target, &content, 0o755)
}

fn systemctl(tools: &Tools, arguments: &[&str]) -> Result<(), InstallError> {
    let what = arguments.join(" ");
    let words = match tools.run("systemctl", arguments, LIMIT) {
        Ok(out) if out.ok() => return Ok(()),
        Ok(out) => format!(
            "{}: {}",
            out.ending(),
            format!("{}{}", out.stdout, out.stderr).trim()
        ),
        Err(e) => e.to_string(),
    };
    Err(InstallError::Systemctl { what, words })
}
