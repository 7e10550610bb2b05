//! The single questions of a pass: configurations, the state of one guest, and whether an empty list is true.

use domain::{ClusterId, GuestId, NodeName, Vmid, fleet::Link};
use futures_util::{StreamExt, stream};
use pve::Client;

use crate::{
    Error, Kind,
    answers::seen_config,
    discovery::FIRST_PAUSE,
    failures::cluster_error,
    inner::Inner,
    merge::{SeenGuest, SeenNode},
};

/// Configurations read at once; the client keeps its own limits per node.
const CONFIGS_AT_ONCE: usize = 12;

impl Inner {
    /// An empty list where guests were known is more often a lost right than an emptied cluster.
    pub(crate) async fn doubt_emptiness(
        &self,
        id: ClusterId,
        client: &Client,
        name: &str,
    ) -> Result<(), Error> {
        let had_some = self
            .state
            .read(|known| known.guests.values().any(|g| g.record.cluster == id));
        if !had_some {
            return Ok(());
        }
        let permissions = client
            .permissions()
            .await
            .map_err(|e| cluster_error(name, e))?;
        if permissions.holds_below("/vms", "VM.Audit")
            || !permissions.parts_below("/vms", "VM.Audit").is_empty()
        {
            return Ok(());
        }
        Err(Error::new(
            Kind::Refused,
            format!("The token of {name} no longer sees any guest"),
        )
        .words("VM.Audit on /vms is not granted")
        .next("Grant it again as the wizard shows, then discover."))
    }

    /// Reads the configurations that are wanted into `guests`; what failed is returned in words.
    pub(crate) async fn read_configs(
        &self,
        id: ClusterId,
        client: &Client,
        full: bool,
        nodes: &[SeenNode],
        guests: &mut [SeenGuest],
    ) -> Result<Vec<String>, Error> {
        let up: Vec<&NodeName> = nodes.iter().filter(|n| n.online).map(|n| &n.name).collect();
        let read: std::collections::BTreeSet<Vmid> = self.state.read(|known| {
            let of_cluster = known
                .guests
                .values()
                .map(|g| &g.record)
                .filter(|r| r.cluster == id);
            of_cluster
                .filter(|r| r.config_digest.is_some())
                .map(|r| r.vmid)
                .collect()
        });
        let wanted: Vec<(usize, NodeName, Vmid)> = guests
            .iter()
            .enumerate()
            .filter(|(_, g)| up.contains(&&g.node) && (full || !read.contains(&g.vmid)))
            .map(|(i, g)| (i, g.node.clone(), g.vmid))
            .collect();
        let answers: Vec<_> = stream::iter(wanted)
            .map(|(i, node, vmid)| async move { (i, vmid, client.lxc_config(&node, vmid).await) })
            .buffer_unordered(CONFIGS_AT_ONCE)
            .collect()
            .await;
        let mut problems = Vec::new();
        for (i, vmid, answer) in answers {
            match answer {
                Ok(config) => guests[i].config = Some(seen_config(config)),
                // These are about the cluster, whichever call met them first.
                Err(
                    error @ (pve::Error::CertificateChanged { .. }
                    | pve::Error::Unauthorised { .. }),
                ) => {
                    return Err(cluster_error(&self.cluster_name(id), error));
                }
                Err(error) => problems.push(format!("LXC {vmid}: {error}")),
            }
        }
        problems.sort();
        Ok(problems)
    }

    /// Asks for the state of one guest, so that a decision rests on the present. Failures leave the last picture.
    pub(crate) async fn ask_status(&self, guest: GuestId) {
        let found = self.state.read(|known| {
            let record = &known.guests.get(&guest)?.record;
            let unknown = known
                .clusters
                .get(&record.cluster)
                .is_some_and(|c| matches!(c.link(), Link::Unknown));
            Some((record.cluster, record.node.clone(), record.vmid, unknown))
        });
        let Some((cluster, node, vmid, unknown)) = found else {
            return;
        };
        let Ok(watch) = self.watch_of(cluster) else {
            return;
        };
        if unknown {
            // Just started: without one pass it is not even known which nodes are up.
            if let Err(error) = self.pass(cluster, &watch, false).await {
                self.note_failure(cluster, &error, FIRST_PAUSE);
                return;
            }
        }
        match watch.client.lxc_status(&node, vmid).await {
            Ok(status) => self.state.change(|known| {
                if let Some(found) = known.guests.get_mut(&guest) {
                    found.record.power = status.power;
                    found.record.lock = status.lock;
                }
            }),
            Err(error) => {
                tracing::debug!(%error, %vmid, "the present state of a guest could not be asked")
            }
        }
    }
}
