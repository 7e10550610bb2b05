//! Reads what is pending: one simulation, and further questions only about what it leaves open.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use domain::{
    Timestamp,
    inventory::{Blocked, PackageScan, Repository, Severity, Update},
    version::compare_debian,
};

use super::{
    Apt, database,
    database::Database,
    policy::{self, Policy},
    release::{self, Releases},
    show::{self, SizeTable},
    simulation::{self, Install, Simulation},
};
use crate::{clock, files, mask, packages::Refreshed};

/// How many kept back packages are asked for their reason; each costs a simulation.
const REASONS: usize = 5;
/// How many packages are named in one command line.
const BATCH: usize = 400;

/// A whole scan.
pub(super) fn run(apt: &Apt<'_>, known: &[Update]) -> Result<PackageScan, String> {
    let database = Database::read(apt.tools)?;
    let simulation = apt.simulate(&["dist-upgrade".to_owned()])?;
    let releases = Releases::read(apt.layout);
    let mut updates: Vec<Update> = simulation
        .installs
        .iter()
        .filter_map(|install| update(install, &releases))
        .collect();
    updates.extend(blocked(apt, &simulation, &database, &releases)?);
    updates.sort_by(|a, b| (&a.package, &a.arch).cmp(&(&b.package, &b.arch)));
    updates.dedup_by(|a, b| a.package == b.package && a.arch == b.arch);
    add_sizes(apt, &mut updates, known)?;
    let refreshed: Option<Refreshed> =
        files::read_json_if_there(&apt.layout.refreshed()).map_err(|e| e.to_string())?;
    Ok(PackageScan::Apt {
        updates,
        installed: u32::try_from(database.entries.len()).unwrap_or(u32::MAX),
        lists_at: lists_at(apt, refreshed.as_ref()),
        repositories: repositories(apt, refreshed)?,
        interrupted: database::audit(apt.layout, apt.tools)?,
    })
}

/// (origin, suite, severity) of the source that tells most: a security suite goes before others.
pub(super) fn provenance(install: &Install, releases: &Releases) -> (String, String, Severity) {
    let mut all = install.sources.iter().map(|source| {
        let (origin, suite) = releases.describe(source);
        let names = [source.label.as_str(), &source.archive, &suite];
        let severity = release::severity(names.into_iter());
        (origin, suite, severity)
    });
    let first = all.next();
    let security = first
        .clone()
        .into_iter()
        .chain(all)
        .find(|s| s.2.is_security());
    security
        .or(first)
        .unwrap_or_else(|| ("unknown".to_owned(), String::new(), Severity::Unknown))
}

fn update(install: &Install, releases: &Releases) -> Option<Update> {
    let (origin, suite, severity) = provenance(install, releases);
    Some(Update {
        package: install.package.clone(),
        arch: install.arch.clone(),
        installed: install.from.clone()?,
        candidate: install.to.clone(),
        origin,
        suite,
        severity,
        size: None,
        blocked: None,
    })
}

/// Updates that exist and would not be installed, with the reason of each.
pub(super) fn blocked(
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

/// Sizes of `wanted` (package, architecture, version). What apt does not know is not in the answer.
pub(super) fn sizes<'a>(
    apt: &Apt<'_>,
    wanted: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
) -> Result<SizeTable, String> {
    let names: Vec<String> = wanted
        .map(|(package, arch, version)| match arch {
            "all" => format!("{package}={version}"),
            arch => format!("{package}:{arch}={version}"),
        })
        .collect();
    let mut table = SizeTable::new();
    for batch in names.chunks(BATCH) {
        let mut arguments = vec!["show", "--no-all-versions"];
        arguments.extend(batch.iter().map(String::as_str));
        // It fails as a whole when one version is unknown, and still prints the others.
        table.extend(show::parse(&apt.ask("apt-cache", &arguments)?.stdout));
    }
    Ok(table)
}

fn add_sizes(apt: &Apt<'_>, updates: &mut [Update], known: &[Update]) -> Result<(), String> {
    let known: BTreeMap<(&str, &str, &str), u64> = known
        .iter()
        .filter_map(|u| {
            Some((
                (u.package.as_str(), u.arch.as_str(), u.candidate.as_str()),
                u.size?,
            ))
        })
        .collect();
    for update in updates.iter_mut() {
        let key = (
            update.package.as_str(),
            update.arch.as_str(),
            update.candidate.as_str(),
        );
        update.size = known.get(&key).copied();
    }
    let missing = updates
        .iter()
        .filter(|u| u.size.is_none())
        .map(|u| (u.package.as_str(), u.arch.as_str(), u.candidate.as_str()));
    let table = sizes(apt, missing)?;
    for update in updates.iter_mut().filter(|u| u.size.is_none()) {
        let key = (
            update.package.clone(),
            update.arch.clone(),
            update.candidate.clone(),
        );
        update.size = table.get(&key).and_then(|s| s.download);
    }
    Ok(())
}

/// When the lists were last fetched, as far as it can be known: by our own record, by apt's stamp, by the folder's
/// time, which moves when a list is put there. Too old rather than too young.
fn lists_at(apt: &Apt<'_>, refreshed: Option<&Refreshed>) -> Option<Timestamp> {
    let modified = |path: &str| {
        let time = fs::metadata(apt.layout.at(path)).ok()?.modified().ok()?;
        Some(clock::of(time))
    };
    let any = fs::read_dir(apt.layout.at("var/lib/apt/lists"))
        .ok()?
        .flatten()
        .any(|e| e.file_name().to_string_lossy().ends_with("Release"));
    let recorded = refreshed.and_then(|r| r.good_at);
    let stamp = modified("var/lib/apt/periodic/update-success-stamp");
    let folder = any.then(|| modified("var/lib/apt/lists")).flatten();
    [recorded, stamp, folder].into_iter().flatten().max()
}

/// Every configured repository that apt knows, with the error of the last refresh where it had one.
fn repositories(apt: &Apt<'_>, refreshed: Option<Refreshed>) -> Result<Vec<Repository>, String> {
    let sources = apt.sources();
    // After a refresh of the same sources its account is whole: it names also what was never fetched.
    if let Some(refreshed) = refreshed
        && refreshed.sources == sources
        && !refreshed.repositories.is_empty()
    {
        return Ok(refreshed.repositories);
    }
    let out = apt.ask(
        "apt-get",
        &[
            "indextargets",
            "--format",
            "$(REPO_URI) $(RELEASE)",
            "Created-By: Packages",
        ],
    )?;
    if !out.ok() {
        return Err(format!(
            "apt-get indextargets: {}: {}",
            out.ending(),
            out.stderr.trim()
        ));
    }
    let mut seen = BTreeSet::new();
    Ok(out
        .stdout
        .lines()
        .filter_map(|line| {
            let (uri, suite) = line.trim().split_once(' ')?;
            Some(mask::urls(&format!(
                "{} {suite}",
                uri.trim_end_matches('/')
            )))
        })
        .filter(|name| seen.insert(name.clone()))
        .map(|name| Repository { name, error: None })
        .collect())
}
