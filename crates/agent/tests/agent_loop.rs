//! The agent against a desktop: enrolment, certificates, inventory, scans, removal.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{fs, os::unix::fs::PermissionsExt};

use common::{
    desktop::Desktop,
    guest::{Guest, MAIN, row},
    scenes::{enrolled, pending},
    until,
};
use domain::{
    Timestamp,
    inventory::{Blocked, PackageScan},
    operation::StepKind,
};
use wire::{Action, Outcome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enrols_once_reports_and_deletes_the_code() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let request = desktop.with(|m| m.enrolments[0].clone());
    assert_eq!(request.hostname, "nextcloud");
    assert_eq!(request.macs, ["bc:24:11:00:00:01"]);
    let layout = guest.layout();
    assert!(!layout.bootstrap().exists(), "the code is gone");
    for path in [layout.key(), layout.certificate(), layout.config()] {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    let inventory = desktop.with(|m| m.inventories[0].clone());
    let PackageScan::Apt {
        updates,
        installed,
        lists_at,
        repositories,
        ..
    } = &inventory.packages
    else {
        panic!("{inventory:?}");
    };
    assert_eq!((*installed, lists_at.is_some()), (4, true));
    assert_eq!(repositories[0].name, "http://deb.example/debian bookworm");
    let rows: Vec<_> = updates
        .iter()
        .map(|u| {
            (
                u.package.as_str(),
                u.suite.as_str(),
                u.severity.is_security(),
                u.blocked.clone(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("curl", "oldstable-security", true, None),
            ("nodejs", "bookworm", false, Some(Blocked::Held)),
            ("tzdata", "bookworm", false, None),
        ]
    );
    assert!(updates.iter().all(|u| u.size == Some(1000)));
    agent.stop();
    // A second start uses the stored identity: no code is needed any more.
    let seen = desktop.with(|m| m.check_ins.len());
    let agent = guest.start();
    desktop
        .until("a check-in of the second start", |m| {
            (m.check_ins.len() > seen).then_some(())
        })
        .await;
    assert_eq!(desktop.with(|m| m.enrolments.len()), 1);
    let sessions = desktop.with(|m| {
        let first = m.check_ins[0].session.clone();
        m.check_ins.last().unwrap().session != first
    });
    assert!(sessions, "each start has a session of its own");
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_code_is_said_and_tried_again() {
    let guest = Guest::new(&pending());
    let desktop = Desktop::start().await;
    desktop.with(|m| m.code = Some("another".into()));
    guest.prepare(&desktop.bootstrap());
    let agent = guest.start();
    desktop
        .until("two tries", |m| (m.enrolments.len() >= 2).then_some(()))
        .await;
    let status = agent::status::Status::read(&guest.layout(), &guest.tools());
    let trouble = status.running.unwrap().trouble.unwrap();
    assert!(
        trouble.what.contains("unknown, used or expired"),
        "{}",
        trouble.what
    );
    let keys = desktop.with(|m| m.enrolments[0].request_pem == m.enrolments[1].request_pem);
    assert!(keys, "all tries are for one key pair");
    desktop.with(|m| m.code = Some(common::desktop::CODE.into()));
    desktop
        .until("the enrolment", |m| m.check_ins.first().map(drop))
        .await;
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_due_certificate_is_renewed_and_the_new_one_is_used() {
    let guest = Guest::new(&pending());
    let desktop = Desktop::start().await;
    desktop.with(|m| m.renew_now = true);
    guest.prepare(&desktop.bootstrap());
    let agent = guest.start();
    // The desktop forgets the old certificate, so whatever comes later came with the new one.
    desktop
        .until("the renewal", |m| (m.renewals == 1).then_some(()))
        .await;
    let outcome = desktop.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_agent_asks_seldom_and_says_so() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    desktop.with(|m| m.revoked = true);
    let status = until("trouble in the status", || async {
        let status = agent::status::Status::read(&guest.layout(), &guest.tools());
        status.running.and_then(|r| r.trouble)
    })
    .await;
    assert!(
        status.what.contains("this agent was removed"),
        "{}",
        status.what
    );
    desktop.with(|m| m.revoked = false);
    let outcome = desktop.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_refreshes_and_names_a_failing_repository() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    guest.turn_on(
        "update-words",
        "Err:2 http://joe:pa55word@third.example/apt stable InRelease\n  401  Unauthorized\nE: Failed to fetch http://third.example/apt/dists/stable/InRelease  401  Unauthorized\n",
    );
    let id = desktop.give(Action::Scan { refresh: true });
    let outcome = desktop.outcome(id).await;
    let Outcome::Scanned { hash } = outcome else {
        panic!("one failing repository does not fail the scan: {outcome:?}");
    };
    let (inventory, reports) = desktop.with(|m| {
        assert_eq!(
            m.hash.as_ref(),
            Some(&hash),
            "the inventory came before the outcome"
        );
        (
            m.inventories.last().unwrap().clone(),
            m.reports[&id].clone(),
        )
    });
    let PackageScan::Apt { repositories, .. } = inventory.packages else {
        panic!("{inventory:?}");
    };
    let rows: Vec<_> = repositories
        .iter()
        .map(|r| (r.name.as_str(), r.error.as_deref()))
        .collect();
    assert_eq!(
        rows,
        [
            ("http://deb.example/debian bookworm", None),
            (
                "http://…@third.example/apt stable",
                Some("401  Unauthorized")
            ),
        ]
    );
    let steps: Vec<StepKind> = reports.values().map(|r| r.step).collect();
    for step in [StepKind::Refresh, StepKind::Scan, StepKind::Record] {
        assert!(steps.contains(&step), "{steps:?}");
    }
    let log = format!("{reports:?}");
    assert!(!log.contains("pa55word"), "no secret leaves the guest");
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_apt_are_never_an_empty_list() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    guest.turn_on("update-fails", "Err:1 http://deb.example/debian bookworm InRelease\n  Could not resolve 'deb.example'\nE: Failed to fetch http://deb.example/debian/dists/bookworm/InRelease  Could not resolve 'deb.example'\n");
    let outcome = desktop.done(Action::Scan { refresh: true }).await;
    let Outcome::Failed { problem, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(problem.words.unwrap().contains("Could not resolve"));
    guest.turn_off("update-fails");
    guest.turn_on(
        "simulation-fails",
        "E: The package cache file is corrupted\n",
    );
    let outcome = desktop.done(Action::Scan { refresh: true }).await;
    let Outcome::Failed { problem, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(problem.words.unwrap().contains("cache file is corrupted"));
    let last = desktop.with(|m| m.inventories.last().unwrap().clone());
    assert!(
        matches!(last.packages, PackageScan::Failed { .. }),
        "{last:?}"
    );
    // And a second try works.
    guest.turn_off("simulation-fails");
    let outcome = desktop.done(Action::Scan { refresh: true }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unchanged_scan_asks_no_package_manager() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let before = guest.calls().len();
    let outcome = desktop.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    assert_eq!(guest.calls().len(), before, "{:?}", guest.calls());
    // A change by hand is noticed without being asked.
    let seen = desktop.with(|m| m.inventories.len());
    guest.set(&[row("curl", "1", "2", MAIN)]);
    desktop
        .until("the changed inventory", |m| {
            (m.inventories.len() > seen).then_some(())
        })
        .await;
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_without_apt_says_what_was_looked_for() {
    let guest = Guest::new(&pending());
    fs::remove_file(guest.root().join("tools/dpkg-query")).unwrap();
    fs::write(guest.root().join("tools/apk"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(
        guest.root().join("tools/apk"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    let tools = agent::Tools::new(guest.root().join("tools"));
    let taken = agent::inventory::take(
        &guest.layout(),
        &tools,
        agent::inventory::Effort::Always,
        Timestamp(0),
    );
    let PackageScan::Unsupported { reason } = taken.report.inventory.packages else {
        panic!("{taken:?}");
    };
    assert_eq!(
        reason,
        "apt is the only package manager that RedFlag uses yet: dpkg-query not found; this guest has apk"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desktop_can_have_the_agent_removed() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let outcome = desktop.done(Action::Uninstall).await;
    assert_eq!(outcome, Outcome::Uninstalled);
    assert_eq!(agent.wait().unwrap(), agent::run::Ended::Uninstalled);
    let layout = guest.layout();
    until("nothing is left", || async {
        let left = [layout.config_dir(), layout.state_dir(), layout.run_dir()];
        left.iter().all(|p| !p.exists()).then_some(())
    })
    .await;
}
