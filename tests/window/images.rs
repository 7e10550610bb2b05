//! Docker in the demo's first LXC, and the registry that its images come from.

use std::path::Path;

use anyhow::Context as _;
use api::{App, Settings};
use lab::{
    Scenario,
    registry::{Build, Manners, Registry},
    scenario::{Running, docker},
};
use serde_json::json;

/// A registry in place of Docker Hub, in which nginx has moved on and redis has not; the LXC `name` runs both.
pub async fn shelf(scenario: &mut Scenario, name: &str) -> anyhow::Result<Registry> {
    let registry = Registry::start(Manners::default()).await?;
    let push = |repository: &str, tag: &str, seed: &str| {
        registry.push(repository, tag, &Build::new(seed)).digest
    };
    let nginx = push("library/nginx", "latest", "nginx of last month");
    push("library/nginx", "latest", "nginx of this month");
    let redis = push("library/redis", "7.4", "redis");
    let running = |name, image, digest| Running {
        name,
        image,
        digest,
    };
    let mut guests = scenario
        .world
        .clusters
        .iter_mut()
        .flat_map(|cluster| cluster.guests.values_mut());
    let guest = guests.find(|guest| guest.name == name).context("the LXC")?;
    guest.machine.docker = vec![docker(&[
        running("web", "nginx:latest", &nginx),
        running("cache", "redis:7.4", &redis),
    ])];
    Ok(registry)
}

/// Has the program on `data` ask that registry wherever it would ask Docker Hub. It does not run yet.
pub async fn use_it(data: &Path, registry: &Registry) -> anyhow::Result<()> {
    let app = App::open(Settings {
        data_dir: data.to_owned(),
        passphrase: None,
        demo: true,
        agent_binary: None,
        home: None,
        exports: data.to_owned(),
        gateway_bind: None,
    })
    .await?;
    let registry =
        json!({ "name": "docker.io", "mirror": registry.name(), "insecure": true, "caPem": null });
    app.rpc("set_registry", json!({ "registry": registry }))
        .await?;
    app.shutdown().await;
    Ok(())
}
