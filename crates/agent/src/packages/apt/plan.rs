//! Makes a plan from apt's own simulation, with exactly the arguments that the run will use.

use std::collections::BTreeSet;

use domain::{
    inventory::{Blocked, Update},
    operation::{Problem, UpdateFilter},
    plan::{Allowed, GuestPlan, KeptBack, PackageChange, PlannedUpgrade, Remedy},
};

use super::{
    Apt, blocked, conffiles,
    database::Database,
    engine,
    release::Releases,
    scan,
    simulation::{Install, Simulation},
};
use crate::{guest, mask, packages::Known};

/// Kept free beside what is counted: logs, caches and maintainer scripts write, too.
const MARGIN: u64 = 32 * 1024 * 1024;

/// A plan, and the words after apt's options that make it true.
pub(super) struct Made {
    pub(super) plan: GuestPlan,
    pub(super) words: Vec<String>,
}

/// What apt is asked for, and what that would do.
#[derive(Default)]
struct Selection {
    words: Vec<String>,
    simulation: Simulation,
    /// What an update of everything would do.
    whole: Simulation,
    /// Docker's engine, where it is left out.
    engine: Vec<KeptBack>,
}

/// Whether `only` is about a package: its name, its architecture, and whether its new version is a security update.
fn is_about(only: &UpdateFilter, package: &str, arch: &str, security: bool) -> bool {
    match only {
        UpdateFilter::All => true,
        UpdateFilter::Security => security,
        UpdateFilter::Packages { names } => {
            let qualified = format!("{package}:{arch}");
            names.iter().any(|n| *n == package || *n == qualified)
        }
        // The desktop asks for packages instead.
        UpdateFilter::Approved | UpdateFilter::Severities { .. } | UpdateFilter::Images { .. } => {
            false
        }
    }
}

fn selection(
    apt: &Apt<'_>,
    only: &UpdateFilter,
    allowed: Allowed,
    releases: &Releases,
) -> Result<Selection, String> {
    let everything = Apt::everything(allowed);
    let whole = apt.simulate(&everything)?;
    let leaves = |package: &str| {
        !allowed.engine && engine::is_part(package) && !engine::is_named(only, package)
    };
    let wanted = |install: &&Install| {
        let security = || scan::provenance(install, releases).2.is_security();
        let security = *only == UpdateFilter::Security && security();
        install.from.is_some() && is_about(only, &install.package, &install.arch, security)
    };
    let (left, chosen): (Vec<&Install>, Vec<&Install>) = whole
        .installs
        .iter()
        .filter(wanted)
        .partition(|install| leaves(&install.package));
    let engine: Vec<KeptBack> = left.iter().map(|install| engine_kept(install)).collect();
    if *only == UpdateFilter::All && engine.is_empty() {
        return Ok(Selection {
            words: everything,
            simulation: whole.clone(),
            whole,
            engine,
        });
    }
    if chosen.is_empty() {
        return Ok(Selection {
            whole,
            engine,
            ..Selection::default()
        });
    }
    let mut names: Vec<String> = chosen.iter().map(|install| exact(install)).collect();
    names.sort();
    // --only-upgrade leaves the mark "installed automatically" as it is.
    let mut words = vec!["install".to_owned(), "--only-upgrade".to_owned()];
    words.append(&mut names);
    let simulation = apt.simulate(&words)?;
    let mut touched = simulation.installs.iter().filter(|i| leaves(&i.package));
    if touched.next().is_some() {
        // The rest cannot be had without it: then nothing is done until it is allowed.
        let engine = simulation.installs.iter().filter(|i| leaves(&i.package));
        return Ok(Selection {
            engine: engine.map(engine_kept).collect(),
            whole,
            ..Selection::default()
        });
    }
    Ok(Selection {
        words,
        simulation,
        whole,
        engine,
    })
}

fn engine_kept(install: &Install) -> KeptBack {
    KeptBack {
        package: install.package.clone(),
        why: engine::WHY.to_owned(),
        remedy: Some(Remedy::Engine),
    }
}

/// A package in this version and no other.
fn exact(install: &Install) -> String {
    match install.arch.as_str() {
        "all" => format!("{}={}", install.package, install.to),
        arch => format!("{}:{arch}={}", install.package, install.to),
    }
}

/// The plan for `only`.
pub(super) fn make(apt: &Apt<'_>, only: &UpdateFilter, allowed: Allowed) -> Result<Made, Problem> {
    try_make(apt, only, allowed).map_err(|words| Problem {
        what: "apt could not say what an update would do".to_owned(),
        words: Some(mask::urls(&words)),
        next: Some("Nothing was changed. Repair what apt names, then scan again.".to_owned()),
    })
}

