//! The load of a guest over time, as Proxmox has written it down. Asked when somebody looks, never kept.

use domain::GuestId;
use pve::{LoadPoint, TimeFrame};

use crate::{Engine, Error, failures::cluster_error};

impl Engine {
    /// The load of a guest, oldest first.
    ///
    /// # Errors
    /// The guest is gone, or its cluster does not answer.
    pub async fn guest_load(
        &self,
        guest: GuestId,
        frame: TimeFrame,
    ) -> Result<Vec<LoadPoint>, Error> {
        let found = self.0.state.read(|known| {
            let record = &known.guests.get(&guest)?.record;
            Some((record.cluster, record.node.clone(), record.vmid))
        });
        let (cluster, node, vmid) = found.ok_or_else(|| Error::not_found("The LXC"))?;
        let client = &self.0.watch_of(cluster)?.client;
        let points = client.lxc_load(&node, vmid, frame).await;
        points.map_err(|error| cluster_error(&self.0.cluster_name(cluster), error))
    }
}
