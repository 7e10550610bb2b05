//! The commands that may be pasted into nodes' shells, and what became of each. Kept in memory, like the codes of
//! enrolments: what a command is good for ends with the program.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{
    GuestId, NodeKey, PasteId, Timestamp,
    paste::{Fetched, PASTE_LIFETIME_MS, Paste, PastedGuest, PastedState},
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What became of a command is remembered for this long, in milliseconds (a day).
const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1000;

/// The commands that were made.
#[derive(Debug, Default)]
pub(crate) struct Pastes(Mutex<Vec<Order>>);

#[derive(Debug)]
struct Order {
    paste: Paste,
    /// SHA-256 of its code.
    code: [u8; 32],
}

/// What a code that a node shows is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    Unknown,
    Used(Paste),
    TooLate(Paste),
    /// It counts, and has counted with this answer.
    Good(Paste),
}

impl Pastes {
    fn orders(&self) -> MutexGuard<'_, Vec<Order>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new command for guests of a node, and its code. `random` is fresh.
    pub(crate) fn add(
        &self,
        node: NodeKey,
        guests: Vec<PastedGuest>,
        random: [u8; 16],
        now: Timestamp,
    ) -> (Paste, SecretString) {
        let code = hex::encode(random);
        let paste = Paste {
            id: PasteId::new(),
            node,
            made_at: now,
            until: now.plus_millis(PASTE_LIFETIME_MS),
            fetched: None,
            guests,
        };
        let mut orders = self.orders();
        orders.retain(|order| now.since(order.paste.made_at) < REMEMBERED_MS);
        orders.push(Order {
            paste: paste.clone(),
            code: Sha256::digest(code.as_bytes()).into(),
        });
        (paste, SecretString::from(code))
    }

    /// Takes a code from `peer`. It counts once, until its hour is over.
    pub(crate) fn take(&self, code: &str, peer: &str, now: Timestamp) -> Worth {
        let shown: [u8; 32] = Sha256::digest(code.as_bytes()).into();
        let mut orders = self.orders();
        // Every one is compared to its end, so that the time tells nothing about any code.
        let mut found = None;
        for order in orders.iter_mut() {
            if bool::from(order.code.ct_eq(&shown)) {
                found = Some(order);
            }
        }
        let Some(order) = found else {
            return Worth::Unknown;
        };
        if order.paste.fetched.is_some() {
            return Worth::Used(order.paste.clone());
        }
        if now >= order.paste.until {
            return Worth::TooLate(order.paste.clone());
        }
        order.paste.fetched = Some(Fetched {
            at: now,
            by: peer.to_owned(),
        });
        Worth::Good(order.paste.clone())
    }

    /// Sets how far guests of a command are; the command as it is then.
    pub(crate) fn set(&self, id: PasteId, states: &[(GuestId, PastedState)]) -> Option<Paste> {
        let mut orders = self.orders();
        let order = orders.iter_mut().find(|order| order.paste.id == id)?;
        for guest in &mut order.paste.guests {
            if let Some((_, state)) = states.iter().find(|(id, _)| *id == guest.guest) {
                guest.state = state.clone();
            }
        }
        Some(order.paste.clone())
    }

    /// Notes that a guest's agent has enrolled; the command that was waiting for it, if any was.
    pub(crate) fn enrolled(&self, guest: GuestId, now: Timestamp) -> Option<Paste> {
        let mut orders = self.orders();
        // Of several that were run, the newest gave the code.
        let waiting = orders
            .iter_mut()
            .rev()
            .filter(|order| order.paste.fetched.is_some());
        for order in waiting {
            let of_guest = order.paste.guests.iter_mut().find(|g| g.guest == guest);
            if let Some(found) = of_guest.filter(|g| g.state == PastedState::Waiting) {
                found.state = PastedState::Enrolled { at: now };
                return Some(order.paste.clone());
            }
        }
        None
    }

    /// All that are remembered, the oldest first.
    pub(crate) fn all(&self, now: Timestamp) -> Vec<Paste> {
        self.orders()
            .iter()
            .filter(|order| now.since(order.paste.made_at) < REMEMBERED_MS)
            .map(|order| order.paste.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::{ClusterId, NodeName, Vmid};
    use secrecy::ExposeSecret;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn made(pastes: &Pastes, random: u8) -> (Paste, String, GuestId) {
        let guest = GuestId::new();
        let node = NodeKey {
            cluster: ClusterId::new(),
            node: NodeName::try_from("pve1".to_owned()).expect("a name"),
        };
        let guests = vec![PastedGuest {
            guest,
            vmid: Vmid::try_from(101).expect("in range"),
            name: "web".into(),
            state: PastedState::Waiting,
        }];
        let (paste, code) = pastes.add(node, guests, [random; 16], NOW);
        (paste, code.expose_secret().to_owned(), guest)
    }

    #[test]
    fn a_code_counts_once_and_for_its_own_command_alone() {
        let pastes = Pastes::default();
        let (first, code, _) = made(&pastes, 1);
        let (second, other, _) = made(&pastes, 2);
        assert_eq!(pastes.take("", "a", NOW), Worth::Unknown);
        assert_eq!(pastes.take(&code[1..], "a", NOW), Worth::Unknown);
        let Worth::Good(taken) = pastes.take(&code, "10.0.0.1", NOW) else {
            panic!("the first use is good");
        };
        assert_eq!(taken.id, first.id);
        assert_eq!(taken.fetched.expect("noted").by, "10.0.0.1");
        assert!(matches!(pastes.take(&code, "a", NOW), Worth::Used(p) if p.id == first.id));
        assert!(matches!(pastes.take(&other, "a", NOW), Worth::Good(p) if p.id == second.id));
    }

    #[test]
    fn a_code_is_good_for_an_hour_and_not_a_moment_longer() {
        let pastes = Pastes::default();
        let (paste, early, _) = made(&pastes, 1);
        let (_, late, _) = made(&pastes, 2);
        assert_eq!(paste.until, NOW.plus_millis(3_600_000));
        let last = NOW.plus_millis(3_599_999);
        assert!(matches!(pastes.take(&early, "a", last), Worth::Good(_)));
        let over = NOW.plus_millis(3_600_000);
        assert!(matches!(pastes.take(&late, "a", over), Worth::TooLate(_)));
        assert!(
            matches!(pastes.take(&late, "a", over), Worth::TooLate(_)),
            "an attempt that came too late does not use it up"
        );
    }

    #[test]
    fn only_a_command_that_was_run_is_waiting_for_its_guests() {
        let pastes = Pastes::default();
        let (paste, code, guest) = made(&pastes, 1);
        assert_eq!(pastes.enrolled(guest, NOW), None, "it came by another road");
        pastes.take(&code, "a", NOW);
        let told = pastes.enrolled(guest, NOW).expect("it was waiting");
        assert_eq!(told.id, paste.id);
        assert_eq!(told.guests[0].state, PastedState::Enrolled { at: NOW });
        assert_eq!(pastes.enrolled(guest, NOW), None, "told once");
    }

    #[test]
    fn what_became_of_a_command_is_remembered_for_a_day() {
        let pastes = Pastes::default();
        let (paste, ..) = made(&pastes, 1);
        assert_eq!(pastes.all(NOW.plus_millis(REMEMBERED_MS - 1)), [paste]);
        assert!(pastes.all(NOW.plus_millis(REMEMBERED_MS)).is_empty());
    }
}
