//! Who starts the agent in this guest, and how that one is told to: systemd, OpenRC, or nobody but the agent itself.

mod openrc;
pub mod own;
mod systemd;

use std::time::Duration;

pub use openrc::SCRIPT as OPENRC_SCRIPT;
pub use wire::Init;

use crate::{
    Layout, Tools,
    files::{self, FileError},
    unit,
};

const LIMIT: Duration = Duration::from_secs(60);

/// A service that could not be set up, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("`{line}` failed: {words}")]
    Command { line: String, words: String },
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{0}")]
    Own(String),
}

/// Who starts services here: the one that runs, not the one that is installed.
pub fn detect(layout: &Layout, tools: &Tools) -> Init {
    if layout.at("run/systemd/system").is_dir() {
        Init::Systemd
    } else if layout.at("run/openrc/softlevel").exists() && tools.find("rc-service").is_some() {
        Init::OpenRc
    } else {
        Init::None
    }
}

/// What is to be known about how the agent is started, for people; nothing where an init system does it.
pub fn note(init: Init) -> Option<&'static str> {
    match init {
        Init::Systemd | Init::OpenRc => None,
        Init::None => Some(
            "not started by an init system: gone after a restart of the LXC, until RedFlag or `redflag-agent restart` starts it again",
        ),
    }
}

/// Whether a service of the agent is there, or in a guest without init system its configuration.
pub fn is_set_up(layout: &Layout) -> bool {
    layout.unit().exists()
        || layout.openrc_script().exists()
        || own::is_running(layout)
        || layout.config().exists()
}

/// Writes the service, has it started with the guest, and starts it now, again if it runs. Repeatable.
pub fn set_up(init: Init, layout: &Layout, tools: &Tools) -> Result<(), InitError> {
    match init {
        Init::Systemd => systemd::set_up(layout, tools),
        Init::OpenRc => openrc::set_up(layout, tools),
        Init::None => own::restart(layout, tools),
    }
}

/// Starts the agent again, with the program that is in its place now. Its jobs go on meanwhile.
pub fn restart(init: Init, layout: &Layout, tools: &Tools) -> Result<(), InitError> {
    match init {
        Init::Systemd => {
            // A unit that failed too often would refuse to be started.
            run(tools, "systemctl", &["reset-failed", unit::NAME]).ok();
            run(tools, "systemctl", &["restart", unit::NAME])
        }
        Init::OpenRc => run(tools, "rc-service", &[openrc::NAME, "restart"]),
        Init::None => own::restart(layout, tools),
    }
}

/// Stops the agent and removes its services, whoever they are for. Repeatable.
pub fn take_down(layout: &Layout, tools: &Tools) -> Result<(), InitError> {
    let init = detect(layout, tools);
    systemd::take_down(init == Init::Systemd, layout, tools)?;
    openrc::take_down(init == Init::OpenRc, layout, tools)?;
    own::stop(layout)
}

/// Runs a program of the init system, which must succeed.
fn run(tools: &Tools, program: &str, arguments: &[&str]) -> Result<(), InitError> {
    let words = match tools.run(program, arguments, LIMIT) {
        Ok(out) if out.ok() => return Ok(()),
        Ok(out) => format!(
            "{}: {}",
            out.ending(),
            format!("{}{}", out.stdout, out.stderr).trim()
        ),
        Err(e) => e.to_string(),
    };
    let line = format!("{program} {}", arguments.join(" "));
    Err(InitError::Command { line, words })
}

/// Writes a service's file, with the folder that it lies in.
fn write(path: &std::path::Path, text: &str, mode: u32) -> Result<(), FileError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(files::failed("create", folder))?;
    }
    files::write(path, text.as_bytes(), mode)
}
