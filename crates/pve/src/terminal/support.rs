//! Whether a node's packages let API tokens onto consoles: no version number of Proxmox VE itself tells.

use crate::PackageVersion;

/// Since when `pve-container` asks for a ticket in the way that tokens have, by its first number (8: 5, 9: 6).
const SINCE: [(u32, [u32; 3]); 2] = [(5, [5, 3, 4]), (6, [6, 1, 3])];

/// What the packages of the node that is asked say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleSupport {
    Supported,
    /// Too old: the installed version, and the one from which on it works where there is one for this release.
    TooOld {
        installed: String,
        needed: Option<String>,
    },
    /// The package is not in the list.
    Unknown,
}

/// Judges by the list of [`crate::Client::apt_versions`] of the node that the client speaks to, which need not be the
/// guest's.
pub fn console_support(packages: &[PackageVersion]) -> ConsoleSupport {
    let found = packages.iter().find(|p| p.package == "pve-container");
    let Some(installed) = found.and_then(|package| package.installed.clone()) else {
        return ConsoleSupport::Unknown;
    };
    let Some(numbers) = numbers(&installed) else {
        return ConsoleSupport::Unknown;
    };
    let since = SINCE.iter().find(|(major, _)| *major == numbers[0]);
    let newest = SINCE.iter().map(|(major, _)| *major).max();
    let good = match since {
        Some((_, since)) => numbers >= *since,
        None => newest.is_some_and(|newest| numbers[0] > newest),
    };
    if good {
        return ConsoleSupport::Supported;
    }
    ConsoleSupport::TooOld {
        installed,
        needed: since.map(|(_, [a, b, c])| format!("{a}.{b}.{c}")),
    }
}

/// The first three numbers: `5.3.4`, `6.1.3+deb13u1`, `4.4-7`.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut numbers = [0; 3];
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    for (index, number) in numbers.iter_mut().enumerate() {
        match parts.next().map(str::parse) {
            Some(Ok(part)) => *number = part,
            _ if index > 0 => break,
            _ => return None,
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(version: &str) -> ConsoleSupport {
        console_support(&[PackageVersion {
            package: "pve-container".into(),
            installed: Some(version.into()),
        }])
    }

    #[test]
    fn the_release_decides_since_when() {
        for good in ["5.3.4", "5.10.0", "6.1.3", "6.2", "7.0.0", "6.1.3+x"] {
            assert_eq!(with(good), ConsoleSupport::Supported, "{good}");
        }
        for (old, needed) in [
            ("5.2.6", Some("5.3.4")),
            ("5.3.3", Some("5.3.4")),
            ("6.0.18", Some("6.1.3")),
            ("4.4-7", None),
        ] {
            let expected = ConsoleSupport::TooOld {
                installed: old.into(),
                needed: needed.map(str::to_owned),
            };
            assert_eq!(with(old), expected, "{old}");
        }
        for unknown in ["", "x", "99999999999.1"] {
            assert_eq!(with(unknown), ConsoleSupport::Unknown, "{unknown}");
        }
        assert_eq!(console_support(&[]), ConsoleSupport::Unknown);
    }
}
