//! Approving updates before they are installed, and what becomes of approvals.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    ApprovalId, GuestId,
    approval::{Approval, ApprovalEnd},
    inventory::{Severity, Update},
    operation::{Target, UpdateFilter},
    rule::RuleKind,
};

use crate::{
    Error, Kind, clock,
    feed::Body,
    inner::Inner,
    operations::{account, scope},
    picture::{Guest, Known},
};

/// What an approval of everything below a selection came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approved {
    /// New ones.
    pub approved: u32,
    /// Those that were approved before.
    pub already: u32,
    /// Guests with a new one.
    pub guests: u32,
    /// Security updates without a grade that were not meant.
    pub unrated: u32,
    /// Held, kept back, or under a rule of the user's.
    pub left_out: u32,
}

/// Whether a filter means an update that nothing stands in the way of.
pub(crate) fn means(only: &UpdateFilter, guest: &Guest, update: &Update) -> bool {
    match only {
        UpdateFilter::All => true,
        UpdateFilter::Security => update.severity.is_security(),
        UpdateFilter::Packages { names } => names
            .iter()
            .any(|n| *n == update.package || *n == update.qualified() || n == update.source()),
        UpdateFilter::Severities { severities } => severities.contains(&update.severity),
        UpdateFilter::Approved => guest.approvals.iter().any(|a| a.covers(update)),
        UpdateFilter::Images { .. } => false,
    }
}

/// Whether a filter by severity leaves this one out for want of a grade.
pub(crate) fn is_unrated(only: &UpdateFilter, update: &Update) -> bool {
    let UpdateFilter::Severities { severities } = only else {
        return false;
    };
    let graded = severities
        .iter()
        .any(|s| !matches!(s, Severity::SecurityUnrated | Severity::Unknown));
    graded
        && update.severity == Severity::SecurityUnrated
        && !severities.contains(&Severity::SecurityUnrated)
}

/// In a few words what a filter means, for people who read the approval later.
fn words(only: &UpdateFilter) -> String {
    match only {
        UpdateFilter::All => "all updates".into(),
        UpdateFilter::Security => "security updates".into(),
        UpdateFilter::Packages { names } | UpdateFilter::Images { names, .. } => names.join(", "),
        UpdateFilter::Severities { severities } => {
            let words: Vec<String> = severities
                .iter()
                .map(|s| format!("{s:?}").to_lowercase())
                .collect();
            format!("severity {}", words.join(", "))
        }
        UpdateFilter::Approved => "approved updates".into(),
    }
}

fn chosen(
    known: &Known,
    targets: &[Target],
    only: &UpdateFilter,
    through: &str,
) -> (Vec<Approval>, Approved) {
    let (now, by) = (clock::now(), account());
    let mut new = Vec::new();
    let mut told = Approved::default();
    for id in scope::guests(known, targets) {
        let Some(guest) = known.guests.get(&id) else {
            continue;
        };
        let before = new.len();
        for update in guest.pending() {
            told.unrated += u32::from(is_unrated(only, update));
            if !means(only, guest, update) {
                continue;
            }
            let rule = guest.ruling(&known.rules, &update.package, now);
            let named = matches!(only, UpdateFilter::Packages { .. });
            let ruled = rule.is_some_and(|rule| rule.kind == RuleKind::Hold || !named);
            if update.blocked.is_some() || ruled {
                told.left_out += 1;
            } else if guest.approvals.iter().any(|a| a.covers(update)) {
                told.already += 1;
            } else {
                new.push(Approval {
                    id: ApprovalId::new(),
                    guest: id,
                    package: update.package.clone(),
                    arch: update.arch.clone(),
                    version: update.candidate.clone(),
                    severity: update.severity,
                    approved_by: by.clone(),
                    approved_at: now,
                    through: through.to_owned(),
                });
            }
        }
        told.guests += u32::from(new.len() > before);
    }
    told.approved = u32::try_from(new.len()).unwrap_or(u32::MAX);
    (new, told)
}

