//! Makes a plan from apt's own simulation, with exactly the arguments that the run will use.

use domain::{
    inventory::Blocked,
    operation::{Problem, UpdateFilter},
    plan::{GuestPlan, KeptBack, PackageChange, PlannedUpgrade},
};

use super::{
    Apt, blocked,
    database::Database,
    release::Releases,
    scan,
    simulation::{Install, Simulation},
};
use crate::mask;

/// Kept free beside what is counted: logs, caches and maintainer scripts write, too.
const MARGIN: u64 = 32 * 1024 * 1024;

/// What apt is asked for: the words after the options. None when nothing that the filter names is pending.
pub(super) fn selection(
    apt: &Apt<'_>,
    only: &UpdateFilter,
    releases: &Releases,
) -> Result<Option<Vec<String>>, String> {
    let wanted: Box<dyn Fn(&Install) -> bool> = match only {
        UpdateFilter::All => return Ok(Some(vec!["dist-upgrade".to_owned()])),
        UpdateFilter::Security => {
            Box::new(|install| scan::provenance(install, releases).2.is_security())
        }
        UpdateFilter::Packages { names } => Box::new(|install| {
            let qualified = format!("{}:{}", install.package, install.arch);
            names
                .iter()
                .any(|n| *n == install.package || *n == qualified)
        }),
    };
    let all = apt.simulate(&["dist-upgrade".to_owned()])?;
    let mut chosen: Vec<String> = all
        .installs
        .iter()
        .filter(|install| install.from.is_some() && wanted(install))
        .map(|install| match install.arch.as_str() {
            "all" => format!("{}={}", install.package, install.to),
            arch => format!("{}:{arch}={}", install.package, install.to),
        })
        .collect();
    if chosen.is_empty() {
        return Ok(None);
    }
    chosen.sort();
    // --only-upgrade leaves the mark "installed automatically" as it is.
    let mut words = vec!["install".to_owned(), "--only-upgrade".to_owned()];
    words.append(&mut chosen);
    Ok(Some(words))
}

/// The plan for `only`.
pub(super) fn make(apt: &Apt<'_>, only: &UpdateFilter) -> Result<GuestPlan, Problem> {
    try_make(apt, only).map_err(|words| Problem {
        what: "apt could not say what an update would do".to_owned(),
        words: Some(mask::urls(&words)),
        next: Some("Nothing was changed. Repair what apt names, then scan again.".to_owned()),
    })
}

fn try_make(apt: &Apt<'_>, only: &UpdateFilter) -> Result<GuestPlan, String> {
    let releases = Releases::read(apt.layout);
    let database = Database::read(apt.tools)?;
    let simulation = match selection(apt, only, &releases)? {
        Some(words) => apt.simulate(&words)?,
        None => Simulation::default(),
    };
    let mut plan = GuestPlan {
        upgraded: Vec::new(),
        added: Vec::new(),
        removed: removed(&simulation, &database),
        kept_back: kept_back(apt, only, &simulation, &database, &releases)?,
        download: 0,
        disk_needed: 0,
        disk_free: free(apt)?,
        restarts: Vec::new(),
    };
    let sizes = scan::sizes(
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
        let size = sizes.get(&key).copied().unwrap_or_default();
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
            let (origin, suite, severity) = scan::provenance(install, &releases);
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
    Ok(plan)
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

fn kept_back(
    apt: &Apt<'_>,
    only: &UpdateFilter,
    simulation: &Simulation,
    database: &Database,
    releases: &Releases,
) -> Result<Vec<KeptBack>, String> {
    // A plan for some packages leaves all others by choice: there is nothing to explain.
    if *only != UpdateFilter::All {
        return Ok(Vec::new());
    }
    let blocked = blocked::updates(apt, simulation, database, releases)?;
    let kept = blocked.into_iter().map(|update| KeptBack {
        why: match update.blocked {
            Some(Blocked::Held) => "held by apt-mark".to_owned(),
            Some(Blocked::Phased) => "phased: its roll-out has not reached this machine".to_owned(),
            Some(Blocked::Pinned) => "pinned by apt's preferences".to_owned(),
            Some(Blocked::KeptBack { why }) => why,
            None => String::new(),
        },
        package: update.package,
    });
    Ok(kept.collect())
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
