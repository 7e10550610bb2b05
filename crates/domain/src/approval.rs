//! Updates that were approved before they are installed: each in one guest and one version.

use serde::{Deserialize, Serialize};

use crate::{
    ApprovalId, GuestId, Timestamp,
    inventory::{Inventory, PackageScan, Severity, Update},
    plan::GuestPlan,
};

/// One approved update. It is good for this version and no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub id: ApprovalId,
    pub guest: GuestId,
    pub package: String,
    pub arch: String,
    pub version: String,
    pub severity: Severity,
    /// The account of the operating system.
    pub approved_by: String,
    pub approved_at: Timestamp,
    /// What was approved, for people: `pve1, security updates`.
    pub through: String,
}

/// Why an approval is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ApprovalEnd {
    Withdrawn,
    /// Another version is offered now.
    Superseded,
    /// The update is not pending any more: it was installed, by whomever, or its package is gone.
    Done,
}

impl Approval {
    /// Whether it is about this update as it is offered now.
    pub fn covers(&self, update: &Update) -> bool {
        self.is_of(&update.package, &update.arch) && self.version == update.candidate
    }

    fn is_of(&self, package: &str, arch: &str) -> bool {
        self.package == package && self.arch == arch
    }

    /// Whether a newer inventory ends it. A failed scan says nothing.
    pub fn ended_by(&self, inventory: &Inventory) -> Option<ApprovalEnd> {
        let PackageScan::Apt { updates, .. } = &inventory.packages else {
            return None;
        };
        let pending = updates.iter().find(|u| self.is_of(&u.package, &u.arch));
        match pending {
            None => Some(ApprovalEnd::Done),
            Some(update) if update.candidate != self.version => Some(ApprovalEnd::Superseded),
            Some(_) => None,
        }
    }
}

/// In what a plan differs from what was approved, in words; nothing when it is exactly that.
pub fn moved(approved: &[Approval], plan: &GuestPlan) -> Vec<String> {
    let mut words = Vec::new();
    for upgrade in &plan.upgraded {
        let change = &upgrade.change;
        let to = change.to.as_deref().unwrap_or("?");
        match approved
            .iter()
            .find(|a| a.is_of(&change.package, &change.arch))
        {
            Some(known) if known.version == to => {}
            Some(known) => words.push(format!(
                "{}: {} was approved, {to} is offered now",
                change.package, known.version
            )),
            None => words.push(format!(
                "{} {to} comes with it and was not approved",
                change.package
            )),
        }
    }
    for added in &plan.added {
        words.push(format!("{} is added", added.package));
    }
    for removed in &plan.removed {
        words.push(format!("{} is removed", removed.package));
    }
    for known in approved {
        let mut planned = plan.upgraded.iter();
        if planned.any(|u| known.is_of(&u.change.package, &u.change.arch)) {
            continue;
        }
        let kept = plan.kept_back.iter().find(|k| k.package == known.package);
        words.push(match kept {
            Some(kept) => format!(
                "{} {} is not installed: {}",
                known.package, known.version, kept.why
            ),
            None => format!(
                "{} {} is not pending any more",
                known.package, known.version
            ),
        });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{KeptBack, PackageChange, PlannedUpgrade};

    fn approval(package: &str, version: &str) -> Approval {
        Approval {
            id: ApprovalId::new(),
            guest: GuestId::new(),
            package: package.into(),
            arch: "amd64".into(),
            version: version.into(),
            severity: Severity::Unknown,
            approved_by: "ada".into(),
            approved_at: Timestamp(1),
            through: "pve1".into(),
        }
    }

    fn change(package: &str, to: &str) -> PackageChange {
        PackageChange {
            package: package.into(),
            arch: "amd64".into(),
            from: Some("1".into()),
            to: Some(to.into()),
        }
    }

    fn plan(upgraded: &[(&str, &str)]) -> GuestPlan {
        let upgrade = |(package, to): &(&str, &str)| PlannedUpgrade {
            change: change(package, to),
            origin: String::new(),
            suite: String::new(),
            severity: Severity::Unknown,
            size: None,
        };
        GuestPlan {
            upgraded: upgraded.iter().map(upgrade).collect(),
            ..GuestPlan::default()
        }
    }

    #[test]
    fn a_plan_that_is_what_was_approved_has_nothing_to_say() {
        let approved = [approval("curl", "2"), approval("tzdata", "3")];
        assert_eq!(
            moved(&approved, &plan(&[("curl", "2"), ("tzdata", "3")])),
            [""; 0]
        );
    }

    #[test]
    fn whatever_differs_is_named() {
        let approved = [
            approval("curl", "2"),
            approval("held", "5"),
            approval("gone", "6"),
        ];
        let mut now = plan(&[("curl", "3"), ("libcurl4", "3")]);
        now.added.push(change("libnew", "1"));
        now.removed.push(PackageChange {
            to: None,
            ..change("old", "1")
        });
        now.kept_back.push(KeptBack {
            package: "held".into(),
            why: "held by apt-mark".into(),
            remedy: None,
        });
        assert_eq!(
            moved(&approved, &now),
            [
                "curl: 2 was approved, 3 is offered now",
                "libcurl4 3 comes with it and was not approved",
                "libnew is added",
                "old is removed",
                "held 5 is not installed: held by apt-mark",
                "gone 6 is not pending any more",
            ]
        );
    }
}
