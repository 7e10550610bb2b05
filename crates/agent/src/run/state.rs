//! What the loops share. One thread: plain cells are enough.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    net::SocketAddr,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};

use domain::{JobId, Timestamp};
use serde::Deserialize;
use tokio::sync::Notify;
use wire::{About, Init, Machine};

use super::Pace;
use crate::{
    Layout, Tools, clock,
    desktop::{CallError, Carrier, Config, ConfigError, Desktop, Way},
    files, guest, init,
    jobs::bounds,
    journal::{self, Urgency},
    status::{Running, Trouble},
};

/// How long an upload or a report may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Inode and time of a file: another one is another content.
type FileMark = (u64, i64, i64);

pub(super) struct Agent {
    pub(super) layout: Layout,
    pub(super) tools: Tools,
    pub(super) program: PathBuf,
    pub(super) pace: Pace,
    pub(super) session: String,
    pub(super) carrier: Rc<Carrier>,
    pub(super) config: RefCell<Config>,
    /// Set once enrolled; replaced at a renewal.
    pub(super) identity: RefCell<Option<tls::Identity>>,
    /// Counts changes of `identity`, so that connections know when they are outdated.
    pub(super) generation: Cell<u32>,
    pub(super) running: RefCell<Running>,
    /// Work came, or a job is to be looked at.
    pub(super) jobs_changed: Notify,
    /// The inventory changed.
    pub(super) news: Notify,
    /// Something happened to containers or images.
    pub(super) containers: Notify,
    /// The agent woke up to glance at what may have changed, or to look at everything.
    pub(super) glances: Notify,
    pub(super) searches: Notify,
    /// The desktop answered, so that the agent is awake.
    pub(super) answered: Notify,
    /// When the last scan ended.
    pub(super) scanned: Cell<Option<Instant>>,
    /// Hash of the inventory that the desktop has.
    pub(super) accepted: RefCell<Option<String>>,
    /// Hash of the stored inventory, with inode and time of the file that it was read from.
    hash: RefCell<Option<(FileMark, String)>>,
    pub(super) revoked: Cell<bool>,
    /// The machine that the identity is known to belong to.
    pub(super) machine: RefCell<Option<Machine>>,
    init: Init,
    /// Jobs that the desktop does not want to hear of.
    pub(super) forgotten: RefCell<BTreeSet<JobId>>,
}

/// Only the part of a stored inventory that the agent's own process needs.
#[derive(Deserialize)]
struct Hashed {
    hash: String,
}

impl Agent {
    pub(super) fn new(
        layout: Layout,
        tools: Tools,
        program: PathBuf,
        pace: Pace,
        config: Config,
    ) -> Self {
        let running = Running {
            pid: std::process::id(),
            version: crate::VERSION.to_owned(),
            started_at: clock::now(),
            endpoint: None,
            via_node: false,
            last_contact: None,
            trouble: None,
        };
        let init = init::detect(&layout, &tools);
        let agent = Self {
            layout,
            tools,
            program,
            pace,
            session: clock::session(),
            carrier: Rc::default(),
            config: RefCell::new(config),
            identity: RefCell::new(None),
            generation: Cell::new(0),
            running: RefCell::new(running),
            jobs_changed: Notify::new(),
            news: Notify::new(),
            containers: Notify::new(),
            glances: Notify::new(),
            searches: Notify::new(),
            answered: Notify::new(),
            scanned: Cell::new(None),
            accepted: RefCell::new(None),
            hash: RefCell::new(None),
            revoked: Cell::new(false),
            machine: RefCell::new(None),
            init,
            forgotten: RefCell::new(BTreeSet::new()),
        };
        agent.show();
        agent
    }

    /// A new link to the desktop with the present identity.
    pub(super) fn desktop(&self) -> Result<Desktop, ConfigError> {
        Desktop::new(
            &self.config.borrow(),
            self.identity.borrow().as_ref(),
            self.carrier.clone(),
        )
    }

    pub(super) fn set_identity(&self, identity: tls::Identity) {
        *self.identity.borrow_mut() = Some(identity);
        self.generation.set(self.generation.get().wrapping_add(1));
    }

