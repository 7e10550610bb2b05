//! The life of agents beside the main job: stopped guests, consoles instead of SSH, restarts, removal, and what the
//! audit says of it all.

mod desktop;

use anyhow::{Context, Result};
use desktop::{Desktop, entered, lab, label};
use domain::{
    fleet::{AgentState, Power},
    operation::JobState,
};
use lab::Lab;
use serde_json::{Value, json};

/// Gives RedFlag's role one privilege more.
fn grant(lab: &Lab, privilege: &str) -> Result<()> {
    lab.world().change(|w| {
        let roles = &mut w.clusters[0].access.roles;
        let role = roles.get_mut("RedFlag").context("RedFlag's role")?;
        role.insert(privilege.to_owned());
        Ok(())
    })
}

/// Plans, approves, waits; the states of the jobs by name.
async fn done(
    desktop: &mut Desktop,
    request: Value,
) -> Result<(Value, Vec<(String, JobState, Option<String>)>)> {
    let plan = desktop.call("make_plan", request).await?;
    let started = desktop
        .call(
            "approve_plan",
            json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] }),
        )
        .await?;
    let operation = started["operation"].clone();
    desktop.until_over(&operation).await?;
    Ok((plan, desktop.job_states(&operation).await?))
}

fn about(kind: &str, guest: &domain::fleet::GuestRow) -> Value {
    json!({ "kind": kind, "targets": [{ "kind": "guest", "guest": guest.id }], "only": { "kind": "all" } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_guest_is_started_for_its_agent_and_stopped_again() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    entered(&lab, &desktop).await?;
    grant(&lab, "VM.PowerMgmt")?;

    let stopped = desktop.guest("ubuntu-dev").await?;
    let mut request = about("enrol", &stopped);
    let plan = desktop.call("make_plan", request.clone()).await?;
    assert_eq!(plan["guests"], json!([]), "nothing is started unasked");
    assert_eq!(plan["leftOut"][0]["remedy"], json!("start"));

    request["allowed"] = json!({ "start": true });
    let (plan, jobs) = done(&mut desktop, request).await?;
    assert_eq!(
        plan["guests"][0]["work"]["start"],
        json!(true),
        "the plan says so"
    );
    assert_eq!(jobs[0].1, JobState::Succeeded, "{jobs:?}");
    let after = desktop.guest("ubuntu-dev").await?;
    assert_eq!(after.power, Power::Stopped, "as it was before");
    assert!(
        !matches!(after.agent, AgentState::NotInstalled),
        "{:?}",
        after.agent
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_ssh_agents_go_in_over_consoles_that_are_shells() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    let facts = &lab.facts().clusters[0];
    let label = label(&lab);
    let cluster = desktop.add_cluster(facts).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let (one, other) = (
        desktop.guest("nextcloud").await?,
        desktop.guest("mariadb").await?,
    );
    let plan = desktop.call("make_plan", about("enrol", &one)).await?;
    let why = plan["leftOut"][0]["why"].as_str().context("a reason")?;
    assert!(why.contains("VM.Console"), "{why}");

    grant(&lab, "VM.Console")?;
    lab.guest(&label, u32::from(one.vmid), |g| {
        g.console.mode = Some("shell".into())
    })?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let request = json!({ "kind": "enrol", "only": { "kind": "all" },
        "targets": [{ "kind": "guest", "guest": one.id }, { "kind": "guest", "guest": other.id }] });
    let (plan, jobs) = done(&mut desktop, request).await?;
    assert_eq!(jobs.len(), 1, "the other one's console is no shell: {plan}");
    assert_eq!(jobs[0].0, "nextcloud");
    assert_eq!(jobs[0].1, JobState::Succeeded, "{jobs:?}");
    let left = &plan["leftOut"][0];
    assert_eq!(left["name"], json!("mariadb"));
    let why = left["why"].as_str().context("a reason")?;
    assert!(why.contains("Its console is `tty`"), "{why}");
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_are_restarted_and_removed_and_the_audit_tells_it() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    let label = label(&lab);
    entered(&lab, &desktop).await?;
    let guest = desktop.guest("nextcloud").await?;
    let (_, jobs) = done(&mut desktop, about("enrol", &guest)).await?;
    assert_eq!(jobs[0].1, JobState::Succeeded, "{jobs:?}");

    let vmid = u32::from(guest.vmid);
    lab.guest(&label, vmid, |g| g.machine.quirks.silent = true)?;
    let (plan, jobs) = done(&mut desktop, about("restartAgent", &guest)).await?;
    assert_eq!(plan["guests"][0]["work"]["kind"], json!("restartAgent"));
    assert_eq!(
        jobs[0].1,
        JobState::Succeeded,
        "a silent one most of all: {jobs:?}"
    );

    let plan = desktop
        .call("make_plan", about("upgradeAgent", &guest))
        .await?;
    assert_eq!(
        plan["guests"],
        json!([]),
        "it is the newest already: {plan}"
    );
    lab.guest(&label, vmid, |g| {
        if let Some(agent) = &mut g.machine.agent {
            agent.version = "0.0.9".into();
            // Another life of its process.
            agent.installation += 1;
        }
    })?;
    desktop
        .until_tree(|guests| {
            let row = guests.iter().find(|g| g.vmid == guest.vmid)?;
            matches!(row.agent, AgentState::Online { older: true, .. }).then_some(())
        })
        .await?;
    let (plan, jobs) = done(&mut desktop, about("upgradeAgent", &guest)).await?;
    assert_eq!(plan["guests"][0]["work"]["from"], json!("0.0.9"));
    assert_eq!(jobs[0].1, JobState::Succeeded, "{jobs:?}");

    let (_, jobs) = done(&mut desktop, about("removeAgent", &guest)).await?;
    assert_eq!(jobs[0].1, JobState::Succeeded, "{jobs:?}");
    assert!(matches!(
        desktop.guest("nextcloud").await?.agent,
        AgentState::NotInstalled
    ));
    let left = lab
        .world()
        .read(|w| w.guest(&label, vmid).map(|g| g.machine.agent.is_some()));
    assert_eq!(left, Some(false), "nothing of it is in the guest");
    let plan = desktop
        .call("make_plan", about("removeAgent", &guest))
        .await?;
    assert_eq!(plan["leftOut"][0]["why"], json!("No agent installed"));

    let audit = desktop
        .call(
            "read_audit",
            json!({ "search": "removeagent", "before": null, "limit": 5 }),
        )
        .await?;
    assert_eq!(audit["entries"][0]["target"], json!("nextcloud"), "{audit}");
    let page = desktop
        .call(
            "read_audit",
            json!({ "search": "", "before": null, "limit": 2 }),
        )
        .await?;
    assert_eq!(
        (page["entries"].as_array().map(Vec::len), &page["more"]),
        (Some(2), &json!(true))
    );
    let older = desktop
        .call(
            "read_audit",
            json!({ "search": "", "before": page["entries"][1]["id"], "limit": 2 }),
        )
        .await?;
    assert!(older["entries"][0]["id"].as_i64() < page["entries"][1]["id"].as_i64());
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}
