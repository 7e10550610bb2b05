//! What RedFlag does beside its page: the icon in the tray, messages, the start with the session, what closing the window
//! means, and how large it is drawn.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use api::{
    App, Body,
    domain::{
        Timestamp,
        preferences::{Digest, Minute},
    },
    dto::TrayState,
    notices::{Notice, Patience},
};
use tauri::{AppHandle, Manager, Wry, async_runtime};
use tokio::sync::{broadcast::error::RecvError, mpsc};

use crate::{
    login,
    messages::Messages,
    rpc::Opened,
    tray::{Asked, Facts, Icon},
    window,
};

/// Changes of the icon are gathered for this long.
const GATHER: Duration = Duration::from_millis(500);
/// How long a desktop may take at its start to show icons.
const TRAY_LIMIT: Duration = Duration::from_secs(20);
/// The hour at which "until the morning" ends.
const MORNING: i8 = 8;

/// What stands beside the window now.
#[derive(Default)]
pub(crate) struct Beside {
    icon: Mutex<Option<Icon>>,
    tray: Mutex<TrayState>,
}

impl Beside {
    fn tray(&self) -> TrayState {
        *self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// This moment, and the minute of the day where the user is.
fn present() -> (Timestamp, Minute) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = now.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    });
    let local = jiff::Zoned::now();
    let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
    (
        Timestamp(millis),
        Minute(u16::try_from(minute).unwrap_or(0)),
    )
}

/// The next morning.
fn morning() -> Option<Timestamp> {
    let now = jiff::Zoned::now();
    let today = now
        .with()
        .hour(MORNING)
        .minute(0)
        .second(0)
        .subsec_nanosecond(0)
        .build()
        .ok()?;
    let next = if today > now {
        today
    } else {
        today.tomorrow().ok()?
    };
    Some(Timestamp(next.timestamp().as_millisecond()))
}

/// Begins, as soon as the program is open.
pub(crate) fn begin(handle: AppHandle<Wry>) {
    async_runtime::spawn(async move {
        let opened = handle.state::<Opened>().inner().clone();
        // Why it could not be opened is told by the window.
        let Ok(app) = opened.app().await else {
            return;
        };
        let (sender, notices) = mpsc::channel(8);
        async_runtime::spawn(Arc::clone(&app).tell_notices(patience(), present, sender));
        async_runtime::spawn(show_notices(handle.clone(), notices));
        follow(&handle, &app).await;
    });
}

/// As usual, unless a test has no minute to wait.
fn patience() -> Patience {
    let wanted = std::env::var("REDFLAG_NOTICE_SECONDS").ok();
    match wanted.and_then(|seconds| seconds.parse::<i64>().ok()) {
        Some(seconds) => Patience {
            quiet: seconds * 1000,
            most: seconds * 5000,
        },
        None => Patience::default(),
    }
}

