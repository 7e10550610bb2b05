//! Updates that an update of everything would leave out, and why: held, kept back, phased, pinned.

use std::{collections::BTreeSet, fs};

use domain::{
    inventory::{Blocked, Update},
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

/// How many kept back packages are asked for their reason; each costs a simulation.
const REASONS: usize = 5;

/// Updates that exist and would not be installed, with the reason of each.
pub(super) fn updates(
    apt: &Apt<'_>,
    simulation: &Simulation,
    database: &Database,
    releases: &Releases,
) -> Result<Vec<Update>, String> {
    let held =
        database
            .entries
            .iter()
            .filter(|(_, entry)| entry.held)
            .map(|((package, arch), _)| match arch.as_str() {
                "all" => package.clone(),
                arch => format!("{package}:{arch}"),
            });
    let mut names: BTreeSet<String> = held.collect();
    names.extend(simulation.kept_back.iter().cloned());
    names.extend(simulation.phased.iter().cloned());
    let mut updates = Vec::new();
    let mut reasons = 0;
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
            let why = if reasons <= REASONS {
                why_kept_back(apt, &policy.package)
            } else {
                None
            };
            Blocked::KeptBack {
                why: why.unwrap_or_else(|| "apt does not say why".to_owned()),
            }
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

/// What stands in the way of one package, by a simulation of upgrading it alone.
fn why_kept_back(apt: &Apt<'_>, package: &str) -> Option<String> {
    let out = apt
        .ask(
            "apt-get",
            &[
                "-s",
                "-q",
                "-o",
                "Debug::NoLocking=1",
                "install",
                "--only-upgrade",
                package,
            ],
        )
        .ok()?;
    if let Some(unmet) = simulation::unmet(&out.stdout) {
        return Some(unmet);
    }
    let simulation = simulation::parse(&out.stdout);
    let list = |names: Vec<&str>| names.join(", ");
    let removed: Vec<&str> = simulation
        .removals
        .iter()
        .map(|r| r.package.as_str())
        .collect();
    if !removed.is_empty() {
        return Some(format!("it would remove {}", list(removed)));
    }
    let added: Vec<&str> = simulation
        .installs
        .iter()
        .filter(|i| i.from.is_none())
        .map(|i| i.package.as_str())
        .collect();
    (!added.is_empty()).then(|| format!("it would install {}", list(added)))
}
