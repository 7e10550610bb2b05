//! From what the user asked for to what one guest's agent is asked for: approvals, rules and severities are the
//! desktop's business, packages the agent's.

use std::sync::Arc;

use domain::{
    Timestamp,
    inventory::Update,
    operation::UpdateFilter,
    plan::KeptBack,
    rule::{Rule, RuleKind},
};

use crate::{
    approvals::{is_unrated, means},
    picture::{Guest, Known},
};

/// What one agent is asked to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// None where there is nothing to ask for.
    pub(crate) only: Option<UpdateFilter>,
    /// What the user's rules leave out.
    pub(crate) ruled: Vec<KeptBack>,
    /// Security updates without a grade that are not meant.
    pub(crate) unrated: u32,
}

/// Why a rule keeps an update away.
fn why(rule: &Rule) -> String {
    match rule.kind {
        RuleKind::Ignore => "ignored by a rule in RedFlag".into(),
        RuleKind::Snooze => "snoozed in RedFlag".into(),
        RuleKind::Hold => "held by a rule in RedFlag".into(),
    }
}

/// What `only` means for a guest.
pub(crate) fn of_guest(known: &Known, guest: &Guest, only: &UpdateFilter, now: Timestamp) -> Wish {
    let pending = guest.pending();
    let unrated = pending.iter().filter(|u| is_unrated(only, u)).count();
    let unrated = u32::try_from(unrated).unwrap_or(u32::MAX);
    let rule = |update: &Update| {
        let rule = guest.ruling(&known.rules, &update.package, now)?;
        // What is asked for by name, or was approved, is wanted although it is ignored else.
        let named = matches!(only, UpdateFilter::Packages { .. } | UpdateFilter::Approved);
        (rule.kind == RuleKind::Hold || !named).then_some(rule)
    };
    let meant = pending.iter().filter(|update| means(only, guest, update));
    let (ruled, free): (Vec<&Arc<Update>>, Vec<&Arc<Update>>) =
        meant.partition(|u| rule(u).is_some());
    let ruled: Vec<KeptBack> = ruled
        .into_iter()
        .filter_map(|update| {
            Some(KeptBack {
                package: update.package.clone(),
                why: why(rule(update)?),
                remedy: None,
            })
        })
        .collect();
    let names = || -> Option<UpdateFilter> {
        let open = free.iter().filter(|u| u.blocked.is_none());
        let names: Vec<String> = open.map(|u| u.qualified()).collect();
        (!names.is_empty()).then_some(UpdateFilter::Packages { names })
    };
    let only = match only {
        UpdateFilter::Approved | UpdateFilter::Severities { .. } => names(),
        // No packages are meant.
        UpdateFilter::Images { .. } => None,
        // As it is: the agent knows best what is pending now.
        UpdateFilter::All | UpdateFilter::Security if ruled.is_empty() => Some(only.clone()),
        UpdateFilter::All | UpdateFilter::Security => names(),
        UpdateFilter::Packages { names } => {
            // A source's name stands for its packages. What nobody reported is asked for as it was said.
            let mut wanted: Vec<String> = free.iter().map(|u| u.qualified()).collect();
            let said = names.iter().filter(|name| {
                let reported = |u: &Update| {
                    *name == u.source() || **name == u.package || **name == u.qualified()
                };
                !pending.iter().any(|u| reported(u))
            });
            wanted.extend(said.cloned());
            wanted.dedup();
            (!wanted.is_empty()).then_some(UpdateFilter::Packages { names: wanted })
        }
    };
    Wish {
        only,
        ruled,
        unrated,
    }
}
