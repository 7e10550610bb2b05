//! What goes wrong inside guests while a scan or an update runs: an honest state, the words of whoever refused, and a
//! second try that works.

mod desktop;

use anyhow::{Context, Result};
use desktop::{Desktop, entered, lab, label, target, with_agents};
use domain::{
    fleet::UpdateState,
    operation::{JobState, StepKind},
};
use lab::{Carrier, Lab, LinkFault, LinkRule};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_that_does_not_answer_is_an_error_and_not_zero() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    with_agents(&lab, &mut desktop).await?;
    let words = "Could not connect to deb.debian.org:80";
    lab.guest(&label(&lab), 201, |g| {
        g.machine.quirks.repository_error = Some(words.into())
    })?;
    let scan = desktop
        .call(
            "start_scan",
            json!({ "targets": target(&desktop, "mariadb").await? }),
        )
        .await?;
    desktop.until_over(&scan["operation"]).await?;
    let row = desktop.guest("mariadb").await?;
    match &row.updates {
        UpdateState::Error { reason, .. } => assert!(reason.contains(words), "{reason}"),
        other => panic!("an unreachable repository gave {other:?}"),
    }
    lab.guest(&label(&lab), 201, |g| {
        g.machine.quirks.repository_error = None
    })?;
    let scan = desktop
        .call(
            "start_scan",
            json!({ "targets": target(&desktop, "mariadb").await? }),
        )
        .await?;
    desktop.until_over(&scan["operation"]).await?;
    assert!(
        matches!(
            desktop.guest("mariadb").await?.updates,
            UpdateState::UpToDate { .. }
        ),
        "the second try works"
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_are_put_in_over_connections_that_break() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    let cluster = entered(&lab, &desktop).await?;
    // Far enough for a handshake now and then, and for an answer that is lost on its way.
    let breaks = [(Carrier::Ssh, 24 << 10, 3), (Carrier::Agent, 8 << 10, 12)];
    for (carrier, most, times) in breaks {
        lab.links().add(LinkRule {
            carrier,
            fault: LinkFault::Cut(most),
            probability: 1.0,
            times: Some(times),
        });
    }
    lab.links().end_ssh();
    let whole = json!([{ "kind": "cluster", "cluster": cluster }]);
    let (plan, enrol) = desktop.plan_and_approve("enrol", whole).await?;
    let over = desktop.until_over(&enrol).await?;
    let planned = plan["guests"].as_array().context("a plan")?.len();
    assert_eq!(
        (over.counts.succeeded as usize, planned > 3),
        (planned, true),
        "{:?}",
        desktop.job_states(&enrol).await?
    );
    for (carrier, _, times) in breaks {
        assert_eq!(lab.links().counted(carrier).1, u64::from(times));
    }
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_lock_is_waited_for_and_its_holder_named() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    with_agents(&lab, &mut desktop).await?;
    lab.guest(&label(&lab), 200, |g| {
        g.machine.quirks.apt_lock = Some("unattended-upgr (812)".into())
    })?;
    let scan = desktop
        .call(
            "start_scan",
            json!({ "targets": target(&desktop, "nextcloud").await? }),
        )
        .await?;
    let names_holder = |body: &api::Body| match body {
        api::Body::Job { job, .. } => job.steps.iter().any(|s| {
            s.detail
                .as_ref()
                .is_some_and(|d| d.contains("unattended-upgr (812)"))
        }),
        _ => false,
    };
    desktop.until_news(names_holder).await?;
    lab.guest(&label(&lab), 200, |g| g.machine.quirks.apt_lock = None)?;
    assert_eq!(
        desktop
            .until_over(&scan["operation"])
            .await?
            .counts
            .succeeded,
        1
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moved_since_the_approval_is_not_installed() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    with_agents(&lab, &mut desktop).await?;
    let targets = target(&desktop, "nextcloud").await?;
    let request = json!({ "kind": "update", "targets": targets, "only": { "kind": "all" } });
    let plan = desktop.call("make_plan", request).await?;
    lab.guest(&label(&lab), 200, |g| {
        for lists in [&mut g.machine.published, &mut g.machine.lists] {
            if let Some(candidate) = lists.get_mut("curl") {
                candidate.version.push_str("+newer");
            }
        }
    })?;
    let versions = |lab: &Lab| {
        let mut versions = Vec::new();
        let look = |g: &mut lab::world::Guest| {
            versions = g
                .machine
                .packages
                .values()
                .map(|p| p.version.clone())
                .collect()
        };
        lab.guest(&label(lab), 200, look).map(|()| versions)
    };
    let before = versions(&lab)?;
    let approve = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
    let update = desktop.call("approve_plan", approve).await?["operation"].clone();
    desktop.until_over(&update).await?;
    let states = desktop.job_states(&update).await?;
    assert_eq!(states[0].1, JobState::Skipped, "{states:?}");
    assert!(
        states[0].2.as_ref().is_some_and(|p| p.contains("+newer")),
        "it shows what changed: {states:?}"
    );
    assert_eq!(versions(&lab)?, before, "nothing was installed");
    let (_, update) = desktop.plan_and_approve("update", targets).await?;
    assert_eq!(
        desktop.until_over(&update).await?.counts.succeeded,
        1,
        "a new plan works"
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_that_breaks_and_a_service_that_dies_are_failures() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    with_agents(&lab, &mut desktop).await?;
    lab.guest(&label(&lab), 200, |g| {
        g.machine.quirks.breaks_on = Some("php8.2-fpm".into())
    })?;
    let (_, update) = desktop
        .plan_and_approve("update", target(&desktop, "nextcloud").await?)
        .await?;
    desktop.until_over(&update).await?;
    let states = desktop.job_states(&update).await?;
    assert_eq!(states[0].1, JobState::Failed, "{states:?}");
    let details = desktop
        .call("operation_details", json!({ "operation": update }))
        .await?;
    let apply = details["jobs"][0]["steps"]
        .as_array()
        .context("steps")?
        .iter()
        .find(|s| s["kind"] == json!(StepKind::Apply));
    assert_eq!(
        apply.context("the step")?["state"],
        json!("failed"),
        "{details}"
    );

    lab.guest(&label(&lab), 101, |g| {
        let unit = g
            .machine
            .units
            .iter()
            .find(|(_, running)| **running)
            .map(|(unit, _)| unit.clone());
        g.machine.quirks.kills_unit = unit;
    })?;
    let (_, update) = desktop
        .plan_and_approve("update", target(&desktop, "debian-pihole").await?)
        .await?;
    desktop.until_over(&update).await?;
    let states = desktop.job_states(&update).await?;
    assert_eq!(
        states[0].1,
        JobState::Failed,
        "a service that does not come back is no success: {states:?}"
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_to_a_guest_is_left_out_with_the_reason() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    let cluster = with_agents(&lab, &mut desktop).await?;
    // A backup of syncthing began when its agent had reported.
    lab.world()
        .until(|w| {
            w.guest(&w.clusters[0].label, 103)
                .is_some_and(|g| g.lock.is_some())
        })
        .await;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let template = desktop.guest("tmpl-debian-12").await?.id;
    let targets =
        json!([{ "kind": "cluster", "cluster": cluster }, { "kind": "guest", "guest": template }]);
    let plan = desktop
        .call(
            "make_plan",
            json!({ "kind": "update", "targets": targets, "only": { "kind": "all" } }),
        )
        .await?;
    let why = |name: &str| {
        let left = plan["leftOut"]
            .as_array()?
            .iter()
            .find(|l| l["name"] == name)?;
        left["why"].as_str().map(str::to_owned)
    };
    assert_eq!(why("ubuntu-dev").as_deref(), Some("Not running"));
    assert_eq!(why("syncthing").as_deref(), Some("Locked: backup"));
    assert_eq!(why("mariadb").as_deref(), Some("Nothing to install"));
    assert!(why("tmpl-debian-12").is_some_and(|w| w.contains("Template")));
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}
