//! What apt and dpkg write, line by line, in the C locale.

use domain::plan::{GuestPlan, PackageChange};

use crate::world::Machine;

fn pool(machine: &Machine) -> &'static str {
    if machine.os.id == "ubuntu" {
        "http://archive.ubuntu.com/ubuntu noble-updates/main"
    } else {
        "http://deb.debian.org/debian bookworm/main"
    }
}

/// `apt-get update`, one line for each repository.
pub(super) fn refresh(machine: &Machine) -> Vec<String> {
    machine
        .repositories
        .iter()
        .enumerate()
        .map(|(n, repository)| match &repository.error {
            Some(error) => format!("Err:{} {} InRelease\n  {error}", n + 1, repository.name),
            None if n == 0 => format!("Hit:{} {} InRelease", n + 1, repository.name),
            None => format!("Get:{} {} InRelease [48.0 kB]", n + 1, repository.name),
        })
        .collect()
}

/// The line that says a package is being fetched.
pub(super) fn get(machine: &Machine, number: usize, change: &PackageChange, size: u64) -> String {
    let version = change.to.as_deref().unwrap_or_default();
    format!(
        "Get:{number} {} {} {} {} {version} [{} kB]",
        pool(machine),
        change.arch,
        change.package,
        change.arch,
        size / 1000
    )
}

/// The line after the last one was fetched.
pub(super) fn fetched(plan: &GuestPlan) -> String {
    format!(
        "Fetched {} kB in 1s ({} kB/s)",
        plan.download / 1000,
        plan.download / 1000
    )
}

/// How the installation begins.
pub(super) fn begin(machine: &Machine) -> String {
    let files = machine.installed() * 61 + 713;
    format!("(Reading database ... {files} files and directories currently installed.)")
}

/// Unpacking one package.
pub(super) fn unpack(change: &PackageChange) -> Vec<String> {
    let version = change.to.as_deref().unwrap_or_default();
    let name = &change.package;
    let file = format!(
        ".../{name}_{}_{}.deb",
        version.replace(':', "%3a"),
        change.arch
    );
    match &change.from {
        Some(from) => vec![
            format!("Preparing to unpack {file} ..."),
            format!("Unpacking {name} ({version}) over ({from}) ..."),
        ],
        None => vec![
            format!("Selecting previously unselected package {name}."),
            format!("Preparing to unpack {file} ..."),
            format!("Unpacking {name} ({version}) ..."),
        ],
    }
}

/// Configuring one package, with the question about a changed file answered for the old one.
pub(super) fn configure(change: &PackageChange, kept: Option<&str>) -> Vec<String> {
    let version = change.to.as_deref().unwrap_or_default();
    let mut lines = vec![format!("Setting up {} ({version}) ...", change.package)];
    if let Some(file) = kept {
        lines.push(format!("Configuration file '{file}'"));
        lines.push(" ==> Modified (by you or by a script) since installation.".into());
        lines.push(" ==> Keeping old config file as default.".into());
    }
    lines
}

/// The end.
pub(super) fn triggers(machine: &Machine) -> String {
    let libc = machine
        .packages
        .get("libc6")
        .map_or("2.36", |p| p.version.as_str());
    format!("Processing triggers for libc-bin ({libc}) ...")
}
