//! apt and dpkg, through their programs: `LC_ALL=C`, lines made for machines, exit statuses believed.

mod apply;
mod blocked;
mod changelog;
mod conffiles;
mod database;
mod dpkg_status;
mod engine;
mod failure;
#[doc(hidden)]
pub mod fuzzing;
mod locks;
mod plan;
mod policy;
mod refresh;
mod release;
mod repair;
mod scan;
mod show;
mod simulation;
mod status;
mod verify;

use std::{fmt, process::Command, time::Duration};

use domain::{
    Timestamp,
    inventory::PackageScan,
    operation::{Problem, UpdateFilter},
    plan::{Allowed, GuestPlan},
};
use wire::{Applied, Outcome};

use super::{
    Approval, Installed, Known, PackageManager, Progress, Refreshed, Stamp, Stamps, Stopped,
};
use crate::{Layout, Tools, files, tools::Output};
use database::Database;
use simulation::Simulation;

/// For questions that read only; the first after a refresh rebuilds apt's cache, which takes a while.
const LIMIT: Duration = Duration::from_secs(300);
/// What every simulation and every run share, so that the one shows what the other does.
const SAME: [&str; 10] = [
    "-q",
    "-y",
    "-o",
    "APT::Color=0",
    "-o",
    "APT::Get::Show-Versions=0",
    "-o",
    "APT::Get::AutomaticRemove=0",
    "-o",
    "APT::Get::Assume-No=0",
];

/// apt of one guest.
#[derive(Debug)]
pub struct Apt<'a> {
    layout: &'a Layout,
    tools: &'a Tools,
}

impl<'a> Apt<'a> {
    /// Uses the programs in `tools` and the files below `layout`.
    pub fn new(layout: &'a Layout, tools: &'a Tools) -> Self {
        Self { layout, tools }
    }

    /// A command that never asks anything.
    fn command(&self, name: &str) -> Result<Command, Stopped> {
        let mut command = self.tools.command(name).map_err(|e| self.lost(name, &e))?;
        quiet(&mut command);
        Ok(command)
    }

    fn lost(&self, what: &str, error: &dyn fmt::Display) -> Stopped {
        Stopped::Failed(Problem {
            what: format!("{what} could not be run in the guest"),
            words: Some(error.to_string()),
            next: None,
        })
    }

    /// Runs a question to its end; the exit status is the caller's to judge.
    fn ask(&self, name: &str, arguments: &[&str]) -> Result<Output, String> {
        let mut command = self.tools.command(name).map_err(|e| e.to_string())?;
        quiet(&mut command);
        command.args(arguments);
        crate::tools::output(name, command, LIMIT).map_err(|e| e.to_string())
    }

    /// Simulates what `selection` (the arguments after the options) would do.
    fn simulate(&self, selection: &[String]) -> Result<Simulation, String> {
        let mut arguments = SAME.to_vec();
        arguments.extend(["-s", "-o", "Debug::NoLocking=1"]);
        arguments.extend(selection.iter().map(String::as_str));
        let out = self.ask("apt-get", &arguments)?;
        if !out.ok() {
            let words = failure::words(out.stdout.lines().chain(out.stderr.lines()));
            return Err(format!("apt-get -s: {}: {words}", out.ending()));
        }
        let simulation = simulation::parse(&out.stdout);
        simulation.check()?;
        Ok(simulation)
    }

    /// What an update of everything is to apt: with removals only where they were allowed, and then what a scan and a
    /// plan count is what the run does.
    fn everything(allowed: Allowed) -> Vec<String> {
        let words: &[&str] = if allowed.removals {
            &["dist-upgrade"]
        } else {
            &["upgrade", "--with-new-pkgs"]
        };
        words.iter().map(|&word| word.to_owned()).collect()
    }

    /// Which sources are configured.
    fn sources(&self) -> Stamp {
        Stamp::of(&[
            self.layout.at("etc/apt/sources.list"),
            self.layout.at("etc/apt/sources.list.d"),
        ])
    }
}

/// The outcome of a piece of work that ended before it changed anything.
fn unchanged(stopped: Stopped) -> Outcome {
    match stopped {
        Stopped::Cancelled => Outcome::Cancelled { result: None },
        Stopped::Failed(problem) | Stopped::Interrupted(problem) => Outcome::Failed {
            problem,
            result: None,
        },
    }
}

