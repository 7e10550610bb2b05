//! The order of versions is dpkg's own: thousands of generated pairs, judged by the real program.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    process::Command,
    thread,
};

use domain::version::compare_debian;

const PAIRS: usize = 10_000;
/// As many shells ask dpkg at the same time.
const LANES: usize = 4;
/// Says what dpkg does not agree with. One shell for many pairs, since a process for each costs more than the question.
const ASK: &str = "while read -r a how b; do dpkg --compare-versions \"$a\" \"$how\" \"$b\" || echo \"$a $how $b: $?\"; done";
/// What stands in versions between digits, the telling ones more than once.
const MARKS: [&str; 16] = [
    ".", ".", "+", "~", "~", "~~", "a", "b", "rc", "Z", "+b", "+deb12u", "~bpo", "+dfsg", ".~",
    "+~",
];

/// Numbers that are the same with every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn digits(&mut self) -> String {
        match self.below(6) {
            0 => "0".to_owned(),
            1 => format!("0{}", self.below(20)),
            2 => (self.below(1000) * 1_000_003).to_string(),
            // Longer than any integer of a processor.
            3 if self.one_in(8) => format!("{}123456789012345678901234567890", self.below(9)),
            _ => self.below(12).to_string(),
        }
    }

    /// Digits and marks, digits first.
    fn part(&mut self, longest: usize) -> Vec<String> {
        let mut pieces = vec![self.digits()];
        for _ in 0..self.below(longest) {
            pieces.push(MARKS[self.below(MARKS.len())].to_owned());
            if !self.one_in(3) {
                pieces.push(self.digits());
            }
        }
        pieces
    }

    fn version(&mut self) -> Version {
        let revision = |numbers: &mut Self| match numbers.below(3) {
            0 => Vec::new(),
            1 => vec!["0".to_owned()],
            _ => numbers.part(3),
        };
        Version {
            epoch: self.one_in(4).then(|| self.below(3)),
            upstream: self.part(4),
            revision: revision(self),
        }
    }

    /// A neighbour of `version`, or the same in other words: unrelated versions differ with their first digits, where
    /// nothing is learnt.
    fn neighbour(&mut self, version: &Version) -> Version {
        let mut other = version.clone();
        let end = other.upstream.len();
        match self.below(8) {
            0 => other.epoch = Some(other.epoch.unwrap_or(0)),
            1 => other.epoch = Some(self.below(3)),
            2 if other.revision.is_empty() => other.revision.push("0".to_owned()),
            2 => other.revision = self.part(3),
            3 => other.upstream[0].insert(0, '0'),
            4 => other
                .upstream
                .push(MARKS[self.below(MARKS.len())].to_owned()),
            5 => other.upstream.truncate(1 + self.below(end)),
            6 => other.upstream[0] = self.digits(),
            _ => other
                .revision
                .push(MARKS[self.below(MARKS.len())].to_owned()),
        }
        other
    }
}

#[derive(Clone)]
struct Version {
    epoch: Option<usize>,
    upstream: Vec<String>,
    revision: Vec<String>,
}

impl Version {
    fn text(&self) -> String {
        let epoch = self.epoch.map_or_else(String::new, |e| format!("{e}:"));
        let mut text = format!("{epoch}{}", self.upstream.concat());
        if !self.revision.is_empty() {
            text.push('-');
            text.push_str(&self.revision.concat());
        }
        text
    }
}

fn pairs() -> Vec<(String, String)> {
    let mut numbers = Numbers(20_240_229);
    (0..PAIRS)
        .map(|_| {
            let a = numbers.version();
            let b = if numbers.one_in(4) {
                numbers.version()
            } else {
                numbers.neighbour(&a)
            };
            (a.text(), b.text())
        })
        .collect()
}

#[test]
fn ten_thousand_pairs_are_ordered_as_dpkg_orders_them() {
    if Command::new("dpkg").arg("--version").output().is_err() {
        let why = "there is no dpkg on this machine";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
        eprintln!("not run here: {why}");
        return;
    }
    let pairs = pairs();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let claims: Vec<String> = pairs
        .iter()
        .map(|(a, b)| {
            let how = match compare_debian(a, b) {
                Ordering::Less => "lt",
                Ordering::Equal => "eq",
                Ordering::Greater => "gt",
            };
            *kinds.entry(how).or_default() += 1;
            format!("{a} {how} {b}\n")
        })
        .collect();
    // All three answers are asked for often, so that none of them passes unseen.
    assert!(
        kinds.len() == 3 && kinds.values().all(|n| *n >= PAIRS / 20),
        "{kinds:?}"
    );
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lanes: Vec<_> = claims
        .chunks(PAIRS.div_ceil(LANES))
        .enumerate()
        .map(|(lane, claims)| {
            let path = folder.join(format!("version-pairs-{lane}"));
            fs::write(&path, claims.concat()).unwrap();
            thread::spawn(move || {
                let asked = Command::new("sh")
                    .args(["-c", ASK])
                    .stdin(File::open(&path).unwrap())
                    .output()
                    .unwrap();
                assert!(asked.status.success(), "{asked:?}");
                String::from_utf8(asked.stdout).unwrap()
            })
        })
        .collect();
    let wrong: String = lanes.into_iter().map(|l| l.join().unwrap()).collect();
    assert_eq!(
        wrong, "",
        "dpkg does not agree (1), or knows no such version (2)"
    );
}
