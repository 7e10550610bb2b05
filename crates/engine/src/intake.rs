//! Whole inventories are asked for a few at a time. When the desktop was away, all agents have one to bring: what waits
//! for its turn waits in the guests, and not in this program's memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::AgentId;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{inner::Inner, platform};

/// Twice as many as the gateway reads at a time, so that one is always at the door.
const TURNS: usize = 16;
/// How long an agent that was asked may take to bring it before another is asked.
const PATIENCE: Duration = Duration::from_secs(10);
/// Without another inventory, after which a burst is over.
const QUIET: Duration = Duration::from_secs(2);

/// The turns of all agents.
#[derive(Debug)]
pub(crate) struct Intake {
    free: Arc<Semaphore>,
    /// Those that were asked. Dropping one ends its turn.
    asked: Mutex<HashMap<AgentId, Turn>>,
    /// An inventory was taken.
    taken: Notify,
}

/// Ends when it is dropped.
pub(crate) type Turn = oneshot::Sender<()>;

impl Default for Intake {
    fn default() -> Self {
        Self {
            free: Arc::new(Semaphore::new(TURNS)),
            asked: Mutex::default(),
            taken: Notify::new(),
        }
    }
}

impl Intake {
    /// Waits until one more may be asked. None when the program ends.
    pub(crate) async fn next(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// The agent is asked now: its turn ends with [`Intake::brought`]'s answer, or when it takes too long.
    pub(crate) fn ask(&self, agent: AgentId, permit: OwnedSemaphorePermit) {
        let (turn, over) = oneshot::channel();
        self.lock().insert(agent, turn);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(PATIENCE, over).await;
            drop(permit);
        });
    }

    /// The agent has brought its inventory. It may do so unasked, and then had no turn.
    pub(crate) fn brought(&self, agent: AgentId) -> Option<Turn> {
        self.lock().remove(&agent)
    }

    /// Its inventory is stored.
    pub(crate) fn took_one(&self) {
        self.taken.notify_one();
    }

    /// Waits for the end of a burst of inventories.
    async fn burst(&self) {
        self.taken.notified().await;
        while tokio::time::timeout(QUIET, self.taken.notified())
            .await
            .is_ok()
        {}
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AgentId, Turn>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Until the program ends: what reading and storing inventories took is not kept for the next time.
    pub(crate) async fn keep_memory_low(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.intake.burst() => {}
            }
            // Milliseconds, for which no other task should have to wait.
            let _ = tokio::task::spawn_blocking(platform::give_back_memory).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_over_when_nothing_came_for_a_while() {
        let intake = Intake::default();
        let began = Instant::now();
        assert!(intake.burst().now_or_never().is_none(), "nothing came");
        let some = async {
            for _ in 0..5 {
                intake.took_one();
                tokio::time::sleep(QUIET / 2).await;
            }
        };
        tokio::join!(intake.burst(), some);
        assert_eq!(began.elapsed(), QUIET * 3, "from the last one on");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_ends_when_it_was_used_or_took_too_long() {
        let intake = Intake::default();
        let agents: Vec<AgentId> = (0..TURNS).map(|_| AgentId::new()).collect();
        for agent in &agents {
            let permit = intake.next().await.unwrap();
            intake.ask(*agent, permit);
        }
        assert!(intake.next().now_or_never().is_none(), "all are asked");
        let turn = intake.brought(agents[0]).unwrap();
        assert!(intake.next().now_or_never().is_none(), "it is being stored");
        drop(turn);
        let permit = intake.next().await.unwrap();
        assert!(
            intake.brought(agents[0]).is_none(),
            "it was not asked again"
        );
        intake.ask(agents[0], permit);
        tokio::time::sleep(PATIENCE).await;
        for _ in 0..TURNS {
            intake.next().await.unwrap().forget();
        }
    }
}
