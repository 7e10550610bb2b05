//! Agents through consoles that are no shells: what the plan asks for, what is done, and that the console is as before
//! whatever becomes of the job.

mod desktop;

use anyhow::{Context, Result};
use desktop::{Desktop, lab, label};
use domain::operation::{Job, JobState, StepKind, StepState};
use lab::{Lab, world::Guest};
use serde_json::{Value, json};

/// A desktop that knows the first cluster and may do there what the consoles need, but for what is named. No way into
/// any node is set up.
async fn ground(without: &[&str]) -> Result<(Lab, Desktop, tempfile::TempDir)> {
    let lab = lab().await?;
    role(&lab, |role| {
        for privilege in ["VM.Console", "VM.Config.Options", "VM.PowerMgmt"] {
            match without.contains(&privilege) {
                true => role.remove(privilege),
                false => role.insert(privilege.to_owned()),
            };
        }
    })?;
    let folder = tempfile::tempdir()?;
    let desktop = Desktop::open(folder.path()).await?;
    let cluster = desktop.add_cluster(&lab.facts().clusters[0]).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    Ok((lab, desktop, folder))
}

fn role(lab: &Lab, change: impl FnOnce(&mut std::collections::BTreeSet<String>)) -> Result<()> {
    lab.world().change(|w| {
        let roles = &mut w.clusters[0].access.roles;
        change(roles.get_mut("RedFlag").context("RedFlag's role")?);
        Ok(())
    })
}

/// Plans to put an agent into a guest, with what is allowed beyond that.
async fn plan(desktop: &Desktop, name: &str, allowed: Value) -> Result<Value> {
    let guest = desktop.guest(name).await?.id;
    let targets = json!([{ "kind": "guest", "guest": guest }]);
    let request = json!({ "kind": "enrol", "targets": targets, "only": { "kind": "all" }, "allowed": allowed });
    Ok(desktop.call("make_plan", request).await?)
}

async fn approve(desktop: &Desktop, plan: &Value) -> Result<Value> {
    let request = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
    let started = desktop.call("approve_plan", request).await?;
    Ok(started["operation"].clone())
}

async fn job(desktop: &Desktop, operation: &Value) -> Result<Job> {
    let details = desktop
        .call("operation_details", json!({ "operation": operation }))
        .await?;
    Ok(serde_json::from_value(details["jobs"][0].clone())?)
}

/// Waits for the end of an operation; its only job.
async fn ended(desktop: &mut Desktop, operation: &Value) -> Result<Job> {
    desktop.until_over(operation).await?;
    job(desktop, operation).await
}

/// Waits until the only job is at a step, and the step says so much.
async fn until_at(desktop: &mut Desktop, step: StepKind, says: &str) -> Result<()> {
    let at = |body: &api::Body| match body {
        api::Body::Job { job, .. } => job.steps.iter().any(|s| {
            let detail = s.detail.as_deref().unwrap_or_default();
            s.kind == step && s.state == StepState::Running && detail.contains(says)
        }),
        _ => false,
    };
    desktop.until_news(at).await
}

fn states(job: &Job) -> Vec<(StepKind, StepState)> {
    let console = [
        StepKind::OpenConsole,
        StepKind::Start,
        StepKind::RestartGuest,
        StepKind::Stop,
        StepKind::CloseConsole,
        StepKind::RestartGuestAgain,
    ];
    let steps = job.steps.iter().filter(|s| console.contains(&s.kind));
    steps.map(|s| (s.kind, s.state)).collect()
}

fn inside(lab: &Lab, vmid: u32) -> Result<Guest> {
    lab.world()
        .read(|w| w.guest(&w.clusters[0].label, vmid).cloned())
        .context("the guest")
}

/// The console is set as it was, nothing waits there, and the guest was started so often.
fn as_before(lab: &Lab, vmid: u32, mode: Option<&str>, boots: u32) -> Result<()> {
    let guest = inside(lab, vmid)?;
    assert_eq!(guest.console.mode.as_deref(), mode);
    assert_eq!(guest.pending.get("cmode"), None, "nothing waits");
    assert_eq!(guest.boots, boots);
    Ok(())
}

async fn over(desktop: Desktop, lab: Lab) {
    desktop.app.shutdown().await;
    lab.stop().await;
}

