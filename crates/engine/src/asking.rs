//! The single questions of a pass: configurations, the state of one guest, and whether an empty list is true.

use std::{
    collections::BTreeMap,
    sync::{
        PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{ClusterId, GuestId, NodeName, Vmid, fleet::Link};
use futures_util::{StreamExt, future::join_all, stream};
use pve::Client;

use crate::{
    Error, Kind, answers::seen_config, discovery::Watch, failures::cluster_error, inner::Inner,
    merge::SeenConfig,
};

/// Configurations of one node read at once, as many as the client lets through.
const CONFIGS_AT_ONCE: usize = 4;
/// How long the present state of one guest is waited for.
const STATUS_WITHIN: Duration = Duration::from_secs(5);

/// Guests whose configuration is to be read, by node.
pub(crate) type Wanted = BTreeMap<NodeName, Vec<Vmid>>;
/// Configurations that were read, and in words what was not.
pub(crate) type Read = (BTreeMap<Vmid, SeenConfig>, Vec<String>);

/// What one node told of its guests.
struct OfNode {
    name: NodeName,
    configs: Vec<(Vmid, SeenConfig)>,
    problems: Vec<String>,
    /// It stopped answering.
    silent: bool,
}

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
            format!("The token of {name} no longer sees any LXC"),
        )
        .words("VM.Audit on /vms is not granted")
        .next("Grant it again as the wizard shows, then discover."))
    }

    /// Reads the configurations that are wanted, of every node beside the others. A node that does not answer one
    /// question is not asked the rest.
    pub(crate) async fn read_configs(
        &self,
        id: ClusterId,
        watch: &Watch,
        full: bool,
        wanted: Wanted,
    ) -> Result<Read, Error> {
        let doubted = {
            let silent = watch.silent.lock().unwrap_or_else(PoisonError::into_inner);
            silent.clone()
        };
        let client = watch.client.hasty(self.rhythm.config);
        let nodes = wanted.into_iter().map(|(node, guests)| {
            let at_once = if doubted.contains(&node) {
                1
            } else {
                CONFIGS_AT_ONCE
            };
            read_node(&client, node, guests, at_once)
        });
        let (mut configs, mut problems) = (BTreeMap::new(), Vec::new());
        let mut silent = doubted.clone();
        for answer in join_all(nodes).await {
            // These are about the cluster, whichever call met them first.
            let answer = answer.map_err(|e| cluster_error(&self.cluster_name(id), e))?;
            configs.extend(answer.configs);
            problems.extend(answer.problems);
            if answer.silent {
                silent.insert(answer.name);
            } else {
                silent.remove(&answer.name);
            }
        }
        if full {
            *watch.silent.lock().unwrap_or_else(PoisonError::into_inner) = silent;
        }
        problems.sort();
        Ok((configs, problems))
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
                self.note_failure(cluster, &error, self.rhythm.failing);
                return;
            }
        }
        let client = watch.client.hasty(STATUS_WITHIN);
        match client.lxc_status(&node, vmid).await {
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

/// The configurations of one node's guests, `at_once` at a time. An error is one that concerns the whole cluster.
async fn read_node(
    client: &Client,
    node: NodeName,
    guests: Vec<Vmid>,
    at_once: usize,
) -> Result<OfNode, pve::Error> {
    use pve::Error as E;
    let silent = AtomicBool::new(false);
    let asked = stream::iter(guests)
        .map(|vmid| {
            let (silent, node) = (&silent, &node);
            async move {
                if silent.load(Ordering::Relaxed) {
                    return (vmid, None);
                }
                let answer = client.lxc_config(node, vmid).await;
                if let Err(E::Connect { .. } | E::MaybeSent { .. } | E::NodeUnreachable { .. }) =
                    &answer
                {
                    silent.store(true, Ordering::Relaxed);
                }
                (vmid, Some(answer))
            }
        })
        .buffer_unordered(at_once)
        .collect::<Vec<_>>()
        .await;
    let (mut configs, mut problems, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    let mut why = None;
    for (vmid, answer) in asked {
        match answer {
            Some(Ok(config)) => configs.push((vmid, seen_config(config))),
            Some(Err(error @ (E::CertificateChanged { .. } | E::Unauthorised { .. }))) => {
                return Err(error);
            }
            Some(Err(
                error @ (E::Connect { .. } | E::MaybeSent { .. } | E::NodeUnreachable { .. }),
            )) => {
                unread.push(vmid);
                why.get_or_insert(error);
            }
            Some(Err(error)) => problems.push(format!("LXC {vmid}: {error}")),
            None => unread.push(vmid),
        }
    }
    if let Some(error) = &why {
        let count = unread.len();
        let settings = if count == 1 {
            "the settings of 1 LXC were".to_owned()
        } else {
            format!("the settings of {count} LXCs were")
        };
        problems.push(format!("{node}: {settings} not read: {error}"));
    }
    Ok(OfNode {
        silent: why.is_some(),
        name: node,
        configs,
        problems,
    })
}
