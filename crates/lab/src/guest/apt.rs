//! The simulated package manager: what is pending, what an update would do, and doing it. Pure functions.

use std::{cmp::Ordering, sync::Arc};

use domain::{
    Timestamp,
    inventory::{Blocked, Inventory, PackageScan, Severity, Update},
    operation::UpdateFilter,
    plan::{Allowed, GuestPlan, KeptBack, PackageChange, PlannedUpgrade, Remedy},
    version::compare_debian,
};

use crate::world::Machine;

/// Packages of Docker's engine.
const ENGINE: [&str; 3] = ["docker-ce", "docker.io", "containerd.io"];

/// Every installed package with a newer version in the lists.
pub fn updates(machine: &Machine) -> Vec<Update> {
    machine
        .packages
        .iter()
        .filter_map(|(name, package)| {
            let candidate = machine.lists.get(name)?;
            if compare_debian(&candidate.version, &package.version) != Ordering::Greater {
                return None;
            }
            Some(Update {
                package: name.clone(),
                source: candidate.source.clone().unwrap_or_else(|| name.clone()),
                arch: package.arch.clone(),
                installed: package.version.clone(),
                candidate: candidate.version.clone(),
                origin: candidate.origin.clone(),
                suite: candidate.suite.clone(),
                severity: candidate.severity,
                size: Some(candidate.size),
                blocked: if package.held {
                    Some(Blocked::Held)
                } else {
                    candidate.blocked.clone()
                },
            })
        })
        .collect()
}

/// What a scan reports.
pub fn inventory(machine: &Machine, addresses: Vec<String>, now: Timestamp) -> Inventory {
    Inventory {
        scanned_at: now,
        os: machine.os.clone(),
        arch: "amd64".into(),
        addresses,
        packages: PackageScan::Apt {
            updates: updates(machine).into_iter().map(Arc::new).collect(),
            installed: machine.installed(),
            lists_at: machine.lists_at,
            repositories: machine.repositories.clone(),
            interrupted: machine.interrupted.clone(),
        },
        restarts: machine.restarts.clone(),
        docker: machine.docker.clone(),
    }
}

/// What apt would do, narrowed to what was asked for.
pub fn plan(machine: &Machine, only: &UpdateFilter, allowed: Allowed) -> GuestPlan {
    let mut plan = GuestPlan {
        disk_free: machine.free,
        ..GuestPlan::default()
    };
    for update in updates(machine) {
        let Some(candidate) = machine.lists.get(&update.package) else {
            continue;
        };
        let wanted = match only {
            UpdateFilter::All => true,
            UpdateFilter::Security => update.severity != Severity::Unknown,
            UpdateFilter::Packages { names } => {
                names.contains(&update.package) || names.contains(&update.qualified())
            }
            UpdateFilter::Approved
            | UpdateFilter::Severities { .. }
            | UpdateFilter::Images { .. } => false,
        };
        if !wanted {
            continue;
        }
        match (&update.blocked, allowed.removals) {
            (None, _) => {}
            (Some(Blocked::Removes { packages }), true) => {
                let found = |name: &String| Some((name.clone(), machine.packages.get(name)?));
                let removed = packages.iter().filter_map(found);
                plan.removed
                    .extend(removed.map(|(package, known)| PackageChange {
                        package,
                        arch: known.arch.clone(),
                        from: Some(known.version.clone()),
                        to: None,
                    }));
            }
            (Some(blocked), _) => {
                plan.kept_back.push(KeptBack {
                    package: update.package,
                    why: blocked.words(),
                    remedy: matches!(blocked, Blocked::Removes { .. }).then_some(Remedy::Removals),
                });
                continue;
            }
        }
        let named = matches!(only, UpdateFilter::Packages { .. });
        if ENGINE.contains(&update.package.as_str()) && !allowed.engine && !named {
            plan.kept_back.push(KeptBack {
                package: update.package,
                why: "Docker's engine: its update restarts every Docker container of this LXC"
                    .into(),
                remedy: Some(Remedy::Engine),
            });
            continue;
        }
        for (name, version) in &candidate.brings {
            if !machine.packages.contains_key(name) {
                plan.added.push(PackageChange {
                    package: name.clone(),
                    arch: update.arch.clone(),
                    from: None,
                    to: Some(version.clone()),
                });
            }
        }
        if let Some(package) = machine.packages.get(&update.package) {
            for unit in &package.units {
                if !plan.restarts.contains(unit) {
                    plan.restarts.push(unit.clone());
                }
            }
        }
        plan.download += candidate.size;
        plan.upgraded.push(PlannedUpgrade {
            change: PackageChange {
                package: update.package,
                arch: update.arch,
                from: Some(update.installed),
                to: Some(update.candidate),
            },
            origin: update.origin,
            suite: update.suite,
            severity: update.severity,
            size: update.size,
        });
    }
    // Unpacked packages are about three times as large as their archives.
    plan.disk_needed = plan.download * 4;
    plan
}

