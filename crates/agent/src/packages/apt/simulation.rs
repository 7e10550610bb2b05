//! Reads what `apt-get -s` prints: the lines made for machines, and the few headings that have no such line.

/// One source of a version as apt names it: `Debian-Security:12/oldstable-security`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub label: String,
    pub version: String,
    /// Archive (suite) or, where there is none, the site.
    pub archive: String,
}

/// `Inst`: a package that would be installed or upgraded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Install {
    pub package: String,
    pub arch: String,
    /// None for a new package.
    pub from: Option<String>,
    pub to: String,
    pub sources: Vec<Source>,
}

/// `Remv` or `Purg`: a package that would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Removal {
    /// With `:arch` where apt prints one.
    pub package: String,
    pub from: String,
}

/// The line that ends apt's own account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub upgraded: usize,
    pub installed: usize,
    pub removed: usize,
    pub not_upgraded: usize,
}

/// A whole simulation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simulation {
    pub installs: Vec<Install>,
    pub removals: Vec<Removal>,
    /// Names with `:arch` where apt prints one; held packages are among them.
    pub kept_back: Vec<String>,
    pub phased: Vec<String>,
    pub summary: Option<Summary>,
    /// Machine lines that could not be read: then nothing of it is to be trusted.
    pub unreadable: Vec<String>,
}

impl Simulation {
    /// Whether it may be believed.
    ///
    /// # Errors
    /// Says in what way the text is not a whole account; an output that stops early is never "nothing to do".
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(line) = self.unreadable.first() {
            return Err(format!("apt-get printed a line of an unknown form: {line}"));
        }
        let Some(summary) = self.summary else {
            return Err("apt-get ended without its summary of upgraded packages".to_owned());
        };
        let listed = self.installs.len();
        let promised = summary.upgraded + summary.installed;
        // Packages that are reinstalled or downgraded have lines and are counted apart.
        if listed < promised || self.removals.len() < summary.removed {
            return Err(format!(
                "apt-get announced {promised} packages to install and {} to remove, and listed {listed} and {}",
                summary.removed,
                self.removals.len()
            ));
        }
        Ok(())
    }
}

/// Which list a heading begins.
enum Section {
    KeptBack,
    Phased,
    Other,
}

/// Reads the output of `apt-get -s`. Reads on through anything that it does not know.
pub(super) fn parse(text: &str) -> Simulation {
    let mut simulation = Simulation::default();
    let mut section = Section::Other;
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            let names = line
                .split_ascii_whitespace()
                .map(|n| n.trim_end_matches('*').to_owned());
            match section {
                Section::KeptBack => simulation.kept_back.extend(names),
                Section::Phased => simulation.phased.extend(names),
                Section::Other => {
                    if let Some(summary) = new_summary(line) {
                        simulation.summary = Some(summary);
                    }
                }
            }
            continue;
        }
        section = heading(line);
        if let Some(rest) = line.strip_prefix("Inst ") {
            match install(rest) {
                Some(install) => simulation.installs.push(install),
                None => simulation.unreadable.push(line.to_owned()),
            }
        } else if let Some(rest) = line
            .strip_prefix("Remv ")
            .or_else(|| line.strip_prefix("Purg "))
        {
            match removal(rest) {
                Some(removal) => simulation.removals.push(removal),
                None => simulation.unreadable.push(line.to_owned()),
            }
        } else if let Some(summary) = summary(line) {
            simulation.summary = Some(summary);
        }
    }
    simulation
}

fn heading(line: &str) -> Section {
    match line.trim_end() {
        "The following packages have been kept back:" | "Not upgrading:" => Section::KeptBack,
        "The following upgrades have been deferred due to phasing:"
        | "Not upgrading yet due to phasing:" => Section::Phased,
        _ => Section::Other,
    }
}

/// `perl [5.36.0-7+deb12u2] (5.36.0-7+deb12u4 Debian-Security:12/oldstable-security [amd64]) [perl:amd64 ]`
fn install(rest: &str) -> Option<Install> {
    let (name, rest) = rest.split_once(' ')?;
    let (from, rest) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (from, rest) = rest.split_once(']')?;
            (Some(from.to_owned()), rest.trim_start())
        }
        None => (None, rest),
    };
    // What follows the closing parenthesis names packages that are broken for the moment.
    let inside = rest.strip_prefix('(')?;
    let inside = &inside[..inside.rfind("])")?];
    let (before, arch) = inside.rsplit_once('[')?;
    let (to, sources) = before.split_once(' ')?;
    let package = name.split_once(':').map_or(name, |(package, _)| package);
    let whole = !package.is_empty() && !to.is_empty() && !arch.is_empty();
    whole.then(|| Install {
        package: package.to_owned(),
        arch: arch.to_owned(),
        from,
        to: to.to_owned(),
        sources: sources
            .trim()
            .split(", ")
            .filter(|s| !s.is_empty())
            .map(source)
            .collect(),
    })
}

