//! How a registry has answered lately, for people.

use std::time::Duration;

use domain::{Timestamp, image::Allowance};
use tokio::time::Instant;

use crate::{circuit::Circuit, quota::Quota};

/// How a registry has answered lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub allowance: Option<Allowance>,
    /// It is left alone until then.
    pub rests_until: Option<Timestamp>,
    /// How the last question went where the registry as a whole failed, in its words.
    pub trouble: Option<String>,
}

impl Standing {
    /// `told` is the last allowance, and when it was heard; `now` is this computer's time.
    pub(crate) fn of(told: Option<(Quota, Instant)>, circuit: &Circuit, now: Timestamp) -> Self {
        let allowance = told.map(|(quota, heard)| {
            let at = now.plus_millis(-millis(heard.elapsed()));
            Allowance {
                remaining: quota.remaining,
                limit: quota.limit,
                whole_at: quota.window.map(|window| at.plus_millis(millis(window))),
                at,
            }
        });
        let (trouble, rest) = circuit.trouble();
        Self {
            allowance,
            rests_until: rest.map(|rest| now.plus_millis(millis(rest))),
            trouble: trouble.map(|failure| failure.to_string()),
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
