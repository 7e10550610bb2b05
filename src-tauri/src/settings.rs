//! Where the program keeps its data, and what the environment may override. Everything else is a setting in the store.

use std::{
    env,
    path::{Path, PathBuf},
};

use api::{AgentFile, Code, Error};
use secrecy::SecretString;
use tauri::{Runtime, path::PathResolver};

/// The folder of the database and logs. For tests, the demo and portable use.
pub(crate) const DATA: &str = "REDFLAG_DATA";
/// Opens the store of secrets where there is no keyring.
const PASSPHRASE: &str = "REDFLAG_PASSPHRASE";
/// Marks the window as the demo's.
const DEMO: &str = "REDFLAG_DEMO";
/// The agent that is copied into guests, instead of the one that came with the program.
const AGENT_BINARY: &str = "REDFLAG_AGENT_BINARY";
/// `address:port` on which agents reach the program, instead of the stored setting.
const GATEWAY_BIND: &str = "REDFLAG_GATEWAY_BIND";

/// The SHA-256 of the agent that came with this program; none in a build for development, which takes what it finds.
const CARRIED: Option<[u8; 32]> = include!(concat!(env!("OUT_DIR"), "/carried.rs"));

/// The override of the data folder, if there is one.
pub(crate) fn data_override() -> Option<PathBuf> {
    env::var_os(DATA)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The data folder: the override, else the operating system's place for it.
pub(crate) fn data_dir<R: Runtime>(paths: &PathResolver<R>) -> tauri::Result<PathBuf> {
    match data_override() {
        Some(folder) => Ok(std::path::absolute(folder)?),
        None => paths.app_data_dir(),
    }
}

/// Where files for the user go: the folder for downloads, or beside the data where that is a place of its own.
pub(crate) fn exports<R: Runtime>(paths: &PathResolver<R>, data_dir: &Path) -> PathBuf {
    let downloads = paths.download_dir().ok();
    downloads
        .filter(|_| data_override().is_none())
        .unwrap_or_else(|| data_dir.join("exports"))
}

/// What the program is opened with.
///
/// # Errors
/// When a variable of the environment is not understood; silently going on without it would be a surprise.
pub(crate) fn read(
    data_dir: PathBuf,
    exports: PathBuf,
    resources: Option<&Path>,
) -> Result<api::Settings, Error> {
    Ok(api::Settings {
        data_dir,
        passphrase: text(PASSPHRASE).map(SecretString::from),
        demo: text(DEMO).is_some_and(|value| value == "1"),
        agent_binary: agent_binary(env::var_os(AGENT_BINARY), resources),
        home: env::home_dir(),
        exports,
        gateway_bind: text(GATEWAY_BIND).map(|value| bind(&value)).transpose()?,
    })
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn bind(value: &str) -> Result<std::net::SocketAddr, Error> {
    value.parse().map_err(|error| {
        Error::new(
            Code::BadInput,
            format!("{GATEWAY_BIND} is set to {value:?}, which is not an address and port"),
        )
        .words(format!("{error}"))
        .next("Set it to something like 0.0.0.0:8843, or remove it.")
    })
}

/// The override, else the one in the bundle, else a file beside the program. Only the override may be any agent.
fn agent_binary(named: Option<std::ffi::OsString>, resources: Option<&Path>) -> Option<AgentFile> {
    if let Some(path) = named.filter(|value| !value.is_empty()) {
        // Taken even if absent: whoever set it wants to hear that it is not there.
        let path = PathBuf::from(path);
        return Some(AgentFile { path, sha256: None });
    }
    let beside = env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.join("redflag-agent")));
    let bundled = resources.map(|folder| folder.join("resources/redflag-agent-x86_64"));
    // The bundle's first: in a folder of builds the file beside the program is the agent for this machine, which need not
    // be static.
    [bundled, beside]
        .into_iter()
        .flatten()
        .find(|path| path.is_file())
        .map(|path| AgentFile {
            path,
            sha256: CARRIED,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_address_that_is_none_is_named_in_the_error() {
        let error = bind("everywhere").expect_err("not an address");
        assert_eq!(error.code, Code::BadInput);
        assert!(
            error.message.contains("REDFLAG_GATEWAY_BIND") && error.message.contains("everywhere"),
            "{}",
            error.message
        );
    }

    #[test]
    fn the_bundled_agent_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("resources/redflag-agent-x86_64");
        std::fs::create_dir_all(file.parent().expect("it has one")).expect("created");
        std::fs::write(&file, b"agent").expect("written");
        let bundled = AgentFile {
            path: file,
            sha256: CARRIED,
        };
        assert_eq!(agent_binary(None, Some(folder.path())), Some(bundled));
        let named = PathBuf::from("/nowhere/agent");
        assert_eq!(
            agent_binary(Some(named.clone().into()), Some(folder.path())),
            Some(AgentFile {
                path: named,
                sha256: None
            }),
            "what was named is taken, even if it is not there"
        );
    }
}
