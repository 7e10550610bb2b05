//! Plans and installations: what was approved is done, and nothing else.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use agent::packages::Known;
use common::{
    guest::{Guest, MAIN, row},
    scenes::{enrolled, pending, planned, planned_with},
    until,
};
use domain::{
    inventory::PackageScan,
    operation::{StepKind, UpdateFilter},
    plan::{Allowed, PackageChange},
};
use std::fs;
use wire::{Action, Outcome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn applies_what_was_approved_and_proves_it() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    guest.turn_on("running", "cron.service\nssh.service\n");
    guest.turn_on("leave-conffile", "");
    guest.turn_on("died", "ssh.service\n");
    let (plan, action) = planned(&desktop, UpdateFilter::All).await;
    assert_eq!(plan.upgraded.len(), 2);
    assert_eq!(plan.download, 2000);
    assert_eq!(plan.kept_back[0].package, "nodejs");
    assert!(plan.disk_needed > 2000 && plan.disk_free > plan.disk_needed);
    let id = desktop.give(action);
    let outcome = desktop.outcome(id).await;
    let Outcome::Applied { result } = outcome else {
        panic!("{outcome:?}");
    };
    let changed: Vec<_> = result
        .changes
        .iter()
        .map(|c| (c.package.as_str(), c.to.as_deref()))
        .collect();
    assert_eq!(
        changed,
        [
            ("curl", Some("7.88.1-10+deb12u8")),
            ("tzdata", Some("2024b"))
        ]
    );
    assert_eq!(result.not_done, []);
    assert_eq!(result.kept_files, ["/etc/x.conf.dpkg-dist"]);
    assert_eq!(result.database_sound, Some(true));
    let services: Vec<_> = result
        .services
        .iter()
        .map(|s| (s.unit.as_str(), s.active))
        .collect();
    assert_eq!(services, [("cron.service", true), ("ssh.service", false)]);
    assert_eq!(guest.installed("nodejs"), "1:18.0", "held packages stay");
    let (reports, counts) = desktop.with(|m| {
        let counts = m.inventories.last().unwrap().counts();
        (m.reports[&id].clone(), counts)
    });
    assert_eq!(
        (counts.total, counts.blocked),
        (0, 1),
        "the new inventory came, too"
    );
    let mut steps: Vec<StepKind> = reports.values().map(|r| r.step).collect();
    steps.dedup();
    assert_eq!(
        steps,
        [
            StepKind::Preflight,
            StepKind::Download,
            StepKind::Apply,
            StepKind::Verify,
            StepKind::Record
        ]
    );
    let percents: Vec<u8> = reports.values().filter_map(|r| r.percent).collect();
    assert!(percents.is_sorted(), "{percents:?}");
    assert!(!format!("{reports:?}").contains("pa55word"));
    let apply = guest
        .calls()
        .into_iter()
        .rfind(|c| c.contains("Use-Pty"))
        .unwrap();
    for word in [
        "--no-remove",
        "--force-confold",
        "--force-confdef",
        "DPkg::Lock::Timeout",
        "-y",
    ] {
        assert!(apply.contains(word), "{apply}");
    }
    until("the job's folder is gone", || async {
        fs::metadata(guest.layout().job(id)).is_err().then_some(())
    })
    .await;
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_upgrades_only_what_it_names_and_never_installs_anew() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (plan, action) = planned(&desktop, UpdateFilter::Security).await;
    assert_eq!(plan.upgraded.len(), 1);
    let outcome = desktop.done(action).await;
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    assert_eq!(guest.installed("curl"), "7.88.1-10+deb12u8");
    assert_eq!(guest.installed("tzdata"), "2024a");
    let names = vec!["tzdata".to_owned()];
    let (plan, action) = planned(&desktop, UpdateFilter::Packages { names }).await;
    assert_eq!(plan.upgraded[0].change.package, "tzdata");
    let outcome = desktop.done(action).await;
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    assert_eq!(guest.installed("tzdata"), "2024b");
    for call in guest.calls().iter().filter(|c| c.contains(" install ")) {
        assert!(call.contains("install --only-upgrade"), "{call}");
    }
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_moved_changes_nothing() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    let mut rows = pending();
    rows[1].candidate = "2024c";
    rows.push(row("libnew", "-", "1.0", MAIN));
    guest.set(&rows);
    let outcome = desktop.done(action).await;
    let Outcome::PlanMoved { plan } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(plan.added[0].package, "libnew");
    assert_eq!(guest.installed("curl"), "7.88.1-10");
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_moves_during_the_download_changes_nothing() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    guest.turn_on("block-download", "");
    let id = desktop.give(action);
    until("the download", || async {
        guest.fake("downloading").exists().then_some(())
    })
    .await;
    let mut rows = pending();
    rows[0].candidate = "7.88.1-10+deb12u9";
    guest.set(&rows);
    guest.turn_off("block-download");
    let outcome = desktop.outcome(id).await;
    assert!(matches!(outcome, Outcome::PlanMoved { .. }), "{outcome:?}");
    assert_eq!(guest.installed("curl"), "7.88.1-10");
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approved_removal_happens_and_an_unapproved_one_does_not() {
    let rows = || vec![row("new", "1", "2", MAIN), row("victim", "1", "-", MAIN)];
    let (guest, desktop, agent) = enrolled(&rows()).await;
    let (plan, _) = planned(&desktop, UpdateFilter::All).await;
    assert_eq!(plan.removed, [], "a removal needs its own word");
    let allowed = Allowed {
        removals: true,
        ..Allowed::default()
    };
    let (plan, action) = planned_with(&desktop, UpdateFilter::All, allowed).await;
    assert_eq!(plan.removed[0].package, "victim");
    let Action::Apply {
        only,
        allowed,
        approved,
        changes,
    } = action.clone()
    else {
        unreachable!()
    };
    let without: Vec<PackageChange> = changes.into_iter().filter(|c| c.to.is_some()).collect();
    let outcome = desktop
        .done(Action::Apply {
            only,
            allowed,
            approved,
            changes: without,
        })
        .await;
    assert!(matches!(outcome, Outcome::PlanMoved { .. }), "{outcome:?}");
    assert_eq!(guest.installed("victim"), "1");
    let outcome = desktop.done(action).await;
    let Outcome::Applied { result } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        result
            .changes
            .iter()
            .any(|c| c.package == "victim" && c.to.is_none())
    );
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_too_small_stops_it_before_the_download() {
    let mut rows = pending();
    rows[0].disk = u64::MAX / 4096;
    let (guest, desktop, agent) = enrolled(&rows).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    let outcome = desktop.done(action).await;
    let Outcome::Failed {
        problem,
        result: None,
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(problem.what.contains("disk is too small"), "{problem:?}");
    assert!(!guest.fake("downloading").exists());
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_package_gives_dpkgs_own_words_and_what_was_done() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    guest.turn_on("apply-fails", "Setting up curl ...\ndpkg: error processing package curl (--configure):\n installed curl package post-installation script subprocess returned error exit status 3\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n");
    let outcome = desktop.done(action).await;
    let Outcome::Failed {
        problem,
        result: Some(result),
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(problem.words.unwrap().contains("error exit status 3"));
    assert_eq!((result.changes.len(), result.not_done.len()), (0, 2));
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_database_is_reported_and_not_built_upon() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    guest.interrupted("The following packages are only half configured:\n curl\n");
    let outcome = desktop.done(action).await;
    let Outcome::Failed { problem, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(problem.words.unwrap().contains("half configured"));
    assert!(!guest.fake("applying").exists());
    agent.stop();
}

#[test]
fn a_scan_starts_dpkg_only_where_its_file_leaves_something_open() {
    let guest = Guest::new(&pending());
    let (layout, tools) = (guest.layout(), guest.tools());
    let scanned = || {
        let before = guest.calls().len();
        let scan = agent::packages::detect(&layout, &tools)
            .unwrap()
            .scan(&Known::default());
        let PackageScan::Apt { interrupted, .. } = scan else {
            panic!("{scan:?}");
        };
        let calls = guest.calls().split_off(before);
        let started = |name: &str| calls.iter().any(|c| c.starts_with(name));
        (interrupted, started("dpkg-query"), started("dpkg --audit"))
    };
    assert_eq!(scanned(), (None, false, false), "a sound guest");
    guest.interrupted("curl is not configured\n");
    let words = Some("curl is not configured".to_owned());
    assert_eq!(scanned(), (words.clone(), false, true));
    // As while dpkg works, or after it was cut off: its file alone is not the truth.
    fs::write(guest.root().join("var/lib/dpkg/updates/0000"), "").unwrap();
    assert_eq!(scanned(), (words, true, true));
}

#[test]
fn a_held_package_is_asked_about_again_once_something_else_may_be_on_offer() {
    let mut rows = pending();
    let guest = Guest::new(&rows);
    let (layout, tools) = (guest.layout(), guest.tools());
    let scanned = |known: &Known| {
        let before = guest.calls().len();
        let scan = agent::packages::detect(&layout, &tools)
            .unwrap()
            .scan(known);
        let PackageScan::Apt { updates, .. } = scan else {
            panic!("{scan:?}");
        };
        let asked = guest.calls().split_off(before).into_iter();
        let asked: Vec<String> = asked
            .filter(|c| c.starts_with("apt-cache policy"))
            .collect();
        let held = updates
            .iter()
            .filter(|u| u.blocked.is_some())
            .map(|u| u.package.clone());
        (held.collect::<Vec<_>>(), asked.len(), updates)
    };
    let (held, asked, updates) = scanned(&Known::default());
    assert_eq!((held, asked), (vec!["nodejs".to_owned()], 1));
    let mut known = Known {
        updates,
        same_offers: true,
    };
    let (held, asked, updates) = scanned(&known);
    assert_eq!((held, asked), (vec!["nodejs".to_owned()], 0));
    assert_eq!(updates, known.updates);
    // One more is held by hand, which changes dpkg's file alone.
    rows[1].held = true;
    guest.set(&rows);
    let both = vec!["nodejs".to_owned(), "tzdata".to_owned()];
    let (held, asked, _) = scanned(&known);
    assert_eq!((held, asked), (both.clone(), 1));
    known.same_offers = false;
    let (held, asked, _) = scanned(&known);
    assert_eq!((held, asked), (both, 1));
}
