//! Keeps one address from trying enrolment codes at leisure. Successes do not count: a whole fleet may enrol
//! from behind one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered at most; the oldest go first.
const REMEMBERED: usize = 4096;

/// Failed tries to enrol, by address.
#[derive(Debug)]
pub(crate) struct FailedEnrolments {
    allowed: u32,
    by_address: Mutex<HashMap<IpAddr, Failures>>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    since: Instant,
    count: u32,
}

impl FailedEnrolments {
    /// `allowed` failures a minute and address.
    pub(crate) fn new(allowed: u32) -> Self {
        Self {
            allowed,
            by_address: Mutex::default(),
        }
    }

    /// Whether the address may try now.
    pub(crate) fn may_try(&self, address: IpAddr, now: Instant) -> bool {
        self.table()
            .get(&network_of(address))
            .is_none_or(|f| f.count < self.allowed || now.duration_since(f.since) >= WINDOW)
    }

    /// Remembers a failure.
    pub(crate) fn failed(&self, address: IpAddr, now: Instant) {
        let mut table = self.table();
        let key = network_of(address);
        if table.len() >= REMEMBERED && !table.contains_key(&key) {
            table.retain(|_, f| now.duration_since(f.since) < WINDOW);
            let oldest = table.iter().min_by_key(|(_, f)| f.since).map(|(k, _)| *k);
            if let Some(oldest) = oldest.filter(|_| table.len() >= REMEMBERED) {
                table.remove(&oldest);
            }
        }
        let entry = table.entry(key).or_insert(Failures {
            since: now,
            count: 0,
        });
        if now.duration_since(entry.since) >= WINDOW {
            *entry = Failures {
                since: now,
                count: 0,
            };
        }
        entry.count = entry.count.saturating_add(1);
    }

    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Failures>> {
        self.by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A machine may have any number of IPv6 addresses within its /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (!0 << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::{FailedEnrolments, REMEMBERED, WINDOW};
    use std::net::{IpAddr, Ipv4Addr};
    use tokio::time::Instant;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_the_address_that_failed_too_often_waits_and_only_for_a_minute() {
        let failed = FailedEnrolments::new(2);
        let start = Instant::now();
        for _ in 0..2 {
            assert!(failed.may_try(ip("10.0.0.1"), start));
            failed.failed(ip("10.0.0.1"), start);
        }
        assert!(!failed.may_try(ip("10.0.0.1"), start));
        assert!(!failed.may_try(ip("::ffff:10.0.0.1"), start));
        assert!(failed.may_try(ip("10.0.0.2"), start));
        assert!(failed.may_try(ip("10.0.0.1"), start + WINDOW));
        failed.failed(ip("10.0.0.1"), start + WINDOW);
        assert!(failed.may_try(ip("10.0.0.1"), start + WINDOW));
    }

    #[test]
    fn another_address_of_the_same_ipv6_network_is_the_same() {
        let failed = FailedEnrolments::new(1);
        let now = Instant::now();
        failed.failed(ip("2001:db8::1"), now);
        assert!(!failed.may_try(ip("2001:db8::2"), now));
        assert!(failed.may_try(ip("2001:db8:0:1::1"), now));
    }

    #[test]
    fn remembers_a_bounded_number_of_addresses() {
        let failed = FailedEnrolments::new(1);
        let now = Instant::now();
        for n in 0..(REMEMBERED as u32 + 50) {
            failed.failed(IpAddr::V4(Ipv4Addr::from_bits(n)), now);
        }
        assert_eq!(failed.table().len(), REMEMBERED);
    }
}
