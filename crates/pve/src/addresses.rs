//! A cluster's addresses, in the order in which they are worth asking.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Error, normalise_address};

/// After this long an address that failed is as good as any other.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);

/// All addresses, which of them answered last, and which failed lately.
pub(crate) struct Addresses(Mutex<Known>);

struct Known {
    all: Vec<Address>,
    /// Where the last good answer came from.
    preferred: usize,
}

struct Address {
    text: String,
    failed_at: Option<Instant>,
}

impl Addresses {
    /// In any form that people type; the first is asked first.
    pub(crate) fn new(texts: &[String]) -> Result<Self, Error> {
        let all = checked(texts)?.into_iter().map(|text| Address {
            text,
            failed_at: None,
        });
        Ok(Self(Mutex::new(Known {
            all: all.collect(),
            preferred: 0,
        })))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes others. What is known of those that stay is kept.
    pub(crate) fn replace(&self, texts: &[String]) -> Result<(), Error> {
        let texts = checked(texts)?;
        let mut known = self.known();
        let preferred = known.all.get(known.preferred).map(|a| a.text.clone());
        let failed_at = |text: &str| {
            let same = known.all.iter().find(|a| a.text == text);
            same.and_then(|a| a.failed_at)
        };
        let all: Vec<Address> = texts
            .into_iter()
            .map(|text| Address {
                failed_at: failed_at(&text),
                text,
            })
            .collect();
        let stays = all.iter().position(|a| Some(&a.text) == preferred.as_ref());
        *known = Known {
            preferred: stays.unwrap_or(0),
            all,
        };
        Ok(())
    }

    /// All, in the order in which they were given.
    pub(crate) fn all(&self) -> Vec<String> {
        self.known().all.iter().map(|a| a.text.clone()).collect()
    }

    /// All, in the order in which to ask: on from the one that answered last, those that failed lately at the end.
    pub(crate) fn order(&self, now: Instant) -> Vec<String> {
        let known = self.known();
        let (before, after) = known.all.split_at(known.preferred.min(known.all.len()));
        let mut order: Vec<&Address> = after.iter().chain(before).collect();
        order.sort_by_key(|address| {
            let since = address
                .failed_at
                .map(|at| now.saturating_duration_since(at));
            since.is_some_and(|since| since < FORGIVEN_AFTER)
        });
        order.into_iter().map(|a| a.text.clone()).collect()
    }

    /// Remembers a good answer.
    pub(crate) fn answered(&self, text: &str) {
        let mut known = self.known();
        if let Some(index) = known.all.iter().position(|a| a.text == text) {
            known.preferred = index;
            known.all[index].failed_at = None;
        }
    }

    /// Remembers that there was no connection, or no answer on it.
    pub(crate) fn failed(&self, text: &str, now: Instant) {
        let mut known = self.known();
        if let Some(address) = known.all.iter_mut().find(|a| a.text == text) {
            address.failed_at = Some(now);
        }
    }
}

fn checked(texts: &[String]) -> Result<Vec<String>, Error> {
    let mut normal: Vec<String> = Vec::new();
    for text in texts {
        let address = normalise_address(text).map_err(|e| Error::Setup(e.to_string()))?;
        if !normal.contains(&address) {
            normal.push(address);
        }
    }
    if normal.is_empty() {
        return Err(Error::Setup("the cluster has no address".into()));
    }
    Ok(normal)
}

#[cfg(test)]
mod tests {
    use super::{Addresses, FORGIVEN_AFTER};
    use std::time::{Duration, Instant};

    fn three() -> Addresses {
        let texts = ["a", "b", "c"].map(str::to_owned);
        Addresses::new(&texts).unwrap()
    }

    fn order(addresses: &Addresses, now: Instant) -> String {
        let order = addresses.order(now);
        let hosts: Vec<_> = order.iter().map(|a| a.replace(":8006", "")).collect();
        hosts.concat()
    }

    #[test]
    fn what_answered_last_is_asked_first_and_what_failed_lately_last() {
        let (addresses, now) = (three(), Instant::now());
        assert_eq!(order(&addresses, now), "abc");
        addresses.failed("a:8006", now);
        assert_eq!(order(&addresses, now), "bca");
        addresses.answered("c:8006");
        assert_eq!(order(&addresses, now), "cba");
        addresses.failed("c:8006", now);
        assert_eq!(order(&addresses, now), "bca");
        // With all of them failed the order is that of before.
        addresses.failed("b:8006", now);
        assert_eq!(order(&addresses, now), "cab");
    }

    #[test]
    fn a_failure_is_forgotten_with_time_and_by_an_answer() {
        let (addresses, now) = (three(), Instant::now());
        addresses.failed("a:8006", now);
        let later = now + FORGIVEN_AFTER - Duration::from_millis(1);
        assert_eq!(order(&addresses, later), "bca");
        assert_eq!(order(&addresses, now + FORGIVEN_AFTER), "abc");
        addresses.answered("a:8006");
        assert_eq!(order(&addresses, now), "abc");
    }

    #[test]
    fn what_is_known_of_an_address_outlives_a_new_list() {
        let (addresses, now) = (three(), Instant::now());
        addresses.answered("b:8006");
        addresses.failed("c:8006", now);
        let texts = ["c", "b", "d", "B"].map(str::to_owned);
        addresses.replace(&texts).unwrap();
        assert_eq!(order(&addresses, now), "bdc");
        assert_eq!(addresses.all(), ["c:8006", "b:8006", "d:8006"]);
        assert!(addresses.replace(&[]).is_err());
    }
}
