//! Reads `apt-cache show`: sizes of packages, for the download and on the disk, and what they were built from.

use std::collections::BTreeMap;

/// One version of a package; sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// Of the file to fetch; none when no repository has it.
    pub download: Option<u64>,
    /// On the disk, as the package itself estimates it.
    pub installed: Option<u64>,
    /// The source package, where it is called otherwise.
    pub source: Option<String>,
}

/// By package, architecture and version.
pub(super) type Table = BTreeMap<(String, String, String), Shown>;

/// Reads stanzas of `Field: value` lines, with an empty line between them.
pub(super) fn parse(text: &str) -> Table {
    let mut table = Table::new();
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
        let shown = Shown {
            download: number("Size"),
            installed: number("Installed-Size").map(|kib| kib.saturating_mul(1024)),
            // Its own version may follow: `glibc (2.36-9)`.
            source: field("Source")
                .and_then(|s| s.split(' ').next())
                .map(str::to_owned),
        };
        let entry = table
            .entry((package.to_owned(), arch.to_owned(), version.to_owned()))
            .or_default();
        // The same version may be listed twice, once by a source that does not say everything.
        entry.download = entry.download.or(shown.download);
        entry.installed = entry.installed.or(shown.installed);
        entry.source = entry.source.take().or(shown.source);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_found_by_version() {
        let text = "Package: perl-base\nSource: perl (5.36.0-7)\nVersion: 5.36.0-7+deb12u4\nInstalled-Size: 670\nArchitecture: amd64\nSize: 239392\n\nPackage: local\nArchitecture: all\nVersion: 1\n\n\nE: x\n";
        let table = parse(text);
        let key = |p: &str, a: &str, v: &str| (p.to_owned(), a.to_owned(), v.to_owned());
        assert_eq!(
            table[&key("perl-base", "amd64", "5.36.0-7+deb12u4")],
            Shown {
                download: Some(239_392),
                installed: Some(670 * 1024),
                source: Some("perl".to_owned()),
            }
        );
        assert_eq!(table[&key("local", "all", "1")], Shown::default());
        assert_eq!(table.len(), 2);
    }

    proptest! {
        #[test]
        fn never_panics(text in "(Package|Version|Size|Architecture|:| |\n|9){0,60}") {
            let _ = parse(&text);
        }
    }
}