impl Inner {
    /// Approves what `only` means of everything pending below `targets`, in the versions that are offered now.
    pub(crate) async fn approve_updates(
        self: &Arc<Self>,
        targets: &[Target],
        only: &UpdateFilter,
    ) -> Result<Approved, Error> {
        let (subject, guests) = self.state.read(|known| {
            let guests = scope::guests(known, targets).len();
            (scope::subject(known, targets, guests), guests)
        });
        if guests == 0 {
            return Err(
                Error::new(Kind::BadInput, "There is no LXC in what was selected")
                    .next("Select a cluster, a node or an LXC."),
            );
        }
        let through = format!("{subject}, {}", words(only));
        let (new, told) = self
            .state
            .read(|known| chosen(known, targets, only, &through));
        if new.is_empty() {
            return Ok(told);
        }
        self.store.insert_approvals(&new).await?;
        self.state.change(|known| {
            for approval in new {
                if let Some(guest) = known.guests.get_mut(&approval.guest) {
                    guest.approvals.push(approval);
                }
            }
        });
        let detail = format!(
            "{} updates in {} LXCs: {}",
            told.approved,
            told.guests,
            words(only)
        );
        self.audit(&account(), "approve updates", &subject, &detail, "approved")
            .await;
        self.approvals_moved();
        Ok(told)
    }

    /// Takes approvals back.
    pub(crate) async fn withdraw_approvals(&self, ids: &[ApprovalId]) -> Result<(), Error> {
        let found: Vec<Approval> = self.state.read(|known| {
            let all = known.guests.values().flat_map(|g| &g.approvals);
            all.filter(|a| ids.contains(&a.id)).cloned().collect()
        });
        if found.is_empty() {
            return Err(Error::new(
                Kind::NotFound,
                "These approvals are over already",
            ));
        }
        let end = ApprovalEnd::Withdrawn;
        self.store.end_approvals(ids, end, clock::now()).await?;
        self.forget_approvals(ids);
        let packages: Vec<&str> = found.iter().map(|a| a.package.as_str()).collect();
        let detail = packages.join(", ");
        self.audit(
            &account(),
            "withdraw approvals",
            &format!("{} updates", found.len()),
            &detail,
            "withdrawn",
        )
        .await;
        self.approvals_moved();
        Ok(())
    }

    /// Ends what a new inventory says is over.
    pub(crate) async fn settle_approvals(&self, guest: GuestId) -> Result<(), store::StoreError> {
        let over: BTreeMap<&str, (ApprovalEnd, Vec<ApprovalId>)> = self.state.read(|known| {
            let mut over: BTreeMap<&str, (ApprovalEnd, Vec<ApprovalId>)> = BTreeMap::new();
            let Some(guest) = known.guests.get(&guest) else {
                return over;
            };
            let Some(report) = &guest.inventory else {
                return over;
            };
            for approval in &guest.approvals {
                let Some(end) = approval.ended_by(&report.inventory) else {
                    continue;
                };
                let name = match end {
                    ApprovalEnd::Superseded => "superseded",
                    ApprovalEnd::Done | ApprovalEnd::Withdrawn => "done",
                };
                over.entry(name)
                    .or_insert_with(|| (end, Vec::new()))
                    .1
                    .push(approval.id);
            }
            over
        });
        for (end, ids) in over.values() {
            self.store.end_approvals(ids, *end, clock::now()).await?;
            self.forget_approvals(ids);
        }
        if !over.is_empty() {
            self.approvals_moved();
        }
        Ok(())
    }

    fn forget_approvals(&self, ids: &[ApprovalId]) {
        self.state.change(|known| {
            for guest in known.guests.values_mut() {
                guest.approvals.retain(|a| !ids.contains(&a.id));
            }
        });
    }

    /// Lists of approvals and rules that are shown are to be read again.
    pub(crate) fn approvals_moved(&self) {
        self.feed.tell(Body::Approvals, clock::now());
    }
}