/// Keeps icon and login entry as the user wants them and the icon as the fleet stands.
async fn follow(handle: &AppHandle<Wry>, app: &Arc<App>) {
    let mut events = app.attend();
    let (mut login, mut zoom) = (None, 100);
    loop {
        let chosen = app.chosen();
        if zoom != chosen.look.zoom {
            zoom = chosen.look.zoom;
            window::zoom(handle, zoom);
        }
        let (now, _) = present();
        let facts = Facts::of(&app.fleet(), &chosen, now);
        let (place, application) = (handle.clone(), Arc::clone(app));
        let wanted = chosen.desktop.tray;
        // The bus answers when it likes.
        let shown =
            async_runtime::spawn_blocking(move || stand(&place, &application, wanted, facts));
        let _ = shown.await;
        if login != Some(chosen.desktop.start_at_login) {
            login = Some(chosen.desktop.start_at_login);
            set_login(chosen.desktop.start_at_login);
        }
        loop {
            match events.recv().await {
                Ok(event) => match event.body {
                    Body::Fleet { .. } | Body::Preferences { .. } => break,
                    Body::Operation { .. }
                    | Body::Job { .. }
                    | Body::Log { .. }
                    | Body::PlanProgress { .. }
                    | Body::Approvals
                    | Body::Paste { .. } => {}
                },
                Err(RecvError::Lagged(_)) => break,
                Err(RecvError::Closed) => return,
            }
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// The demo and other programs on data of their own leave the user's session as it is.
fn set_login(wanted: bool) {
    if crate::settings::data_override().is_some() && !wanted {
        return;
    }
    if let Err(error) = login::set(wanted) {
        tracing::warn!(error, wanted, "the start at login cannot be set");
    }
}

/// Makes, changes or takes away the icon.
fn stand(handle: &AppHandle<Wry>, app: &Arc<App>, wanted: bool, facts: Facts) {
    let beside = handle.state::<Beside>();
    let mut icon = beside.icon.lock().unwrap_or_else(PoisonError::into_inner);
    match (icon.as_ref(), wanted) {
        (Some(icon), true) => icon.update(facts),
        (Some(_), false) => {
            *icon = None;
            report(handle, app, TrayState::None);
        }
        (None, false) => window::bring_back(handle),
        (None, true) => match make(handle, app, facts) {
            Ok(made) => *icon = Some(made),
            Err(words) => {
                tracing::info!(words, "there is no icon in the tray");
                report(handle, app, TrayState::Missing);
            }
        },
    }
}

fn make(handle: &AppHandle<Wry>, app: &Arc<App>, facts: Facts) -> Result<Icon, String> {
    let (answering, asked) = (handle.clone(), Arc::clone(app));
    let answer = move |choice| act(&answering, &asked, choice);
    let (telling, told) = (handle.clone(), Arc::clone(app));
    // Until the desktop says otherwise; on Linux it says so at once where there is no place for it.
    report(handle, app, TrayState::Shown);
    let report = move |state| report(&telling, &told, state);
    #[cfg(target_os = "linux")]
    let made = Icon::show(facts, answer, report);
    #[cfg(not(target_os = "linux"))]
    let made = Icon::show(handle, facts, answer, report);
    made
}

fn report(handle: &AppHandle<Wry>, app: &App, state: TrayState) {
    *handle
        .state::<Beside>()
        .tray
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = state;
    app.show_tray(state);
    if state != TrayState::Shown {
        // A window that nobody could bring back must not stay out of sight.
        window::bring_back(handle);
    }
}

/// Does what was chosen from the icon.
fn act(handle: &AppHandle<Wry>, app: &Arc<App>, asked: Asked) {
    let (handle, app) = (handle.clone(), Arc::clone(app));
    match asked {
        Asked::Open => window::bring_forward(&handle),
        Asked::ScanAll => drop(async_runtime::spawn(async move {
            if let Err(error) = app.scan_all().await {
                let messages = Messages::new(move || window::bring_forward(&handle));
                let notice = Notice {
                    digest: Digest::Failed,
                    title: error.message,
                    body: [error.words, error.next]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join("\n"),
                };
                let _ = async_runtime::spawn_blocking(move || messages.show(&notice)).await;
            }
        })),
        Asked::Pause(hours) => {
            let until = present().0.plus_millis(i64::from(hours) * 3_600_000);
            pause(app, Some(until));
        }
        Asked::PauseUntilMorning => pause(app, morning()),
        Asked::Resume => pause(app, None),
        Asked::Quit => handle.exit(0),
    }
}

fn pause(app: Arc<App>, until: Option<Timestamp>) {
    async_runtime::spawn(async move {
        let done = app.choose(|mut chosen| {
            chosen.messages.paused_until = until;
            chosen
        });
        if let Err(error) = done.await {
            tracing::warn!(error = error.message, "messages cannot be paused");
        }
    });
}

/// Nobody is told what he sees: while the window has the focus, messages are not shown.
async fn show_notices(handle: AppHandle<Wry>, mut notices: mpsc::Receiver<Notice>) {
    let opening = handle.clone();
    let messages = Messages::new(move || window::bring_forward(&opening));
    while let Some(notice) = notices.recv().await {
        if window::is_looked_at(&handle) {
            continue;
        }
        let messages = messages.clone();
        let _ = async_runtime::spawn_blocking(move || messages.show(&notice)).await;
    }
}

/// Started out of sight: shows the window after all if by then nothing in the tray can bring it.
pub(crate) fn begin_hidden(handle: AppHandle<Wry>) {
    async_runtime::spawn(async move {
        tokio::time::sleep(TRAY_LIMIT).await;
        if handle.state::<Beside>().tray() != TrayState::Shown {
            window::bring_back(&handle);
        }
    });
}

/// Whether closing the window leaves the program running; says so the first time.
pub(crate) fn stays(handle: &AppHandle<Wry>) -> bool {
    let Some(Ok(app)) = handle.state::<Opened>().now() else {
        return false;
    };
    let chosen = app.chosen();
    let beside = handle.state::<Beside>();
    if !chosen.desktop.keep_running || !chosen.desktop.tray || beside.tray() != TrayState::Shown {
        return false;
    }
    app.set_hidden(true);
    if !chosen.desktop.told_about_closing {
        let opening = handle.clone();
        async_runtime::spawn(async move {
            let messages = Messages::new(move || window::bring_forward(&opening));
            let notice = Notice {
                digest: Digest::Finished,
                title: "RedFlag goes on in the tray".into(),
                body: "It keeps looking for updates. Quit it from the icon's menu, or change this under Settings, General.".into(),
            };
            let _ = async_runtime::spawn_blocking(move || messages.show(&notice)).await;
            let told = app.choose(|mut chosen| {
                chosen.desktop.told_about_closing = true;
                chosen
            });
            if let Err(error) = told.await {
                tracing::warn!(
                    error = error.message,
                    "it will be told once more what closing does"
                );
            }
        });
    }
    true
}
