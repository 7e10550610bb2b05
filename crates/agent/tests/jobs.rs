//! Jobs between agent and desktop: lost answers, restarts, crashes, queues, and the wish to stop.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{fs, process::Command};

use common::{
    scenes::{enrolled, pending, planned},
    until,
};
use domain::{JobId, Timestamp, operation::UpdateFilter};
use wire::{Action, Outcome, Work};

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
    let mut rows = pending();
    rows[0].installed = "7.88.1-10+deb12u8";
    guest.set(&rows);
    guest.interrupted("curl is not configured\n");
    // As a crash or a reboot would: half of the work is done, and the process is gone.
    kill(id);
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
