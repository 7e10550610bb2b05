//! Container images in the tree: asked for once, right where the registry answers, and never good news where it does not.

#[path = "../desktop/mod.rs"]
mod desktop;
mod house;
mod private;
mod renewal;
mod tags;

use anyhow::Result;
use desktop::{Desktop, with_agents};
use domain::{docker::DockerScan, image::Digest};
use house::{House, counts};
use lab::{
    registry::{Manners, Mood},
    scenario::{Running, docker},
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn images_are_compared_with_their_registry_and_asked_for_once() -> Result<()> {
    let mut house = House::open().await?;
    let old = house.push("library/nginx", "latest", "nginx of last month");
    house.push("library/nginx", "latest", "nginx of today");
    let redis = house.push("library/redis", "7.4", "redis");
    let built = Digest::sha256([7; 32]);
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
    house.becomes(counts(2, 1, 0)).await?;
    house
        .state_become(&["nginx:latest update", "redis:7.4 current"])
        .await?;
    assert_eq!(house.desktop.guest("nextcloud").await?.images, None);
    // The old index is gone, so that somebody has to look inside the new one; redis is known by its digest alone.
    let asked = house.asked();
    assert!(asked <= 3, "{asked} questions");

    // Another scan with the same images asks nobody.
    house.scan().await?;
    assert_eq!(house.asked(), 0);
    // Whoever has the new one is up to date.
    let new = house.push("library/nginx", "latest", "nginx of today");
    house.holds(vec![
        docker(&[
            row("web", "nginx:latest", &new),
            row("mine", "me/app:1", &built),
        ]),
        DockerScan::Failed {
            socket: "/run/user/1000/podman/podman.sock".into(),
            reason: "Connection refused".into(),
        },
    ])?;
    house.scan().await?;
    // The registry has no me/app, and an engine that does not answer may have anything.
    house.becomes(counts(2, 0, 2)).await?;
    house
        .state_become(&["me/app:1 gone", "nginx:latest current"])
        .await?;

    // What was said is known after a start, without another question.
    house.desktop.app.shutdown().await;
    house.asked();
    house.registry.behave(Manners {
        mood: Mood::TooMany {
            headers: Vec::new(),
        },
        ..Manners::default()
    });
    house.desktop = Desktop::open(house.folder.path()).await?;
    house.becomes(counts(2, 0, 2)).await?;
    assert!(
        house
            .states()
            .await?
            .contains(&"nginx:latest current".to_owned())
    );
    // Asked on demand, a registry that refuses makes nothing up to date.
    house.desktop.call("check_images", json!({})).await?;
    house.becomes(counts(2, 0, 3)).await?;
    house
        .state_become(&["me/app:1 rateLimited", "nginx:latest rateLimited"])
        .await?;
    house.lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_is_asked_as_the_user_said() -> Result<()> {
    let house = House::open().await?;
    let known = house.desktop.call("images", json!({})).await?;
    assert_eq!(known["registries"][0]["name"], "docker.io");
    let bad =
        json!({ "registry": { "name": "a b", "mirror": null, "insecure": false, "caPem": null } });
    let refused = house.desktop.call("set_registry", bad).await.unwrap_err();
    assert!(format!("{refused:?}").contains("a b"), "{refused:?}");
    let which = json!({ "name": "docker.io" });
    house.desktop.call("remove_registry", which.clone()).await?;
    let known = house.desktop.call("images", json!({})).await?;
    assert_eq!(known["registries"], json!([]));
    house
        .desktop
        .call("remove_registry", which)
        .await
        .unwrap_err();
    house.desktop.app.shutdown().await;
    house.lab.stop().await;
    Ok(())
}
