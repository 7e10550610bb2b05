//! Where the program's own log goes: a file a day in the data folder, and the terminal when asked for.

use std::path::Path;

use tracing_appender::{non_blocking::WorkerGuard, rolling};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// `stderr` writes the log to the terminal instead of the file.
const TARGET: &str = "REDFLAG_LOG";
/// Filter in the syntax of tracing-subscriber.
const FILTER: &str = "REDFLAG_LOG_FILTER";
/// Days of logs that are kept.
const KEPT: usize = 14;

/// Writes what is still in memory when it is dropped.
pub(crate) struct Logs(
    #[expect(dead_code, reason = "it works by being dropped")] Option<WorkerGuard>,
);

/// Starts the log. A folder that cannot be written to is no reason not to start: the window says so when the store is
/// opened, and the log goes to the terminal.
pub(crate) fn start(data_dir: &Path) -> Logs {
    let filter = EnvFilter::try_from_env(FILTER)
        .unwrap_or_else(|_| EnvFilter::new("info,russh=warn,hyper=warn,sqlx=warn"));
    let folder = data_dir.join("logs");
    let to_terminal = std::env::var_os(TARGET).is_some_and(|value| value == "stderr");
    // The appender looks for old files before it makes the folder, and complains. What really fails is told below.
    let _ = std::fs::create_dir_all(&folder);
    let file = if to_terminal {
        None
    } else {
        rolling::Builder::new()
            .rotation(rolling::Rotation::DAILY)
            .filename_prefix("redflag")
            .filename_suffix("log")
            .max_log_files(KEPT)
            .build(&folder)
            .map_err(|error| eprintln!("no log in {}: {error}", folder.display()))
            .ok()
    };
    let registry = tracing_subscriber::registry().with(filter);
    let (guard, started) = match file {
        Some(file) => {
            let (writer, guard) = tracing_appender::non_blocking(file);
            let layer = tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .with_writer(writer);
            (Some(guard), registry.with(layer).try_init())
        }
        None => {
            let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
            (None, registry.with(layer).try_init())
        }
    };
    if let Err(error) = started {
        eprintln!("no log: {error}");
    }
    Logs(guard)
}
