//! The one window: where it stood last time, that it shows only RedFlag's own page, and that a second start brings the
//! first one's window forward.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use tauri::{
    App, AppHandle, Builder, Manager, Runtime, Url, WebviewWindowBuilder, WindowEvent, Wry,
    webview::{NewWindowResponse, PageLoadEvent},
};
use tauri_plugin_window_state::StateFlags;

use crate::{beside, login, rpc::Opened, settings};

const LABEL: &str = "main";

/// Whether the page has been loaded once.
#[derive(Default)]
pub(crate) struct Loaded(AtomicBool);

/// Notes violations of the content security policy from the first one on, where a test can read them.
const NOTE_VIOLATIONS: &str = "window.__violations = [];
document.addEventListener('securitypolicyviolation', (violation) => {
  window.__violations.push(`${violation.effectiveDirective} ${violation.blockedURI}`);
});";

/// The plugins. The first one must be the one that notices a second start, before anything is opened twice.
pub(crate) fn plugins<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    let other_data = settings::data_override();
    let mut single = tauri_plugin_single_instance::Builder::new()
        .callback(|app, _arguments, _folder| bring_forward(app));
    // Size and place only: whether the window is visible is decided here, not by what it was when it closed.
    let mut state = tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED);
    if let Some(folder) = &other_data {
        // A program on its own data is its own program: the demo runs beside the user's RedFlag and leaves its traces alone.
        single = single.dbus_id(bus_name(folder));
        if let Ok(folder) = std::path::absolute(folder) {
            state = state.with_filename(folder.join("window.json").to_string_lossy());
        }
    }
    let builder = if other_data.is_some() && !cfg!(target_os = "linux") {
        // Elsewhere the plugin knows one name for all, so a program on its own data goes without.
        builder
    } else {
        builder.plugin(single.build())
    };
    builder.plugin(state.build())
}

/// A name on the session bus for the program that uses this data folder.
fn bus_name(folder: &Path) -> String {
    let mut name = String::from("dev.redflag.desktop.data");
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    // 64-bit FNV-1a: short, and the same in every run.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in folder.to_string_lossy().bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    name.push_str(&format!("{hash:016x}"));
    name
}

/// Creates the window of `tauri.conf.json`, hidden until its page has been loaded.
pub(crate) fn create(app: &App<Wry>) -> tauri::Result<()> {
    let Some(config) = app
        .config()
        .app
        .windows
        .iter()
        .find(|window| window.label == LABEL)
    else {
        return Err(tauri::Error::WindowNotFound);
    };
    let mut builder = WebviewWindowBuilder::from_config(app, config)?
        .on_page_load(|window, page| {
            if page.event() != PageLoadEvent::Finished {
                return;
            }
            let first = !window.state::<Loaded>().0.swap(true, Ordering::Relaxed);
            // Started with the session: it waits in the tray, if there is one, which is known a moment later.
            if first && std::env::args_os().any(|argument| argument == login::HIDDEN) {
                beside::begin_hidden(window.app_handle().clone());
                return;
            }
            if let Err(error) = window.show().and_then(|()| window.set_focus()) {
                tracing::warn!(%error, "the window cannot be shown");
            }
        })
        .on_navigation(|url| is_own_page(url, cfg!(feature = "custom-protocol")))
        .on_new_window(|url, _| {
            // A page of somebody else is for the user's own browser.
            if matches!(url.scheme(), "https" | "http")
                && let Err(error) = open::that_detached(url.as_str())
            {
                tracing::warn!(%error, %url, "no browser could be started");
            }
            NewWindowResponse::Deny
        });
    // The variable by which the webview lets itself be driven; never set for a user's window.
    if std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some_and(|value| value == "true") {
        builder = builder.initialization_script(NOTE_VIOLATIONS);
    }
    if let Some(folder) = settings::data_override() {
        let folder = std::path::absolute(folder)?.join("webview");
        // Where it cannot be made the window must open nevertheless, since it is what tells why nothing else works.
        if std::fs::create_dir_all(&folder).is_ok() {
            builder = builder.data_directory(folder);
        }
    }
    let window = builder.build()?;
    let handle = app.handle().clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event
            && let Some(window) = handle.get_webview_window(LABEL)
            && beside::stays(&handle)
        {
            api.prevent_close();
            if let Err(error) = window.hide() {
                tracing::warn!(%error, "the window cannot be hidden");
            }
        }
    });
    Ok(())
}

/// Whether the window may show `url`. `bundled`: the page comes from the program itself, not from Vite's server.
fn is_own_page(url: &Url, bundled: bool) -> bool {
    match (url.scheme(), url.host_str()) {
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")) => true,
        ("http", Some("localhost")) => !bundled && url.port() == Some(5173),
        _ => false,
    }
}

/// Shows the window before all others.
pub(crate) fn bring_forward<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window(LABEL) else {
        return;
    };
    if let Some(Ok(opened)) = app.state::<Opened>().now() {
        opened.set_hidden(false);
    }
    let raised = window
        .unminimize()
        .and_then(|()| window.show())
        .and_then(|()| window.set_focus());
    if let Err(error) = raised {
        tracing::warn!(%error, "the window cannot be brought forward");
    }
}

/// Shows the window if it is out of sight.
pub(crate) fn bring_back<R: Runtime>(app: &AppHandle<R>) {
    let hidden = |window: &tauri::WebviewWindow<R>| window.is_visible().is_ok_and(|seen| !seen);
    let loaded = app.state::<Loaded>().0.load(Ordering::Relaxed);
    if loaded && app.get_webview_window(LABEL).as_ref().is_some_and(hidden) {
        bring_forward(app);
    }
}

/// Draws the page larger or smaller, in percent; the page cannot do that by itself without losing its measures.
pub(crate) fn zoom<R: Runtime>(app: &AppHandle<R>, percent: u16) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.set_zoom(f64::from(percent) / 100.0)
    {
        tracing::warn!(%error, percent, "the window cannot be zoomed");
    }
}

/// Whether the user looks at the window.
pub(crate) fn is_looked_at<R: Runtime>(app: &AppHandle<R>) -> bool {
    let window = app.get_webview_window(LABEL);
    window.is_some_and(|window| {
        window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_page_may_be_shown() {
        let shown = |url: &str, bundled| is_own_page(&Url::parse(url).expect("a URL"), bundled);
        assert!(shown("tauri://localhost/index.html", true));
        assert!(
            shown("http://tauri.localhost/", true),
            "Windows' form of it"
        );
        assert!(
            shown("http://localhost:5173/", false),
            "Vite's server while developing"
        );
        assert!(
            !shown("http://localhost:5173/", true),
            "but not in a built program"
        );
        assert!(!shown("https://example.org/", true));
        assert!(!shown("file:///etc/passwd", true));
    }

    #[test]
    fn every_data_folder_has_its_own_name_on_the_bus() {
        let one = bus_name(Path::new("/one"));
        assert_eq!(one, bus_name(Path::new("/one")), "the same in every run");
        assert_ne!(one, bus_name(Path::new("/two")));
    }
}
