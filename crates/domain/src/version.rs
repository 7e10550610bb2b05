//! Debian's rules for comparing versions (deb-version(7)): epoch, upstream, revision; `~` before everything.

use std::cmp::Ordering;

/// Compares two version texts by dpkg's rules. Texts that are no versions compare too, in some fixed order.
pub fn compare_debian(a: &str, b: &str) -> Ordering {
    let (epoch_a, upstream_a, revision_a) = split(a);
    let (epoch_b, upstream_b, revision_b) = split(b);
    epoch_a
        .cmp(&epoch_b)
        .then_with(|| part(upstream_a, upstream_b))
        .then_with(|| part(revision_a, revision_b))
}

fn split(version: &str) -> (u64, &str, &str) {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, version),
    };
    // A missing revision equals "0".
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    (epoch, upstream, revision)
}

/// Order of one character outside a run of digits: `~`, then the end, then letters, then the rest.
fn weight(c: Option<u8>) -> i32 {
    match c {
        Some(b'~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => i32::from(c),
        Some(c) => i32::from(c) + 256,
    }
}

fn part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        loop {
            let next = |s: &[u8]| s.first().copied().filter(|c| !c.is_ascii_digit());
            let (x, y) = (next(a), next(b));
            if x.is_none() && y.is_none() {
                break;
            }
            match weight(x).cmp(&weight(y)) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        }
        let number = |s: &mut &[u8]| {
            let digits = s.iter().take_while(|c| c.is_ascii_digit()).count();
            let (run, rest) = s.split_at(digits);
            *s = rest;
            let zeros = run.iter().take_while(|c| **c == b'0').count();
            run[zeros..].to_vec()
        };
        let (x, y) = (number(&mut a), number(&mut b));
        // Without leading zeros a longer run is the larger number, however long.
        match x.len().cmp(&y.len()).then_with(|| x.cmp(&y)) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::compare_debian;
    use proptest::prelude::*;
    use std::cmp::Ordering;

    #[test]
    fn orders_as_dpkg_does() {
        // Each row is "smaller, larger", or equal where marked.
        let rows = [
            ("1.0~rc1", "1.0"),
            ("1.0", "1.0a"),
            ("1.9", "1.10"),
            ("2", "1:1"),
            ("1.0-1", "1.0-2"),
            ("1.0-1~deb12u1", "1.0-1"),
            ("1.0", "1.0+b1"),
            ("0.9~~", "0.9~"),
            ("1.0-1", "1.0-1+b1"),
            ("7.88.1-10+deb12u8", "7.88.1-10+deb12u12"),
            ("5:27.3.1-1", "5:27.4.0-1"),
            ("a", "a1"),
            ("1a", "1b"),
            ("1.a", "1.+"),
        ];
        for (small, large) in rows {
            assert_eq!(
                compare_debian(small, large),
                Ordering::Less,
                "{small} < {large}"
            );
            assert_eq!(
                compare_debian(large, small),
                Ordering::Greater,
                "{large} > {small}"
            );
        }
        for (a, b) in [("1.0", "1.0-0"), ("01.1", "1.01"), ("0:1", "1")] {
            assert_eq!(compare_debian(a, b), Ordering::Equal, "{a} = {b}");
        }
    }

    proptest! {
        #[test]
        fn is_a_total_order(a in "[0-9a-z.~+:-]{0,9}", b in "[0-9a-z.~+:-]{0,9}", c in "[0-9a-z.~+:-]{0,9}") {
            prop_assert_eq!(compare_debian(&a, &b), compare_debian(&b, &a).reverse());
            if compare_debian(&a, &b) != Ordering::Greater && compare_debian(&b, &c) != Ordering::Greater {
                prop_assert_ne!(compare_debian(&a, &c), Ordering::Greater);
            }
        }
    }
}
