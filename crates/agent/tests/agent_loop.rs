//! The agent against a desktop: enrolment, inventory, jobs, and what goes wrong between them.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use common::{
    desktop::Desktop,
    guest::{Guest, MAIN, Row, SECURITY, row},
    until,
};
use domain::{
    JobId, Timestamp,
    inventory::{Blocked, PackageScan},
    operation::{StepKind, UpdateFilter},
    plan::{GuestPlan, PackageChange},
};
use wire::{Action, Outcome, Work};

fn pending() -> Vec<Row> {
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

async fn enrolled(rows: &[Row]) -> (Guest, Desktop, common::guest::RunningAgent) {
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
async fn planned(desktop: &Desktop, only: UpdateFilter) -> (GuestPlan, Action) {
    let outcome = desktop.done(Action::Plan { only: only.clone() }).await;
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
        approved: plan.fingerprint(),
        changes,
    };
    (plan, action)
}

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
    let status = agent::status::Status::read(&guest.layout());
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
        let status = agent::status::Status::read(&guest.layout());
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
    let (plan, action) = planned(&desktop, UpdateFilter::All).await;
    assert_eq!(plan.removed[0].package, "victim");
    let Action::Apply {
        only,
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
    guest.turn_on(
        "audit",
        "The following packages are only half configured:\n curl\n",
    );
    let outcome = desktop.done(action).await;
    let Outcome::Failed { problem, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(problem.words.unwrap().contains("half configured"));
    assert!(!guest.fake("applying").exists());
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_before_the_installation_nothing_changes() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    guest.turn_on("block-download", "");
    let id = desktop.give(action);
    until("the download", || async {
        guest.fake("downloading").exists().then_some(())
    })
    .await;
    desktop.with(|m| m.cancel.push(id));
    let outcome = desktop.outcome(id).await;
    assert_eq!(outcome, Outcome::Cancelled { result: None });
    assert!(!guest.fake("applying").exists());
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_during_the_installation_lets_it_finish() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    guest.turn_on("block-apply", "");
    let id = desktop.give(action);
    until("the installation", || async {
        guest.fake("applying").exists().then_some(())
    })
    .await;
    desktop.with(|m| m.cancel.push(id));
    let layout = guest.layout();
    until("the request to stop", || async {
        layout.job(id).join("cancel").exists().then_some(())
    })
    .await;
    guest.turn_off("block-apply");
    let outcome = desktop.outcome(id).await;
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_work_is_refused() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    let id = JobId::new();
    desktop.with(|m| {
        m.work.push(Work {
            id,
            action,
            sent_at: Timestamp(10_000_000),
            expires_at: Timestamp(9_000_000),
        });
    });
    let outcome = desktop.outcome(id).await;
    let Outcome::Failed {
        problem,
        result: None,
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(problem.what.contains("expired"), "{problem:?}");
    assert!(!guest.fake("downloading").exists());
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_repeat_reports_and_nothing_else() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    desktop.with(|m| m.lose_answers = 4);
    let id = desktop.give(action);
    let outcome = desktop.outcome(id).await;
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    until("the job's folder is gone", || async {
        fs::metadata(guest.layout().job(id)).is_err().then_some(())
    })
    .await;
    assert!(desktop.with(|m| m.repeated) >= 1, "answers were lost");
    let applied = guest
        .calls()
        .iter()
        .filter(|c| c.contains("Use-Pty") && !c.contains("--download-only"))
        .count();
    assert_eq!(
        applied, 1,
        "the work was done once, though handed out again"
    );
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_survives_a_restart_of_the_agent() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    guest.turn_on("block-apply", "");
    let id = desktop.give(action);
    until("the installation", || async {
        guest.fake("applying").exists().then_some(())
    })
    .await;
    agent.stop();
    let agent = guest.start();
    desktop
        .until("the restarted agent knows its job", |m| {
            m.check_ins.last()?.jobs.contains(&id).then_some(())
        })
        .await;
    guest.turn_off("block-apply");
    let outcome = desktop.outcome(id).await;
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_process_was_killed_ends_interrupted_with_the_truth() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    guest.turn_on("block-apply", "");
    let id = desktop.give(action);
    until("the installation", || async {
        guest.fake("applying").exists().then_some(())
    })
    .await;
    // As a crash or a reboot would: the process is gone, half of the work is done.
    kill(id);
    let mut rows = pending();
    rows[0].installed = "7.88.1-10+deb12u8";
    guest.set(&rows);
    guest.turn_on("audit", "curl is not configured\n");
    let outcome = desktop.outcome(id).await;
    let Outcome::Interrupted {
        result: Some(result),
        ..
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    let changed: Vec<_> = result.changes.iter().map(|c| c.package.as_str()).collect();
    let not_done: Vec<_> = result.not_done.iter().map(|c| c.package.as_str()).collect();
    assert_eq!((changed, not_done), (vec!["curl"], vec!["tzdata"]));
    assert_eq!(result.database_sound, Some(false));
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_run_one_after_the_other() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    guest.turn_on("block-apply", "");
    let first = desktop.give(action);
    until("the installation", || async {
        guest.fake("applying").exists().then_some(())
    })
    .await;
    let second = desktop.give(Action::Scan { refresh: true });
    let third = desktop.give(Action::Scan { refresh: true });
    desktop
        .until("all are known", |m| {
            let jobs = &m.check_ins.last()?.jobs;
            (jobs.contains(&second) && jobs.contains(&third)).then_some(())
        })
        .await;
    // What waits can be cancelled at once.
    desktop.with(|m| m.cancel.push(third));
    assert_eq!(
        desktop.outcome(third).await,
        Outcome::Cancelled { result: None }
    );
    assert!(
        desktop.with(|m| !m.reports.contains_key(&second)),
        "it waits for its turn"
    );
    guest.turn_off("block-apply");
    assert!(matches!(
        desktop.outcome(first).await,
        Outcome::Applied { .. }
    ));
    assert!(matches!(
        desktop.outcome(second).await,
        Outcome::Scanned { .. }
    ));
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_that_the_desktop_does_not_know_are_forgotten() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    guest.turn_on("block-download", "");
    let (_, action) = planned(&desktop, UpdateFilter::All).await;
    let id = desktop.give(action);
    until("the download", || async {
        guest.fake("downloading").exists().then_some(())
    })
    .await;
    desktop.with(|m| {
        m.work.retain(|w| w.id != id);
        m.forget.push(id);
    });
    guest.turn_off("block-download");
    until("the job's folder is gone", || async {
        fs::metadata(guest.layout().job(id)).is_err().then_some(())
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

/// Ends the process of a job, and nothing else, as a crash would.
fn kill(id: JobId) {
    let id = id.to_string();
    let found = fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let command = fs::read_to_string(entry.path().join("cmdline")).ok()?;
        let words: Vec<&str> = command.split('\0').collect();
        (words.first()?.ends_with("redflag-agent") && words.contains(&id.as_str())).then_some(pid)
    });
    let pid = found.expect("the job's process").to_string();
    assert!(
        Command::new("kill")
            .args(["-9", &pid])
            .status()
            .unwrap()
            .success()
    );
}
