//! Which guests a selection reaches, and what stands in the way of each.

use std::collections::BTreeSet;

use domain::{
    GuestId, NodeKey, Timestamp,
    fleet::{Link, Power},
    operation::{OperationKind, Target},
};

use crate::picture::{Guest, Known};

/// Every guest below the selected things, once, ordered by cluster, node and VMID. Templates only when they were
/// selected themselves: nobody means them by selecting a node.
pub(crate) fn guests(known: &Known, targets: &[Target]) -> Vec<GuestId> {
    let mut found = BTreeSet::new();
    for guest in known.guests.values() {
        let r = &guest.record;
        let selected = targets.iter().any(|target| match target {
            Target::Fleet => !r.template,
            Target::Cluster { cluster } => r.cluster == *cluster && !r.template,
            Target::Node { node } => {
                r.cluster == node.cluster && r.node == node.node && !r.template
            }
            Target::Guest { guest } => r.id == *guest,
        });
        if selected {
            found.insert((r.cluster, r.node.clone(), r.vmid, r.id));
        }
    }
    found.into_iter().map(|(.., id)| id).collect()
}

/// The selection in a few words: a name where it is one thing, else a count.
pub(crate) fn subject(known: &Known, targets: &[Target], guests: usize) -> String {
    let one = match targets {
        [Target::Fleet] => Some("All clusters".to_owned()),
        [Target::Cluster { cluster }] => known.clusters.get(cluster).map(|c| c.record.name.clone()),
        [Target::Node { node }] => Some(node.node.to_string()),
        [Target::Guest { guest }] => known.guests.get(guest).map(|g| g.record.name.clone()),
        _ => None,
    };
    one.unwrap_or_else(|| {
        if guests == 1 {
            "1 LXC".into()
        } else {
            format!("{guests} LXCs")
        }
    })
}

/// Version of the agent that is carried: agents and desktop are released together.
pub(crate) const CARRIED: &str = env!("CARGO_PKG_VERSION");

/// Whether an agent of that version is older than the one that is carried.
pub(crate) fn is_older(version: &str) -> bool {
    domain::version::compare_debian(version, CARRIED).is_lt()
}

/// The one obstacle that the user may let RedFlag take away.
pub(crate) const NOT_RUNNING: &str = "Not running";

/// Why `kind` cannot be done to a guest now; none when it can.
pub(crate) fn obstacle(
    known: &Known,
    guest: &Guest,
    kind: OperationKind,
    now: Timestamp,
) -> Option<String> {
    let r = &guest.record;
    if r.template {
        return Some("Template: it cannot be started".into());
    }
    let node = NodeKey {
        cluster: r.cluster,
        node: r.node.clone(),
    };
    match known.link_of(&node) {
        Link::Online => {}
        Link::Unreachable { error, .. } => {
            return Some(format!("{} does not answer: {error}", r.node));
        }
        Link::Refused { error } | Link::CertificateChanged { error } => return Some(error),
        Link::Disabled => return Some("The cluster is switched off in RedFlag".into()),
        Link::Unknown | Link::Partly { .. } => {
            return Some(format!("{} has not answered yet", r.node));
        }
    }
    if kind == OperationKind::Enrol && r.power == Power::Stopped && guest.agent.is_some() {
        return Some("The agent is installed; it reports once the LXC runs".into());
    }
    match r.power {
        Power::Running => {}
        Power::Stopped => return Some(NOT_RUNNING.into()),
        Power::Unknown => return Some("Proxmox does not know whether it runs".into()),
    }
    let agent = guest.agent.as_ref();
    let locked = || r.lock.as_ref().map(|lock| format!("Locked: {lock}"));
    match kind {
        OperationKind::Enrol => locked().or_else(|| {
            agent
                .filter(|a| a.is_online(now))
                .map(|_| "The agent is installed and answers".into())
        }),
        OperationKind::RestartGuest => locked(),
        OperationKind::RestartAgent | OperationKind::RemoveAgent => {
            if agent.is_none() {
                return Some("No agent installed".into());
            }
            locked()
        }
        OperationKind::UpgradeAgent => locked().or_else(|| match agent {
            None => Some("No agent installed".into()),
            Some(a) if !a.is_online(now) => Some("The agent does not answer".into()),
            Some(a) => (!is_older(&a.record.version))
                .then(|| format!("The agent is version {} already", a.record.version)),
        }),
        OperationKind::UpdateImages => locked().or_else(|| match agent {
            None => Some("No agent installed".into()),
            Some(a) if !a.is_online(now) => Some("The agent does not answer".into()),
            Some(a) if is_older(&a.record.version) => Some(format!(
                "The agent is version {}; update it first",
                a.record.version
            )),
            Some(_) if guest.images.is_empty() => Some("No container image is in use".into()),
            Some(_) => None,
        }),
        OperationKind::Repair => locked().or_else(|| match agent {
            None => Some("No agent installed".into()),
            Some(a) if !a.is_online(now) => Some("The agent does not answer".into()),
            // An older one would not understand what it is asked for.
            Some(a) if is_older(&a.record.version) => Some(format!(
                "The agent is version {}; update it first",
                a.record.version
            )),
            Some(_) if guest.interrupted().is_none() => {
                Some("Its package database is sound".into())
            }
            Some(_) => None,
        }),
        OperationKind::Scan | OperationKind::Update => {
            if kind == OperationKind::Update
                && let Some(lock) = locked()
            {
                return Some(lock);
            }
            match agent {
                None => Some("No agent installed".into()),
                Some(a) if a.is_online(now) => None,
                Some(_) => Some("The agent does not answer".into()),
            }
        }
    }
}