/// What changed in the newest version of a package; none for one that no repository has.
pub fn changelog(machine: &Machine, package: &str) -> Option<String> {
    let newest = machine.lists.get(package)?;
    let source = newest.source.as_deref().unwrap_or(package);
    Some(format!(
        "{source} ({}) {}; urgency=medium\n\n  * New upstream release.\n\n -- {} Maintainers  Sat, 01 Nov 2025 10:00:00 +0000\n",
        newest.version, newest.suite, newest.origin
    ))
}

/// Everything a plan changes, in the order in which it is done: what is newly needed first.
pub fn changes(plan: &GuestPlan) -> Vec<PackageChange> {
    plan.added
        .iter()
        .chain(plan.upgraded.iter().map(|u| &u.change))
        .chain(&plan.removed)
        .cloned()
        .collect()
}

/// Fetches the package lists.
///
/// # Errors
/// The words of the package manager when a repository cannot be reached; the old lists stay.
pub fn refresh(machine: &mut Machine, now: Timestamp) -> Result<(), String> {
    let error = machine.quirks.repository_error.clone();
    for repository in &mut machine.repositories {
        repository.error.clone_from(&error);
    }
    if let Some(error) = error {
        return Err(error);
    }
    machine.lists.clone_from(&machine.published);
    machine.lists_at = Some(now);
    Ok(())
}

/// Unpacks and configures one package.
///
/// # Errors
/// dpkg's words when it fails; the package database is then left in the middle.
pub fn install_one(
    machine: &mut Machine,
    change: &PackageChange,
) -> Result<Option<String>, String> {
    if machine.quirks.breaks_on.as_ref() == Some(&change.package) {
        machine.interrupted = Some(format!(
            "The following packages are only half configured: {}",
            change.package
        ));
        return Err(format!(
            "dpkg: error processing package {} (--configure): installed {} package post-installation script \
             subprocess returned error exit status 1",
            change.package, change.package
        ));
    }
    let Some(version) = &change.to else {
        machine.packages.remove(&change.package);
        return Ok(None);
    };
    let kept = machine
        .lists
        .get(&change.package)
        .and_then(|c| c.kept_file.clone());
    match machine.packages.get_mut(&change.package) {
        Some(package) => package.version.clone_from(version),
        None => {
            machine.packages.insert(
                change.package.clone(),
                crate::world::Package {
                    version: version.clone(),
                    arch: change.arch.clone(),
                    held: false,
                    units: Vec::new(),
                },
            );
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, operation::UpdateFilter};

    use super::{changes, install_one, plan, refresh, updates};
    use crate::scenario::packages;
    use domain::plan::Allowed;

    #[test]
    fn an_update_of_everything_leaves_what_is_held_and_then_nothing_is_pending() {
        let mut machine = packages::debian_12(1);
        packages::pending(&mut machine, &["curl", "openssl", "vim-tiny"]);
        packages::hold(&mut machine, "vim-tiny");
        let all = plan(&machine, &UpdateFilter::All, Allowed::default());
        assert_eq!(all.upgraded.len(), 2);
        assert_eq!(all.kept_back.len(), 1);
        for change in changes(&all) {
            install_one(&mut machine, &change).unwrap();
        }
        let left = updates(&machine);
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(left[0].blocked.is_some());
        assert!(plan(&machine, &UpdateFilter::All, Allowed::default()).is_empty());
    }

    #[test]
    fn a_security_update_takes_only_what_the_security_suite_offers() {
        let mut machine = packages::debian_12(1);
        packages::pending(&mut machine, &["curl", "openssl"]);
        let security = plan(&machine, &UpdateFilter::Security, Allowed::default());
        let names: Vec<_> = security
            .upgraded
            .iter()
            .map(|u| u.change.package.as_str())
            .collect();
        assert_eq!(names, ["openssl"]);
        assert_eq!(security.upgraded[0].suite, "bookworm-security");
    }

    #[test]
    fn what_is_published_shows_only_after_a_refresh_and_not_when_the_repository_fails() {
        let mut machine = packages::debian_12(1);
        let newer = packages::candidate(&machine, "curl");
        machine.publish("curl", newer);
        assert!(updates(&machine).is_empty());
        machine.quirks.repository_error = Some("Could not resolve 'deb.debian.org'".into());
        assert!(refresh(&mut machine, Timestamp(9)).is_err());
        assert!(updates(&machine).is_empty());
        assert_ne!(machine.lists_at, Some(Timestamp(9)));
        machine.quirks.repository_error = None;
        refresh(&mut machine, Timestamp(10)).unwrap();
        assert_eq!(updates(&machine).len(), 1);
        assert_eq!(machine.lists_at, Some(Timestamp(10)));
    }

    #[test]
    fn a_package_that_breaks_leaves_the_database_in_the_middle() {
        let mut machine = packages::debian_12(1);
        packages::pending(&mut machine, &["curl"]);
        machine.quirks.breaks_on = Some("curl".into());
        let all = plan(&machine, &UpdateFilter::All, Allowed::default());
        let error = install_one(&mut machine, &changes(&all)[0]).unwrap_err();
        assert!(error.contains("curl"));
        assert!(machine.interrupted.is_some());
    }
}
