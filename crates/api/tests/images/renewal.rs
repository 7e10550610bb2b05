//! Images renewed by a plan.

use anyhow::{Context, Result};
use lab::scenario::{Running, docker};
use serde_json::{Value, json};

use crate::{
    desktop::{target, with_agents},
    house::{House, NAME, counts},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn images_are_renewed_by_a_plan_and_a_receipt_says_what_runs() -> Result<()> {
    let mut house = House::open().await?;
    let old = house.push("library/nginx", "latest", "nginx of last month");
    let redis = house.push("library/redis", "7.4", "redis of last month");
    let row = |name, image, digest| Running {
        name,
        image,
        digest,
    };
    house.holds(vec![docker(&[
        row("web", "nginx:latest", &old),
        row("web-2", "nginx:latest", &old),
        row("cache", "redis:7.4", &redis),
    ])])?;
    with_agents(&house.lab, &mut house.desktop).await?;
    house.becomes(counts(2, 0, 0)).await?;
    // Nothing is newer.
    let targets = target(&house.desktop, NAME).await?;
    let plan = |only: Value| json!({ "kind": "updateImages", "targets": targets, "only": only });
    let none = house
        .desktop
        .call("make_plan", plan(json!({ "kind": "all" })))
        .await?;
    assert_eq!(none["guests"], json!([]));
    assert_eq!(
        none["leftOut"][0]["why"],
        "No update of its images is known"
    );

    let new = house.push("library/nginx", "latest", "nginx of today");
    house.push("library/redis", "7.4", "redis of today");
    house.desktop.call("check_images", json!({})).await?;
    house.becomes(counts(2, 2, 0)).await?;
    let only = json!({ "kind": "images", "names": ["nginx:latest"], "projects": false });
    let made = house.desktop.call("make_plan", plan(only)).await?;
    let work = &made["guests"][0]["work"];
    assert_eq!(work["kind"], "updateImages", "{made}");
    let planned = &work["plan"]["images"];
    assert_eq!(planned.as_array().map(Vec::len), Some(1), "{planned}");
    assert_eq!(
        (&planned[0]["image"], &planned[0]["to"]),
        (&json!("nginx:latest"), &json!(new))
    );
    let names: Vec<&Value> = planned[0]["containers"]
        .as_array()
        .context("a list")?
        .iter()
        .map(|container| &container["name"])
        .collect();
    assert_eq!(names, ["web", "web-2"]);
    let approve = json!({ "plan": made["id"], "fingerprint": made["fingerprint"] });
    let started = house.desktop.call("approve_plan", approve).await?;
    house.desktop.until_over(&started["operation"]).await?;
    house.becomes(counts(2, 1, 0)).await?;
    house
        .state_become(&["nginx:latest current", "redis:7.4 update"])
        .await?;

    let wanted = json!({ "search": "nginx:latest", "before": null, "limit": 10 });
    let receipts = house.desktop.call("read_receipts", wanted).await?;
    let receipt = &receipts["receipts"][0]["receipt"];
    assert_eq!(receipt["outcome"], "succeeded", "{receipts}");
    let renewed = &receipt["images"][0];
    assert_eq!(
        (&renewed["image"], &renewed["problem"]),
        (&json!("nginx:latest"), &Value::Null)
    );
    assert_eq!(renewed["containers"][0]["imageId"], renewed["to"]);
    assert_ne!(renewed["to"], renewed["from"]);
    house.desktop.app.shutdown().await;
    house.lab.stop().await;
    Ok(())
}
