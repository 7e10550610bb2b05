//! The one ordered stream of news, and the picture that it leads to. Both change under one lock, so that a snapshot
//! with `seq` n contains exactly the events up to n.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use domain::{
    JobId, OperationId, Timestamp,
    fleet::{Fleet, FleetPatch, Totals},
    operation::{Job, LogLine, Operation},
    paste::Paste,
    preferences::Preferences,
};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use ts_rs::TS;

/// Events that a slow listener may lag behind before it misses some (and sees the gap by `seq`).
const BACKLOG: usize = 4096;

/// One push. `seq` counts up by one; whoever sees a gap fetches the snapshot again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[ts(type = "number")]
    pub seq: u64,
    pub at: Timestamp,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Body {
    /// Rows of the tree changed.
    Fleet { patch: FleetPatch },
    /// An operation began, moved or ended.
    Operation { operation: Operation },
    /// A job of an operation moved.
    Job { operation: OperationId, job: Job },
    /// New lines in a job's log.
    Log { job: JobId, lines: Vec<LogLine> },
    /// Making a plan: so many guests have answered.
    PlanProgress { answered: u32, of: u32 },
    /// Approvals or rules changed: whoever shows them reads them again.
    Approvals,
    /// A pasted command was run, or one of its guests has an agent now.
    Paste { paste: Paste },
    /// The user has chosen something else.
    Preferences { preferences: Box<Preferences> },
}

/// The stream and the picture.
#[derive(Debug)]
pub struct Feed {
    state: Mutex<(u64, Fleet)>,
    sender: broadcast::Sender<Event>,
    /// Listeners that nobody looks through.
    aside: AtomicUsize,
    hidden: AtomicBool,
}

impl Default for Feed {
    fn default() -> Self {
        let empty = Fleet {
            clusters: vec![],
            nodes: vec![],
            guests: vec![],
            totals: Totals::default(),
        };
        Self {
            state: Mutex::new((0, empty)),
            sender: broadcast::channel(BACKLOG).0,
            aside: AtomicUsize::new(0),
            hidden: AtomicBool::new(false),
        }
    }
}

impl Feed {
    fn lock(&self) -> MutexGuard<'_, (u64, Fleet)> {
        // Nothing in here panics half-way, so a poisoned lock still holds a whole picture.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, state: &mut (u64, Fleet), at: Timestamp, body: Body) {
        state.0 += 1;
        // Without a listener nobody misses anything.
        let _ = self.sender.send(Event {
            seq: state.0,
            at,
            body,
        });
    }

    /// Replaces the picture and tells what changed, if anything did.
    pub fn show(&self, fleet: Fleet, at: Timestamp) {
        let mut state = self.lock();
        let patch = FleetPatch::between(&state.1, &fleet);
        if !patch.is_empty() {
            state.1 = fleet;
            self.send(&mut state, at, Body::Fleet { patch });
        }
    }

    /// Tells one thing that is not part of the picture.
    pub fn tell(&self, body: Body, at: Timestamp) {
        self.send(&mut self.lock(), at, body);
    }

    /// The picture and the number of the last event that it contains.
    pub fn snapshot(&self) -> (u64, Fleet) {
        let state = self.lock();
        (state.0, state.1.clone())
    }

    /// Whether anybody looks at the picture.
    pub fn is_watched(&self) -> bool {
        !self.hidden.load(Ordering::Relaxed)
            && self.sender.receiver_count() > self.aside.load(Ordering::Relaxed)
    }

    /// Whether whoever listens shows the picture to nobody now, as a window that is out of sight.
    pub fn set_hidden(&self, hidden: bool) {
        self.hidden.store(hidden, Ordering::Relaxed);
    }

    /// Events from now on, for one that looks on as long as the program runs and is no reason to ask more often.
    pub fn attend(&self) -> broadcast::Receiver<Event> {
        self.aside.fetch_add(1, Ordering::Relaxed);
        self.sender.subscribe()
    }

    /// Events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }
}