fn source(text: &str) -> Source {
    let (label, rest) = text.split_once(':').unwrap_or(("", text));
    let (version, archive) = rest.split_once('/').unwrap_or(("", rest));
    Source {
        label: label.to_owned(),
        version: version.to_owned(),
        archive: archive.to_owned(),
    }
}

/// `rf-victim [1.0]`
fn removal(rest: &str) -> Option<Removal> {
    let (name, rest) = rest.split_once(' ')?;
    let (from, _) = rest.strip_prefix('[')?.split_once(']')?;
    (!name.is_empty()).then(|| Removal {
        package: name.to_owned(),
        from: from.to_owned(),
    })
}

/// `4 upgraded, 1 newly installed, 1 to remove and 2 not upgraded.`
fn summary(line: &str) -> Option<Summary> {
    let line = line.strip_suffix(" not upgraded.")?;
    let (counts, not_upgraded) = line.rsplit_once(" and ")?;
    let mut summary = Summary {
        not_upgraded: not_upgraded.parse().ok()?,
        ..Summary::default()
    };
    for part in counts.split(", ") {
        let (count, what) = part.split_once(' ')?;
        let count: usize = count.parse().ok()?;
        match what {
            "upgraded" => summary.upgraded = count,
            "newly installed" => summary.installed = count,
            "to remove" => summary.removed = count,
            // "reinstalled", "downgraded": not among what is checked.
            _ => {}
        }
    }
    Some(summary)
}

/// `  Upgrading: 4, Installing: 1, Removing: 1, Not Upgrading: 2`, the newer form.
fn new_summary(line: &str) -> Option<Summary> {
    let mut summary = Summary::default();
    let mut found = 0;
    for part in line.trim().split(", ") {
        let (what, count) = part.split_once(": ")?;
        let count: usize = count.trim().parse().ok()?;
        found += 1;
        match what {
            "Upgrading" => summary.upgraded = count,
            "Installing" => summary.installed = count,
            "Removing" => summary.removed = count,
            "Not Upgrading" => summary.not_upgraded = count,
            _ => found -= 1,
        }
    }
    (found == 4).then_some(summary)
}

/// The reasons in an `apt-get -s install` that could not be done: the lines under "unmet dependencies".
pub(super) fn unmet(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("unmet dependencies:\n")?;
    let lines: Vec<String> = rest
        .lines()
        .take_while(|l| l.starts_with(' '))
        .map(|l| l.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fixture(name: &str) -> String {
        let path = format!("{}/tests/fixtures/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).expect(&path)
    }

    #[test]
    fn every_release_is_read_whole() {
        for name in [
            "simulation-debian-11",
            "simulation-debian-12",
            "simulation-debian-12-point-release",
            "simulation-debian-13",
            "simulation-ubuntu-22.04",
            "simulation-ubuntu-24.04",
            "simulation-docker-repository",
            "simulation-new-output",
            "simulation-nothing",
        ] {
            let simulation = parse(&fixture(name));
            assert_eq!(simulation.check(), Ok(()), "{name}");
            insta::assert_debug_snapshot!(name, simulation);
        }
    }

    #[test]
    fn an_account_that_stops_early_is_not_believed() {
        let text = fixture("simulation-debian-12");
        let half = &text[..text.find("Inst rf-plain").unwrap()];
        assert!(parse(half).check().unwrap_err().contains("announced 5"));
        assert!(
            parse("Reading package lists...\n")
                .check()
                .unwrap_err()
                .contains("without its summary")
        );
        let strange = parse(
            "Inst what is this\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n",
        );
        assert!(strange.check().unwrap_err().contains("what is this"));
    }

    #[test]
    fn the_reason_for_keeping_a_package_back_is_found() {
        assert_eq!(
            unmet(&fixture("kept-back-debian-13")).as_deref(),
            Some("rf-kept : Depends: rf-missing (>= 2) but it is not installable")
        );
        assert_eq!(unmet("nothing of it"), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "(Inst|Remv|The|[ ])?[ \\[\\](a-z0-9:.,)\n]{0,80}") {
            let _ = parse(&text).check();
            let _ = unmet(&text);
        }

        #[test]
        fn never_panics_on_anything(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}
