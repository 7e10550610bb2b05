//! Runs the agent of every guest that has one and runs, on a node that is up; ends it when that changes.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::agent;
use crate::{ground::Ground, world::World};

/// How long one small step of a package manager takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace(pub(crate) Duration);

impl Pace {
    pub(super) async fn step(self) {
        if self.0.is_zero() {
            // Others must come to their turn all the same.
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(self.0).await;
        }
    }
}

/// A guest's place in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seat {
    pub(super) cluster: usize,
    pub(super) vmid: u32,
}

/// One life of an agent's process: another start of the guest or another installation is another life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Life {
    seat: Seat,
    installation: u64,
    started: i64,
    boots: u32,
}

/// Changes come in bursts; a moment's patience saves looking at a thousand guests for each.
const PATIENCE: Duration = Duration::from_millis(5);

/// Looks after the agents until the lab ends.
pub(crate) fn supervise(ground: &Arc<Ground>, pace: Pace) {
    let ground = ground.clone();
    ground.clone().tasks.spawn(async move {
        let mut running: HashMap<Life, CancellationToken> = HashMap::new();
        let mut changes = ground.live.changes();
        loop {
            changes.mark_unchanged();
            let wanted = ground.live.read(wanted);
            running.retain(|life, token| {
                let stays = wanted.contains(life);
                if !stays {
                    token.cancel();
                }
                stays
            });
            for life in wanted {
                running.entry(life).or_insert_with(|| {
                    let token = ground.stop.child_token();
                    let (shared, stop) = (ground.clone(), token.clone());
                    ground.tasks.spawn(async move {
                        tokio::select! {
                            () = stop.cancelled() => {}
                            () = agent::live(&shared, life.seat, pace, &stop) => {}
                        }
                    });
                    token
                });
            }
            tokio::select! {
                () = ground.stop.cancelled() => return,
                changed = changes.changed() => if changed.is_err() { return },
            }
            tokio::time::sleep(PATIENCE).await;
        }
    });
}

fn wanted(world: &World) -> std::collections::HashSet<Life> {
    let mut lives = std::collections::HashSet::new();
    for (index, cluster) in world.clusters.iter().enumerate() {
        for guest in cluster.guests.values() {
            let Some(agent) = &guest.machine.agent else {
                continue;
            };
            let up = cluster.node(&guest.node).is_some_and(|n| n.down.is_none());
            if let Some(started) = guest.running_since
                && up
                && !guest.machine.quirks.silent
            {
                lives.insert(Life {
                    seat: Seat {
                        cluster: index,
                        vmid: guest.vmid,
                    },
                    installation: agent.installation,
                    started,
                    boots: guest.boots,
                });
            }
        }
    }
    lives
}