fn try_make(apt: &Apt<'_>, only: &UpdateFilter, allowed: Allowed) -> Result<Made, String> {
    let releases = Releases::read(apt.layout);
    let database = Database::read(apt.layout, apt.tools)?;
    let Selection {
        words,
        simulation,
        whole,
        engine,
    } = selection(apt, only, allowed, &releases)?;
    let mut kept_back = engine;
    for update in blocked::updates(
        apt,
        allowed,
        &Known::default(),
        (&whole, &database, &releases),
    )? {
        let security = update.severity.is_security();
        if is_about(only, &update.package, &update.arch, security) {
            kept_back.push(kept(update));
        }
    }
    let mut plan = GuestPlan {
        upgraded: Vec::new(),
        added: Vec::new(),
        removed: removed(&simulation, &database),
        kept_back,
        download: 0,
        disk_needed: 0,
        disk_free: free(apt)?,
        restarts: Vec::new(),
        conffiles: Vec::new(),
    };
    count(apt, &mut plan, &simulation, &database, &releases)?;
    foresee(apt, &mut plan);
    Ok(Made { plan, words })
}

/// Adds what is upgraded and added, with what that takes.
fn count(
    apt: &Apt<'_>,
    plan: &mut GuestPlan,
    simulation: &Simulation,
    database: &Database,
    releases: &Releases,
) -> Result<(), String> {
    let shown = scan::shown(
        apt,
        simulation
            .installs
            .iter()
            .map(|i| (i.package.as_str(), i.arch.as_str(), i.to.as_str())),
    )?;
    let (mut growth, mut largest) = (0i64, 0u64);
    for install in &simulation.installs {
        let key = (
            install.package.clone(),
            install.arch.clone(),
            install.to.clone(),
        );
        let size = shown.get(&key).cloned().unwrap_or_default();
        plan.download += size.download.unwrap_or(0);
        let new = size.installed.unwrap_or(0);
        let old = database
            .entries
            .get(&(install.package.clone(), install.arch.clone()))
            .filter(|_| install.from.is_some())
            .map_or(0, |e| e.size);
        growth = growth
            .saturating_add(signed(new))
            .saturating_sub(signed(old));
        largest = largest.max(new);
        let change = PackageChange {
            package: install.package.clone(),
            arch: install.arch.clone(),
            from: install.from.clone(),
            to: Some(install.to.clone()),
        };
        if install.from.is_none() {
            plan.added.push(change);
        } else {
            let (origin, suite, severity) = scan::provenance(install, releases);
            plan.upgraded.push(PlannedUpgrade {
                change,
                origin,
                suite,
                severity,
                size: size.download,
            });
        }
    }
    plan.upgraded.sort_by(|a, b| a.change.cmp(&b.change));
    plan.added.sort();
    if !plan.is_empty() {
        // dpkg unpacks a package beside its old files: the largest one is there twice for a moment.
        plan.disk_needed = plan
            .download
            .saturating_add(u64::try_from(growth).unwrap_or(0))
            .saturating_add(largest)
            .saturating_add(MARGIN);
    }
    Ok(())
}

/// What the update will meet: changed configuration files, and services that run code of these packages. A plan is
/// good without this, so that an unanswered question costs only the forecast.
fn foresee(apt: &Apt<'_>, plan: &mut GuestPlan) {
    let names: Vec<String> = plan
        .upgraded
        .iter()
        .map(|u| match u.change.arch.as_str() {
            "all" => u.change.package.clone(),
            arch => format!("{}:{arch}", u.change.package),
        })
        .collect();
    if names.is_empty() {
        return;
    }
    plan.conffiles = conffiles::changed(apt, &names).unwrap_or_default();
    let mut files = BTreeSet::new();
    for batch in names.chunks(scan::BATCH) {
        let mut arguments = vec!["-L"];
        arguments.extend(batch.iter().map(String::as_str));
        if let Ok(out) = apt.ask("dpkg-query", &arguments) {
            files.extend(out.stdout.lines().map(str::to_owned));
        }
    }
    plan.restarts = guest::restarts::running(apt.layout, &files);
}

fn kept(update: Update) -> KeptBack {
    KeptBack {
        why: update
            .blocked
            .as_ref()
            .map(Blocked::words)
            .unwrap_or_default(),
        remedy: match update.blocked {
            Some(Blocked::Removes { .. }) => Some(Remedy::Removals),
            _ => None,
        },
        package: update.package,
    }
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn removed(simulation: &Simulation, database: &Database) -> Vec<PackageChange> {
    let mut removed: Vec<PackageChange> = simulation
        .removals
        .iter()
        .map(|removal| {
            let found = database.find(&removal.package);
            let (name, arch) = match (found, removal.package.split_once(':')) {
                (Some(((package, arch), _)), _) => (package.as_str(), arch.as_str()),
                (None, Some((package, arch))) => (package, arch),
                (None, None) => (removal.package.as_str(), ""),
            };
            PackageChange {
                package: name.to_owned(),
                arch: arch.to_owned(),
                from: Some(removal.from.clone()),
                to: None,
            }
        })
        .collect();
    removed.sort();
    removed
}

/// Bytes free for root's processes, on the fullest of the file systems that an update writes to.
fn free(apt: &Apt<'_>) -> Result<u64, String> {
    ["", "usr", "var/cache/apt/archives", "var/lib/dpkg"]
        .iter()
        .filter_map(|path| rustix::fs::statvfs(apt.layout.at(path)).ok())
        .map(|s| s.f_bavail.saturating_mul(s.f_frsize))
        .min()
        .ok_or_else(|| "the free space of the root file system cannot be read".to_owned())
}
