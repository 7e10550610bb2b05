//! The desktop host: one window around [`api::App`]. It carries calls and events and decides nothing; what the program
//! does is in `api` and the rings below it, so that the same program also runs behind the development server.

mod again;
mod beside;
mod events;
mod files;
mod login;
mod logs;
mod messages;
mod rpc;
mod settings;
mod tray;
mod window;

use std::{process::ExitCode, time::Duration};

use tauri::{Manager, RunEvent, async_runtime};

/// How long the program may take to write what it still holds when the window is closed. Jobs in guests go on by
/// themselves and are picked up at the next start, so nothing waits for them.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// Runs the program until its window is closed.
#[must_use]
pub fn run() -> ExitCode {
    if std::env::args_os().any(|argument| argument == "--version") {
        version();
        return ExitCode::SUCCESS;
    }
    let builder = window::plugins(tauri::Builder::default())
        .manage(events::Subscription::default())
        .manage(beside::Beside::default())
        .manage(window::Loaded::default())
        .invoke_handler(tauri::generate_handler![
            rpc::rpc,
            events::subscribe,
            events::unsubscribe
        ])
        .setup(|app| {
            let data_dir = settings::data_dir(app.path())?;
            let exports = settings::exports(app.path(), &data_dir);
            app.manage(logs::start(&data_dir));
            tracing::info!(version = env!("CARGO_PKG_VERSION"), data = %data_dir.display(), "starting");
            files::raise_limit();
            let resources = app.path().resource_dir().ok();
            app.manage(rpc::open(settings::read(data_dir, exports, resources.as_deref())));
            window::create(app)?;
            beside::begin(app.handle().clone());
            Ok(())
        });
    match builder.build(tauri::generate_context!()) {
        Ok(app) => {
            app.run(|handle, event| {
                if matches!(event, RunEvent::Exit) {
                    let opened = handle.state::<rpc::Opened>().inner().clone();
                    async_runtime::block_on(opened.close(SHUTDOWN_LIMIT));
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            if let Some(error) = again::start_over(&error) {
                eprintln!("RedFlag cannot be started again: {error}");
            }
            // There is no window to say it in.
            eprintln!("RedFlag cannot open its window: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "what --version is for")]
fn version() {
    println!("redflag {}", env!("CARGO_PKG_VERSION"));
}
