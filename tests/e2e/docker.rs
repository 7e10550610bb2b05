//! Images renewed from the real window, under real containers of Debian's Docker in a real LXC.

use std::path::PathBuf;

use lab::lxc::{
    self, GuestPlan, NodePlan, RealGuest, RealNodes, Userland,
    docker::{Docker, comparable},
};
use serde_json::{Value, json};

use crate::{
    lxc::{agent, possible},
    window::{
        Opening, SOON, Window,
        fleet::{Counts, Row},
        screen::Screen,
    },
};

const LXC: &str = "ubuntu-docker-01";
/// What the containers do: well for as long as it runs, by the mark that their check looks for.
const WELL: &str = "touch /data/well; exec sleep 100000";
const ILL: &str = "/bin/busybox rm -f /data/well; exec sleep 100000";

#[tokio::test(flavor = "multi_thread")]
async fn lxc_images_are_renewed() -> anyhow::Result<()> {
    possible()?;
    let agent = agent()?;
    let mut options = lxc::Options::two_nodes();
    let guest = GuestPlan::new(100, LXC).userland(Userland::Docker);
    options.nodes = vec![NodePlan::new("real", "pve1").guest(guest)];
    let (nodes, lab) = RealNodes::with_double(options, lab::Options::quick()).await?;
    let outcome = renewal(&nodes, &lab, agent).await;
    lab.stop().await;
    outcome.and(nodes.stop().await)
}

/// A plain container with settings of all kinds, and a compose project; gives the registry's address, by which the
/// desktop knows it, too.
async fn furnish(guest: &RealGuest) -> anyhow::Result<String> {
    let docker = Docker(guest);
    docker.start().await?;
    let place = format!("{}:5000", guest.address());
    for image in ["web:1", "shop:1", "other:1"] {
        let settings = ["ENV VERSION=1", "VOLUME /data"];
        docker.push(&place, image, WELL, &settings).await?;
    }
    let project = format!(
        "version: \"2.4\"\nservices:\n  shop:\n    image: {place}/shop:1\n    stop_grace_period: 1s\n  other:\n    image: {place}/other:1\n    stop_grace_period: 1s\nnetworks:\n  default:\n    ipam:\n      config: [{{subnet: 10.78.0.0/24}}]\n"
    );
    guest
        .shell(&format!(
            "docker network create --subnet 10.77.0.0/24 front >/dev/null && docker network create back >/dev/null && \
             docker run -d --name web --network front --ip 10.77.0.9 --network-alias shop -e TZ=Europe/Berlin --label mine=yes \
             -v named:/named --tmpfs /scratch --ulimit nofile=1000:2000 --restart unless-stopped --stop-timeout 1 \
             --health-cmd '/bin/test -e /data/well' --health-interval 1s {place}/web:1 >/dev/null && \
             docker network connect --alias inside back web && docker exec web /bin/touch /data/kept && \
             mkdir -p /srv/shop && cd /srv/shop && printf '%s' '{project}' > docker-compose.yml && docker-compose up -d 2>&1"
        ))
        .await?;
    Ok(place)
}

async fn images_become(window: &Window, wanted: &str) -> anyhow::Result<()> {
    window.to_fleet().await?;
    let is = |row: &Row| row.images.starts_with(wanted);
    window
        .row_becomes(LXC, &format!("{wanted} by its images"), is)
        .await?;
    Ok(())
}

/// From the row's menu through the plan to the end.
async fn renew(window: &Window, shown: &str) -> anyhow::Result<Counts> {
    window.choose(LXC, "update-images").await?;
    window.shows(shown, SOON).await?;
    window.approve().await?;
    window.newest_ended("updateImages").await
}

async fn renewal(nodes: &RealNodes, lab: &lab::Lab, agent: PathBuf) -> anyhow::Result<()> {
    let guest = nodes.guest("pve1", 100)?;
    let docker = Docker(guest);
    let place = furnish(guest).await?;
    let (web, other) = (
        docker.inspect("web").await?,
        docker.inspect("shop_other_1").await?,
    );

    let cluster = nodes.facts(lab).clusters[0].clone();
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let screen = Screen::start()?;
    let opening = Opening::new(env!("CARGO_BIN_EXE_redflag"), &data)
        .with("REDFLAG_AGENT_BINARY", agent.display().to_string());
    let window = Window::open(&screen, &opening).await?;
    let setting = json!({ "name": place, "mirror": null, "insecure": true, "caPem": null });
    let set: Value = window
        .rpc("set_registry", json!({ "registry": setting }))
        .await?;
    assert_eq!(set, json!({}));
    assert_eq!(window.add_cluster(&cluster).await?, "Found 1 node, 1 LXC");
    let succeeded = Counts::from([("succeeded".to_owned(), 1)]);
    assert_eq!(window.install_agents().await?, succeeded);
    images_become(&window, "0 of 3").await?;

    // The tags move; nobody tells RedFlag.
    let settings = ["ENV VERSION=2", "VOLUME /data"];
    let new_web = docker.push(&place, "web:1", WELL, &settings).await?;
    let new_shop = docker.push(&place, "shop:1", WELL, &settings).await?;
    window.choose(LXC, "check-images").await?;
    images_become(&window, "2 of 3").await?;
    assert_eq!(renew(&window, "web:1").await?, succeeded);

    // Not what the window says, but what Docker says.
    let renewed = docker.inspect("web").await?;
    assert_eq!(
        renewed["Image"],
        docker.id_of(&place, "web", &new_web).await?
    );
    assert_ne!(renewed["Id"], web["Id"]);
    assert_eq!(renewed["State"]["Health"]["Status"], "healthy");
    let mut expected = comparable(web);
    let env = renewed["Config"]["Env"].to_string();
    assert!(
        env.contains("VERSION=2") && env.contains("TZ=Europe/Berlin"),
        "{env}"
    );
    expected["Config"]["Env"] = renewed["Config"]["Env"].clone();
    assert_eq!(comparable(renewed.clone()), expected);
    guest
        .shell("docker exec web /bin/test -e /data/kept")
        .await?;
    let shop = docker.inspect("shop_shop_1").await?;
    assert_eq!(
        shop["Image"],
        docker.id_of(&place, "shop", &new_shop).await?
    );
    assert_eq!(docker.inspect("shop_other_1").await?["Id"], other["Id"]);
    let names = guest
        .shell("docker ps -a --format '{{.Names}}' | sort | tr '\\n' ' '")
        .await?;
    assert_eq!(
        names.trim(),
        "shop_other_1 shop_shop_1 web",
        "the old ones are gone"
    );
    images_become(&window, "0 of 3").await?;

    // One whose own check fails: the old one is back by itself.
    docker.push(&place, "web:1", ILL, &settings).await?;
    window.choose(LXC, "check-images").await?;
    images_become(&window, "1 of 3").await?;
    let failed = Counts::from([("failed".to_owned(), 1)]);
    assert_eq!(renew(&window, "web:1").await?, failed);
    window.shows("not well", SOON).await?;
    let back = docker.inspect("web").await?;
    assert_eq!(
        (&back["Id"], &back["State"]["Running"]),
        (&renewed["Id"], &json!(true))
    );
    images_become(&window, "1 of 3").await?;
    assert_eq!(window.violations().await?, Vec::<String>::new());
    window.close().await
}
