//! Updates that an update of everything would leave out, and why: held, kept back, phased, pinned, at the cost of others.

use std::{collections::BTreeSet, fs, sync::Arc};

use domain::{
    inventory::{Blocked, Update},
    plan::Allowed,
    version::compare_debian,
};

use super::{
    Apt,
    database::Database,
    policy::{self, Policy},
    release::{self, Releases},
    scan::BATCH,
    simulation::{self, Simulation},
};
use crate::packages::Known;

/// How many kept back packages are asked for their reason; each costs a simulation.
const REASONS: usize = 5;

/// Updates that exist and would not be installed, with the reason of each.
pub(super) fn updates(
    apt: &Apt<'_>,
    allowed: Allowed,
    known: &Known,
    (simulation, database, releases): (&Simulation, &Database, &Releases),
) -> Result<Vec<Update>, String> {
    let mut updates = Vec::new();
    // While nothing else is on offer, a held package is behind the same version as before. apt names it among what it
    // keeps back, as it does with one that is held since.
    let vouched = |name: &String| {
        let ((package, arch), entry) = database.find(name).filter(|_| known.same_offers)?;
        let same = |u: &&Arc<Update>| {
            (&u.package, &u.arch, &u.installed) == (package, arch, &entry.version)
                && u.blocked == Some(Blocked::Held)
        };
        let mut known = known.updates.iter().filter(|_| entry.held);
        known.find(same).map(|u| Update::clone(u))
    };
    let held =
        database
            .entries
            .iter()
            .filter(|(_, entry)| entry.held)
            .map(|((package, arch), _)| match arch.as_str() {
                "all" => package.clone(),
                arch => format!("{package}:{arch}"),
            });
    let mut names: BTreeSet<String> = match known.same_offers {
        true => BTreeSet::new(),
        false => held.collect(),
    };
    names.extend(simulation.kept_back.iter().cloned());
    names.extend(simulation.phased.iter().cloned());
    names.retain(|name| {
        let earlier = vouched(name);
        let ask = earlier.is_none();
        updates.extend(earlier);
        ask
    });
    let mut reasons = 0;
    let mut wider: Option<Simulation> = None;
    for policy in policies(apt, names.iter().map(String::as_str))? {
        let Some(((package, arch), entry)) = database.find(&policy.package) else {
            continue;
        };
        let Some(candidate) = policy.candidate_version() else {
            continue;
        };
        if compare_debian(&candidate.version, &entry.version).is_le() {
            continue;
        }
        let phased = candidate.phased.is_some() || simulation.phased.contains(&policy.package);
        let reason = if entry.held {
            Blocked::Held
        } else if phased {
            Blocked::Phased
        } else {
            reasons += 1;
            let alone = match reasons <= REASONS {
                true => alone(apt, &policy.package),
                false => None,
            };
            // Asked for once, and only where something is kept back.
            if wider.is_none() && !allowed.removals {
                let removals = true;
                wider = Some(apt.simulate(&Apt::everything(Allowed {
                    removals,
                    ..allowed
                }))?);
            }
            kept_back(package, arch, alone, wider.as_ref())
        };
        updates.push(from_policy(
            (package, arch, &entry.version),
            candidate,
            releases,
            reason,
        ));
    }
    if has_preferences(apt) {
        updates.extend(pinned(apt, database, releases)?);
    }
    Ok(updates)
}

fn from_policy(
    (package, arch, installed): (&str, &str, &str),
    version: &policy::Version,
    releases: &Releases,
    reason: Blocked,
) -> Update {
    let described: Vec<(String, String)> = version
        .sources
        .iter()
        .map(|s| releases.describe_uri(&s.uri, &s.suite))
        .collect();
    let is_security = |suite: &str| release::severity([suite].into_iter()).is_security();
    let (origin, suite) = described
        .iter()
        .find(|(_, suite)| is_security(suite))
        .or(described.first())
        .cloned()
        .unwrap_or_else(|| ("unknown".to_owned(), String::new()));
    Update {
        package: package.to_owned(),
        source: String::new(),
        arch: arch.to_owned(),
        installed: installed.to_owned(),
        candidate: version.version.clone(),
        severity: release::severity([suite.as_str()].into_iter()),
        origin,
        suite,
        size: None,
        blocked: Some(reason),
    }
}

/// Whether anybody wrote preferences; without them no pin keeps an update away, and nothing need be asked.
fn has_preferences(apt: &Apt<'_>) -> bool {
    let mut files = vec![apt.layout.at("etc/apt/preferences")];
    if let Ok(entries) = fs::read_dir(apt.layout.at("etc/apt/preferences.d")) {
        files.extend(entries.flatten().map(|e| e.path()));
    }
    files
        .iter()
        .filter_map(|f| fs::read_to_string(f).ok())
        .any(|text| text.lines().any(|l| l.starts_with("Package:")))
}

