//! Reads `apt-cache show`: sizes of packages, for the download and on the disk.

use std::collections::BTreeMap;

/// Sizes of one version of a package, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Of the file to fetch; none when no repository has it.
    pub download: Option<u64>,
    /// On the disk, as the package itself estimates it.
    pub installed: Option<u64>,
}

/// By package, architecture and version.
pub(super) type SizeTable = BTreeMap<(String, String, String), Sizes>;

/// Reads stanzas of `Field: value` lines, with an empty line between them.
pub(super) fn parse(text: &str) -> SizeTable {
    let mut table = SizeTable::new();
    for stanza in text.split("\n\n") {
        let field = |name: &str| {
            stanza
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
        };
        let (Some(package), Some(arch), Some(version)) =
            (field("Package"), field("Architecture"), field("Version"))
        else {
            continue;
        };
        let number = |name: &str| field(name).and_then(|v| v.parse::<u64>().ok());
        let sizes = Sizes {
            download: number("Size"),
            installed: number("Installed-Size").map(|kib| kib.saturating_mul(1024)),
        };
        let entry = table
            .entry((package.to_owned(), arch.to_owned(), version.to_owned()))
            .or_default();
        // The same version may be listed twice, once by a source that does not say everything.
        entry.download = entry.download.or(sizes.download);
        entry.installed = entry.installed.or(sizes.installed);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_found_by_version() {
        let text = "Package: perl\nVersion: 5.36.0-7+deb12u4\nInstalled-Size: 670\nArchitecture: amd64\nSize: 239392\n\nPackage: local\nArchitecture: all\nVersion: 1\n\n\nE: x\n";
        let table = parse(text);
        let key = |p: &str, a: &str, v: &str| (p.to_owned(), a.to_owned(), v.to_owned());
        assert_eq!(
            table[&key("perl", "amd64", "5.36.0-7+deb12u4")],
            Sizes {
                download: Some(239_392),
                installed: Some(670 * 1024)
            }
        );
        assert_eq!(table[&key("local", "all", "1")], Sizes::default());
        assert_eq!(table.len(), 2);
    }

    proptest! {
        #[test]
        fn never_panics(text in "(Package|Version|Size|Architecture|:| |\n|9){0,60}") {
            let _ = parse(&text);
        }
    }
}
