//! When the agent fetches the package lists by itself: about once a day, every machine at a moment of its own.

use domain::Timestamp;
use sha2::{Digest, Sha256};
use wire::Machine;

const HOUR: i64 = 3600 * 1000;
/// Lists are fetched again when they are so old, in milliseconds.
const AGE: i64 = 24 * HOUR;
/// By how much the moments of machines differ at most.
const SPREAD: i64 = 2 * HOUR;
/// Between two tries of which the first fetched nothing.
const AGAIN: i64 = HOUR;

/// Milliseconds from 0 to below two hours, always the same on one machine: a fleet must not ask its mirror at once.
pub(super) fn jitter(machine: &Machine) -> i64 {
    let mut hasher = Sha256::new();
    hasher.update(machine.id.as_deref().unwrap_or_default());
    for mac in &machine.macs {
        hasher.update([0]);
        hasher.update(mac);
    }
    let number = hasher
        .finalize()
        .iter()
        .take(4)
        .fold(0, |number, byte| number << 8 | i64::from(*byte));
    number % SPREAD
}

/// Whether to fetch now. `contact` is when this agent first had a desktop, `lists` when they were last fetched by
/// whomever, `tried` when the agent last tried.
pub(super) fn is_due(
    now: Timestamp,
    contact: Option<Timestamp>,
    lists: Option<Timestamp>,
    tried: Option<Timestamp>,
    jitter: i64,
) -> bool {
    let Some(contact) = contact else {
        return false;
    };
    let old = match lists {
        Some(at) => now.since(at) >= AGE + jitter,
        None => now.since(contact) >= jitter,
    };
    old && tried.is_none_or(|at| now.since(at) >= AGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn ago(hours: i64) -> Option<Timestamp> {
        Some(NOW.plus_millis(-hours * HOUR))
    }

    #[test]
    fn lists_are_fetched_a_day_and_the_machines_own_share_after_the_last_time() {
        // contact, lists, tried (hours ago), jitter in hours, due
        let cases = [
            (ago(100), ago(24), None, 0, true),
            (ago(100), ago(23), None, 0, false),
            (ago(100), ago(25), None, 2, false),
            (ago(100), ago(26), None, 2, true),
            (None, ago(1000), None, 0, false),
            (None, None, None, 0, false),
            (ago(0), None, None, 1, false),
            (ago(1), None, None, 1, true),
            (ago(100), ago(30), ago(0), 0, false),
            (ago(100), ago(30), ago(1), 0, true),
            (ago(100), ago(-5), None, 0, false),
        ];
        for (contact, lists, tried, jitter, due) in cases {
            assert_eq!(
                is_due(NOW, contact, lists, tried, jitter * HOUR),
                due,
                "{contact:?} {lists:?} {tried:?} {jitter}"
            );
        }
    }

    #[test]
    fn machines_differ_and_each_keeps_its_moment() {
        let machine = |n: u8| Machine {
            id: Some("0123".into()),
            macs: vec![format!("bc:24:11:00:00:{n:02x}")],
        };
        let all: Vec<i64> = (0..100).map(|n| jitter(&machine(n))).collect();
        assert!(all.iter().all(|j| (0..SPREAD).contains(j)), "{all:?}");
        assert_eq!(all[7], jitter(&machine(7)));
        let quarters: std::collections::BTreeSet<i64> =
            all.iter().map(|j| j * 4 / SPREAD).collect();
        assert_eq!(quarters.len(), 4, "spread over the whole span: {all:?}");
    }
}
