//! `redflag-agent uninstall`: leaves nothing behind.

use std::{os::unix::process::CommandExt, process::Stdio, time::Duration};

use crate::{
    Layout, Tools,
    files::{self, FileError},
    init::{self, InitError},
    jobs::JobDirectory,
};

const LIMIT: Duration = Duration::from_secs(60);

/// Why the agent was not removed.
#[derive(Debug, thiserror::Error)]
pub enum UninstallError {
    #[error("must be run as root")]
    NotRoot,
    #[error("job {0} is running; wait for its end, or use --force")]
    Busy(domain::JobId),
    #[error("the service could not be stopped: {0}")]
    Stop(InitError),
    #[error(transparent)]
    File(#[from] FileError),
}

impl UninstallError {
    /// 5 the service could not be stopped, 6 not root, 7 a file could not be removed, 8 a job is running.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Stop(_) => 5,
            Self::NotRoot => 6,
            Self::File(_) => 7,
            Self::Busy(_) => 8,
        }
    }
}

/// Stops the service and removes unit, configuration, state and binary. Repeatable.
pub fn run(layout: &Layout, tools: &Tools, force: bool) -> Result<(), UninstallError> {
    if layout.is_real() && !rustix::process::geteuid().is_root() {
        return Err(UninstallError::NotRoot);
    }
    let busy = JobDirectory::all(layout)
        .into_iter()
        .find(|j| j.is_running());
    if let Some(job) = busy
        && !force
    {
        return Err(UninstallError::Busy(job.id));
    }
    init::take_down(layout, tools).map_err(UninstallError::Stop)?;
    for folder in [layout.config_dir(), layout.state_dir(), layout.run_dir()] {
        files::remove_dir(&folder)?;
    }
    for beside in ["new", "previous"] {
        files::remove(&layout.binary().with_added_extension(beside))?;
    }
    files::remove(&layout.binary())?;
    Ok(())
}

/// Starts [`run`] in a process that survives the end of the agent's service.
pub fn detached(layout: &Layout, tools: &Tools, program: &std::path::Path) -> Result<(), String> {
    if layout.is_real()
        && let Ok(mut command) = tools.command("systemd-run")
    {
        command.args(["--unit=redflag-uninstall", "--collect", "--quiet"]);
        command.arg(program).args(["uninstall", "--force"]);
        match crate::tools::output("systemd-run", command, LIMIT) {
            Ok(out) if out.ok() => return Ok(()),
            // The plain way is as good where systemd cannot be asked.
            Ok(_) | Err(_) => {}
        }
    }
    let mut command = std::process::Command::new(program);
    command.arg("--root").arg(layout.root());
    command.args(["uninstall", "--force"]);
    command.env("PATH", tools.path());
    // Out of the group that ends with the agent.
    command.stdin(Stdio::null()).process_group(0);
    command.spawn().map(drop).map_err(|e| e.to_string())
}