const SHELL: &str = "shell";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_is_restarted_for_its_console_only_when_that_is_allowed() -> Result<()> {
    let (lab, mut desktop, _folder) = ground(&[]).await?;
    for (name, vmid, mode) in [("mariadb", 201, None), ("nextcloud", 200, Some("console"))] {
        lab.guest(&label(&lab), vmid, |g| {
            g.console.mode = mode.map(str::to_owned)
        })?;
        let asked = plan(&desktop, name, json!({})).await?;
        assert_eq!(asked["guests"], json!([]), "not without a tick");
        assert_eq!(asked["leftOut"][0]["remedy"], json!(SHELL), "{asked}");
        let why = asked["leftOut"][0]["why"].as_str().context("a reason")?;
        assert!(why.contains("restart the LXC twice"), "{why}");

        let plan = plan(&desktop, name, json!({ "shell": true })).await?;
        assert_eq!(plan["guests"][0]["work"][SHELL], json!(true), "{plan}");
        let operation = approve(&desktop, &plan).await?;
        let job = ended(&mut desktop, &operation).await?;
        assert_eq!(job.state, JobState::Succeeded, "{:?}", job.problem);
        use {StepKind as K, StepState as S};
        assert_eq!(
            states(&job),
            [
                (K::OpenConsole, S::Done),
                (K::Start, S::Skipped),
                (K::RestartGuest, S::Done),
                (K::Stop, S::Skipped),
                (K::CloseConsole, S::Done),
                (K::RestartGuestAgain, S::Done),
            ]
        );
        as_before(&lab, vmid, mode, 2)?;
        let guest = inside(&lab, vmid)?;
        assert!(guest.running() && guest.machine.enrolled());

        let search = json!({ "search": format!("LXC {vmid} {name}"), "before": null, "limit": 50 });
        let audit = desktop.call("read_audit", search).await?;
        let acts = audit["entries"].as_array().context("entries")?;
        let acts = acts.iter().filter_map(|e| e["act"].as_str());
        let acts: Vec<&str> = acts.filter(|act| act.starts_with("lxc.")).collect();
        let both = ["lxc.restart", "lxc.console"];
        assert_eq!(acts, [both, both].concat(), "newest first");
    }
    over(desktop, lab).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_guest_is_started_with_a_shell_and_stopped_with_what_it_had() -> Result<()> {
    let (lab, mut desktop, _folder) = ground(&[]).await?;
    let asked = plan(&desktop, "ubuntu-dev", json!({ "start": true })).await?;
    assert_eq!(asked["leftOut"][0]["remedy"], json!(SHELL), "{asked}");
    let plan = plan(
        &desktop,
        "ubuntu-dev",
        json!({ "start": true, "shell": true }),
    )
    .await?;
    let operation = approve(&desktop, &plan).await?;
    let job = ended(&mut desktop, &operation).await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.problem);
    use {StepKind as K, StepState as S};
    assert_eq!(
        states(&job),
        [
            (K::OpenConsole, S::Done),
            (K::Start, S::Done),
            (K::RestartGuest, S::Skipped),
            (K::Stop, S::Done),
            (K::CloseConsole, S::Done),
            (K::RestartGuestAgain, S::Skipped),
        ]
    );
    as_before(&lab, 102, None, 1)?;
    assert!(!inside(&lab, 102)?.running());
    over(desktop, lab).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_inside_and_a_cancellation_leave_the_console_as_it_was() -> Result<()> {
    let (lab, mut desktop, _folder) = ground(&[]).await?;
    let label = label(&lab);
    lab.guest(&label, 201, |g| {
        g.machine.quirks.install_error = Some("no space for the unit".into())
    })?;
    let made = plan(&desktop, "mariadb", json!({ "shell": true })).await?;
    let operation = approve(&desktop, &made).await?;
    let failed = ended(&mut desktop, &operation).await?;
    assert_eq!(failed.state, JobState::Failed);
    let problem = failed.problem.context("a reason")?;
    let words = problem.words.context("its words")?;
    assert!(words.contains("no space for the unit"), "{words}");
    as_before(&lab, 201, None, 2)?;
    let guest = inside(&lab, 201)?;
    assert!(guest.machine.files.is_empty(), "{:?}", guest.machine.files);

    // An agent that never reports is waited for until somebody has enough.
    lab.guest(&label, 200, |g| g.machine.quirks.silent = true)?;
    let made = plan(&desktop, "nextcloud", json!({ "shell": true })).await?;
    let operation = approve(&desktop, &made).await?;
    until_at(&mut desktop, StepKind::CheckIn, "").await?;
    assert_eq!(inside(&lab, 200)?.console.mode(), SHELL);
    desktop
        .call("cancel_operation", json!({ "operation": operation }))
        .await?;
    let cancelled = ended(&mut desktop, &operation).await?;
    assert_eq!(cancelled.state, JobState::Cancelled, "{cancelled:?}");
    as_before(&lab, 200, None, 2)?;
    let guest = inside(&lab, 200)?;
    assert!(guest.machine.files.is_empty() && guest.machine.agent.is_none());
    over(desktop, lab).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_token_lacks_for_a_restart_is_named_in_the_plan() -> Result<()> {
    for lacking in [
        &["VM.Config.Options"][..],
        &["VM.PowerMgmt"],
        &["VM.Config.Options", "VM.PowerMgmt"],
    ] {
        let (lab, desktop, _folder) = ground(lacking).await?;
        let plan = plan(&desktop, "mariadb", json!({ "shell": true })).await?;
        assert_eq!(plan["guests"], json!([]), "{lacking:?}");
        let left = &plan["leftOut"][0];
        assert_eq!(left["remedy"], Value::Null, "no tick grants a privilege");
        let why = left["why"].as_str().context("a reason")?;
        let named = format!("lacks {} on /vms/201", lacking.join(" and "));
        assert!(why.contains(&named), "{why}");
        over(desktop, lab).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_somebody_made_for_the_next_start_is_left_alone() -> Result<()> {
    let (lab, mut desktop, _folder) = ground(&[]).await?;
    let label = label(&lab);
    lab.guest(&label, 201, |g| g.set_console_mode(Some("console".into())))?;
    let made = plan(&desktop, "mariadb", json!({ "shell": true })).await?;
    let left = &made["leftOut"][0];
    assert_eq!(
        (&made["guests"], &left["remedy"]),
        (&json!([]), &Value::Null)
    );
    let why = left["why"].as_str().context("a reason")?;
    assert!(why.contains("`console` waits for its next start"), "{why}");
    let waits = |lab: &Lab| anyhow::Ok(inside(lab, 201)?.pending.get("cmode").cloned());
    assert_eq!(waits(&lab)?.as_deref(), Some("console"));

    // One that was made between plan and job, and one that was made during the job.
    lab.guest(&label, 201, |g| g.set_console_mode(None))?;
    let made = plan(&desktop, "mariadb", json!({ "shell": true })).await?;
    lab.guest(&label, 201, |g| g.set_console_mode(Some("console".into())))?;
    let operation = approve(&desktop, &made).await?;
    let skipped = ended(&mut desktop, &operation).await?;
    assert_eq!(skipped.state, JobState::Skipped, "{skipped:?}");
    assert_eq!(waits(&lab)?.as_deref(), Some("console"));
    assert_eq!(inside(&lab, 201)?.boots, 0, "it was not touched");

    lab.guest(&label, 200, |g| g.machine.quirks.silent = true)?;
    let made = plan(&desktop, "nextcloud", json!({ "shell": true })).await?;
    let operation = approve(&desktop, &made).await?;
    until_at(&mut desktop, StepKind::CheckIn, "").await?;
    lab.guest(&label, 200, |g| {
        g.set_console_mode(Some("console".into()));
        g.machine.quirks.silent = false;
    })?;
    let job = ended(&mut desktop, &operation).await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.problem);
    as_before(&lab, 200, Some("console"), 2)?;
    over(desktop, lab).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_is_waited_for_before_the_console_is_set_back() -> Result<()> {
    let (lab, mut desktop, _folder) = ground(&[]).await?;
    let label = label(&lab);
    lab.guest(&label, 201, |g| g.lock_after_report = Some("backup".into()))?;
    let made = plan(&desktop, "mariadb", json!({ "shell": true })).await?;
    let operation = approve(&desktop, &made).await?;
    // Whichever step comes to it first.
    let waits = |body: &api::Body| match body {
        api::Body::Job { job, .. } => job.steps.iter().any(|s| {
            let detail = s.detail.as_deref().unwrap_or_default();
            s.state == StepState::Running && detail.contains("a lock (backup)")
        }),
        _ => false,
    };
    desktop.until_news(waits).await?;
    assert_eq!(
        inside(&lab, 201)?.console.mode(),
        SHELL,
        "nobody touches it"
    );
    lab.lock_guest(&label, 201, None)?;
    let job = ended(&mut desktop, &operation).await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.problem);
    as_before(&lab, 201, None, 2)?;
    over(desktop, lab).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_cannot_be_set_back_is_said_with_what_to_do() -> Result<()> {
    let (lab, mut desktop, _folder) = ground(&[]).await?;
    let label = label(&lab);
    lab.guest(&label, 201, |g| g.machine.quirks.silent = true)?;
    let made = plan(&desktop, "mariadb", json!({ "shell": true })).await?;
    let operation = approve(&desktop, &made).await?;
    until_at(&mut desktop, StepKind::CheckIn, "").await?;
    role(&lab, |role| {
        role.remove("VM.Config.Options");
    })?;
    lab.guest(&label, 201, |g| g.machine.quirks.silent = false)?;
    let job = ended(&mut desktop, &operation).await?;
    assert_eq!(job.state, JobState::Failed);
    let problem = job.problem.context("a reason")?;
    assert!(problem.what.contains("without a password"), "{problem:?}");
    let words = problem.words.context("Proxmox's words")?;
    assert!(words.contains("VM.Config.Options"), "{words}");
    let next = problem.next.context("what to do")?;
    assert!(next.contains("pct set 201 --delete cmode"), "{next}");
    let closed = job.steps.iter().find(|s| s.kind == StepKind::CloseConsole);
    assert_eq!(closed.map(|s| s.state), Some(StepState::Failed));
    over(desktop, lab).await;
    Ok(())
}
