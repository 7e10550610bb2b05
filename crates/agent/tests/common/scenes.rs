//! Where most tests begin: an enrolled agent in a guest with something pending.

use domain::{
    operation::UpdateFilter,
    plan::{Allowed, GuestPlan, PackageChange},
};
use wire::{Action, Outcome};

use super::{
    desktop::Desktop,
    guest::{Guest, MAIN, Row, RunningAgent, SECURITY, row},
};

pub fn pending() -> Vec<Row> {
    vec![
        row("curl", "7.88.1-10", "7.88.1-10+deb12u8", SECURITY),
        row("tzdata", "2024a", "2024b", MAIN),
        row("base-files", "12.4", "12.4", MAIN),
        Row {
            held: true,
            ..row("nodejs", "1:18.0", "1:20.0", MAIN)
        },
    ]
}

pub async fn enrolled(rows: &[Row]) -> (Guest, Desktop, RunningAgent) {
    let guest = Guest::new(rows);
    let desktop = Desktop::start().await;
    guest.prepare(&desktop.bootstrap());
    let agent = guest.start();
    desktop
        .until("the first inventory", |m| m.inventories.first().map(drop))
        .await;
    (guest, desktop, agent)
}

/// A plan, and the action that does exactly it.
pub async fn planned(desktop: &Desktop, only: UpdateFilter) -> (GuestPlan, Action) {
    planned_with(desktop, only, Allowed::default()).await
}

/// The same with more allowed.
pub async fn planned_with(
    desktop: &Desktop,
    only: UpdateFilter,
    allowed: Allowed,
) -> (GuestPlan, Action) {
    let plan = Action::Plan {
        only: only.clone(),
        allowed,
    };
    let outcome = desktop.done(plan).await;
    let Outcome::Planned { plan } = outcome else {
        panic!("not planned: {outcome:?}");
    };
    let changes: Vec<PackageChange> = plan
        .upgraded
        .iter()
        .map(|u| &u.change)
        .chain(&plan.added)
        .chain(&plan.removed)
        .cloned()
        .collect();
    let action = Action::Apply {
        only,
        allowed,
        approved: plan.fingerprint(),
        changes,
    };
    (plan, action)
}