    /// Keeps new endpoints; says whether they are new.
    pub(super) fn learn_endpoints(&self, endpoints: &[SocketAddr]) -> bool {
        if endpoints.is_empty() || self.config.borrow().endpoints == endpoints {
            return false;
        }
        self.config.borrow_mut().endpoints = endpoints.to_vec();
        let stored = self.config.borrow().store(&self.layout);
        if let Err(e) = stored {
            journal::say(Urgency::Warning, &format!("new endpoints not stored: {e}"));
        }
        true
    }

    /// Hash of the newest stored inventory.
    pub(super) fn inventory_hash(&self) -> Option<String> {
        // Asked with every check-in, and the file may be large: read only when it is another one.
        let file = std::fs::metadata(self.layout.inventory()).ok()?;
        let mark = (file.ino(), file.mtime(), file.mtime_nsec());
        if let Some((known, hash)) = self.hash.borrow().as_ref()
            && *known == mark
        {
            return Some(hash.clone());
        }
        let stored: Hashed = files::read_json(&self.layout.inventory()).ok()?;
        *self.hash.borrow_mut() = Some((mark, stored.hash.clone()));
        Some(stored.hash)
    }

    /// Sends the stored inventory, if `always` or the desktop has another one.
    pub(super) async fn upload(
        &self,
        desktop: &mut Desktop,
        always: bool,
    ) -> Result<(), CallError> {
        let Some(hash) = self.inventory_hash() else {
            return Ok(());
        };
        if !always && self.accepted.borrow().as_ref() == Some(&hash) {
            return Ok(());
        }
        let Ok(body) = files::read(&self.layout.inventory()) else {
            return Ok(());
        };
        desktop.put(wire::path::INVENTORY, body, PATIENCE).await?;
        *self.accepted.borrow_mut() = Some(hash);
        Ok(())
    }

    /// The desktop answered.
    pub(super) fn well(&self, desktop: &Desktop) {
        let way = desktop.way();
        self.revoked.set(false);
        let mut running = self.running.borrow_mut();
        running.last_contact = Some(clock::now());
        match way {
            Some(Way::Address(address)) => running.endpoint = Some(address),
            Some(Way::Node) | None => {}
        }
        running.via_node = way == Some(Way::Node);
        if let Some(trouble) = running.trouble.take() {
            let length = clock::span(Duration::from_millis(
                u64::try_from(clock::now().since(trouble.since)).unwrap_or(0),
            ));
            journal::say(
                Urgency::Notice,
                &format!("the desktop answers again, after {length}"),
            );
        }
        drop(running);
        self.show();
        self.answered.notify_one();
    }

    /// Something keeps the agent from its work until the next try after `pause`. Said once, not at every try.
    pub(super) fn trouble(&self, what: &str, pause: Duration) {
        let now = clock::now();
        let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let next_try = now.plus_millis(millis);
        let mut running = self.running.borrow_mut();
        let since = running.trouble.as_ref().map_or(now, |t: &Trouble| t.since);
        if running.trouble.is_none() {
            journal::say(
                Urgency::Warning,
                &format!("{what}; trying again, with growing pauses"),
            );
        }
        running.trouble = Some(Trouble {
            since,
            what: what.to_owned(),
            next_try,
        });
        drop(running);
        self.show();
    }

    /// What is told beside the work.
    pub(super) fn about(&self) -> About {
        About {
            init: Some(self.init),
            machine: Some(guest::machine::now(&self.layout)),
            dropped: bounds::dropped(&self.layout),
        }
    }

    /// Waits before the next try.
    pub(super) async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // There is a way now that was not there before.
            () = self.carrier.arrival() => {}
        }
    }

    /// How long ago the last scan ended, in milliseconds.
    pub(super) fn scanned_ms_ago(&self) -> Option<u64> {
        let elapsed = self.scanned.get()?.elapsed();
        Some(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
    }

    /// Leaves the state for `status`; where /run cannot be written, `status` shows less.
    fn show(&self) {
        let _ = self.running.borrow().store(&self.layout);
    }

    pub(super) fn now(&self) -> Timestamp {
        clock::now()
    }
}
