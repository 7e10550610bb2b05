//! Equal updates of many guests, kept once: a fleet on one release has the same ones pending in all of its guests.

use std::{collections::HashSet, sync::Arc};

use domain::inventory::{Inventory, PackageScan, Update};

/// How many may come before those that nobody has any more are dropped.
const SWEEP: usize = 4096;

/// Every update that is pending somewhere.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    updates: HashSet<Arc<Update>>,
    /// New ones since the last sweep.
    added: usize,
}

impl Shared {
    /// Makes an inventory hold what others hold already.
    pub(crate) fn share(&mut self, inventory: &mut Inventory) {
        let PackageScan::Apt { updates, .. } = &mut inventory.packages else {
            return;
        };
        for update in updates.iter_mut() {
            if let Some(known) = self.updates.get(update) {
                *update = Arc::clone(known);
            } else {
                self.updates.insert(Arc::clone(update));
                self.added += 1;
            }
        }
        updates.shrink_to_fit();
        if self.added >= SWEEP {
            self.added = 0;
            self.updates.retain(|update| Arc::strong_count(update) > 1);
            self.updates.shrink_to(SWEEP);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        inventory::{Os, Severity},
    };

    use super::*;

    fn inventory(candidate: usize) -> Inventory {
        let update = |package: usize| Update {
            package: format!("package-{package}"),
            source: String::new(),
            arch: "amd64".into(),
            installed: "1".into(),
            candidate: candidate.to_string(),
            origin: "Debian".into(),
            suite: "stable".into(),
            severity: Severity::Unknown,
            size: None,
            blocked: None,
        };
        Inventory {
            scanned_at: Timestamp(0),
            os: Os::default(),
            arch: "amd64".into(),
            addresses: Vec::new(),
            packages: PackageScan::Apt {
                updates: (0..300).map(|n| Arc::new(update(n))).collect(),
                installed: 300,
                lists_at: None,
                repositories: Vec::new(),
                interrupted: None,
            },
            restarts: Vec::new(),
            docker: Vec::new(),
        }
    }

    #[test]
    fn equal_updates_are_one_and_say_the_same() {
        let mut shared = Shared::default();
        let (mut first, mut second) = (inventory(2), inventory(2));
        shared.share(&mut first);
        shared.share(&mut second);
        assert_eq!(second, inventory(2));
        let mut pairs = first.updates().iter().zip(second.updates());
        assert!(pairs.all(|(a, b)| Arc::ptr_eq(a, b)));
        assert_eq!(shared.updates.len(), 300);
    }

    #[test]
    fn what_nobody_has_any_more_is_dropped() {
        let mut shared = Shared::default();
        let mut kept = inventory(0);
        shared.share(&mut kept);
        for candidate in 1..=100 {
            shared.share(&mut inventory(candidate));
        }
        assert!(
            shared.updates.len() < 300 + SWEEP + 300,
            "{}",
            shared.updates.len()
        );
        let mut again = inventory(0);
        shared.share(&mut again);
        assert!(Arc::ptr_eq(&kept.updates()[0], &again.updates()[0]));
    }
}
