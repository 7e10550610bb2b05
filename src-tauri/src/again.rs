//! Starting over when another RedFlag ended in the very moment in which this one wanted to bring it forward: its name was
//! still taken, and then there was nobody left to speak to.

/// How often it is tried. Each try that fails is a RedFlag that ended just then, so one is nearly always enough.
const MOST: u32 = 3;
const TRIES: &str = "REDFLAG_START_TRIES";

/// Begins the program anew in this process if that can help. Returns only if it cannot, with the reason if it was tried.
#[cfg(target_os = "linux")]
pub(crate) fn start_over(error: &tauri::Error) -> Option<std::io::Error> {
    use std::{env, os::unix::process::CommandExt, process::Command};

    let tauri::Error::PluginInitialization(plugin, _) = error else {
        return None;
    };
    let tries: u32 = env::var(TRIES)
        .ok()
        .and_then(|tries| tries.parse().ok())
        .unwrap_or(0);
    if plugin != "single-instance" || tries >= MOST {
        return None;
    }
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return Some(error),
    };
    Some(
        Command::new(program)
            .args(env::args_os().skip(1))
            .env(TRIES, (tries + 1).to_string())
            .exec(),
    )
}

/// Other systems tell a second start in a way that cannot meet an end half-way.
#[cfg(not(target_os = "linux"))]
pub(crate) fn start_over(_: &tauri::Error) -> Option<std::io::Error> {
    None
}
