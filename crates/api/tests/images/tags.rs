//! Newer tags beside the one in use, where its maker tells what is new, and how often registries are asked.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use domain::docker::DockerScan;
use lab::{
    registry::{Manners, Mood},
    scenario::{Running, docker},
};
use serde_json::{Value, json};

use crate::{
    desktop::{Desktop, with_agents},
    house::{House, NAME, PATIENCE, counts},
};

/// The only image in use.
async fn image(house: &House) -> Result<Value> {
    let guest = house.desktop.guest(NAME).await?.id;
    let wanted = json!({ "guest": guest });
    let details = house.desktop.call("guest_details", wanted).await?;
    Ok(details["images"][0].clone())
}

async fn newer_become(house: &House, expected: &Value) -> Result<()> {
    let began = Instant::now();
    loop {
        let newer = image(house).await?["newer"].clone();
        if newer["newer"] == *expected || (newer.is_null() && expected.is_null()) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{newer}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newer_tags_stand_beside_the_one_in_use_and_count_as_no_update() -> Result<()> {
    let mut house = House::open().await?;
    let now = house.push("me/app", "1.2.3-alpine", "now");
    for tag in [
        "1.2.4-alpine",
        "1.3.0-alpine",
        "2.0.0-alpine",
        "2.0.1",
        "latest",
    ] {
        house.push("me/app", tag, tag);
    }
    let mut scan = docker(&[Running {
        name: "app",
        image: "me/app:1.2.3-alpine",
        digest: &now,
    }]);
    let DockerScan::Found { images, .. } = &mut scan else {
        anyhow::bail!("an engine that answers");
    };
    let about = [
        ("source", "https://github.com/me/app"),
        ("url", "javascript:alert(1)"),
    ];
    images[0].about = about.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    house.holds(vec![scan])?;
    with_agents(&house.lab, &mut house.desktop).await?;
    let expected =
        json!({ "patch": "1.2.4-alpine", "minor": "1.3.0-alpine", "major": "2.0.0-alpine" });
    newer_become(&house, &expected).await?;
    house.becomes(counts(1, 0, 0)).await?;
    assert_eq!(
        image(&house).await?["notes"],
        "https://github.com/me/app/releases"
    );
    let listed = |house: &House| {
        let asked = house.registry.asked();
        asked.iter().filter(|a| a.path.contains("/tags/")).count()
    };
    assert_eq!(listed(&house), 1);

    // A start needs no other list, and a registry that fails does not make them none.
    house.desktop.app.shutdown().await;
    house.registry.behave(Manners {
        mood: Mood::Error {
            status: 500,
            message: "database is down".into(),
        },
        ..Manners::default()
    });
    house.desktop = Desktop::open(house.folder.path()).await?;
    newer_become(&house, &expected).await?;
    assert_eq!(listed(&house), 0);
    house.desktop.call("check_images", json!({})).await?;
    newer_become(&house, &expected).await?;
    assert!(listed(&house) > 0);
    house.desktop.app.shutdown().await;
    house.lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registries_are_asked_as_often_as_the_user_said() -> Result<()> {
    let mut house = House::open().await?;
    let hours = async |house: &House| -> Result<Value> {
        Ok(house.desktop.call("images", json!({})).await?["everyHours"].clone())
    };
    assert_eq!(hours(&house).await?, 6);
    let much = json!({ "hours": 169 });
    let refused = house
        .desktop
        .call("set_image_rhythm", much)
        .await
        .unwrap_err();
    assert!(
        format!("{refused:?}").contains("more than a week"),
        "{refused:?}"
    );
    house
        .desktop
        .call("set_image_rhythm", json!({ "hours": 0 }))
        .await?;
    house.desktop.app.shutdown().await;
    house.desktop = Desktop::open(house.folder.path()).await?;
    assert_eq!(hours(&house).await?, 0);

    // On demand only: what came unasked stays so, and says so.
    let nginx = house.push("library/nginx", "latest", "nginx");
    house.holds(vec![docker(&[Running {
        name: "web",
        image: "nginx:latest",
        digest: &nginx,
    }])])?;
    with_agents(&house.lab, &mut house.desktop).await?;
    house.becomes(counts(1, 0, 1)).await?;
    house.state_become(&["nginx:latest unasked"]).await?;
    assert_eq!(house.asked(), 0);
    house.desktop.call("check_images", json!({})).await?;
    house.becomes(counts(1, 0, 0)).await?;
    let none = image(&house).await.context("the image")?["newer"].clone();
    assert_eq!(none, Value::Null, "latest is no version");
    house.desktop.app.shutdown().await;
    house.lab.stop().await;
    Ok(())
}
