//! The icon as a StatusNotifierItem on the session bus.

use api::dto::TrayState;
use ksni::{
    Category, OfflineReason, Status, ToolTip, Tray,
    blocking::{Handle, TrayMethods},
    menu::{MenuItem, StandardItem},
};

use super::{Asked, Facts, Line};

type Answer = Box<dyn Fn(Asked) + Send + Sync>;
type Report = Box<dyn Fn(TrayState) + Send + Sync>;

/// The icon; it goes when this is dropped.
pub(crate) struct Icon(Handle<Item>);

struct Item {
    facts: Facts,
    answer: Answer,
    report: Report,
}

impl Icon {
    /// Puts the icon there. `report` hears whether the desktop shows it, now and whenever that changes.
    ///
    /// # Errors
    /// Why there is no icon: no session bus, as a rule.
    pub(crate) fn show(
        facts: Facts,
        answer: impl Fn(Asked) + Send + Sync + 'static,
        report: impl Fn(TrayState) + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let item = Item {
            facts,
            answer: Box::new(answer),
            report: Box::new(report),
        };
        // The panel of a desktop may come after the program, and go and come again.
        let handle = item.assume_sni_available(true).spawn();
        handle.map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn update(&self, facts: Facts) {
        // None: the icon has gone, and there is nothing to change.
        let _ = self.0.update(|item| item.facts = facts);
    }
}

impl Drop for Icon {
    fn drop(&mut self) {
        self.0.shutdown().wait();
    }
}

impl Tray for Item {
    fn id(&self) -> String {
        "dev.redflag.desktop".into()
    }

    fn title(&self) -> String {
        "RedFlag".into()
    }

    fn category(&self) -> Category {
        Category::ApplicationStatus
    }

    fn status(&self) -> Status {
        Status::Active
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        let Some(picture) = self.facts.picture() else {
            return Vec::new();
        };
        let (Ok(width), Ok(height)) = (i32::try_from(picture.width), i32::try_from(picture.height))
        else {
            return Vec::new();
        };
        let mut data = picture.pixels;
        for pixel in data.chunks_exact_mut(4) {
            // From red, green, blue, alpha to alpha first.
            pixel.rotate_right(1);
        }
        vec![ksni::Icon {
            width,
            height,
            data,
        }]
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: "RedFlag".into(),
            description: self.facts.text(),
            ..ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        (self.answer)(Asked::Open);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let entry = |line| match line {
            Line::Rule => MenuItem::Separator,
            Line::Item(label, asked) => StandardItem {
                label: label.into(),
                activate: Box::new(move |item: &mut Self| (item.answer)(asked)),
                ..StandardItem::default()
            }
            .into(),
        };
        self.facts.menu().into_iter().map(entry).collect()
    }

    fn watcher_online(&self) {
        (self.report)(TrayState::Shown);
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!(?reason, "the desktop shows no icons of programs now");
        (self.report)(TrayState::Missing);
        true
    }
}
