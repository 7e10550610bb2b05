//! Which guests come into a plan, and why the others do not: before any agent has been asked.

use domain::{
    AgentId, ClusterId, NodeKey, Timestamp,
    operation::{OperationKind, Target, UpdateFilter},
    plan::{Allowed, GuestPlan, LeftOut, PlannedGuest, PlannedWork, Remedy},
};

use crate::{
    clock,
    doors::{address_of, detour},
    images,
    inner::Inner,
    operations::{restart, scope},
    picture::{Guest, Known},
};

/// A guest that may be in the plan, or why it is not.
pub(crate) enum Candidate {
    In(Box<PlannedGuest>, Ask),
    Out(LeftOut),
}

/// Who is asked before the guest is in the plan for certain.
pub(crate) enum Ask {
    Nobody,
    /// The agent simulates.
    Agent(AgentId),
    /// Proxmox says what the guest's console is connected to.
    Console(ClusterId),
}

fn left_out(guest: &Guest, why: String, remedy: Option<Remedy>) -> LeftOut {
    LeftOut {
        guest: guest.record.id,
        vmid: guest.record.vmid,
        name: guest.record.name.clone(),
        why,
        remedy,
    }
}

/// What will be done to one guest, before an agent has been asked; or why it is left out.
fn candidate(
    known: &Known,
    guest: &Guest,
    kind: OperationKind,
    only: &UpdateFilter,
    allowed: Allowed,
    now: Timestamp,
) -> Result<PlannedWork, LeftOut> {
    let record = &guest.record;
    let obstacle = scope::obstacle(known, guest, kind, now);
    let stopped = kind == OperationKind::Enrol && obstacle.as_deref() == Some(scope::NOT_RUNNING);
    match obstacle {
        Some(why) if stopped && record.lock.is_none() && !allowed.start => {
            return Err(left_out(guest, why, Some(Remedy::Start)));
        }
        Some(_) if stopped && record.lock.is_none() => {}
        Some(why) => return Err(left_out(guest, why, None)),
        None => {}
    }
    let node = NodeKey {
        cluster: record.cluster,
        node: record.node.clone(),
    };
    let access = known
        .nodes
        .get(&node)
        .and_then(|n| n.record.access.as_ref());
    let reach = || match access {
        Some(access) => Ok(format!(
            "SSH to {}{}, {}",
            node.node,
            detour(&access.way),
            address_of(access)
        )),
        None if known
            .clusters
            .get(&node.cluster)
            .is_some_and(|c| c.consoles == Some(true)) =>
        {
            Ok("its console in Proxmox".into())
        }
        None => Err(left_out(
            guest,
            format!(
                "No access to {} is set up, and the API token may not open consoles (VM.Console)",
                node.node
            ),
            None,
        )),
    };
    match kind {
        OperationKind::Enrol => {
            let reach = reach()?;
            if let Some(owner) = &guest.foreign
                && !allowed.take_over
            {
                let why = format!("It belongs to another RedFlag: {owner}");
                return Err(left_out(guest, why, Some(Remedy::TakeOver)));
            }
            Ok(PlannedWork::Enrol {
                reach,
                start: stopped,
                take_over: allowed.take_over,
                shell: false,
            })
        }
        OperationKind::RestartAgent => Ok(PlannedWork::RestartAgent { reach: reach()? }),
        OperationKind::RestartGuest => Ok(PlannedWork::RestartGuest {
            patience: restart::PATIENCE,
        }),
        OperationKind::RemoveAgent => Ok(PlannedWork::RemoveAgent { reach: reach()? }),
        OperationKind::UpgradeAgent => Ok(PlannedWork::UpgradeAgent {
            from: guest
                .agent
                .as_ref()
                .map(|a| a.record.version.clone())
                .unwrap_or_default(),
            to: scope::CARRIED.into(),
        }),
        OperationKind::Scan | OperationKind::Update => Ok(PlannedWork::Update {
            plan: GuestPlan::default(),
            fingerprint: GuestPlan::default().fingerprint(),
            only: None,
            moved: Vec::new(),
        }),
        OperationKind::UpdateImages => {
            let plan = images::plan(guest, only);
            if plan.images.is_empty() {
                let why = match plan.kept.as_slice() {
                    [] => "No update of its images is known".to_owned(),
                    [one] => format!("{} stays as it is: {}", one.image, one.why),
                    more => format!("{} images with an update stay as they are", more.len()),
                };
                return Err(left_out(guest, why, None));
            }
            Ok(PlannedWork::UpdateImages {
                fingerprint: plan.fingerprint(),
                plan,
            })
        }
        OperationKind::Repair => Ok(PlannedWork::Repair {
            words: guest.interrupted().unwrap_or_default().to_owned(),
        }),
    }
}

impl Inner {
    /// Everything below `targets`, judged by what is known now.
    pub(crate) fn candidates(
        &self,
        kind: OperationKind,
        targets: &[Target],
        only: &UpdateFilter,
        allowed: Allowed,
    ) -> Vec<Candidate> {
        let now = clock::now();
        self.state.read(|known| {
            let ids = scope::guests(known, targets);
            let found = ids
                .iter()
                .filter_map(|id| known.guests.get(id))
                .map(|guest| {
                    let work = match candidate(known, guest, kind, only, allowed, now) {
                        Ok(work) => work,
                        Err(left) => return Candidate::Out(left),
                    };
                    let ask = match (kind, &guest.agent) {
                        (OperationKind::Update, Some(agent)) => Ask::Agent(agent.record.id),
                        (OperationKind::Enrol, _) if by_console(known, guest) => {
                            Ask::Console(guest.record.cluster)
                        }
                        _ => Ask::Nobody,
                    };
                    Candidate::In(
                        Box::new(PlannedGuest {
                            guest: guest.record.id,
                            vmid: guest.record.vmid,
                            name: guest.record.name.clone(),
                            node: guest.record.node.clone(),
                            os: guest
                                .inventory
                                .as_ref()
                                .map(|r| r.inventory.os.name.clone())
                                .or_else(|| guest.record.ostype.clone()),
                            work,
                        }),
                        ask,
                    )
                });
            found.collect()
        })
    }
}

/// Whether a guest is entered over its console: the way into its node is not set up.
fn by_console(known: &Known, guest: &Guest) -> bool {
    let node = NodeKey {
        cluster: guest.record.cluster,
        node: guest.record.node.clone(),
    };
    let node = known.nodes.get(&node);
    node.is_some_and(|node| node.record.access.is_none())
}
