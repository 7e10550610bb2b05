//! Pauses that double after each failure, with jitter.

use std::time::Duration;

/// Counts failures in a row.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(super) fn new((first, longest): (Duration, Duration)) -> Self {
        Self {
            first,
            longest,
            failures: 0,
        }
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed: how long to wait now. `random` from 0 to 1 spreads it over the upper half.
    pub(super) fn next(&mut self, random: f64) -> Duration {
        let doubled = 2u32.saturating_pow(self.failures.min(30));
        self.failures = self.failures.saturating_add(1);
        let full = self.first.saturating_mul(doubled).min(self.longest);
        full.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_and_start_again() {
        let mut backoff = Backoff::new((Duration::from_secs(1), Duration::from_secs(300)));
        let pauses: Vec<u64> = (0..12).map(|_| backoff.next(1.0).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        backoff.reset();
        assert_eq!(backoff.next(0.0), Duration::from_millis(500));
        for _ in 0..100 {
            assert!(backoff.next(0.3) <= Duration::from_secs(300));
        }
    }
}