/// Takes every occasion to ask away from a package manager and what it starts.
fn quiet(command: &mut Command) {
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("DEBIAN_PRIORITY", "critical")
        .env("DEBCONF_NONINTERACTIVE_SEEN", "true")
        .env("NEEDRESTART_MODE", "a")
        .env("APT_LISTCHANGES_FRONTEND", "none")
        .env("APT_LISTBUGS_FRONTEND", "none")
        .env("UCF_FORCE_CONFFOLD", "1")
        .env("TERM", "dumb");
    if std::env::var_os("HOME").is_none() {
        command.env("HOME", "/root");
    }
}

impl PackageManager for Apt<'_> {
    fn stamps(&self) -> Stamps {
        Stamps {
            offers: Stamp::of(&[
                // Foreign architectures bring versions of their own.
                self.layout.at("var/lib/dpkg/arch"),
                self.layout.at("var/lib/apt/lists"),
                self.layout.at("var/lib/apt/periodic"),
                self.layout.at("etc/apt"),
                self.layout.refreshed(),
            ]),
            installed: Stamp::of(&[
                self.layout.at("var/lib/dpkg/status"),
                self.layout.at("var/lib/dpkg/updates"),
                self.layout.at("var/lib/apt/extended_states"),
            ]),
        }
    }

    fn glance(&self) -> Stamp {
        let paths = [
            "var/lib/dpkg/status",
            "var/lib/dpkg/updates",
            "var/lib/apt/lists",
            "var/lib/apt/extended_states",
            "etc/apt/sources.list",
            "etc/apt/sources.list.d",
            "etc/apt/preferences",
            "etc/apt/preferences.d",
        ];
        Stamp::glance(&paths.map(|path| self.layout.at(path)))
    }

    fn lists_at(&self) -> Option<Timestamp> {
        let refreshed: Option<Refreshed> = files::read_json(&self.layout.refreshed()).ok();
        scan::lists_at(self, refreshed.as_ref())
    }

    fn scan(&self, known: &Known) -> PackageScan {
        scan::run(self, known).unwrap_or_else(|reason| PackageScan::Failed {
            reason: crate::mask::urls(&reason),
        })
    }

    fn refresh(&self, progress: &mut dyn Progress) -> Result<Refreshed, Stopped> {
        let mut refreshed = refresh::run(self, progress)?;
        let path = self.layout.refreshed();
        let earlier: Refreshed = files::read_json(&path).unwrap_or_default();
        let any = refreshed.repositories.iter().any(|r| r.error.is_none());
        refreshed.good_at = if any { refreshed.at } else { earlier.good_at };
        // Where the agent is not installed, a scan by hand leaves nothing behind.
        if self.layout.state_dir().is_dir()
            && let Err(e) = files::write_json(&path, &refreshed)
        {
            return Err(Stopped::Failed(Problem {
                what: "the result of the refresh could not be stored in the guest".into(),
                words: Some(e.to_string()),
                next: Some("See whether the guest's disk is full.".into()),
            }));
        }
        Ok(refreshed)
    }

    fn plan(&self, only: &UpdateFilter, allowed: Allowed) -> Result<GuestPlan, Problem> {
        plan::make(self, only, allowed).map(|made| made.plan)
    }

    fn repair(&self, before: &mut dyn FnMut(&Installed), progress: &mut dyn Progress) -> Outcome {
        repair::run(self, before, progress)
    }

    fn apply(
        &self,
        approval: Approval<'_>,
        before: &mut dyn FnMut(&Installed),
        progress: &mut dyn Progress,
    ) -> Outcome {
        apply::run(self, approval, before, progress)
    }

    fn changelog(&self, package: &str) -> Result<String, Problem> {
        changelog::fetch(self, package)
    }

    fn conclude(
        &self,
        approval: Approval<'_>,
        before: Option<&Installed>,
        progress: &mut dyn Progress,
    ) -> Applied {
        // Children of the lost runner may still be at work: only when they are done is there a truth to tell.
        if locks::wait(self.layout, &locks::DATABASE, locks::PATIENCE, progress).is_err() {
            progress.detail("the package database is still in use");
        }
        let sound = database::audit(self.layout, self.tools)
            .ok()
            .map(|a| a.is_none());
        match Database::read(self.layout, self.tools) {
            Ok(now) => {
                let now = before.map_or_else(|| now.versions(), |b| now.versions_after(b));
                Applied {
                    changes: before.map_or_else(Vec::new, |b| database::difference(b, &now)),
                    not_done: database::not_done(approval.changes, &now),
                    database_sound: sound,
                    ..Applied::default()
                }
            }
            Err(_) => Applied {
                database_sound: sound,
                ..Applied::default()
            },
        }
    }
}
