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

/// One row: package, installed version, newer version, kilobytes, security suite, unit that uses it.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    u64,
    bool,
    Option<&'static str>,
);

const DEBIAN_12: &[Row] = &[
    ("apt", "2.6.1", "2.6.2", 1370, false, None),
    (
        "base-files",
        "12.4+deb12u11",
        "12.4+deb12u12",
        71,
        false,
        None,
    ),
    (
        "bind9-host",
        "1:9.18.33-1~deb12u2",
        "1:9.18.41-1~deb12u1",
        305,
        true,
        None,
    ),
    (
        "ca-certificates",
        "20230311",
        "20230311+deb12u1",
        155,
        false,
        None,
    ),
    (
        "curl",
        "7.88.1-10+deb12u8",
        "7.88.1-10+deb12u12",
        315,
        false,
        None,
    ),
    (
        "git",
        "1:2.39.5-0+deb12u1",
        "1:2.39.5-0+deb12u2",
        7260,
        false,
        None,
    ),
    (
        "libc6",
        "2.36-9+deb12u9",
        "2.36-9+deb12u13",
        2757,
        false,
        Some("systemd-logind.service"),
    ),
    (
        "libcurl4",
        "7.88.1-10+deb12u8",
        "7.88.1-10+deb12u12",
        391,
        false,
        None,
    ),
    (
        "libexpat1",
        "2.5.0-1+deb12u1",
        "2.5.0-1+deb12u2",
        98,
        false,
        None,
    ),
    (
        "libgnutls30",
        "3.7.9-2+deb12u3",
        "3.7.9-2+deb12u5",
        1405,
        true,
        None,
    ),
    (
        "libpq5",
        "15.12-0+deb12u2",
        "15.14-0+deb12u1",
        190,
        false,
        None,
    ),
    (
        "libssl3",
        "3.0.15-1~deb12u1",
        "3.0.17-1~deb12u3",
        2023,
        true,
        Some("ssh.service"),
    ),
    (
        "libxml2",
        "2.9.14+dfsg-1.3~deb12u1",
        "2.9.14+dfsg-1.3~deb12u4",
        687,
        true,
        None,
    ),
    (
        "nginx",
        "1.22.1-9",
        "1.22.1-9+deb12u3",
        530,
        false,
        Some("nginx.service"),
    ),
    (
        "openssh-server",
        "1:9.2p1-2+deb12u3",
        "1:9.2p1-2+deb12u7",
        457,
        false,
        Some("ssh.service"),
    ),
    (
        "openssl",
        "3.0.15-1~deb12u1",
        "3.0.17-1~deb12u3",
        1436,
        true,
        None,
    ),
    (
        "perl-base",
        "5.36.0-7+deb12u1",
        "5.36.0-7+deb12u3",
        1608,
        false,
        None,
    ),
    (
        "php8.2-fpm",
        "8.2.28-1~deb12u1",
        "8.2.29-1~deb12u1",
        1672,
        true,
        Some("php8.2-fpm.service"),
    ),
    (
        "postgresql-15",
        "15.12-0+deb12u2",
        "15.14-0+deb12u1",
        16900,
        false,
        Some("postgresql@15-main.service"),
    ),
    (
        "python3.11",
        "3.11.2-6+deb12u4",
        "3.11.2-6+deb12u6",
        573,
        false,
        None,
    ),
    (
        "rsync",
        "3.2.7-1+deb12u1",
        "3.2.7-1+deb12u2",
        417,
        false,
        None,
    ),
    (
        "sudo",
        "1.9.13p3-1+deb12u1",
        "1.9.13p3-1+deb12u2",
        1890,
        true,
        None,
    ),
    (
        "syncthing",
        "1.19.2~ds1-1+b4",
        "1.19.2~ds1-1+deb12u1",
        6890,
        false,
        Some("syncthing@root.service"),
    ),
    (
        "systemd",
        "252.36-1~deb12u1",
        "252.39-1~deb12u1",
        3040,
        false,
        Some("systemd-journald.service"),
    ),
    (
        "tzdata",
        "2025a-0+deb12u1",
        "2025b-0+deb12u2",
        301,
        false,
        None,
    ),
    (
        "vim-tiny",
        "2:9.0.1378-2",
        "2:9.0.1378-2+deb12u2",
        720,
        false,
        None,
    ),
];

