//! Realistic systems for simulated guests: names, versions and sizes as Debian and Ubuntu have them.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    inventory::{Blocked, Os, Repository, Severity},
};

use crate::{
    seed::noise,
    world::{Candidate, Machine, Package, machine::Quirks},
};

/// One row of a table.
struct Row {
    package: &'static str,
    installed: &'static str,
    newer: &'static str,
    kilobytes: u64,
    security: bool,
    /// The unit that uses it.
    unit: Option<&'static str>,
}

const DEBIAN_12: &str = include_str!("debian-12.txt");

const UBUNTU_2404: &str = include_str!("ubuntu-24.04.txt");

/// The rows of a table; a line that is none is left out.
fn rows(table: &'static str) -> impl Iterator<Item = Row> {
    table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some(Row {
            package: words.next()?,
            installed: words.next()?,
            newer: words.next()?,
            kilobytes: words.next()?.parse().ok()?,
            security: words.next()? == "security",
            unit: words.next().filter(|unit| *unit != "-"),
        })
    })
}

fn table(machine: &Machine) -> &'static str {
    if machine.os.id == "ubuntu" {
        UBUNTU_2404
    } else {
        DEBIAN_12
    }
}

/// A Debian 12 system, up to date.
pub fn debian_12(key: u64) -> Machine {
    system(
        key,
        os("debian", "12", "Debian GNU/Linux 12 (bookworm)"),
        DEBIAN_12,
        &[
            "http://deb.debian.org/debian bookworm",
            "http://deb.debian.org/debian bookworm-updates",
            "http://security.debian.org/debian-security bookworm-security",
        ],
    )
}

/// An Ubuntu 24.04 system with Docker's repository, up to date.
pub fn ubuntu_2404(key: u64) -> Machine {
    system(
        key,
        os("ubuntu", "24.04", "Ubuntu 24.04.3 LTS"),
        UBUNTU_2404,
        &[
            "http://archive.ubuntu.com/ubuntu noble",
            "http://archive.ubuntu.com/ubuntu noble-updates",
            "http://security.ubuntu.com/ubuntu noble-security",
            "https://download.docker.com/linux/ubuntu noble",
        ],
    )
}

fn os(id: &str, version: &str, name: &str) -> Os {
    Os {
        id: id.into(),
        version: version.into(),
        name: name.into(),
    }
}

fn system(key: u64, os: Os, table: &'static str, repositories: &[&str]) -> Machine {
    let mut units = BTreeMap::new();
    let packages = rows(table)
        .map(|row| {
            let everywhere = ["ca-certificates", "tzdata", "python3-urllib3"];
            let package = Package {
                version: row.installed.into(),
                arch: if everywhere.contains(&row.package) {
                    "all".into()
                } else {
                    "amd64".into()
                },
                held: false,
                units: row.unit.iter().map(|u| (*u).to_owned()).collect(),
            };
            units.extend(package.units.iter().map(|u| (u.clone(), true)));
            (row.package.to_owned(), package)
        })
        .collect();
    Machine {
        os,
        packages,
        others: 180 + (noise(key, 21) * 260.0) as u32,
        published: BTreeMap::new(),
        lists: BTreeMap::new(),
        lists_at: None,
        repositories: repositories
            .iter()
            .map(|name| Repository {
                name: (*name).into(),
                error: None,
            })
            .collect(),
        interrupted: None,
        units,
        restarts: Vec::new(),
        docker: Vec::new(),
        free: (2_u64 << 30) + (noise(key, 22) * 6e9) as u64,
        init: "systemd".into(),
        files: BTreeMap::new(),
        quirks: Quirks::default(),
        agent: None,
    }
}

/// The source of a package that is called otherwise than it.
fn source_of(package: &str) -> Option<&'static str> {
    match package {
        "libssl3" | "libssl3t64" => Some("openssl"),
        "libcurl4" => Some("curl"),
        "vim-tiny" => Some("vim"),
        _ => None,
    }
}

/// The newer version that exists of a package of this system.
///
/// # Panics
/// When the package is not in the table of the system: a mistake in a scenario.
pub fn candidate(machine: &Machine, package: &str) -> Candidate {
    let row = rows(table(machine))
        .find(|row| row.package == package)
        .expect("scenarios name only packages of their system's table");
    let ubuntu = machine.os.id == "ubuntu";
    let docker = ["docker-ce", "containerd.io"].contains(&package);
    let (origin, suite) = match (ubuntu, docker, row.security) {
        (true, true, _) => ("Docker", "noble"),
        (true, false, true) => ("Ubuntu", "noble-security"),
        (true, false, false) => ("Ubuntu", "noble-updates"),
        (false, _, true) => ("Debian", "bookworm-security"),
        (false, _, false) => ("Debian", "bookworm"),
    };
    Candidate {
        version: row.newer.into(),
        origin: origin.into(),
        suite: suite.into(),
        severity: if row.security {
            Severity::SecurityUnrated
        } else {
            Severity::Unknown
        },
        size: row.kilobytes * 1024,
        blocked: None,
        brings: Vec::new(),
        kept_file: None,
        source: source_of(package).map(Into::into),
    }
}

/// Makes the newer versions of these packages known to the repositories and to the guest's own lists.
pub fn pending(machine: &mut Machine, packages: &[&str]) {
    for package in packages {
        let newer = candidate(machine, package);
        machine.published.insert((*package).into(), newer.clone());
        machine.lists.insert((*package).into(), newer);
    }
}

/// `apt-mark hold`.
pub fn hold(machine: &mut Machine, package: &str) {
    if let Some(package) = machine.packages.get_mut(package) {
        package.held = true;
    }
}

/// Makes the newer version of a package one that Ubuntu's phased roll-out has not reached here.
pub fn phased(machine: &mut Machine, package: &str) {
    for list in [&mut machine.published, &mut machine.lists] {
        if let Some(candidate) = list.get_mut(package) {
            candidate.blocked = Some(Blocked::Phased);
        }
    }
}

/// Says when the guest last fetched its package lists.
pub fn lists_at(machine: &mut Machine, at: Timestamp) {
    machine.lists_at = Some(at);
}

/// Names of all packages of the system that have a newer version somewhere.
pub fn names(machine: &Machine) -> Vec<&'static str> {
    rows(table(machine)).map(|row| row.package).collect()
}

#[cfg(test)]
mod tests {
    use domain::version::compare_debian;

    use super::{DEBIAN_12, UBUNTU_2404, rows};

    #[test]
    fn every_line_of_the_tables_is_a_row_with_a_newer_version() {
        for table in [DEBIAN_12, UBUNTU_2404] {
            assert_eq!(rows(table).count(), table.lines().count() - 1);
            for row in rows(table) {
                let order = compare_debian(row.installed, row.newer);
                assert!(order.is_lt(), "{}", row.package);
            }
        }
    }
}
