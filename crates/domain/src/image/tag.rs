//! Newer tags of the same family: `1.27.3-alpine` has `1.27.4-alpine`, not `1.28-bookworm` and not `latest`.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The newest tags beside the one in use, by how far they jump. Each is the newest of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Newer {
    /// The first two numbers are the same.
    pub patch: Option<String>,
    /// The first number is the same.
    pub minor: Option<String>,
    /// The first number grew: never taken unasked.
    pub major: Option<String>,
}

/// The numbers of a tag, and everything around them that must stay as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Family<'a> {
    /// `v`, `version-`, `release-`.
    prefix: &'a str,
    /// `1.27.3`.
    numbers: Vec<u64>,
    /// `-alpine`, `-ls` with the number of a rebuild taken out.
    suffix: String,
    /// Numbers in the suffix: rebuilds of the same version.
    rebuild: Vec<u64>,
    /// The first number is a year or a day: no version is beside it.
    date: bool,
}

/// The longest run of digits that is a number; longer ones are hashes or times.
const LONGEST_NUMBER: usize = 12;
const YEARS: std::ops::RangeInclusive<u64> = 1990..=2199;
/// Days as numbers: `20261128`.
const DAYS: std::ops::RangeInclusive<u64> = 19_900_101..=21_991_231;

fn family(tag: &str) -> Option<Family<'_>> {
    let begin = tag.find(|c: char| c.is_ascii_digit())?;
    let (prefix, rest) = tag.split_at(begin);
    let joined = |c: char| matches!(c, 'v' | '-' | '_');
    if !(prefix.is_empty() || prefix.ends_with(joined)) {
        return None;
    }
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (figures, suffix) = rest.split_at(end);
    let numbers = numbers(figures)?;
    // A commit's hash looks like a number and a word: `7fd1a60`.
    if numbers.len() == 1 && suffix.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let (suffix, rebuild) = split_rebuild(suffix)?;
    let dated = |first: &u64| YEARS.contains(first) || DAYS.contains(first);
    let date = numbers.first().is_some_and(dated);
    Some(Family {
        prefix,
        numbers,
        suffix,
        rebuild,
        date,
    })
}

fn numbers(figures: &str) -> Option<Vec<u64>> {
    figures
        .split('.')
        .map(|part| match part.len() {
            1..=LONGEST_NUMBER => part.parse().ok(),
            _ => None,
        })
        .collect()
}

/// `-ls123` is `-ls` and 123. A suffix that names another version, such as `-php8.2`, keeps its numbers: whoever chose
/// it wants it.
fn split_rebuild(suffix: &str) -> Option<(String, Vec<u64>)> {
    for mark in ["-ls", "-r", "-build", "-b"] {
        if let Some(number) = suffix.strip_prefix(mark)
            && !number.is_empty()
            && number.bytes().all(|c| c.is_ascii_digit())
        {
            return Some((mark.to_owned(), numbers(number)?));
        }
    }
    Some((suffix.to_owned(), Vec::new()))
}

impl Family<'_> {
    fn is_like(&self, other: &Self) -> bool {
        self.prefix == other.prefix
            && self.suffix == other.suffix
            && self.numbers.len() == other.numbers.len()
            && self.date == other.date
    }

    fn order(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| self.rebuild.cmp(&other.rebuild))
    }
}

/// Whether a tag is a version, which others can be newer than.
pub fn is_version(tag: &str) -> bool {
    family(tag).is_some()
}

/// Which of `all` are newer than `current` within its family. A tag that is no version has none.
pub fn newer<'a>(current: &str, all: impl IntoIterator<Item = &'a str>) -> Newer {
    let mut newer = Newer::default();
    let Some(now) = family(current) else {
        return newer;
    };
    let mut best: [Option<(Family<'a>, &'a str)>; 3] = [None, None, None];
    for tag in all {
        let Some(found) = family(tag) else { continue };
        if !found.is_like(&now) || found.order(&now) != Ordering::Greater {
            continue;
        }
        let place = &mut best[jump(&now, &found)];
        if place
            .as_ref()
            .is_none_or(|(known, _)| found.order(known) == Ordering::Greater)
        {
            *place = Some((found, tag));
        }
    }
    let [patch, minor, major] = best.map(|found| found.map(|(_, tag)| tag.to_owned()));
    newer.patch = patch;
    newer.minor = minor;
    newer.major = major;
    newer
}

