//! Docker in the demo's first LXC, and the registry that its images come from.

use std::path::Path;

use anyhow::Context as _;
use api::{App, Settings};
use lab::{
    Lab, Options, Scenario,
    registry::{Build, Manners, Registry},
    scenario::{Running, docker},
};
use serde_json::json;

use super::{Opening, Window, fleet::stand_in_agent, screen::Screen};

/// The LXC of the demo's fleet that has Docker in it.
pub const DOCKER: &str = "ubuntu-docker-01";

/// A window that knows nothing yet, and the demo's fleet for it to find.
pub struct DemoFleet {
    pub window: Window,
    pub lab: Lab,
    _registry: Registry,
    _screen: Screen,
    _folder: tempfile::TempDir,
}

impl DemoFleet {
    pub async fn open(program: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data");
        let mut scenario = Scenario::demo();
        let registry = shelf(&mut scenario, DOCKER).await?;
        use_it(&data, &registry).await?;
        let lab = Lab::start(scenario, Options::quick()).await?;
        let screen = Screen::start()?;
        let opening = Opening::new(program, data)
            .with("REDFLAG_AGENT_BINARY", stand_in_agent(folder.path())?);
        Ok(Self {
            window: Window::open(&screen, &opening).await?,
            lab,
            _registry: registry,
            _screen: screen,
            _folder: folder,
        })
    }

    /// Closes the window and ends the fleet.
    pub async fn close(self) -> anyhow::Result<()> {
        self.window.close().await?;
        self.lab.stop().await;
        Ok(())
    }
}

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
