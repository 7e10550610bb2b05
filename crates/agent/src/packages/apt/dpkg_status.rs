//! dpkg's own file of what is installed, read without starting a program. What it leaves open is dpkg's to answer.

use std::{collections::BTreeSet, fs};

use super::database::Entry;
use crate::{Layout, packages::Installed};

/// What the file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// Installed packages by (package, architecture).
    pub installed: Vec<((String, String), Entry)>,
    /// Those that may be installed for several architectures at once: their control files are named by it.
    same: BTreeSet<String>,
    /// Packages whose installation was cut off.
    pub half: Installed,
    /// Something that `dpkg --audit` would name.
    pub doubtful: bool,
}

/// Reads the file, if it alone tells the whole truth: while dpkg works, or after it was cut off, there is a journal
/// beside it. None also when a line of it is of an unknown form.
pub(super) fn read(layout: &Layout) -> Option<Status> {
    // The journal before the file: what is merged in between is in the file.
    if journal(layout) > 0 {
        return None;
    }
    let text = fs::read(layout.at("var/lib/dpkg/status")).ok()?;
    let mut status = parse(&String::from_utf8_lossy(&text))?;
    if status.installed.is_empty() {
        return None;
    }
    status.doubtful |= !(known_architectures(layout, &status) && whole(layout, &status));
    Some(status)
}

/// How many entries dpkg left beside its file: names of digits, by dpkg's own rule.
pub(super) fn journal(layout: &Layout) -> usize {
    let Ok(entries) = fs::read_dir(layout.at("var/lib/dpkg/updates")) else {
        return 0;
    };
    let names = entries.flatten().map(|e| e.file_name());
    names
        .filter(|name| {
            let name = name.as_encoded_bytes();
            !name.is_empty() && name.iter().all(u8::is_ascii_digit)
        })
        .count()
}

/// The fields of one package that are wanted.
#[derive(Default)]
struct Stanza<'a> {
    package: &'a str,
    status: &'a str,
    arch: &'a str,
    version: &'a str,
    multi: &'a str,
    kib: u64,
}

