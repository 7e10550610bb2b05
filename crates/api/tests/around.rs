//! What is around the main job: what the user has chosen, copies of the database, the load of an LXC, restarts, messages.

mod desktop;

use std::sync::Arc;

use anyhow::{Context, Result};
use api::{
    Body, Code,
    notices::{Notice, Patience},
};
use desktop::{Desktop, lab, label, with_agents};
use domain::{
    Timestamp,
    fleet::Power,
    operation::JobState,
    preferences::{Digest, Minute},
};
use serde_json::{Value, json};

const NOON: (Timestamp, Minute) = (Timestamp(0), Minute(720));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_chosen_is_told_kept_and_checked() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let desktop = Desktop::open(folder.path()).await?;
    let mut events = desktop.app.subscribe();
    let mut chosen: Value = desktop.call("preferences", json!({})).await?;
    chosen["look"]["theme"] = json!("light");
    chosen["views"] =
        json!([{ "name": "Security", "filter": "state:security", "grouping": "severity" }]);
    desktop.call("set_preferences", chosen.clone()).await?;
    let told = loop {
        if let Body::Preferences { preferences } = events.recv().await?.body {
            break serde_json::to_value(preferences)?;
        }
    };
    assert_eq!(told, chosen);
    let mut wrong = chosen.clone();
    wrong["look"]["zoom"] = json!(500);
    let refused = desktop.app.rpc("set_preferences", wrong).await;
    let refused = refused.expect_err("too large");
    assert_eq!(refused.code, Code::BadInput);
    assert!(refused.message.contains("500 %"), "{}", refused.message);
    desktop.app.shutdown().await;
    drop(desktop);
    let again = Desktop::open(folder.path()).await?;
    assert_eq!(again.call("preferences", json!({})).await?, chosen);
    again.app.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_takes_the_databases_place_at_the_next_start() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let desktop = Desktop::open(folder.path()).await?;
    let copy = desktop.call("make_backup", json!({})).await?;
    let mut chosen: Value = desktop.call("preferences", json!({})).await?;
    chosen["look"]["compact"] = json!(true);
    desktop.call("set_preferences", chosen).await?;
    let unknown = json!({ "name": "redflag-20010101T000000Z.db" });
    let refused = desktop.app.rpc("restore_backup", unknown).await;
    assert!(refused.expect_err("no such copy").words.is_some());
    desktop
        .call("restore_backup", json!({ "name": copy["name"] }))
        .await?;
    let info = desktop.call("data_info", json!({})).await?;
    assert_eq!(info["restore"], copy["name"], "it waits");
    desktop.app.shutdown().await;
    drop(desktop);
    let again = Desktop::open(folder.path()).await?;
    let chosen: Value = again.call("preferences", json!({})).await?;
    assert_eq!(chosen["look"]["compact"], json!(false), "as it was then");
    let info = again.call("data_info", json!({})).await?;
    assert_eq!(info["restore"], Value::Null);
    again.app.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fleet_is_exported_and_the_load_of_an_lxc_is_read() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    with_agents(&lab, &mut desktop).await?;
    let file = desktop.call("export_fleet", json!({})).await?;
    let text = std::fs::read_to_string(file["path"].as_str().context("a path")?)?;
    let line = |name: &str| {
        text.lines()
            .find(|line| line.contains(name))
            .map(str::to_owned)
    };
    let stopped = line("ubuntu-dev").context("the stopped one")?;
    assert!(stopped.contains("unknown: "), "never a zero: {stopped}");
    assert!(
        line("nextcloud").is_some_and(|line| line.contains("running")),
        "{text}"
    );

    let guest = desktop.guest("nextcloud").await?;
    let asked = json!({ "guest": guest.id, "frame": "hour" });
    let load = desktop.call("guest_load", asked).await?;
    let points = load["points"].as_array().context("points")?;
    assert!(points.len() > 50, "{}", points.len());
    let newest = points.last().context("the newest")?;
    assert!(
        newest["cpu"].is_f64() && newest["memory"].as_f64() > Some(0.0),
        "{newest}"
    );
    let off = desktop.guest("ubuntu-dev").await?;
    let asked = json!({ "guest": off.id, "frame": "day" });
    let load = desktop.call("guest_load", asked).await?;
    assert!(
        load["points"]
            .as_array()
            .is_some_and(|points| points.iter().all(|p| p["cpu"].is_null())),
        "where it did not run there is no sample"
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_lxc_is_restarted_by_a_plan_and_a_stopped_one_is_left_out() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    with_agents(&lab, &mut desktop).await?;
    let label = label(&lab);
    lab.world().change(|w| {
        let roles = &mut w.clusters[0].access.roles;
        roles
            .entry("RedFlag".into())
            .or_default()
            .insert("VM.PowerMgmt".into());
    });
    let (up, off) = (
        desktop.guest("nextcloud").await?,
        desktop.guest("ubuntu-dev").await?,
    );
    let since = |vmid: u32| {
        lab.world()
            .read(|w| w.guest(&label, vmid).and_then(|guest| guest.running_since))
    };
    let vmid = u32::from(up.vmid);
    lab.guest(&label, vmid, |guest| guest.running_since = Some(1_000))?;
    let request = json!({ "kind": "restartGuest", "only": { "kind": "all" },
        "targets": [{ "kind": "guest", "guest": up.id }, { "kind": "guest", "guest": off.id }] });
    let plan = desktop.call("make_plan", request).await?;
    assert_eq!(plan["guests"].as_array().map(Vec::len), Some(1), "{plan}");
    assert_eq!(
        plan["guests"][0]["work"],
        json!({ "kind": "restartGuest", "patience": 60 })
    );
    assert_eq!(plan["leftOut"][0]["why"], json!("Not running"));
    let approve = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
    let started = desktop.call("approve_plan", approve).await?;
    let operation = started["operation"].clone();
    desktop.until_over(&operation).await?;
    let jobs = desktop.job_states(&operation).await?;
    assert_eq!(jobs[0].1, JobState::Succeeded, "{jobs:?}");
    assert!(since(vmid) > Some(1_000), "it runs anew");
    assert_eq!(desktop.guest("nextcloud").await?.power, Power::Running);
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_is_told_in_one_message() -> Result<()> {
    let lab = lab().await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    with_agents(&lab, &mut desktop).await?;
    let (sender, mut notices) = tokio::sync::mpsc::channel::<Notice>(8);
    let patience = Patience { quiet: 0, most: 0 };
    let telling = Arc::clone(&desktop.app).tell_notices(patience, || NOON, sender);
    tokio::spawn(telling);
    let fleet = json!({ "targets": [{ "kind": "fleet" }] });
    let started = desktop.call("start_scan", fleet).await?;
    desktop.until_over(&started["operation"]).await?;
    let told = loop {
        let notice = notices.recv().await.context("a message")?;
        if notice.title.starts_with("Scan") {
            break notice;
        }
    };
    assert!(
        matches!(told.digest, Digest::Finished | Digest::Updates),
        "{told:?}"
    );
    assert!(told.title.starts_with("Scan · All clusters"), "{told:?}");
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}
