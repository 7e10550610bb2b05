//! The heads of the fetched `Release` files: who publishes a suite, and its codename, which outlives "stable".

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
};

use domain::inventory::Severity;

use super::simulation::Source;
use crate::Layout;

/// The lines at the beginning of a `Release` file that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Release {
    /// File name in the lists folder, without `_InRelease` or `_Release`.
    pub file: String,
    pub origin: String,
    pub label: String,
    pub suite: String,
    pub version: String,
    pub codename: String,
}

/// Every `Release` file that apt has fetched.
#[derive(Clone, Debug, Default)]
pub(super) struct Releases(Vec<Release>);

impl Releases {
    /// Reads the heads of the files; what cannot be read is left out, names are then taken as apt prints them.
    pub(super) fn read(layout: &Layout) -> Self {
        let entries = fs::read_dir(layout.at("var/lib/apt/lists"));
        let files = entries.into_iter().flatten().flatten();
        let releases = files.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let file = name
                .strip_suffix("_InRelease")
                .or_else(|| name.strip_suffix("_Release"))?;
            let lines = BufReader::new(File::open(entry.path()).ok()?)
                .lines()
                .map_while(Result::ok);
            Some(head(file, lines))
        });
        Self(releases.collect())
    }

    /// Who publishes `source`, its suite by codename where the suite's name moves, and whether it is for security.
    pub(super) fn describe(&self, source: &Source) -> (String, String) {
        let release = self.0.iter().find(|r| {
            r.label == source.label && r.version == source.version && r.suite == source.archive
        });
        match release {
            Some(release) => (publisher(release, &source.label), suite(release)),
            None => {
                let origin = match source.label.as_str() {
                    "" => &source.archive,
                    label => label,
                };
                (plain_label(origin), source.archive.clone())
            }
        }
    }

    /// The same for a source as `apt-cache policy` names it.
    pub(super) fn describe_uri(&self, uri: &str, configured: &str) -> (String, String) {
        let file = format!("{}_dists_{}", list_name(uri), configured.replace('/', "_"));
        match self.0.iter().find(|r| r.file == file) {
            Some(release) => (publisher(release, &release.label), suite(release)),
            None => (host(uri), configured.to_owned()),
        }
    }
}

pub(super) fn head(file: &str, lines: impl Iterator<Item = String>) -> Release {
    let mut release = Release {
        file: file.to_owned(),
        ..Release::default()
    };
    for line in lines.take(60) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim().to_owned();
        match name {
            "Origin" => release.origin = value,
            "Label" => release.label = value,
            "Suite" => release.suite = value,
            "Version" => release.version = value,
            "Codename" => release.codename = value,
            // The lists of files begin here.
            "MD5Sum" | "SHA1" | "SHA256" => break,
            _ => {}
        }
    }
    release
}

fn publisher(release: &Release, label: &str) -> String {
    if release.origin.is_empty() {
        plain_label(label)
    } else {
        release.origin.clone()
    }
}

fn plain_label(label: &str) -> String {
    label.strip_suffix("-Security").unwrap_or(label).to_owned()
}

/// `oldstable-security` moves on with time, `bookworm-security` stays; Ubuntu's suites are told apart by their
/// archive alone.
fn suite(release: &Release) -> String {
    let moving = ["oldoldstable", "oldstable", "stable", "testing"]
        .iter()
        .any(|s| release.suite.starts_with(s));
    if release.codename.is_empty() || !(moving || release.suite.is_empty()) {
        release.suite.clone()
    } else {
        release.codename.clone()
    }
}

/// How urgent a version from these suites and labels is.
pub(super) fn severity<'a>(mut names: impl Iterator<Item = &'a str>) -> Severity {
    let security = names.any(|n| {
        let n = n.to_ascii_lowercase();
        n.ends_with("-security") || n == "debian-security"
    });
    if security {
        Severity::SecurityUnrated
    } else {
        Severity::Unknown
    }
}

/// apt's file name for what comes from `uri`: without scheme and user, `/` as `_`.
fn list_name(uri: &str) -> String {
    let rest = uri.split_once("://").map_or_else(
        || uri.split_once(':').map_or(uri, |(_, path)| path),
        |(_, rest)| rest,
    );
    let rest = match rest.split_once('/') {
        Some((host, path)) => {
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{host}/{path}")
        }
        None => rest.to_owned(),
    };
    rest.trim_end_matches('/')
        .replace('_', "%5f")
        .replace('/', "_")
}

fn host(uri: &str) -> String {
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.split(':').next().unwrap_or_default();
    if host.is_empty() { "local" } else { host }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn releases() -> (tempfile::TempDir, Releases) {
        let root = tempfile::tempdir().unwrap();
        let lists = root.path().join("var/lib/apt/lists");
        fs::create_dir_all(&lists).unwrap();
        let file = |name: &str, text: &str| fs::write(lists.join(name), text).unwrap();
        file(
            "deb.debian.org_debian-security_dists_bookworm-security_InRelease",
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\nVersion: 12\nCodename: bookworm-security\nSHA256:\n aa 1 main/x\nSuite: no\n",
        );
        file(
            "archive.ubuntu.com_ubuntu_dists_jammy-updates_InRelease",
            "Origin: Ubuntu\nLabel: Ubuntu\nSuite: jammy-updates\nVersion: 22.04\nCodename: jammy\n",
        );
        file(
            "_srv_repo_dists_lab_Release",
            "Origin: RedFlag Test\nLabel: Test\nSuite: lab\nCodename: lab\nVersion: 1\n",
        );
        let releases = Releases::read(&Layout::new(root.path()));
        (root, releases)
    }

    fn source(label: &str, version: &str, archive: &str) -> Source {
        Source {
            label: label.into(),
            version: version.into(),
            archive: archive.into(),
        }
    }

    #[test]
    fn moving_names_become_codenames() {
        let (_root, releases) = releases();
        let of = |s| releases.describe(&s);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            of(source("Debian-Security", "12", "oldstable-security")),
            pair("Debian", "bookworm-security")
        );
        assert_eq!(
            of(source("Ubuntu", "22.04", "jammy-updates")),
            pair("Ubuntu", "jammy-updates")
        );
        assert_eq!(
            of(source("Docker CE", "", "bookworm")),
            pair("Docker CE", "bookworm"),
            "not fetched here: as apt prints it"
        );
        assert_eq!(
            of(source("", "", "packages.example.org")),
            pair("packages.example.org", "packages.example.org")
        );
    }

    #[test]
    fn policy_names_lead_to_the_same_release() {
        let (_root, releases) = releases();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            releases.describe_uri("http://deb.debian.org/debian-security", "bookworm-security"),
            pair("Debian", "bookworm-security")
        );
        assert_eq!(
            releases.describe_uri("file:/srv/repo", "lab"),
            pair("RedFlag Test", "lab")
        );
        assert_eq!(
            releases.describe_uri("https://user:pw@repo.example:8443/x", "stable"),
            pair("repo.example", "stable")
        );
    }

    #[test]
    fn only_a_security_suite_or_label_makes_a_security_update() {
        for (name, expected) in [
            ("bookworm-security", Severity::SecurityUnrated),
            ("jammy-infra-security", Severity::SecurityUnrated),
            ("Debian-Security", Severity::SecurityUnrated),
            ("bookworm-updates", Severity::Unknown),
            ("security-tools", Severity::Unknown),
        ] {
            assert_eq!(severity([name].into_iter()), expected, "{name}");
        }
    }
}
