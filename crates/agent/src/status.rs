//! What `redflag-agent status` shows. The running agent leaves its own part in a file that is gone with a boot.

use std::{fmt::Write, net::SocketAddr};

use domain::{
    AgentId, GuestId, Timestamp,
    inventory::{Blocked, Inventory, PackageScan, UpdateCounts},
};
use serde::{Deserialize, Serialize};
use wire::{Action, Init, InventoryReport};

use crate::{
    Layout, Tools, clock,
    desktop::{Authority, Config, Identity},
    files::{self, FileError},
    init,
    jobs::JobDirectory,
};

/// What the running agent knows of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    pub pid: u32,
    pub version: String,
    pub started_at: Timestamp,
    /// Where the desktop last answered.
    pub endpoint: Option<SocketAddr>,
    /// The last answer came through the guest's node.
    #[serde(default)]
    pub via_node: bool,
    pub last_contact: Option<Timestamp>,
    pub trouble: Option<Trouble>,
}

/// Why the desktop is not reached, or what else keeps the agent from its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    pub since: Timestamp,
    pub what: String,
    pub next_try: Timestamp,
}

impl Running {
    /// Leaves it for `status`; a guest whose /run cannot be written is served all the same.
    pub fn store(&self, layout: &Layout) -> Result<(), FileError> {
        files::make_private_dir(&layout.run_dir())?;
        let text = serde_json::to_vec(self).map_err(|e| FileError::Content {
            path: layout.status(),
            why: e.to_string(),
        })?;
        files::write_brief(&layout.status(), &text, 0o600)
    }
}

/// Everything that `status` shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub version: String,
    pub installed: bool,
    /// Who starts the agent here.
    pub init: Init,
    /// What is to be known about how it is started.
    pub note: Option<String>,
    /// Whose agent this is.
    pub desktop: Option<Authority>,
    pub running: Option<Running>,
    /// A code is waiting to be used.
    pub enrolling: bool,
    pub agent: Option<AgentId>,
    pub guest: Option<GuestId>,
    pub endpoints: Vec<SocketAddr>,
    pub scanned_at: Option<Timestamp>,
    pub counts: Option<UpdateCounts>,
    /// Why the last scan failed, or why there is none.
    pub scan_problem: Option<String>,
    pub jobs: Vec<JobStatus>,
    /// What of this could not be read.
    pub unreadable: Vec<String>,
}

/// One job that is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStatus {
    pub id: domain::JobId,
    pub kind: String,
    pub running: bool,
    /// It ended, and the desktop does not have its outcome yet.
    pub ended: bool,
}

impl Status {
    /// Reads it. What cannot be read is named and left out.
    pub fn read(layout: &Layout, tools: &Tools) -> Self {
        let init = init::detect(layout, tools);
        let installed = init::is_set_up(layout);
        let mut unreadable = Vec::new();
        let config = Config::load(layout).unwrap_or_else(|e| {
            unreadable.push(e.to_string());
            None
        });
        let identity: Option<Identity> = files::read_json_if_there(&layout.identity())
            .unwrap_or_else(|e| {
                unreadable.push(e.to_string());
                None
            });
        let inventory: Option<InventoryReport> = files::read_json_if_there(&layout.inventory())
            .unwrap_or_else(|e| {
                unreadable.push(e.to_string());
                None
            });
        let running: Option<Running> =
            files::read_json(&layout.status())
                .ok()
                .filter(|r: &Running| {
                    layout.at(&format!("proc/{}", r.pid)).exists() || !layout.is_real()
                });
        let scan_problem = match inventory.as_ref().map(|i| &i.inventory.packages) {
            Some(PackageScan::Unsupported { reason } | PackageScan::Failed { reason }) => {
                Some(reason.clone())
            }
            Some(PackageScan::Apt { interrupted, .. }) => interrupted.clone(),
            None => None,
        };
        Self {
            version: crate::VERSION.to_owned(),
            installed,
            init,
            note: init::note(init).filter(|_| installed).map(str::to_owned),
            desktop: config.as_ref().and_then(Authority::of),
            running,
            enrolling: layout.bootstrap().exists(),
            agent: identity.as_ref().map(|i| i.agent),
            guest: identity.as_ref().map(|i| i.guest),
            endpoints: config.map(|c| c.endpoints).unwrap_or_default(),
            scanned_at: inventory.as_ref().map(|i| i.inventory.scanned_at),
            counts: inventory
                .as_ref()
                .filter(|i| matches!(i.inventory.packages, PackageScan::Apt { .. }))
                .map(|i| i.inventory.counts()),
            scan_problem,
            jobs: JobDirectory::all(layout).iter().map(job).collect(),
            unreadable,
        }
    }

    /// Whether it is enrolled, runs, and has nothing to complain about.
    pub fn is_well(&self) -> bool {
        self.agent.is_some()
            && self.running.as_ref().is_some_and(|r| r.trouble.is_none())
            && self.unreadable.is_empty()
    }

