//! Keeps the double and the real guests in step: what the API starts is started, what stops by itself is seen as so.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;

use super::{
    bridge::Bridge,
    guest::RealGuest,
    nodes::mac,
    plan::{Options, Stand},
};
use crate::{
    Live, Scenario,
    scenario::{cluster, guest, node},
    world::{Cluster, Profile, World, seconds},
};

/// How often real guests are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The double's world for a run: the same nodes and guests, with their real addresses.
pub(crate) fn scenario(options: &Options, bridge: &Bridge) -> Result<Scenario> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut index = 0;
    for plan in &options.nodes {
        let known = clusters.iter().position(|c| c.label == plan.cluster);
        let place = known.unwrap_or(clusters.len());
        if known.is_none() {
            clusters.push(cluster(
                &plan.cluster,
                Some(&plan.cluster),
                Profile::V8_4,
                Vec::new(),
            ));
        }
        for planned in &plan.guests {
            let address = bridge.guest(index)?;
            let mac = mac(bridge, index)?;
            index += 1;
            let mut made = guest(planned.vmid, &planned.name, &plan.name)
                .address(address.octets())
                .with(|g| {
                    g.mac = mac;
                    g.unprivileged = false;
                });
            made = match planned.stand {
                Stand::Running => made,
                Stand::Stopped => made.stopped(),
                Stand::Template => made.template(),
            };
            let made = made.build();
            if let Some(cluster) = clusters.get_mut(place) {
                cluster.guests.insert(made.vmid, made);
            }
        }
        if let Some(cluster) = clusters.get_mut(place) {
            cluster.nodes.push(node(&plan.name));
        }
    }
    Ok(Scenario::new(World { clusters }))
}

/// Runs until it is aborted.
pub(crate) async fn keep(guests: Vec<RealGuest>, live: Live) {
    let wanted = |guest: &RealGuest| {
        live.read(|w| {
            let found = w.guest(guest.cluster(), guest.vmid());
            found.is_some_and(|g| g.running())
        })
    };
    let mut known: BTreeMap<(String, u32), bool> = BTreeMap::new();
    let mut changes = live.changes();
    loop {
        for guest in &guests {
            let _turn = guest.0.turn.lock().await;
            let key = (guest.node().to_owned(), guest.vmid());
            let before = known
                .get(&key)
                .copied()
                .unwrap_or(guest.stand() == Stand::Running);
            let wants = wanted(guest);
            if wants != before {
                let done = if wants {
                    guest.start().await
                } else {
                    guest.stop().await
                };
                if let Err(error) = done {
                    tracing::warn!(%error, ?guest, "the real guest does not follow");
                }
            }
            // A guest that cannot be asked is taken as it was: the next look may tell.
            let runs = guest.running().await.unwrap_or(wants);
            if runs != wants {
                live.change(|w| {
                    if let Some(found) = w.guest_mut(guest.cluster(), guest.vmid()) {
                        found.running_since = runs.then(seconds);
                    }
                });
            }
            known.insert(key, runs);
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
