//! Reads `apt-cache policy PACKAGE…`: candidates and sources of packages that a simulation only names.

/// One package's account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Policy {
    /// With `:arch` where apt prints one.
    pub package: String,
    pub installed: Option<String>,
    pub candidate: Option<String>,
    /// A pin names this package.
    pub pinned: bool,
    /// Newest first.
    pub versions: Vec<Version>,
}

/// A version that apt knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    pub version: String,
    pub priority: i32,
    /// Ubuntu: the share of machines, in percent, that may install it by now.
    pub phased: Option<u8>,
    pub sources: Vec<Source>,
}

/// Where a version comes from; the local database is not a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    pub priority: i32,
    pub uri: String,
    /// The suite as configured: `bookworm-security`; `./` for a flat repository.
    pub suite: String,
}

impl Policy {
    /// The candidate's entry in the table.
    pub(super) fn candidate_version(&self) -> Option<&Version> {
        let candidate = self.candidate.as_deref()?;
        self.versions.iter().find(|v| v.version == candidate)
    }
}

/// Reads the whole text, package by package.
pub(super) fn parse(text: &str) -> Vec<Policy> {
    let mut packages: Vec<Policy> = Vec::new();
    for line in text.lines() {
        if !line.starts_with([' ', '\t']) {
            if let Some(name) = line.strip_suffix(':') {
                packages.push(Policy {
                    package: name.to_owned(),
                    ..Policy::default()
                });
            }
            continue;
        }
        let Some(package) = packages.last_mut() else {
            continue;
        };
        let known = |v: &str| (v != "(none)").then(|| v.to_owned());
        let trimmed = line.trim();
        if let Some(value) = trimmed.strip_prefix("Installed: ") {
            package.installed = known(value);
        } else if let Some(value) = trimmed.strip_prefix("Candidate: ") {
            package.candidate = known(value);
        } else if trimmed.starts_with("Package pin: ") {
            package.pinned = true;
        } else if trimmed == "Version table:" {
        } else if let Some(source) = source(line) {
            if let (Some(version), Some(source)) = (package.versions.last_mut(), source) {
                version.sources.push(source);
            }
        } else if let Some(version) = version(line) {
            package.versions.push(version);
        }
    }
    packages
}

/// `        500 http://deb.debian.org/debian bookworm/main amd64 Packages`: eight or more spaces. `Some(None)` for the
/// local database.
fn source(line: &str) -> Option<Option<Source>> {
    let rest = line.strip_prefix("        ")?;
    let mut words = rest.split_ascii_whitespace();
    let priority = words.next()?.parse().ok()?;
    let uri = words.next()?;
    let Some(suite) = words.next() else {
        return Some(None);
    };
    // `bookworm/main`, `bookworm/updates/main`, `./`: the component is what stands last.
    let suite = match suite.rsplit_once('/') {
        Some((suite, component)) if !component.is_empty() => suite,
        _ => suite,
    };
    Some(Some(Source {
        priority,
        uri: uri.to_owned(),
        suite: suite.to_owned(),
    }))
}

/// ` *** 1.0 990`, `     1.1 500 (phased 20%)`
fn version(line: &str) -> Option<Version> {
    let line = line
        .strip_prefix(" *** ")
        .or_else(|| line.strip_prefix("     "))?;
    let (version, rest) = line.split_once(' ')?;
    let (priority, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let phased = rest
        .strip_prefix("(phased ")
        .and_then(|r| r.strip_suffix("%)"))
        .and_then(|p| p.parse().ok());
    Some(Version {
        version: version.to_owned(),
        priority: priority.parse().ok()?,
        phased,
        sources: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn candidates_sources_and_pins_are_read() {
        let text = include_str!("../../../tests/fixtures/policy-debian-13.txt");
        insta::assert_debug_snapshot!(parse(text));
    }

    #[test]
    fn a_phased_version_shows_its_share() {
        let text = "netplan.io:\n  Installed: 0.106\n  Candidate: 0.107\n  Version table:\n     0.107 500 (phased 20%)\n        500 http://archive.ubuntu.com/ubuntu jammy-updates/main amd64 Packages\n *** 0.106 100\n        100 /var/lib/dpkg/status\n";
        let policy = &parse(text)[0];
        let candidate = policy.candidate_version().unwrap();
        assert_eq!(candidate.phased, Some(20));
        assert_eq!(candidate.sources[0].suite, "jammy-updates");
        assert!(policy.versions[1].sources.is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(text in "[ a:*(%)0-9/\n]{0,200}") {
            let _ = parse(&text);
        }
    }
}
