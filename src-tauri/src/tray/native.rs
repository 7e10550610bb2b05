//! The icon in the menu bar of macOS and in the notification area of Windows.

use std::sync::{Mutex, PoisonError};

use api::dto::TrayState;
use tauri::{
    AppHandle, Runtime, Wry,
    image::Image,
    menu::{Menu, MenuBuilder, MenuItemBuilder},
    tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent},
};

use super::{Asked, Facts, Line};

/// The icon; it goes when this is dropped.
pub(crate) struct Icon {
    icon: TrayIcon<Wry>,
    handle: AppHandle<Wry>,
    shown: Mutex<Facts>,
}

const CHOICES: [(&str, Asked); 6] = [
    ("open", Asked::Open),
    ("scan", Asked::ScanAll),
    ("pause", Asked::Pause(1)),
    ("pause-morning", Asked::PauseUntilMorning),
    ("resume", Asked::Resume),
    ("quit", Asked::Quit),
];

fn id_of(asked: Asked) -> &'static str {
    let found = CHOICES.iter().find(|(_, choice)| *choice == asked);
    found.map_or("pause", |(id, _)| id)
}

fn menu<R: Runtime>(handle: &AppHandle<R>, facts: Facts) -> tauri::Result<Menu<R>> {
    let mut menu = MenuBuilder::new(handle);
    for line in facts.menu() {
        menu = match line {
            Line::Rule => menu.separator(),
            Line::Item(label, asked) => {
                menu.item(&MenuItemBuilder::with_id(id_of(asked), label).build(handle)?)
            }
        };
    }
    menu.build()
}

fn image(facts: Facts) -> Option<Image<'static>> {
    let picture = facts.picture()?;
    let (width, height) = (
        u32::try_from(picture.width).ok()?,
        u32::try_from(picture.height).ok()?,
    );
    Some(Image::new_owned(picture.pixels, width, height))
}

impl Icon {
    /// Puts the icon there; these systems always have a place for it.
    ///
    /// # Errors
    /// Why there is no icon.
    pub(crate) fn show(
        handle: &AppHandle<Wry>,
        facts: Facts,
        answer: impl Fn(Asked) + Clone + Send + Sync + 'static,
        report: impl Fn(TrayState) + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let chosen = answer.clone();
        let build = || -> tauri::Result<TrayIcon<Wry>> {
            let mut builder = TrayIconBuilder::with_id("main")
                .tooltip(facts.text())
                .menu(&menu(handle, facts)?)
                // The left button opens the window, the right one the menu.
                .show_menu_on_left_click(false)
                .on_menu_event(move |_, event| {
                    let found = CHOICES.iter().find(|(id, _)| *id == event.id.as_ref());
                    if let Some((_, asked)) = found {
                        chosen(*asked);
                    }
                })
                .on_tray_icon_event(move |_, event| {
                    if let TrayIconEvent::Click {
                        button: MouseButton::Left,
                        button_state: MouseButtonState::Up,
                        ..
                    } = event
                    {
                        answer(Asked::Open);
                    }
                });
            if let Some(image) = image(facts) {
                builder = builder.icon(image);
            }
            builder.build(handle)
        };
        let icon = build().map_err(|error| error.to_string())?;
        report(TrayState::Shown);
        Ok(Self {
            icon,
            handle: handle.clone(),
            shown: Mutex::new(facts),
        })
    }

    pub(crate) fn update(&self, facts: Facts) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown == facts {
            return;
        }
        *shown = facts;
        let done = self
            .icon
            .set_tooltip(Some(facts.text()))
            .and_then(|()| self.icon.set_icon(image(facts)))
            .and_then(|()| self.icon.set_menu(Some(menu(&self.handle, facts)?)));
        if let Err(error) = done {
            tracing::warn!(%error, "the icon in the tray cannot be changed");
        }
    }
}

impl Drop for Icon {
    fn drop(&mut self) {
        // The application holds one as well.
        drop(self.handle.remove_tray_by_id("main"));
    }
}
