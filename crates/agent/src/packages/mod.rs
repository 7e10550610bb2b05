//! The border behind which package managers stand. Only apt is behind it yet.

pub mod apt;
mod stamp;

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Timestamp,
    inventory::{PackageScan, Repository, Update},
    operation::{LogLevel, Problem, StepKind, UpdateFilter},
    plan::{Allowed, GuestPlan, PackageChange, PlanFingerprint},
};
use serde::{Deserialize, Serialize};
use wire::Outcome;

pub use stamp::Stamp;

use crate::{Layout, Tools};

/// What a long piece of work tells while it runs, and how it learns that it should end.
pub trait Progress {
    /// A new step begins.
    fn step(&mut self, step: StepKind);
    /// A figure or a reason within the step.
    fn detail(&mut self, text: &str);
    /// 0 to 100 within the whole job.
    fn percent(&mut self, percent: u8);
    fn log(&mut self, level: LogLevel, text: &str);
    /// Nothing happened for a moment: what was held back to be told together is told now.
    fn quiet(&mut self);
    /// Whether to stop at the next safe point.
    fn cancelled(&self) -> bool;
}

/// The files that a scan reads, in two parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamps {
    /// Which versions there are, and which of them is preferred: lists, sources, settings.
    pub offers: Stamp,
    /// What is installed.
    pub installed: Stamp,
}

/// What an earlier scan found.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Sizes and sources of these versions do not change.
    pub updates: Vec<Arc<Update>>,
    /// Nothing else is on offer since.
    pub same_offers: bool,
}

/// Installed versions by (package, architecture).
pub type Installed = BTreeMap<(String, String), String>;

/// What an update may change: agreed before, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Approval<'a> {
    pub only: &'a UpdateFilter,
    pub allowed: Allowed,
    pub fingerprint: &'a PlanFingerprint,
    pub changes: &'a [PackageChange],
}

/// How a refresh of the package lists went, if it could be done at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshed {
    /// When it ended.
    pub at: Option<Timestamp>,
    /// When at least one repository was fetched without error, now or at an earlier refresh.
    pub good_at: Option<Timestamp>,
    /// Every repository that was asked.
    pub repositories: Vec<Repository>,
    /// Words that belong to no repository and made the refresh fail.
    pub general: Option<String>,
    /// Which sources were configured then.
    pub sources: Stamp,
}

impl Refreshed {
    /// The words to show when nothing could be fetched; none when at least one repository answered.
    pub fn failure(&self) -> Option<String> {
        if let Some(words) = &self.general {
            return Some(words.clone());
        }
        let words: Vec<&str> = self
            .repositories
            .iter()
            .filter_map(|r| r.error.as_deref())
            .collect();
        let all = !words.is_empty() && words.len() == self.repositories.len();
        all.then(|| words.join("\n"))
    }
}

/// A guest's package manager.
pub trait PackageManager {
    /// Changes when an answer of [`PackageManager::scan`] may have changed.
    fn stamps(&self) -> Stamps;

    /// Cheaper by far, for a look once a minute: when it changes, [`PackageManager::stamps`] may have.
    fn glance(&self) -> Stamp;

    /// When the package lists were last fetched, by whomever; none when never.
    fn lists_at(&self) -> Option<Timestamp>;

    /// What is pending, by what the package manager already knows. What `known` tells need not be asked for again.
    fn scan(&self, known: &Known) -> PackageScan;

    /// Fetches the package lists; waits for locks.
    fn refresh(&self, progress: &mut dyn Progress) -> Result<Refreshed, Stopped>;

    /// What an update of `only` would do.
    fn plan(&self, only: &UpdateFilter, allowed: Allowed) -> Result<GuestPlan, Problem>;

    /// Does what was approved and nothing else. `before` is told the installed versions right before anything is
    /// changed.
    fn apply(
        &self,
        approval: Approval<'_>,
        before: &mut dyn FnMut(&Installed),
        progress: &mut dyn Progress,
    ) -> Outcome;

    /// Ends what an earlier run left unfinished, without removing anything. `before` as with
    /// [`PackageManager::apply`].
    fn repair(&self, before: &mut dyn FnMut(&Installed), progress: &mut dyn Progress) -> Outcome;

    /// What changed in the newest version of a package.
    fn changelog(&self, package: &str) -> Result<String, Problem>;

    /// What became of an update whose runner was lost in the middle.
    fn conclude(
        &self,
        approval: Approval<'_>,
        before: Option<&Installed>,
        progress: &mut dyn Progress,
    ) -> wire::Applied;
}

/// Why a piece of work ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    Cancelled,
    Failed(Problem),
    /// It was killed in the middle.
    Interrupted(Problem),
}

/// The guest's package manager, or what was looked for in vain.
pub fn detect<'a>(
    layout: &'a Layout,
    tools: &'a Tools,
) -> Result<Box<dyn PackageManager + 'a>, String> {
    let missing: Vec<&str> = ["apt-get", "dpkg-query"]
        .into_iter()
        .filter(|name| tools.find(name).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(Box::new(apt::Apt::new(layout, tools)));
    }
    let others: Vec<&str> = ["apk", "dnf", "yum", "zypper", "pacman"]
        .into_iter()
        .filter(|name| tools.find(name).is_some())
        .collect();
    let mut reason = format!(
        "apt is the only package manager that RedFlag uses yet: {} not found",
        missing.join(" and ")
    );
    if !others.is_empty() {
        reason.push_str(&format!("; this guest has {}", others.join(", ")));
    }
    Err(reason)
}
