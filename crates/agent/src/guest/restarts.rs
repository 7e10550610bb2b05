//! Which services still run code that an update has replaced: their processes map files that are deleted.

use std::{collections::BTreeSet, fs, path::Path};

use crate::Layout;

/// Names of systemd units, sorted. Only what `/proc` lets us read.
pub fn needed(layout: &Layout) -> Vec<String> {
    units(layout, uses_replaced)
}

/// Units that run code from `files`, named as dpkg names them.
pub fn running(layout: &Layout, files: &BTreeSet<String>) -> Vec<String> {
    // With a merged /usr the kernel says /usr/lib where an older package says /lib.
    let plain = |path: &str| path.strip_prefix("/usr").unwrap_or(path).to_owned();
    let files: BTreeSet<String> = files.iter().map(|file| plain(file)).collect();
    units(layout, |maps| {
        maps.lines()
            .filter_map(code)
            .any(|path| files.contains(&plain(path)))
    })
}

/// Units with a process whose maps are of that kind.
fn units(layout: &Layout, is: impl Fn(&str) -> bool) -> Vec<String> {
    let Ok(entries) = fs::read_dir(layout.at("proc")) else {
        return Vec::new();
    };
    let own = std::process::id().to_string();
    let units: BTreeSet<String> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.bytes().all(|b| b.is_ascii_digit()) && name != own
        })
        .filter_map(|entry| unit(&entry.path(), &is))
        .collect();
    units.into_iter().collect()
}

/// The unit of a process whose maps are of that kind.
fn unit(process: &Path, is: impl Fn(&str) -> bool) -> Option<String> {
    // The unit first: kernel threads and processes of inner containers have none, and their maps need no reading.
    let unit = unit_of(&fs::read_to_string(process.join("cgroup")).ok()?)?;
    let maps = fs::read_to_string(process.join("maps")).ok()?;
    is(&maps).then_some(unit)
}

/// `0::/system.slice/ssh.service` → `ssh.service`. Units of users and of inner containers do not count.
pub(super) fn unit_of(cgroup: &str) -> Option<String> {
    let path = cgroup.lines().find_map(|l| {
        l.strip_prefix("0::")
            .or_else(|| l.split_once("name=systemd:").map(|(_, p)| p))
    })?;
    if path.contains("/user.slice/") || path.contains("docker") || path.contains("/lxc") {
        return None;
    }
    let unit = path.split('/').find(|part| part.ends_with(".service"))?;
    let ours = unit.starts_with("redflag-job-");
    (!ours).then(|| unit.to_owned())
}

pub(super) fn uses_replaced(maps: &str) -> bool {
    const CODE: [&str; 6] = ["/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/", "/opt/"];
    maps.lines().any(|line| {
        let path = line.strip_suffix(" (deleted)").and_then(code);
        path.is_some_and(|path| CODE.iter().any(|folder| path.starts_with(folder)))
    })
}

/// The file of a line of `maps`, if it holds code.
fn code(line: &str) -> Option<&str> {
    // address perms offset dev inode path
    let mut fields = line.split_ascii_whitespace();
    let executable = fields.nth(1).is_some_and(|p| p.contains('x'));
    fields.nth(3).filter(|_| executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_with_a_replaced_library_is_named() {
        let root = tempfile::tempdir().unwrap();
        let process = |pid: &str, cgroup: &str, map: &str| {
            let folder = root.path().join("proc").join(pid);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("cgroup"), format!("0::{cgroup}\n")).unwrap();
            let line = format!("7f1c0-7f1c8 {map}\n");
            fs::write(folder.join("maps"), line).unwrap();
        };
        let gone = "r-xp 00000000 08:01 1234 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)";
        process("10", "/system.slice/ssh.service", gone);
        process("11", "/system.slice/ssh.service", gone);
        process(
            "12",
            "/system.slice/cron.service",
            "r-xp 0 08:01 1 /usr/sbin/cron",
        );
        process("13", "/system.slice/docker-ab12.scope", gone);
        process(
            "14",
            "/user.slice/user-0.slice/user@0.service/x.service",
            gone,
        );
        process(
            "15",
            "/system.slice/db.service",
            "rw-s 0 00:01 9 /dev/zero (deleted)",
        );
        process(
            "16",
            "/system.slice/tmp.service",
            "r-xp 0 08:01 9 /tmp/x (deleted)",
        );
        fs::create_dir_all(root.path().join("proc/net")).unwrap();
        let layout = Layout::new(root.path());
        assert_eq!(needed(&layout), ["ssh.service"]);
        let files = ["/sbin/cron", "/etc/default/cron"].map(str::to_owned);
        assert_eq!(running(&layout, &files.into()), ["cron.service"]);
        assert_eq!(running(&layout, &BTreeSet::new()), [""; 0]);
    }
}
