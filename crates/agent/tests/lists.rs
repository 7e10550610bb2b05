//! What the agent notices and does by itself: changes by hand within a minute, and package lists that are a day old.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use agent::{clock, run::Pace};
use common::{
    desktop::Desktop,
    guest::{Guest, MAIN, pace, row},
    scenes::{enrolled, pending},
    until,
};
use domain::inventory::{Inventory, PackageScan};
use wire::{Action, Outcome};

/// Looks at everything each time.
fn searching() -> Pace {
    Pace {
        search: Duration::ZERO,
        ..pace()
    }
}

/// Nothing was fetched for longer than a day and all jitter.
fn age_lists(guest: &Guest) {
    let lists = File::open(guest.root().join("var/lib/apt/lists")).unwrap();
    let then = SystemTime::now() - Duration::from_secs(27 * 3600);
    lists.set_modified(then).unwrap();
}

fn updates_fetched(guest: &Guest) -> usize {
    let calls = guest.calls();
    calls.iter().filter(|c| c.ends_with(" update")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_installed_by_hand_is_noticed_by_a_glance() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let before = desktop.with(|m| m.inventories.len());
    guest.set(&[row("curl", "1.0", "1.0", MAIN)]);
    let counts = desktop
        .until("the inventory after the change", |m| {
            let newest = m.inventories.get(before..)?.last()?;
            (newest.counts().total == 0).then(|| newest.counts())
        })
        .await;
    assert_eq!(counts.blocked, 0);
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_that_are_a_day_old_are_fetched_once_and_not_before_there_is_a_desktop() {
    let guest = Guest::new(&pending());
    age_lists(&guest);
    let desktop = Desktop::start().await;
    desktop.with(|m| m.code = Some("another".into()));
    guest.prepare(&desktop.bootstrap());
    agent::files::make_private_dir(&guest.layout().state_dir()).unwrap();
    let agent = guest.start_with(searching());
    until("an inventory without a desktop", || async {
        guest.layout().inventory().exists().then_some(())
    })
    .await;
    desktop
        .until("two refused tries", |m| {
            (m.enrolments.len() >= 2).then_some(())
        })
        .await;
    assert_eq!(
        updates_fetched(&guest),
        0,
        "nobody has asked for this agent yet"
    );
    desktop.with(|m| m.code = Some(common::desktop::CODE.into()));
    let fresh = |inventory: &Inventory| {
        let PackageScan::Apt { lists_at, .. } = &inventory.packages else {
            return false;
        };
        lists_at.is_some_and(|at| clock::now().since(at) < 3_600_000)
    };
    desktop
        .until("an inventory with fresh lists", |m| {
            m.inventories.iter().any(fresh).then_some(())
        })
        .await;
    // Another scan comes after several looks of the agent.
    guest.set(&[row("curl", "1.0", "1.0", MAIN)]);
    desktop
        .until("a later inventory", |m| {
            (m.inventories.last()?.counts().total == 0).then_some(())
        })
        .await;
    assert_eq!(updates_fetched(&guest), 1, "{:?}", guest.calls());
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_lists_wait_for_the_end_of_a_job_and_a_failed_fetch_ends_nothing() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    agent.stop();
    age_lists(&guest);
    guest.turn_on("update-fails", "E: Could not resolve 'deb.example'\n");
    let job = guest.layout().job(domain::JobId::new());
    fs::create_dir_all(&job).unwrap();
    let lock = File::create(job.join("lock")).unwrap();
    lock.lock().unwrap();
    let seen = desktop.with(|m| m.check_ins.len());
    let agent = guest.start_with(searching());
    desktop
        .until("check-ins beside the job", |m| {
            (m.check_ins.len() > seen).then_some(())
        })
        .await;
    assert_eq!(updates_fetched(&guest), 0, "a job is running");
    drop(lock);
    fs::remove_dir_all(&job).unwrap();
    until("the fetch after the job", || async {
        (updates_fetched(&guest) > 0).then_some(())
    })
    .await;
    // What it leaves is the inventory with its age, and the agent goes on.
    guest.turn_off("update-fails");
    let outcome = desktop.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    agent.stop();
}
