//! Name, operating system, architecture and network cards of the guest.

use std::{fs, time::Duration};

use domain::inventory::Os;

use super::addresses::is_inner;
use crate::Layout;

/// From `/etc/os-release`, or `/usr/lib/os-release` where that is missing.
pub fn os(layout: &Layout) -> Os {
    ["etc/os-release", "usr/lib/os-release"]
        .iter()
        .find_map(|path| fs::read_to_string(layout.at(path)).ok())
        .map_or_else(Os::default, |text| parse_os(&text))
}

pub(super) fn parse_os(text: &str) -> Os {
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))
            .map(unquoted)
            .unwrap_or_default()
    };
    Os {
        id: value("ID"),
        version: value("VERSION_ID"),
        name: value("PRETTY_NAME"),
    }
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    let inner = ['"', '\'']
        .iter()
        .find_map(|q| value.strip_prefix(*q)?.strip_suffix(*q))
        .unwrap_or(value);
    inner.replace("\\\"", "\"").replace("\\$", "$")
}

/// Debian's name of the architecture that this agent was built for, which is the guest's.
pub fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "i386",
        "arm" => "armhf",
        "powerpc64" => "ppc64el",
        other => other,
    }
}

/// The guest's host name; empty when the kernel does not say.
pub fn name(layout: &Layout) -> String {
    fs::read_to_string(layout.at("proc/sys/kernel/hostname"))
        .map(|n| n.trim().to_owned())
        .unwrap_or_default()
}

/// MAC addresses of the guest's own interfaces, lower case with colons, in order of the interfaces' names.
pub fn macs(layout: &Layout) -> Vec<String> {
    let Ok(entries) = fs::read_dir(layout.at("sys/class/net")) else {
        return Vec::new();
    };
    let mut cards: Vec<(String, String)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let mac = fs::read_to_string(entry.path().join("address")).ok()?;
            let mac = mac.trim().to_ascii_lowercase();
            let real = !is_inner(&name) && mac.len() == 17 && mac != "00:00:00:00:00:00";
            real.then_some((name, mac))
        })
        .collect();
    cards.sort();
    cards.into_iter().map(|(_, mac)| mac).collect()
}

/// How long after its guest this process was started. `/proc/uptime` may be the node's, so process 1 is compared with.
pub fn started_after_boot(layout: &Layout) -> Option<Duration> {
    let stat = |process: &str| fs::read_to_string(layout.at(&format!("proc/{process}/stat"))).ok();
    let (first, own) = (started(&stat("1")?)?, started(&stat("self")?)?);
    Some(Duration::from_millis(own.checked_sub(first)? * TICK_MS))
}

/// Length of the kernel's clock tick as programs see it, on every architecture that the agent is built for.
const TICK_MS: u64 = 10;

/// When a process was started, in ticks since the node's start: field 22 of its `stat`.
pub(super) fn started(stat: &str) -> Option<u64> {
    // The name in parentheses may hold anything, so count from its end.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_is_read_with_and_without_quotes() {
        let os = parse_os(
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME='Debian'\nVERSION_ID=\"12\"\nID=debian\nID_LIKE=x\n",
        );
        assert_eq!(
            (os.id.as_str(), os.version.as_str(), os.name.as_str()),
            ("debian", "12", "Debian GNU/Linux 12 (bookworm)")
        );
        assert_eq!(parse_os("nonsense"), Os::default());
    }

    #[test]
    fn the_time_between_the_guests_start_and_ours_needs_no_clock() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        assert_eq!(started_after_boot(&layout), None);
        for (process, ticks) in [("1", 8_000), ("self", 9_500)] {
            let folder = root.path().join("proc").join(process);
            fs::create_dir_all(&folder).unwrap();
            let stat =
                format!("{process} (a) b) S 0 1 1 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 {ticks} 9");
            fs::write(folder.join("stat"), stat).unwrap();
        }
        assert_eq!(started_after_boot(&layout), Some(Duration::from_secs(15)));
    }

    #[test]
    fn only_the_guests_own_cards_count() {
        let root = tempfile::tempdir().unwrap();
        for (name, mac) in [
            ("eth1", "BC:24:11:00:00:02"),
            ("eth0", "bc:24:11:00:00:01"),
            ("lo", "00:00:00:00:00:00"),
            ("docker0", "02:42:11:00:00:01"),
            ("veth12ab", "02:42:11:00:00:03"),
        ] {
            let folder = root.path().join("sys/class/net").join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("address"), format!("{mac}\n")).unwrap();
        }
        assert_eq!(
            macs(&Layout::new(root.path())),
            ["bc:24:11:00:00:01", "bc:24:11:00:00:02"]
        );
    }
}
