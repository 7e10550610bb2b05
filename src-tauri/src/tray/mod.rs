//! The icon in the tray: what it tells and what its menu offers. How it is put there differs between systems.

mod badge;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod native;

#[cfg(target_os = "linux")]
pub(crate) use linux::Icon;
#[cfg(not(target_os = "linux"))]
pub(crate) use native::Icon;

use api::domain::{
    Timestamp,
    fleet::{Fleet, Link},
    preferences::Preferences,
};

/// What the icon tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    security: u32,
    updates: u32,
    /// Guests with updates.
    guests: u32,
    /// Clusters that do not answer, in whole or in part.
    away: u32,
    paused: bool,
}

/// What the user chose from the icon or its menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Open,
    ScanAll,
    /// No messages for so many hours.
    Pause(u8),
    PauseUntilMorning,
    Resume,
    Quit,
}

/// One line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Item(&'static str, Asked),
    Rule,
}

impl Facts {
    pub(crate) fn of(fleet: &Fleet, chosen: &Preferences, now: Timestamp) -> Self {
        let silent = |link: &Link| {
            matches!(
                link,
                Link::Partly { .. }
                    | Link::Unreachable { .. }
                    | Link::Refused { .. }
                    | Link::CertificateChanged { .. }
            )
        };
        let away = fleet
            .clusters
            .iter()
            .filter(|row| silent(&row.link))
            .count();
        Self {
            security: fleet.totals.updates.security,
            updates: fleet.totals.updates.total,
            guests: fleet.totals.guests_with_updates,
            away: u32::try_from(away).unwrap_or(u32::MAX),
            paused: chosen.messages.is_paused(now),
        }
    }

    /// What stands beside the icon when the pointer is over it. Never says that all is well: what is not known is not
    /// counted here.
    pub(crate) fn text(self) -> String {
        let many =
            |n: u32, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
        let mut parts = Vec::new();
        if self.updates == 0 {
            parts.push("No updates known".to_owned());
        } else {
            let updates = many(self.updates, "update", "updates");
            parts.push(format!("{updates} on {}", many(self.guests, "LXC", "LXCs")));
        }
        if self.security > 0 {
            parts.push(format!("{} security", self.security));
        }
        if self.away > 0 {
            let clusters = many(self.away, "cluster does", "clusters do");
            parts.push(format!("{clusters} not answer in full"));
        }
        if self.paused {
            parts.push("messages paused".to_owned());
        }
        parts.join(", ")
    }

    /// The lines of the menu, in order.
    pub(crate) fn menu(self) -> Vec<Line> {
        let mut lines = vec![
            Line::Item("Open RedFlag", Asked::Open),
            Line::Item("Scan all", Asked::ScanAll),
            Line::Rule,
        ];
        if self.paused {
            lines.push(Line::Item("Resume notifications", Asked::Resume));
        } else {
            lines.push(Line::Item(
                "Pause notifications for 1 hour",
                Asked::Pause(1),
            ));
            lines.push(Line::Item(
                "Pause notifications until 08:00",
                Asked::PauseUntilMorning,
            ));
        }
        lines.push(Line::Rule);
        lines.push(Line::Item("Quit RedFlag", Asked::Quit));
        lines
    }

    /// The picture: the flag, with the security updates as a number on it, else all updates.
    pub(crate) fn picture(self) -> Option<badge::Picture> {
        badge::draw(self.security, self.updates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_names_what_is_unknown_and_never_that_all_is_well() {
        assert_eq!(Facts::default().text(), "No updates known");
        let some = Facts {
            security: 2,
            updates: 9,
            guests: 3,
            away: 1,
            paused: true,
        };
        assert_eq!(
            some.text(),
            "9 updates on 3 LXCs, 2 security, 1 cluster does not answer in full, messages paused"
        );
    }

    #[test]
    fn the_menu_offers_what_can_be_done_now() {
        let of = |paused| {
            let lines = Facts {
                paused,
                ..Facts::default()
            }
            .menu();
            let asked = lines.into_iter().filter_map(|line| match line {
                Line::Item(_, asked) => Some(asked),
                Line::Rule => None,
            });
            asked.collect::<Vec<_>>()
        };
        assert_eq!(
            of(false),
            [
                Asked::Open,
                Asked::ScanAll,
                Asked::Pause(1),
                Asked::PauseUntilMorning,
                Asked::Quit
            ]
        );
        assert_eq!(
            of(true),
            [Asked::Open, Asked::ScanAll, Asked::Resume, Asked::Quit]
        );
    }
}