/// 0 for a patch, 1 for a minor, 2 for a major jump: by the first number that differs. With one number alone, any
/// growth may break; with a date, the year is the first.
fn jump(now: &Family<'_>, then: &Family<'_>) -> usize {
    let differs = now
        .numbers
        .iter()
        .zip(&then.numbers)
        .position(|(a, b)| a != b);
    match differs {
        None => 0,
        Some(0) => 2,
        Some(1) => 1,
        Some(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(current: &str, all: &[&str]) -> (Option<String>, Option<String>, Option<String>) {
        let Newer {
            patch,
            minor,
            major,
        } = newer(current, all.iter().copied());
        (patch, minor, major)
    }

    fn some(tag: &str) -> Option<String> {
        (!tag.is_empty()).then(|| tag.to_owned())
    }

    #[test]
    fn newer_ones_stay_in_the_family() {
        let rows: [(&str, &[&str], [&str; 3]); 14] = [
            (
                "1.27.3",
                &["1.27.4", "1.28.0", "2.0.0", "latest"],
                ["1.27.4", "1.28.0", "2.0.0"],
            ),
            (
                "1.27.3-alpine",
                &["1.27.4", "1.27.4-alpine", "1.27.5-bookworm"],
                ["1.27.4-alpine", "", ""],
            ),
            (
                "16-alpine",
                &["16", "17", "17-alpine", "17.1-alpine"],
                ["", "", "17-alpine"],
            ),
            (
                "v1.2.3",
                &["1.2.4", "v1.2.4", "v1.10.0", "v1.9.0"],
                ["v1.2.4", "v1.10.0", ""],
            ),
            (
                "2026.04.0",
                &["2026.04.1", "2026.10.0", "2027.01.0", "9999.0.0"],
                ["2026.04.1", "2026.10.0", "2027.01.0"],
            ),
            (
                "4.0.1.929",
                &["4.0.1.930", "4.0.2.1", "5.0.0.0"],
                ["4.0.2.1", "", "5.0.0.0"],
            ),
            (
                "4.0.1-ls12",
                &["4.0.1-ls13", "4.0.2-ls1", "4.0.2"],
                ["4.0.2-ls1", "", ""],
            ),
            (
                "8.2-php8.1",
                &["8.3-php8.1", "8.3-php8.2"],
                ["", "8.3-php8.1", ""],
            ),
            ("latest", &["1.0", "2.0"], ["", "", ""]),
            ("7fd1a60", &["8aa1b61", "9"], ["", "", ""]),
            ("1.27", &["1.27.3", "1.28", "1.28.1"], ["", "1.28", ""]),
            ("10", &["20261128", "2026", "11"], ["", "", "11"]),
            ("20261001", &["20261128", "10"], ["", "", "20261128"]),
            (
                "1.0.0-rc1",
                &["1.0.0", "1.0.0-rc2", "1.0.1-rc1"],
                ["1.0.1-rc1", "", ""],
            ),
        ];
        for (current, all, [patch, minor, major]) in rows {
            assert_eq!(
                of(current, all),
                (some(patch), some(minor), some(major)),
                "{current}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_never_goes_back(tags in proptest::collection::vec("[v0-9.a-z-]{0,12}", 0..8)) {
            for current in &tags {
                let newer = newer(current, tags.iter().map(String::as_str));
                for tag in [&newer.patch, &newer.minor, &newer.major].into_iter().flatten() {
                    prop_assert_ne!(tag, current);
                    prop_assert!(tags.contains(tag));
                }
            }
        }
    }
}
