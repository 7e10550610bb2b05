//! What is told, and when: news are gathered until they rest, quiet hours are waited for, nothing is told twice.

use std::collections::{HashMap, HashSet};

use domain::{
    GuestId, OperationId, Timestamp,
    fleet::Fleet,
    operation::{Operation, OperationKind},
    preferences::{Messages, Minute, Moment},
};
use engine::feed::Body;

use super::{Notice, Patience, changes::Changes, words};

/// What a scan found last may reach the picture a moment after its end, in milliseconds.
const SETTLE: i64 = 2_000;
/// Messages that wait for the end of quiet hours, at most.
const MOST_HELD: usize = 20;

pub(super) struct Told {
    changes: Changes,
    patience: Patience,
    /// When the news that wait began, and when the last came.
    news: Option<(Timestamp, Timestamp)>,
    /// Guests of running operations.
    guests: HashMap<OperationId, HashSet<GuestId>>,
    /// Operations that have ended, and from when on that is told.
    ended: Vec<(Timestamp, Operation)>,
    held: Vec<Notice>,
}

impl Told {
    pub(super) fn new(fleet: &Fleet, patience: Patience) -> Self {
        Self {
            changes: Changes::since(fleet),
            patience,
            news: None,
            guests: HashMap::new(),
            ended: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Takes an event in.
    pub(super) fn hear(&mut self, body: Body, now: Timestamp, wishes: &Messages) {
        match body {
            Body::Fleet { patch } => {
                if self.changes.take(&patch, wishes) {
                    let began = self.news.map_or(now, |(began, _)| began);
                    self.news = Some((began, now));
                }
            }
            Body::Job { operation, job } => {
                self.guests.entry(operation).or_default().insert(job.guest);
            }
            Body::Operation { operation } => self.operation(operation, now, wishes),
            Body::Log { .. }
            | Body::PlanProgress { .. }
            | Body::Approvals
            | Body::Paste { .. }
            | Body::Preferences { .. } => {}
        }
    }

    fn operation(&mut self, operation: Operation, now: Timestamp, wishes: &Messages) {
        if operation.ended_at.is_none() {
            self.guests.entry(operation.id).or_default();
            return;
        }
        // One whose beginning was not seen ended before anybody listened here, or was told already.
        let Some(guests) = self.guests.remove(&operation.id) else {
            return;
        };
        let muted = !guests.is_empty() && guests.iter().all(|guest| wishes.muted.contains(guest));
        if !muted {
            let settle = SETTLE.min(self.patience.quiet);
            self.ended.push((now.plus_millis(settle), operation));
        }
    }

    /// The ends that are due. What a scan found is told with its end, not once more by itself.
    fn ends(&mut self, now: Timestamp) -> Vec<Notice> {
        let (due, later) = std::mem::take(&mut self.ended)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.ended = later;
        let due: Vec<(Timestamp, Operation)> = due;
        let mut told = Vec::new();
        for (_, operation) in due {
            let found = if operation.kind == OperationKind::Scan {
                std::mem::take(&mut self.changes.found)
            } else {
                Default::default()
            };
            told.push(words::ended(&operation, found.into_values().collect()));
        }
        told
    }

    /// What is to be told now.
    pub(super) fn due(&mut self, now: Timestamp, minute: Minute, wishes: &Messages) -> Vec<Notice> {
        let mut all = self.ends(now);
        if self.news.is_some_and(|(began, last)| {
            now.since(last) >= self.patience.quiet || now.since(began) >= self.patience.most
        }) {
            self.news = None;
            let found = std::mem::take(&mut self.changes.found);
            let away = std::mem::take(&mut self.changes.away);
            all.extend(words::found(found.into_values().collect()));
            all.extend(words::away(away.into_iter().collect()));
        }
        let mut now_told = Vec::new();
        for notice in all {
            match wishes.when(notice.digest, now, minute) {
                Moment::Now => now_told.push(notice),
                Moment::Later if self.held.len() < MOST_HELD => self.held.push(notice),
                Moment::Later | Moment::Never => {}
            }
        }
        // All of them at once when it is over, as one.
        let over = |notice: &Notice| wishes.when(notice.digest, now, minute) != Moment::Later;
        if self.held.iter().all(over) {
            let held = std::mem::take(&mut self.held);
            let wanted = |notice: &Notice| wishes.when(notice.digest, now, minute) == Moment::Now;
            now_told.extend(words::together(held.into_iter().filter(wanted).collect()));
        }
        now_told
    }
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