    /// For people.
    pub fn text(&self, now: Timestamp) -> String {
        let mut out = format!("RedFlag agent {}\n", self.version);
        let mut row = |name: &str, value: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "  {name:<13}{value}");
        };
        match (&self.running, self.installed) {
            (Some(r), _) => row(
                "service",
                &format!(
                    "running since {} (process {})",
                    clock::ago(Some(r.started_at), now),
                    r.pid
                ),
            ),
            (None, true) => row("service", "installed, not running"),
            (None, false) => row("service", "not installed"),
        }
        if let Some(note) = &self.note {
            row("start", note);
        }
        match self.agent {
            Some(agent) => row("enrolled", &format!("as agent {agent}")),
            None if self.enrolling => row("enrolled", "not yet; a code is waiting to be used"),
            None => row("enrolled", "no; install the agent again from RedFlag"),
        }
        let endpoints: Vec<String> = self.endpoints.iter().map(ToString::to_string).collect();
        let none = "none known".to_owned();
        let endpoints = if endpoints.is_empty() {
            none
        } else {
            endpoints.join(", ")
        };
        row("desktop", &endpoints);
        if let Some(running) = &self.running {
            let at = match running.endpoint {
                _ if running.via_node => " through the node".to_owned(),
                Some(endpoint) => format!(" at {endpoint}"),
                None => String::new(),
            };
            row(
                "last contact",
                &format!("{}{at}", clock::ago(running.last_contact, now)),
            );
            if let Some(trouble) = &running.trouble {
                let since = clock::ago(Some(trouble.since), now);
                row("trouble", &format!("{} (since {since})", trouble.what));
                let wait = u64::try_from(trouble.next_try.since(now)).unwrap_or(0);
                let wait = clock::span(std::time::Duration::from_millis(wait));
                row("next try", &format!("in {wait}"));
            }
        }
        row("last scan", &clock::ago(self.scanned_at, now));
        if let Some(counts) = self.counts {
            row(
                "updates",
                &format!(
                    "{} ({} security), {} more held back",
                    counts.total, counts.security, counts.blocked
                ),
            );
        }
        if let Some(problem) = &self.scan_problem {
            row("packages", problem);
        }
        for job in &self.jobs {
            let state = match (job.running, job.ended) {
                (true, _) => "running",
                (false, true) => "ended, to be reported",
                (false, false) => "waiting",
            };
            row("job", &format!("{} {} ({state})", job.kind, job.id));
        }
        for problem in &self.unreadable {
            row("unreadable", problem);
        }
        out
    }
}

fn job(directory: &JobDirectory) -> JobStatus {
    let kind = match directory.work().map(|w| w.action) {
        Ok(Action::Scan { .. }) => "scan",
        Ok(Action::Plan { .. }) => "plan",
        Ok(Action::Apply { .. }) => "update",
        Ok(Action::Repair) => "repair",
        Ok(Action::Changelog { .. }) => "changelog",
        Ok(Action::UpdateImages { .. }) => "images",
        Ok(Action::Uninstall) => "uninstall",
        Ok(Action::Restart) => "restart",
        Ok(Action::Upgrade { .. }) => "upgrade",
        Err(_) => "unreadable",
    };
    JobStatus {
        id: directory.id,
        kind: kind.to_owned(),
        running: directory.is_running(),
        ended: directory
            .reports(0, usize::MAX)
            .is_ok_and(|(lines, _)| lines.last().is_some_and(|l| l.last)),
    }
}

/// An inventory for people: what `redflag-agent scan` prints.
pub fn inventory_text(inventory: &Inventory, now: Timestamp) -> String {
    let mut out = format!("{} ({})\n", inventory.os.name, inventory.arch);
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    match &inventory.packages {
        PackageScan::Unsupported { reason } | PackageScan::Failed { reason } => {
            line(reason.clone());
        }
        PackageScan::Apt {
            updates,
            installed,
            lists_at,
            repositories,
            interrupted,
        } => {
            let counts = inventory.counts();
            line(format!(
                "{} updates ({} security), {} held back, {installed} packages installed, lists fetched {}",
                counts.total,
                counts.security,
                counts.blocked,
                clock::ago(*lists_at, now)
            ));
            for update in updates {
                let security = if update.severity.is_security() {
                    "  security"
                } else {
                    ""
                };
                let blocked = match &update.blocked {
                    None => String::new(),
                    Some(Blocked::Held) => "  held".to_owned(),
                    Some(Blocked::KeptBack { why }) => format!("  kept back: {why}"),
                    Some(Blocked::Phased) => "  phased".to_owned(),
                    Some(Blocked::Pinned) => "  pinned".to_owned(),
                    Some(Blocked::Removes { packages }) => {
                        format!("  would remove {}", packages.join(", "))
                    }
                };
                line(format!(
                    "  {}  {} -> {}  {}{security}{blocked}",
                    update.package, update.installed, update.candidate, update.suite
                ));
            }
            for repository in repositories {
                if let Some(error) = &repository.error {
                    line(format!("  repository {}: {error}", repository.name));
                }
            }
            if let Some(words) = interrupted {
                line(format!("an earlier run was interrupted: {words}"));
            }
        }
    }
    for unit in &inventory.restarts {
        line(format!("  {unit} still runs replaced code"));
    }
    out
}
