//! What dpkg knows: installed versions, holds, and whether a run was interrupted.

use std::{collections::BTreeMap, time::Duration};

use domain::plan::PackageChange;

use super::dpkg_status;
use crate::{
    Layout, Tools,
    packages::Installed,
    tools::{Output, ToolError},
};

/// Long enough for a slow disk, short enough to notice a hang.
const LIMIT: Duration = Duration::from_secs(120);
const FORMAT: &str =
    "${db:Status-Abbrev}\\t${Package}\\t${Architecture}\\t${Version}\\t${Installed-Size}\\n";

/// One installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub version: String,
    pub held: bool,
    /// On the disk, in bytes.
    pub size: u64,
}

/// Installed packages by (package, architecture).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Database {
    pub entries: BTreeMap<(String, String), Entry>,
    /// Packages whose installation was cut off, with the version that dpkg still has for them.
    pub half: Installed,
    /// Nothing was seen that `dpkg --audit` would name.
    pub sound: bool,
}

impl Database {
    /// Reads dpkg's file, and asks `dpkg-query` where that does not tell everything.
    ///
    /// # Errors
    /// Its own words, when it fails or names no package at all.
    pub(super) fn read(layout: &Layout, tools: &Tools) -> Result<Self, String> {
        if let Some(status) = dpkg_status::read(layout) {
            return Ok(Self {
                sound: !status.doubtful,
                half: status.half,
                entries: status.installed.into_iter().collect(),
            });
        }
        let out = tools
            .run("dpkg-query", &["-W", "-f", FORMAT], LIMIT)
            .map_err(|e| e.to_string())?;
        if !out.ok() {
            return Err(format!(
                "dpkg-query ended with {}: {}",
                out.ending(),
                out.stderr.trim()
            ));
        }
        let database = parse(&out.stdout);
        if database.entries.is_empty() {
            return Err("dpkg-query named no installed package".to_owned());
        }
        Ok(database)
    }

    /// Finds a package as apt names it: `name`, which then must be of one architecture, or `name:arch`.
    pub(super) fn find(&self, name: &str) -> Option<(&(String, String), &Entry)> {
        let (package, arch) = match name.split_once(':') {
            Some((package, arch)) => (package, Some(arch)),
            None => (name, None),
        };
        let from = (package.to_owned(), String::new());
        let mut found = self
            .entries
            .range(from..)
            .take_while(|((p, _), _)| p == package)
            .filter(|((_, a), _)| arch.is_none_or(|arch| a == arch || a == "all"));
        found.next()
    }

    /// Versions alone.
    pub(super) fn versions(&self) -> Installed {
        self.entries
            .iter()
            .map(|(key, entry)| (key.clone(), entry.version.clone()))
            .collect()
    }
}

impl Database {
    /// Versions after something was done. Half installed is neither installed nor removed: what was there before is
    /// told with the version that dpkg still has for it.
    pub(super) fn versions_after(&self, before: &Installed) -> Installed {
        let mut versions = self.versions();
        let left = self
            .half
            .iter()
            .filter(|(key, _)| before.contains_key(*key));
        versions.extend(left.map(|(key, version)| (key.clone(), version.clone())));
        versions
    }
}

/// Reads lines of [`FORMAT`]. A package counts as installed from unpacking on: its files are there.
pub(super) fn parse(text: &str) -> Database {
    let mut database = Database::default();
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (Some(status), Some(package), Some(arch), Some(version)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let mut letters = status.chars();
        let (want, state) = (letters.next(), letters.next());
        if state == Some('H') {
            let key = (package.to_owned(), arch.to_owned());
            database.half.insert(key, version.to_owned());
        }
        // n not installed, c only configuration files, H half installed.
        if !matches!(state, Some('i' | 'U' | 'F' | 'W' | 't')) {
            continue;
        }
        let kib: u64 = fields
            .next()
            .and_then(|f| f.trim().parse().ok())
            .unwrap_or(0);
        database.entries.insert(
            (package.to_owned(), arch.to_owned()),
            Entry {
                version: version.to_owned(),
                held: want == Some('h'),
                size: kib.saturating_mul(1024),
            },
        );
    }
    database
}

