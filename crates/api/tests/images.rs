//! Container images in the tree: asked for once, right where the registry answers, and never good news where it does not.

mod desktop;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use desktop::{Desktop, lab, label, target, with_agents};
use domain::{
    docker::DockerScan,
    fleet::{GuestRow, ImageCounts},
    image::Digest,
};
use lab::{
    Lab,
    registry::{Build, Door, Manners, Mood, Registry},
    scenario::{Running, docker},
};
use serde_json::{Value, json};

struct House {
    lab: Lab,
    registry: Registry,
    desktop: Desktop,
    folder: tempfile::TempDir,
}

/// Only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
const NAME: &str = "ubuntu-docker-01";
const PASSWORD: &str = "of-the-registry-4711";

fn counts(total: u32, updates: u32, unclear: u32) -> Option<ImageCounts> {
    Some(ImageCounts {
        total,
        updates,
        unclear,
    })
}

impl House {
    /// Docker Hub is the scripted registry.
    async fn open() -> Result<Self> {
        let (lab, registry) = (lab().await?, Registry::start(Manners::default()).await?);
        let folder = tempfile::tempdir()?;
        let desktop = Desktop::open(folder.path()).await?;
        let house = Self {
            lab,
            registry,
            desktop,
            folder,
        };
        house.mirror().await?;
        Ok(house)
    }

    async fn mirror(&self) -> Result<()> {
        let registry = json!({ "name": "docker.io", "mirror": self.registry.name(), "insecure": true, "caPem": null });
        let request = json!({ "registry": registry });
        self.desktop.call("set_registry", request).await?;
        Ok(())
    }

    fn push(&self, repository: &str, tag: &str, seed: &str) -> Digest {
        self.registry
            .push(repository, tag, &Build::new(seed))
            .digest
    }

    fn holds(&self, scans: Vec<DockerScan>) -> Result<()> {
        self.lab
            .guest(&label(&self.lab), 100, |guest| guest.machine.docker = scans)
    }

    async fn scan(&mut self) -> Result<()> {
        let targets = target(&self.desktop, NAME).await?;
        let scan = json!({ "targets": targets });
        let scan = self.desktop.call("start_scan", scan).await?;
        self.desktop.until_over(&scan["operation"]).await?;
        Ok(())
    }

    async fn becomes(&mut self, expected: Option<ImageCounts>) -> Result<()> {
        let shown = |guests: &[GuestRow]| {
            let row = guests.iter().find(|guest| guest.name == NAME)?;
            (row.images == expected).then_some(())
        };
        let seen = self.desktop.until_tree(shown).await;
        let row = self.desktop.guest(NAME).await?;
        seen.with_context(|| format!("{:?}", row.images))
    }

    /// `nginx:latest update`, one for each image.
    async fn states(&self) -> Result<Vec<String>> {
        let guest = self.desktop.guest(NAME).await?.id;
        let details = self
            .desktop
            .call("guest_details", json!({ "guest": guest }))
            .await?;
        let images = details["images"].as_array().context("a list")?;
        let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let line = |image: &Value| {
            let state = &image["checked"]["state"];
            format!("{} {}", word(&image["image"]), word(&state["kind"]))
        };
        Ok(images.iter().map(line).collect())
    }

    async fn state_become(&self, expected: &[&str]) -> Result<()> {
        let began = std::time::Instant::now();
        loop {
            let states = self.states().await?;
            if states == expected {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "{states:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How often manifests were asked for.
    fn asked(&self) -> usize {
        let asked = self.registry.asked();
        asked
            .iter()
            .filter(|a| a.path.contains("/manifests/"))
            .count()
    }
}

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
    let only = json!({ "kind": "images", "names": ["nginx:latest"] });
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
