//! Reads what is pending: one simulation, and further questions only about what it leaves open.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Arc,
};

use domain::{
    Timestamp,
    inventory::{PackageScan, Repository, Severity, Update},
    plan::Allowed,
};

use super::{
    Apt, blocked, database,
    database::Database,
    release::{self, Releases},
    show,
    simulation::Install,
};
use crate::{
    clock, files, mask,
    packages::{Known, Refreshed},
};

/// How many packages are named in one command line.
pub(super) const BATCH: usize = 400;

/// A whole scan.
pub(super) fn run(apt: &Apt<'_>, known: &Known) -> Result<PackageScan, String> {
    let database = Database::read(apt.layout, apt.tools)?;
    let simulation = apt.simulate(&Apt::everything(Allowed::default()))?;
    let releases = Releases::read(apt.layout);
    let mut updates: Vec<Update> = simulation
        .installs
        .iter()
        .filter_map(|install| update(install, &releases))
        .collect();
    updates.extend(blocked::updates(
        apt,
        Allowed::default(),
        known,
        (&simulation, &database, &releases),
    )?);
    updates.sort_by(|a, b| (&a.package, &a.arch).cmp(&(&b.package, &b.arch)));
    updates.dedup_by(|a, b| a.package == b.package && a.arch == b.arch);
    describe(apt, &mut updates, &known.updates)?;
    let refreshed: Option<Refreshed> =
        files::read_json_if_there(&apt.layout.refreshed()).map_err(|e| e.to_string())?;
    Ok(PackageScan::Apt {
        updates: updates.into_iter().map(Arc::new).collect(),
        installed: u32::try_from(database.entries.len()).unwrap_or(u32::MAX),
        lists_at: lists_at(apt, refreshed.as_ref()),
        repositories: repositories(apt, refreshed)?,
        interrupted: match database.sound {
            true => None,
            false => database::audit(apt.layout, apt.tools)?,
        },
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
        source: String::new(),
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

/// What apt says of `wanted` (package, architecture, version). What it does not know is not in the answer.
pub(super) fn shown<'a>(
    apt: &Apt<'_>,
    wanted: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
) -> Result<show::Table, String> {
    let names: Vec<String> = wanted
        .map(|(package, arch, version)| match arch {
            "all" => format!("{package}={version}"),
            arch => format!("{package}:{arch}={version}"),
        })
        .collect();
    let mut table = show::Table::new();
    for batch in names.chunks(BATCH) {
        let mut arguments = vec!["show", "--no-all-versions"];
        arguments.extend(batch.iter().map(String::as_str));
        // It fails as a whole when one version is unknown, and still prints the others.
        table.extend(show::parse(&apt.ask("apt-cache", &arguments)?.stdout));
    }
    Ok(table)
}

/// Adds what only the package lists know. What an earlier scan found need not be asked for again.
fn describe(apt: &Apt<'_>, updates: &mut [Update], known: &[Arc<Update>]) -> Result<(), String> {
    type Key<'a> = (&'a str, &'a str, &'a str);
    fn key(update: &Update) -> Key<'_> {
        (&update.package, &update.arch, &update.candidate)
    }
    let known: BTreeMap<Key<'_>, &Update> = known
        .iter()
        .filter(|u| u.size.is_some() && !u.source.is_empty())
        .map(|u| (key(u), &**u))
        .collect();
    for update in updates.iter_mut() {
        let earlier = known.get(&key(update)).copied();
        if let Some(earlier) = earlier {
            update.size = earlier.size;
            update.source.clone_from(&earlier.source);
        }
    }
    let missing = updates.iter().filter(|u| u.source.is_empty()).map(key);
    let table = shown(apt, missing)?;
    for update in updates.iter_mut().filter(|u| u.source.is_empty()) {
        let key = (
            update.package.clone(),
            update.arch.clone(),
            update.candidate.clone(),
        );
        let shown = table.get(&key);
        update.size = shown.and_then(|s| s.download);
        let source = shown.and_then(|s| s.source.clone());
        update.source = source.unwrap_or_else(|| update.package.clone());
    }
    Ok(())
}

/// When the lists were last fetched, as far as it can be known: by our own record, by apt's stamp, by the folder's
/// time, which moves when a list is put there. Too old rather than too young.
pub(super) fn lists_at(apt: &Apt<'_>, refreshed: Option<&Refreshed>) -> Option<Timestamp> {
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