/// What changed from `before` to `after`, by package.
pub(super) fn difference(before: &Installed, after: &Installed) -> Vec<PackageChange> {
    let change =
        |key: &(String, String), from: Option<&String>, to: Option<&String>| PackageChange {
            package: key.0.clone(),
            arch: key.1.clone(),
            from: from.cloned(),
            to: to.cloned(),
        };
    let mut changes: Vec<PackageChange> = before
        .iter()
        .filter(|(key, from)| after.get(*key) != Some(from))
        .map(|(key, from)| change(key, Some(from), after.get(key)))
        .collect();
    changes.extend(
        after
            .iter()
            .filter(|(key, _)| !before.contains_key(*key))
            .map(|(key, to)| change(key, None, Some(to))),
    );
    changes.sort();
    changes
}

/// Which of the approved changes the packages installed now do not show.
pub(super) fn not_done(approved: &[PackageChange], now: &Installed) -> Vec<PackageChange> {
    approved
        .iter()
        .filter(|c| now.get(&(c.package.clone(), c.arch.clone())) != c.to.as_ref())
        .cloned()
        .collect()
}

/// What speaks for an interrupted run, in dpkg's own words; none when the database is sound. Always dpkg's own answer.
///
/// # Errors
/// When dpkg cannot be asked.
pub(super) fn audit(layout: &Layout, tools: &Tools) -> Result<Option<String>, String> {
    let pending = dpkg_status::journal(layout);
    let Output {
        code,
        stdout,
        stderr,
    } = tools
        .run("dpkg", &["--audit"], LIMIT)
        .map_err(|e: ToolError| e.to_string())?;
    let words = stdout.trim();
    match (words.is_empty(), code) {
        (false, _) => Ok(Some(words.to_owned())),
        (true, Some(0)) if pending > 0 => Ok(Some(format!(
            "dpkg left {pending} unfinished entries in /var/lib/dpkg/updates"
        ))),
        (true, Some(0)) => Ok(None),
        (true, code) => Err(format!(
            "dpkg --audit ended with {}: {}",
            crate::tools::ending(code),
            stderr.trim()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "ii \tapt\tamd64\t2.6.1\t4232\nhi \trf-held\tall\t1.0\t24\nrc \tgone\tall\t1\t5\niF \thalf\tamd64\t2\t\nii \tlibc6\tamd64\t2.36\t12985\nii \tlibc6\ti386\t2.36\t12985\n";

    #[test]
    fn half_installed_is_neither_installed_nor_removed() {
        let cut = TEXT.replace("ii \tapt", "iHR\tapt");
        let now = parse(&cut);
        assert!(now.find("apt").is_none());
        let before = parse(TEXT).versions();
        assert_eq!(difference(&before, &now.versions_after(&before)), []);
        let promised = PackageChange {
            package: "apt".into(),
            arch: "amd64".into(),
            from: Some("2.6.1".into()),
            to: Some("2.6.2".into()),
        };
        let left = not_done(
            std::slice::from_ref(&promised),
            &now.versions_after(&before),
        );
        assert_eq!(left, [promised]);
        // Of a new one nothing is there that could be told as installed.
        assert_eq!(now.versions_after(&Installed::new()), now.versions());
    }

    #[test]
    fn installed_packages_and_holds_are_read() {
        let database = parse(TEXT);
        assert_eq!(database.entries.len(), 5, "removed packages do not count");
        assert!(database.find("rf-held").unwrap().1.held);
        assert!(!database.find("apt").unwrap().1.held);
        assert_eq!(database.find("libc6:i386").unwrap().0.1, "i386");
        assert_eq!(
            database.find("rf-held:amd64").unwrap().0.1,
            "all",
            "apt may name an all package with the native architecture"
        );
        assert!(database.find("lib").is_none());
    }

    #[test]
    fn differences_name_upgrades_additions_and_removals() {
        let table = |rows: &[(&str, &str)]| -> Installed {
            rows.iter()
                .map(|(p, v)| (((*p).to_owned(), "all".to_owned()), (*v).to_owned()))
                .collect()
        };
        let before = table(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = table(&[("a", "2"), ("c", "1"), ("d", "1")]);
        let changes = difference(&before, &after);
        let rows: Vec<_> = changes
            .iter()
            .map(|c| (c.package.as_str(), c.from.as_deref(), c.to.as_deref()))
            .collect();
        assert_eq!(
            rows,
            [
                ("a", Some("1"), Some("2")),
                ("b", Some("1"), None),
                ("d", None, Some("1"))
            ]
        );
        assert_eq!(not_done(&changes, &after), []);
        assert_eq!(not_done(&changes, &before), changes);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ihrc \t0-9a\n]{0,100}") {
            let _ = parse(&text).find("a");
        }
    }
}