/// Installed packages with a newer version that preferences keep away: by a pin on the package, by a higher priority
/// for the installed version than any source gives it, or by a negative one for the newer.
fn pinned(apt: &Apt<'_>, database: &Database, releases: &Releases) -> Result<Vec<Update>, String> {
    let names: Vec<String> = database
        .entries
        .keys()
        .map(|(package, arch)| match arch.as_str() {
            "all" => package.clone(),
            arch => format!("{package}:{arch}"),
        })
        .collect();
    let mut updates = Vec::new();
    for policy in policies(apt, names.iter().map(String::as_str))? {
        let Some(((package, arch), entry)) = database.find(&policy.package) else {
            continue;
        };
        let newest = policy
            .versions
            .iter()
            .filter(|v| !v.sources.is_empty())
            .find(|v| compare_debian(&v.version, &entry.version).is_gt());
        let Some(newest) = newest else { continue };
        if !entry.held && keeps_away(&policy, newest) {
            updates.push(from_policy(
                (package, arch, &entry.version),
                newest,
                releases,
                Blocked::Pinned,
            ));
        }
    }
    Ok(updates)
}

fn keeps_away(policy: &Policy, newest: &policy::Version) -> bool {
    let candidate = policy.candidate.as_deref().unwrap_or_default();
    let preferred = policy.versions.iter().find(|v| v.version == candidate);
    let raised = preferred.is_some_and(|v| {
        let plain = v.sources.iter().map(|s| s.priority).max().unwrap_or(100);
        v.priority > plain.max(100)
    });
    candidate != newest.version && (policy.pinned || newest.priority < 0 || raised)
}

/// `apt-cache policy` of the named packages.
fn policies<'a>(
    apt: &Apt<'_>,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<Policy>, String> {
    let names: Vec<&str> = names.collect();
    let mut policies = Vec::new();
    for batch in names.chunks(BATCH) {
        let mut arguments = vec!["policy"];
        arguments.extend(batch);
        let out = apt.ask("apt-cache", &arguments)?;
        if !out.ok() {
            return Err(format!(
                "apt-cache policy: {}: {}",
                out.ending(),
                out.stderr.trim()
            ));
        }
        policies.extend(policy::parse(&out.stdout));
    }
    Ok(policies)
}

/// What stands in the way of one package.
enum Alone {
    /// In apt's words.
    Unmet(String),
    /// It would remove these.
    Removes(Vec<String>),
    /// It would add these.
    Adds(Vec<String>),
}

/// Why one package is kept back. `wider` is what an update with removals would do.
fn kept_back(
    package: &str,
    arch: &str,
    alone: Option<Alone>,
    wider: Option<&Simulation>,
) -> Blocked {
    let helps = wider.filter(|w| {
        let mut installs = w.installs.iter();
        !w.removals.is_empty()
            && installs.any(|i| i.package == package && (i.arch == arch || arch == "all"))
    });
    match (alone, helps) {
        (Some(Alone::Removes(packages)), Some(_)) => Blocked::Removes { packages },
        // Nothing says which of the removals are its own, so that all are named.
        (None, Some(wider)) => Blocked::Removes {
            packages: wider.removals.iter().map(|r| r.package.clone()).collect(),
        },
        (Some(Alone::Unmet(why)), _) => Blocked::KeptBack { why },
        (Some(Alone::Removes(names)), None) => Blocked::KeptBack {
            why: format!("it would remove {}", names.join(", ")),
        },
        (Some(Alone::Adds(names)), _) => Blocked::KeptBack {
            why: format!("it would install {}", names.join(", ")),
        },
        (None, None) => Blocked::KeptBack {
            why: "apt does not say why".to_owned(),
        },
    }
}

/// Asked by a simulation of upgrading it alone.
fn alone(apt: &Apt<'_>, package: &str) -> Option<Alone> {
    let arguments = [
        "-s",
        "-q",
        "-o",
        "Debug::NoLocking=1",
        "install",
        "--only-upgrade",
        package,
    ];
    let out = apt.ask("apt-get", &arguments).ok()?;
    if let Some(unmet) = simulation::unmet(&out.stdout) {
        return Some(Alone::Unmet(unmet));
    }
    let simulation = simulation::parse(&out.stdout);
    if !simulation.removals.is_empty() {
        let names = simulation.removals.into_iter().map(|r| r.package);
        return Some(Alone::Removes(names.collect()));
    }
    let added = simulation.installs.into_iter().filter(|i| i.from.is_none());
    let added: Vec<String> = added.map(|i| i.package).collect();
    (!added.is_empty()).then_some(Alone::Adds(added))
}
