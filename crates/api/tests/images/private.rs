//! A registry that wants to know who asks.

use anyhow::{Context, Result};
use lab::{
    registry::{Door, Manners},
    scenario::{Running, docker},
};
use serde_json::{Value, json};

use crate::{
    desktop::{Desktop, with_agents},
    house::{House, NAME, counts},
};

const PASSWORD: &str = "of-the-registry-4711";

/// Everything that the desktop has written.
fn files(folder: &std::path::Path) -> Result<Vec<u8>> {
    let (mut all, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                all.extend(std::fs::read(path)?);
            }
        }
    }
    Ok(all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_registry_is_asked_with_a_sealed_login() -> Result<()> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let mut house = House::open().await?;
    let nginx = house.push("library/nginx", "latest", "nginx");
    let door = Door::Basic {
        user: "me".into(),
        password: PASSWORD.into(),
    };
    house.registry.behave(Manners {
        door,
        headers: vec![
            ("ratelimit-limit".into(), "100;w=3600".into()),
            ("ratelimit-remaining".into(), "37;w=3600".into()),
        ],
        ..Manners::default()
    });
    house.holds(vec![docker(&[Running {
        name: "web",
        image: "nginx:latest",
        digest: &nginx,
    }])])?;
    with_agents(&house.lab, &mut house.desktop).await?;
    house.state_become(&["nginx:latest noAccess"]).await?;
    house.becomes(counts(1, 0, 1)).await?;

    // What Docker wrote is found, and taken over when asked to.
    let home = house.folder.path().join("home/.docker");
    std::fs::create_dir_all(&home)?;
    let auth = STANDARD.encode(format!("me:{PASSWORD}"));
    let written = json!({ "auths": {
        "https://index.docker.io/v1/": { "auth": auth }, "ghcr.io": {},
    }, "credHelpers": { "gcr.io": "gcloud" } });
    std::fs::write(home.join("config.json"), written.to_string())?;
    let found = house.desktop.call("found_logins", json!({})).await?;
    assert!(!found.to_string().contains(PASSWORD) && !found.to_string().contains(&auth));
    let usable: Vec<&Value> = found["logins"]
        .as_array()
        .context("a list")?
        .iter()
        .filter(|login| login["problem"].is_null())
        .collect();
    assert_eq!(usable.len(), 1, "{found}");
    assert_eq!(
        (&usable[0]["registry"], &usable[0]["user"]),
        (&json!("docker.io"), &json!("me"))
    );
    let file = usable[0]["file"].clone();
    let other = json!({ "logins": [{ "registry": "gcr.io", "file": file }] });
    let refused = house.desktop.call("take_logins", other).await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("docker-credential-gcloud"),
        "{refused:?}"
    );
    let taken = json!({ "logins": [{ "registry": "docker.io", "file": file }] });
    house.desktop.call("take_logins", taken).await?;
    house.state_become(&["nginx:latest current"]).await?;

    let known = house.desktop.call("images", json!({})).await?;
    let row = &known["registries"][0];
    assert_eq!(
        (&row["user"], &row["images"]),
        (&json!("me"), &json!(1)),
        "{row}"
    );
    assert_eq!(
        (&row["allowance"]["remaining"], &row["allowance"]["limit"]),
        (&json!(37), &json!(100))
    );
    assert!(!known.to_string().contains(PASSWORD));
    let used = &known["images"][0];
    assert_eq!(
        (&used["image"], &used["registry"]),
        (&json!("nginx:latest"), &json!("docker.io"))
    );
    assert_eq!(
        (&used["uses"][0]["vmid"], &used["uses"][0]["name"]),
        (&json!(100), &json!(NAME))
    );

    // It lies sealed, and is there after a start.
    std::fs::remove_dir_all(&home)?;
    house.desktop.app.shutdown().await;
    let written = files(house.folder.path())?;
    let clear = |what: &str| written.windows(what.len()).any(|w| w == what.as_bytes());
    assert!(
        !clear(PASSWORD) && !clear(&auth),
        "the password lies in clear"
    );
    house.desktop = Desktop::open(house.folder.path()).await?;
    house.desktop.call("check_images", json!({})).await?;
    house.state_become(&["nginx:latest current"]).await?;

    house
        .desktop
        .call("remove_login", json!({ "registry": "docker.io" }))
        .await?;
    house.state_become(&["nginx:latest noAccess"]).await?;
    // By hand, once wrong.
    for (password, state) in [("wrong", "noAccess"), (PASSWORD, "current")] {
        let kept = house
            .desktop
            .call("keep_secret", json!({ "value": password }))
            .await?;
        let login = json!({ "registry": "docker.io", "user": "me", "password": kept });
        house.desktop.call("set_login", login).await?;
        house
            .state_become(&[&format!("nginx:latest {state}")])
            .await?;
    }
    let kept = house
        .desktop
        .call("keep_secret", json!({ "value": "x" }))
        .await?;
    let bad = json!({ "registry": "https://docker.io/v2", "user": "me", "password": kept });
    let refused = house.desktop.call("set_login", bad).await.unwrap_err();
    assert!(
        format!("{refused:?}").contains("as it stands in front of the image"),
        "{refused:?}"
    );
    house.desktop.app.shutdown().await;
    house.lab.stop().await;
    Ok(())
}
