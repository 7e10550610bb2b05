//! Who may be connected. Agents have their places for as long as they like; whoever has not shown a certificate of ours is
//! a stranger, and of strangers there are few: one more makes the oldest of the busiest address leave. So a flood of
//! connections from anywhere takes no agent's place, and a newcomer has time for a handshake all the same.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many strangers leave when the operating system gives no further connection.
const ROOM: usize = 16;

/// All places.
#[derive(Debug)]
pub(crate) struct Places {
    agents: Arc<Semaphore>,
    strangers: Mutex<Strangers>,
    most: usize,
}

#[derive(Debug, Default)]
struct Strangers {
    /// In the order they came.
    open: BTreeMap<u64, (IpAddr, CancellationToken)>,
    by_address: HashMap<IpAddr, usize>,
    came: u64,
}

impl Strangers {
    /// Sends away the oldest of the address that has most of them.
    fn send_one_away(&mut self) {
        let busiest = self.by_address.iter().max_by_key(|(_, count)| **count);
        let Some(busiest) = busiest.map(|(address, _)| *address) else {
            return;
        };
        let oldest = self
            .open
            .iter()
            .find(|(_, (address, _))| *address == busiest);
        let Some(number) = oldest.map(|(number, _)| *number) else {
            return;
        };
        if let Some(leave) = self.forget(number) {
            leave.cancel();
        }
    }

    fn forget(&mut self, number: u64) -> Option<CancellationToken> {
        let (address, leave) = self.open.remove(&number)?;
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
        Some(leave)
    }
}

impl Places {
    /// Places for so many agents, and for so many strangers at once.
    pub(crate) fn new(agents: usize, strangers: usize) -> Arc<Self> {
        Arc::new(Self {
            agents: Arc::new(Semaphore::new(agents)),
            strangers: Mutex::default(),
            most: strangers,
        })
    }

    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a newcomer. There always is one.
    pub(crate) fn stranger(self: &Arc<Self>, address: IpAddr) -> Stranger {
        let leave = CancellationToken::new();
        let mut strangers = self.strangers();
        while strangers.open.len() >= self.most && !strangers.open.is_empty() {
            strangers.send_one_away();
        }
        let number = strangers.came;
        strangers.came += 1;
        strangers.open.insert(number, (address, leave.clone()));
        *strangers.by_address.entry(address).or_default() += 1;
        Stranger {
            places: Arc::clone(self),
            number,
            leave,
        }
    }

    /// Sends some strangers away: nobody at all can come in any more.
    pub(crate) fn make_room(&self) {
        let mut strangers = self.strangers();
        for _ in 0..ROOM {
            strangers.send_one_away();
        }
    }
}

/// A newcomer's place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Stranger {
    places: Arc<Places>,
    number: u64,
    leave: CancellationToken,
}

impl Stranger {
    /// Ends when the place is needed for another.
    pub(crate) async fn sent_away(&self) {
        self.leave.cancelled().await;
    }

    /// The place of an agent instead, if one is free.
    pub(crate) fn into_agent(self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places.agents).try_acquire_owned().ok()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.places.strangers().forget(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn left(stranger: &Stranger) -> bool {
        stranger.leave.is_cancelled()
    }

    #[test]
    fn the_oldest_of_the_busiest_address_makes_room() {
        let places = Places::new(1, 3);
        let quiet = places.stranger(ip(1));
        let busy = [places.stranger(ip(2)), places.stranger(ip(2))];
        let newcomer = places.stranger(ip(3));
        assert!(left(&busy[0]), "first of those who have most");
        assert!(!left(&quiet) && !left(&busy[1]) && !left(&newcomer));
    }

    #[test]
    fn a_freed_place_is_given_before_anybody_leaves() {
        let places = Places::new(1, 2);
        let first = places.stranger(ip(1));
        drop(places.stranger(ip(1)));
        let third = places.stranger(ip(1));
        assert!(!left(&first) && !left(&third));
        let strangers = places.strangers();
        assert_eq!((strangers.open.len(), strangers.by_address[&ip(1)]), (2, 2));
    }

    #[test]
    fn an_agent_gives_up_its_strangers_place_and_there_are_no_more_agents_than_places() {
        let places = Places::new(1, 1);
        let agent = places.stranger(ip(1)).into_agent();
        assert!(agent.is_some());
        let another = places.stranger(ip(1));
        assert!(!left(&another), "the agent's first place is free");
        assert!(another.into_agent().is_none());
        drop(agent);
        assert!(places.stranger(ip(1)).into_agent().is_some());
    }

    #[test]
    fn room_is_made_among_strangers_alone() {
        let places = Places::new(1, 2);
        let agent = places.stranger(ip(1)).into_agent();
        let strangers = [places.stranger(ip(1)), places.stranger(ip(2))];
        places.make_room();
        assert!(strangers.iter().all(left));
        assert!(agent.is_some());
        assert!(places.strangers().by_address.is_empty());
    }
}