const UBUNTU_2404: &[Row] = &[
    ("apt", "2.7.14build2", "2.8.3", 1376, false, None),
    (
        "bash",
        "5.2.21-2ubuntu4",
        "5.2.21-2ubuntu4.1",
        794,
        false,
        None,
    ),
    (
        "containerd.io",
        "1.7.27-1",
        "1.7.28-1",
        30400,
        false,
        Some("containerd.service"),
    ),
    (
        "curl",
        "8.5.0-2ubuntu10.5",
        "8.5.0-2ubuntu10.6",
        227,
        false,
        None,
    ),
    (
        "docker-ce",
        "5:28.3.3-1~ubuntu.24.04~noble",
        "5:28.4.0-1~ubuntu.24.04~noble",
        19700,
        false,
        Some("docker.service"),
    ),
    (
        "libc6",
        "2.39-0ubuntu8.4",
        "2.39-0ubuntu8.6",
        3267,
        false,
        Some("systemd-logind.service"),
    ),
    (
        "libssl3t64",
        "3.0.13-0ubuntu3.5",
        "3.0.13-0ubuntu3.6",
        1940,
        true,
        Some("ssh.service"),
    ),
    (
        "openssh-server",
        "1:9.6p1-3ubuntu13.13",
        "1:9.6p1-3ubuntu13.14",
        509,
        false,
        Some("ssh.service"),
    ),
    (
        "python3-urllib3",
        "2.0.7-1ubuntu0.1",
        "2.0.7-1ubuntu0.3",
        94,
        false,
        None,
    ),
    (
        "tzdata",
        "2025a-0ubuntu0.24.04",
        "2025b-0ubuntu0.24.04.1",
        274,
        false,
        None,
    ),
    (
        "ubuntu-drivers-common",
        "1:0.9.7.6ubuntu3.2",
        "1:0.9.7.6ubuntu3.4",
        59,
        false,
        None,
    ),
];

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

fn system(key: u64, os: Os, rows: &[Row], repositories: &[&str]) -> Machine {
    let mut units = BTreeMap::new();
    let packages = rows
        .iter()
        .map(|(name, installed, _, _, _, unit)| {
            let package = Package {
                version: (*installed).into(),
                arch: if ["ca-certificates", "tzdata", "python3-urllib3"].contains(name) {
                    "all".into()
                } else {
                    "amd64".into()
                },
                held: false,
                units: unit.iter().map(|u| (*u).to_owned()).collect(),
            };
            units.extend(package.units.iter().map(|u| (u.clone(), true)));
            ((*name).to_owned(), package)
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
        free: (2_u64 << 30) + (noise(key, 22) * 6e9) as u64,
        init: "systemd".into(),
        files: BTreeMap::new(),
        quirks: Quirks::default(),
        agent: None,
    }
}

/// The newer version that exists of a package of this system.
///
/// # Panics
/// When the package is not in the table of the system: a mistake in a scenario.
pub fn candidate(machine: &Machine, package: &str) -> Candidate {
    let ubuntu = machine.os.id == "ubuntu";
    let rows = if ubuntu { UBUNTU_2404 } else { DEBIAN_12 };
    let (name, _, version, kilobytes, security, _) = rows
        .iter()
        .find(|r| r.0 == package)
        .expect("scenarios name only packages of their system's table");
    let docker = ["docker-ce", "containerd.io"].contains(name);
    let (origin, suite) = match (ubuntu, docker, security) {
        (true, true, _) => ("Docker", "noble"),
        (true, false, true) => ("Ubuntu", "noble-security"),
        (true, false, false) => ("Ubuntu", "noble-updates"),
        (false, _, true) => ("Debian", "bookworm-security"),
        (false, _, false) => ("Debian", "bookworm"),
    };
    Candidate {
        version: (*version).into(),
        origin: origin.into(),
        suite: suite.into(),
        severity: if *security {
            Severity::SecurityUnrated
        } else {
            Severity::Unknown
        },
        size: kilobytes * 1024,
        blocked: None,
        brings: Vec::new(),
        kept_file: None,
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
    let rows = if machine.os.id == "ubuntu" {
        UBUNTU_2404
    } else {
        DEBIAN_12
    };
    rows.iter().map(|r| r.0).collect()
}
