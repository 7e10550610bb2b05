//! The main job against the lab: add a cluster, put agents in, scan, update after an approved plan, read the receipt.

mod desktop;

use anyhow::{Context, Result};
use desktop::Desktop;
use domain::{
    fleet::{AgentState, Power, UnknownReason, UpdateState},
    operation::{JobState, Receipt},
};
use lab::{Lab, Options, Scenario};
use serde_json::json;

fn options() -> Options {
    Options {
        ssh: true,
        ..Options::quick()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_an_address_to_a_receipt() -> Result<()> {
    let lab = Lab::start(Scenario::demo(), options()).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(folder.path()).await?;
    let facts = &lab.facts().clusters[0];

    let cluster = desktop.add_cluster(facts).await?;
    let found = desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    assert_eq!(found["sentence"], "Found 2 nodes, 7 LXCs");
    let dev = desktop.guest("ubuntu-dev").await?;
    assert_eq!(
        (dev.power, dev.updates),
        (
            Power::Stopped,
            UpdateState::Unknown {
                why: UnknownReason::NotRunning
            }
        )
    );
    let nextcloud = desktop.guest("nextcloud").await?;
    assert_eq!(
        nextcloud.updates,
        UpdateState::Unknown {
            why: UnknownReason::NoAgent
        },
        "nothing is known, so nothing is said"
    );

    desktop.open_nodes(&cluster, facts).await?;
    let whole = json!([{ "kind": "cluster", "cluster": cluster }]);
    let (plan, enrol) = desktop.plan_and_approve("enrol", whole.clone()).await?;
    let left: Vec<&str> = plan["leftOut"]
        .as_array()
        .context("a list")?
        .iter()
        .filter_map(|l| l["name"].as_str())
        .collect();
    assert!(
        left == ["ubuntu-dev"],
        "the stopped one is named, templates are nobody's target: {left:?}"
    );
    desktop.until_over(&enrol).await?;
    for (name, state, problem) in desktop.job_states(&enrol).await? {
        assert_eq!(state, JobState::Succeeded, "{name}: {problem:?}");
    }

    let counts = desktop
        .until_tree(
            |guests| match &guests.iter().find(|g| g.name == "nextcloud")?.updates {
                UpdateState::Updates { counts } => Some(*counts),
                _ => None,
            },
        )
        .await?;
    assert_eq!((counts.total, counts.security), (5, 2));
    let mariadb = desktop.until_tree(|guests| {
        let row = guests.iter().find(|g| g.name == "mariadb")?;
        matches!(row.updates, UpdateState::UpToDate { .. }).then(|| row.clone())
    });
    assert!(matches!(mariadb.await?.agent, AgentState::Online { .. }));

    let node = json!([{ "kind": "node", "node": { "cluster": cluster, "node": "pve2" } }]);
    let scan = desktop
        .call("start_scan", json!({ "targets": node }))
        .await?["operation"]
        .clone();
    assert_eq!(desktop.until_over(&scan).await?.counts.succeeded, 2);

    let (plan, update) = desktop.plan_and_approve("update", node).await?;
    assert_eq!(
        plan["guests"].as_array().map(Vec::len),
        Some(1),
        "mariadb has nothing to install: {}",
        plan["leftOut"]
    );
    let over = desktop.until_over(&update).await?;
    assert_eq!(
        over.counts.succeeded,
        1,
        "{:?}",
        desktop.job_states(&update).await?
    );
    let receipts = desktop
        .call("guest_details", json!({ "guest": nextcloud.id }))
        .await?["receipts"]
        .clone();
    let receipts: Vec<Receipt> = serde_json::from_value(receipts)?;
    assert_eq!(receipts.len(), 1);
    assert_eq!(
        receipts[0].changes.len(),
        5,
        "what really changed: {:?}",
        receipts[0]
    );
    assert_eq!(
        (receipts[0].outcome, receipts[0].not_done.len()),
        (JobState::Succeeded, 0)
    );
    desktop
        .until_tree(|guests| {
            let row = guests.iter().find(|g| g.name == "nextcloud")?;
            matches!(row.updates, UpdateState::UpToDate { .. }).then_some(())
        })
        .await?;

    // A plan serves once, and only as it was shown.
    let again = desktop
        .call(
            "approve_plan",
            json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] }),
        )
        .await;
    assert_eq!(again.err().map(|e| e.code), Some(api::Code::PlanMoved));

    // The next start shows the same tree from the store, with nobody there to ask.
    let before: Vec<String> = desktop
        .guests()
        .await?
        .into_iter()
        .map(|g| g.name)
        .collect();
    desktop.app.shutdown().await;
    lab.stop().await;
    let desktop = Desktop::open(folder.path()).await?;
    let rows = desktop.guests().await?;
    assert_eq!(
        rows.iter().map(|g| g.name.clone()).collect::<Vec<_>>(),
        before
    );
    assert!(
        rows.iter().all(|g| g.old),
        "an old picture is marked as one"
    );
    desktop.app.shutdown().await;
    Ok(())
}
