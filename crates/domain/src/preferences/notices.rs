//! When RedFlag speaks, and about what: quiet hours, pauses, LXCs that are muted, and what is worth a message.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{GuestId, Timestamp};

const MINUTES_A_DAY: u16 = 24 * 60;

/// What the user wants to hear, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Messages {
    /// Messages of the desktop are shown at all.
    pub show: bool,
    /// New updates after a scan.
    pub updates: bool,
    /// Operations that ended well.
    pub finished: bool,
    /// Operations of which something failed.
    pub failed: bool,
    /// Nodes and agents that cannot be reached any more.
    pub unreachable: bool,
    /// Hours in which messages wait; local time.
    pub quiet: Option<QuietHours>,
    /// Failures are told in quiet hours, too.
    pub failed_at_once: bool,
    /// Of these LXCs nothing is told.
    pub muted: Vec<GuestId>,
    /// Nothing is told before.
    pub paused_until: Option<Timestamp>,
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            show: true,
            updates: true,
            finished: true,
            failed: true,
            unreachable: true,
            quiet: None,
            failed_at_once: true,
            muted: Vec::new(),
            paused_until: None,
        }
    }
}

/// Every day from one minute to another; over midnight where the end is the smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct QuietHours {
    pub from: Minute,
    pub to: Minute,
}

/// A minute of the day in local time: 0 to 1439.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct Minute(pub u16);

impl QuietHours {
    fn holds(self, now: Minute) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&now)
        } else {
            now >= self.from || now < self.to
        }
    }
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    Updates,
    Finished,
    Failed,
    Unreachable,
}

/// When something is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Now,
    /// As soon as the quiet hours are over.
    Later,
    Never,
}

impl Messages {
    /// When a message is told. `minute` is the present minute of the day in local time.
    pub fn when(&self, digest: Digest, now: Timestamp, minute: Minute) -> Moment {
        let wanted = match digest {
            Digest::Updates => self.updates,
            Digest::Finished => self.finished,
            Digest::Failed => self.failed,
            Digest::Unreachable => self.unreachable,
        };
        if !self.show || !wanted || self.is_paused(now) {
            return Moment::Never;
        }
        let at_once = digest == Digest::Failed && self.failed_at_once;
        if !at_once && self.quiet.is_some_and(|hours| hours.holds(minute)) {
            return Moment::Later;
        }
        Moment::Now
    }

    /// Whether the user has paused messages for now.
    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let Some(hours) = self.quiet else {
            return Ok(());
        };
        match [hours.from, hours.to]
            .into_iter()
            .find(|minute| minute.0 >= MINUTES_A_DAY)
        {
            Some(Minute(minute)) => Err(format!(
                "Minute {minute} of the quiet hours is not in a day"
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);
    const NOON: Minute = Minute(12 * 60);
    const NIGHT: Minute = Minute(2 * 60);

    fn quiet() -> Messages {
        Messages {
            quiet: Some(QuietHours {
                from: Minute(22 * 60 + 30),
                to: Minute(7 * 60),
            }),
            ..Messages::default()
        }
    }

    #[test]
    fn messages_wait_for_the_end_of_quiet_hours_and_failures_do_not() {
        assert_eq!(quiet().when(Digest::Finished, NOW, NOON), Moment::Now);
        assert_eq!(quiet().when(Digest::Finished, NOW, NIGHT), Moment::Later);
        assert_eq!(quiet().when(Digest::Failed, NOW, NIGHT), Moment::Now);
        let patient = Messages {
            failed_at_once: false,
            ..quiet()
        };
        assert_eq!(patient.when(Digest::Failed, NOW, NIGHT), Moment::Later);
        assert_eq!(
            quiet().when(Digest::Updates, NOW, Minute(7 * 60)),
            Moment::Now,
            "the end is outside"
        );
        assert_eq!(
            quiet().when(Digest::Updates, NOW, Minute(22 * 60 + 30)),
            Moment::Later,
            "the beginning is inside"
        );
    }

    #[test]
    fn hours_within_a_day_do_not_reach_over_midnight() {
        let lunch = QuietHours {
            from: Minute(720),
            to: Minute(780),
        };
        assert!(lunch.holds(Minute(720)) && !lunch.holds(Minute(780)) && !lunch.holds(NIGHT));
    }

    #[test]
    fn what_is_off_or_paused_is_never_told() {
        let paused = Messages {
            paused_until: Some(NOW.plus_millis(1)),
            ..Messages::default()
        };
        assert_eq!(paused.when(Digest::Failed, NOW, NOON), Moment::Never);
        assert_eq!(
            paused.when(Digest::Failed, NOW.plus_millis(1), NOON),
            Moment::Now
        );
        let off = Messages {
            updates: false,
            ..Messages::default()
        };
        assert_eq!(off.when(Digest::Updates, NOW, NOON), Moment::Never);
        let silent = Messages {
            show: false,
            ..Messages::default()
        };
        assert_eq!(silent.when(Digest::Failed, NOW, NOON), Moment::Never);
    }
}
