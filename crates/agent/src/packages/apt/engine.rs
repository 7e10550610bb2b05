//! Docker's engine: its update restarts every Docker container of the guest, so it is left out unless allowed.

use domain::operation::UpdateFilter;

/// Packages whose update stops or restarts containers, by whichever distribution's names.
const PACKAGES: [&str; 6] = [
    "docker-ce",
    "docker.io",
    "moby-engine",
    "containerd.io",
    "containerd",
    "runc",
];

/// Why it is left out.
pub(super) const WHY: &str =
    "Docker's engine: its update restarts every Docker container of this LXC";

/// Whether a package belongs to it.
pub(super) fn is_part(package: &str) -> bool {
    PACKAGES.contains(&package)
}

/// Whether the user named it: what is asked for by name is no surprise.
pub(super) fn is_named(only: &UpdateFilter, package: &str) -> bool {
    match only {
        UpdateFilter::Packages { names } => names
            .iter()
            .any(|name| name.split(':').next() == Some(package)),
        UpdateFilter::All
        | UpdateFilter::Security
        | UpdateFilter::Approved
        | UpdateFilter::Severities { .. }
        | UpdateFilter::Images { .. } => false,
    }
}
