//! Everything pending in the whole fleet, put together by what it comes from.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    GuestId, NodeKey, Timestamp,
    approval::Approval,
    fleet::{Link, Power},
    inventory::{Severity, Update},
    rule::{Rule, RuleKind},
};

use crate::picture::{Guest, Known};

/// One pending update of one guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetUpdate {
    pub guest: GuestId,
    pub update: Arc<Update>,
    pub approved: bool,
    pub rule: Option<RuleKind>,
    /// Known from an earlier time only.
    pub old: bool,
}

/// Updates of one source from one origin, over the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateGroup {
    pub source: String,
    pub origin: String,
    /// The most urgent in it.
    pub severity: Severity,
    /// By cluster, node, VMID and package.
    pub updates: Vec<FleetUpdate>,
}

/// A guest in words, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub vmid: domain::Vmid,
    pub name: String,
    pub node: domain::NodeName,
    /// The cluster's name.
    pub cluster: String,
}

impl Known {
    /// What a guest is called; none when it is gone.
    pub(crate) fn named(&self, guest: GuestId) -> Option<Named> {
        let record = &self.guests.get(&guest)?.record;
        let cluster = self.clusters.get(&record.cluster);
        Some(Named {
            vmid: record.vmid,
            name: record.name.clone(),
            node: record.node.clone(),
            cluster: cluster.map(|c| c.record.name.clone()).unwrap_or_default(),
        })
    }

    /// All pending updates, the most urgent groups first, then by name.
    pub(crate) fn groups(&self, now: Timestamp) -> Vec<UpdateGroup> {
        let mut groups: BTreeMap<(&str, &str), UpdateGroup> = BTreeMap::new();
        let mut guests: Vec<&Guest> = self.guests.values().collect();
        guests.sort_by_key(|g| (g.record.cluster, g.record.node.clone(), g.record.vmid));
        for guest in guests {
            let old = self.is_old(guest, now);
            for update in guest.pending() {
                let group = groups
                    .entry((update.source(), &update.origin))
                    .or_insert_with(|| UpdateGroup {
                        source: update.source().to_owned(),
                        origin: update.origin.clone(),
                        severity: update.severity,
                        updates: Vec::new(),
                    });
                group.severity = group.severity.min(update.severity);
                let rule = guest.ruling(&self.rules, &update.package, now);
                group.updates.push(FleetUpdate {
                    guest: guest.record.id,
                    update: update.clone(),
                    approved: guest.approvals.iter().any(|a| a.covers(update)),
                    rule: rule.map(|rule| rule.kind),
                    old,
                });
            }
        }
        let mut groups: Vec<UpdateGroup> = groups.into_values().collect();
        groups.sort_by(|a, b| (a.severity, &a.source).cmp(&(b.severity, &b.source)));
        groups
    }

    /// Whether what is known of a guest may have changed since without anybody telling.
    pub(crate) fn is_old(&self, guest: &Guest, now: Timestamp) -> bool {
        let node = NodeKey {
            cluster: guest.record.cluster,
            node: guest.record.node.clone(),
        };
        !matches!(self.link_of(&node), Link::Online)
            || guest.record.power != Power::Running
            || guest.agent.as_ref().is_none_or(|a| !a.is_online(now))
    }

    /// The open approvals, by place.
    pub(crate) fn approvals(&self) -> Vec<Approval> {
        let mut guests: Vec<&Guest> = self.guests.values().collect();
        guests.sort_by_key(|g| (g.record.cluster, g.record.node.clone(), g.record.vmid));
        guests
            .into_iter()
            .flat_map(|guest| guest.approvals.iter().cloned())
            .collect()
    }

    /// The rules that count for a guest: one about all packages, where there is one, and one for each package that has
    /// a rule of its own.
    pub(crate) fn applied_rules(
        &self,
        guest: &Guest,
        now: Timestamp,
    ) -> Vec<(Option<String>, Rule)> {
        let mut names: Vec<&str> = self
            .rules
            .iter()
            .filter_map(|r| r.package.as_deref())
            .collect();
        names.sort_unstable();
        names.dedup();
        // No package is called so: what counts for it counts for every package without a rule of its own.
        let general = guest.ruling(&self.rules, "", now);
        let of_package = |name: &str| {
            let rule = guest.ruling(&self.rules, name, now)?;
            let own = rule.package.is_some();
            own.then(|| (Some(name.to_owned()), rule.clone()))
        };
        general
            .map(|rule| (None, rule.clone()))
            .into_iter()
            .chain(names.into_iter().filter_map(of_package))
            .collect()
    }
}
