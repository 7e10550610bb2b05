//! What the user has chosen about how RedFlag looks and when it speaks. Fields that an older version did not know take
//! their usual values.

mod notices;

pub use notices::{Digest, Messages, Minute, Moment, QuietHours};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Zoom of the page, in percent.
pub const ZOOM: std::ops::RangeInclusive<u16> = 80..=200;
/// Saved views that the side bar shows.
pub const MOST_VIEWS: usize = 50;
/// Letters of a saved view's name and of its filter.
pub const LONGEST_TEXT: usize = 200;

/// Everything the user has chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Preferences {
    pub look: Look,
    /// How the tree is grouped.
    pub grouping: Grouping,
    /// Columns of the tree that are hidden.
    pub hidden: Vec<Column>,
    /// In the order of the side bar.
    pub views: Vec<SavedView>,
    pub desktop: Desktop,
    pub messages: Messages,
}

/// How the page looks and is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Look {
    pub theme: Theme,
    /// More contrast than the system asks for.
    pub high_contrast: bool,
    /// No motion, whatever the system asks for.
    pub reduced_motion: bool,
    /// Rows of 24 px instead of 28.
    pub compact: bool,
    /// Percent, within [`ZOOM`].
    pub zoom: u16,
    /// Single letters act while the tree has the focus.
    pub letters: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            high_contrast: false,
            reduced_motion: false,
            compact: false,
            zoom: 100,
            letters: true,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    #[default]
    System,
    Dark,
    Light,
}

/// What stands at the top of the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Grouping {
    /// Cluster, node, LXC.
    #[default]
    Hierarchy,
    /// Packages and images.
    UpdateType,
    Severity,
    Package,
}

/// A column of the tree that can be hidden. The name cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Column {
    State,
    Updates,
    Images,
    Agent,
    Address,
    Uptime,
    Cpu,
    Memory,
    Checked,
}

/// A filter and a grouping under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedView {
    pub name: String,
    /// As it stands in the filter field.
    pub filter: String,
    pub grouping: Grouping,
}

/// How RedFlag lives beside other programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Desktop {
    /// An icon in the tray.
    pub tray: bool,
    /// Closing the window leaves the program in the tray; where there is no tray the program ends all the same.
    pub keep_running: bool,
    /// The user was told what closing does.
    pub told_about_closing: bool,
    /// Started with the user's session, in the tray.
    pub start_at_login: bool,
}

impl Default for Desktop {
    fn default() -> Self {
        Self {
            tray: true,
            keep_running: true,
            told_about_closing: false,
            start_at_login: false,
        }
    }
}

impl Preferences {
    /// Why these cannot be kept.
    ///
    /// # Errors
    /// In words for the user.
    pub fn check(&self) -> Result<(), String> {
        if !ZOOM.contains(&self.look.zoom) {
            let (least, most) = (ZOOM.start(), ZOOM.end());
            return Err(format!(
                "A zoom of {} % is not between {least} and {most} %",
                self.look.zoom
            ));
        }
        if self.views.len() > MOST_VIEWS {
            return Err(format!(
                "{} saved views are more than {MOST_VIEWS}",
                self.views.len()
            ));
        }
        for (at, view) in self.views.iter().enumerate() {
            if view.name.trim().is_empty() {
                return Err("A saved view needs a name".into());
            }
            if view.name.chars().count() > LONGEST_TEXT
                || view.filter.chars().count() > LONGEST_TEXT
            {
                return Err(format!(
                    "The name and the filter of a saved view have at most {LONGEST_TEXT} letters each"
                ));
            }
            if self
                .views
                .iter()
                .take(at)
                .any(|other| other.name == view.name)
            {
                return Err(format!(
                    "There are two saved views with the name {:?}",
                    view.name
                ));
            }
        }
        self.messages.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str) -> SavedView {
        SavedView {
            name: name.into(),
            filter: "tag:prod".into(),
            grouping: Grouping::Severity,
        }
    }

    #[test]
    fn what_an_older_version_kept_is_read_with_the_usual_values() {
        let read: Preferences = serde_json::from_str(r#"{"look":{"theme":"dark"}}"#).expect("read");
        assert_eq!(read.look.theme, Theme::Dark);
        assert_eq!(read.look.zoom, 100);
        assert!(read.desktop.tray && read.messages.show);
        assert_eq!(read.check(), Ok(()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        let refused = |change: fn(&mut Preferences), word: &str| {
            let mut all = Preferences::default();
            change(&mut all);
            let why = all.check().expect_err(word);
            assert!(why.contains(word), "{why}");
        };
        refused(|all| all.look.zoom = 300, "300 %");
        refused(|all| all.views = vec![view(" ")], "name");
        refused(|all| all.views = vec![view("a"), view("a")], "two");
        refused(|all| all.views = vec![view(&"x".repeat(201))], "200");
        refused(
            |all| {
                all.messages.quiet = Some(QuietHours {
                    from: Minute(1440),
                    to: Minute(0),
                })
            },
            "1440",
        );
    }
}