/// Reads stanzas of `Field: value` lines. None when one of them has no name or a state that is not known.
pub(super) fn parse(text: &str) -> Option<Status> {
    let mut status = Status::default();
    let mut stanza = Stanza::default();
    for line in text.lines().chain([""]) {
        if line.is_empty() {
            let done = std::mem::take(&mut stanza);
            if !(done.package.is_empty() && done.status.is_empty()) {
                status.add(&done)?;
            }
        } else if !line.starts_with([' ', '\t'])
            && let Some((name, value)) = line.split_once(':')
        {
            let value = value.trim();
            match name {
                "Package" => stanza.package = value,
                "Status" => stanza.status = value,
                "Architecture" => stanza.arch = value,
                "Version" => stanza.version = value,
                "Multi-Arch" => stanza.multi = value,
                "Installed-Size" => stanza.kib = value.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
    Some(status)
}

impl Status {
    fn add(&mut self, stanza: &Stanza<'_>) -> Option<()> {
        let mut words = stanza.status.split_ascii_whitespace();
        let (want, flag, state) = (words.next()?, words.next()?, words.next()?);
        if stanza.package.is_empty() {
            return None;
        }
        // Its files are there from unpacking on.
        let (there, sound) = match state {
            "installed" => (true, true),
            "unpacked" | "half-configured" | "triggers-awaited" | "triggers-pending" => {
                (true, false)
            }
            "half-installed" => (false, false),
            "config-files" | "not-installed" => (false, true),
            _ => return None,
        };
        self.doubtful |= flag != "ok" || !sound;
        if state == "half-installed" && !stanza.version.is_empty() {
            let key = (stanza.package.to_owned(), stanza.arch.to_owned());
            self.half.insert(key, stanza.version.to_owned());
        }
        if !there {
            return Some(());
        }
        if stanza.version.is_empty() {
            return None;
        }
        self.doubtful |= stanza.arch.is_empty();
        if stanza.multi == "same" {
            self.same.insert(stanza.package.to_owned());
        }
        let key = (stanza.package.to_owned(), stanza.arch.to_owned());
        let entry = Entry {
            version: stanza.version.to_owned(),
            held: want == "hold",
            size: stanza.kib.saturating_mul(1024),
        };
        self.installed.push((key, entry));
        Some(())
    }
}

/// Whether every architecture is dpkg's own or one that was added to it.
fn known_architectures(layout: &Layout, status: &Status) -> bool {
    let added = fs::read_to_string(layout.at("var/lib/dpkg/arch")).unwrap_or_default();
    let mut known: BTreeSet<&str> = added.lines().map(str::trim).collect();
    known.insert("all");
    let own = status.installed.iter().find(|((p, _), _)| p == "dpkg");
    known.extend(own.map(|((_, arch), _)| arch.as_str()));
    status
        .installed
        .iter()
        .all(|((_, arch), _)| known.contains(arch.as_str()))
}

/// Whether the two control files that every package has are there.
fn whole(layout: &Layout, status: &Status) -> bool {
    let Ok(entries) = fs::read_dir(layout.at("var/lib/dpkg/info")) else {
        return false;
    };
    let names: BTreeSet<String> = entries
        .flatten()
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    status.installed.iter().all(|((package, arch), _)| {
        let stem = match status.same.contains(package) {
            true => format!("{package}:{arch}"),
            false => package.clone(),
        };
        ["list", "md5sums"]
            .iter()
            .all(|kind| names.contains(&format!("{stem}.{kind}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Package: apt\nStatus: install ok installed\nInstalled-Size: 4232\nArchitecture: amd64\nVersion: 2.6.1\nDescription: x\n Version: 9 is no field\n\nPackage: rf-held\nStatus: hold ok installed\nArchitecture: all\nVersion: 1.0\n\nPackage: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\nPackage: never\nStatus: unknown ok not-installed\n";

    fn layout(text: &str) -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        let info = folder.path().join("var/lib/dpkg/info");
        fs::create_dir_all(&info).unwrap();
        fs::create_dir_all(folder.path().join("var/lib/dpkg/updates")).unwrap();
        fs::write(folder.path().join("var/lib/dpkg/status"), text).unwrap();
        for name in ["dpkg", "apt", "rf-held", "libc6:amd64"] {
            fs::write(info.join(format!("{name}.list")), "").unwrap();
            fs::write(info.join(format!("{name}.md5sums")), "").unwrap();
        }
        let layout = Layout::new(folder.path());
        (folder, layout)
    }

    fn package(name: &str, arch: &str, more: &str) -> String {
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: {arch}\nVersion: 1\n{more}\n"
        )
    }

    #[test]
    fn installed_packages_and_holds_are_read() {
        let status = parse(TEXT).unwrap();
        let names: Vec<_> = status
            .installed
            .iter()
            .map(|((package, _), entry)| (package.as_str(), entry.version.as_str(), entry.held))
            .collect();
        assert_eq!(names, [("apt", "2.6.1", false), ("rf-held", "1.0", true)]);
        assert_eq!(status.installed[0].1.size, 4232 * 1024);
        assert!(!status.doubtful);
    }

    #[test]
    fn what_dpkg_would_name_is_doubtful() {
        for state in [
            "install reinstreq half-installed",
            "install ok unpacked",
            "install ok half-configured",
            "install ok triggers-awaited",
            "install ok triggers-pending",
            "install reinstreq installed",
        ] {
            let text = TEXT.replace("hold ok installed", state);
            assert!(parse(&text).unwrap().doubtful, "{state}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_to_dpkg() {
        assert_eq!(parse(&TEXT.replace("ok installed", "ok sleeping")), None);
        assert_eq!(parse("Status: install ok installed\n"), None);
        assert_eq!(parse("Package: a\n"), None);
        assert_eq!(
            parse("Package: a\nStatus: install ok installed\n"),
            None,
            "an installed package has a version"
        );
    }

    #[test]
    fn a_journal_beside_the_file_is_dpkgs_to_read() {
        let (folder, layout) = layout(TEXT);
        assert!(read(&layout).is_some());
        let updates = folder.path().join("var/lib/dpkg/updates");
        fs::write(updates.join("tmp.i"), "").unwrap();
        assert!(read(&layout).is_some(), "not a name of the journal");
        fs::write(updates.join("0000"), "").unwrap();
        assert!(read(&layout).is_none());
        assert_eq!(journal(&layout), 1);
    }

    #[test]
    fn lost_control_files_and_strange_architectures_are_doubtful() {
        let sound = |text: &str| {
            let (_folder, layout) = layout(text);
            !read(&layout).unwrap().doubtful
        };
        let dpkg = package("dpkg", "amd64", "");
        let same = "Multi-Arch: same\n";
        assert!(sound(&format!("{dpkg}{}", package("apt", "all", ""))));
        assert!(sound(&format!("{dpkg}{}", package("libc6", "amd64", same))));
        assert!(!sound(&format!("{dpkg}{}", package("libc6", "amd64", ""))));
        assert!(!sound(&format!("{dpkg}{}", package("curl", "amd64", ""))));
        let foreign = format!("{dpkg}{}", package("apt", "i386", ""));
        assert!(!sound(&foreign));
        let (folder, layout) = layout(&foreign);
        fs::write(folder.path().join("var/lib/dpkg/arch"), "amd64\ni386\n").unwrap();
        assert!(!read(&layout).unwrap().doubtful, "it was added");
    }

    proptest! {
        #[test]
        fn never_panics(text in "(Package|Status|Version|Architecture|: |ok |installed|\n| ){0,40}") {
            let _ = parse(&text);
        }
    }
}
