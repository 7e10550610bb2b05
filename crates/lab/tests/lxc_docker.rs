//! Images renewed in a real LXC, by the real agent, in Debian's own Docker, from Debian's own registry.
#![cfg(target_os = "linux")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

#[allow(
    clippy::result_large_err,
    dead_code,
    unreachable_pub,
    reason = "the desktop of the agent's own tests, of which a part is used here"
)]
#[path = "../../agent/tests/common/desktop.rs"]
mod desktop;
#[allow(
    dead_code,
    reason = "of what the tests in real guests share a part is used here"
)]
mod house;

use desktop::Desktop;
use domain::{
    docker::{DockerScan, ImagePlan, plan},
    image::Digest,
    operation::StepKind,
};
use house::{House, possible, until};
use lab::lxc::{GuestPlan, RealGuest, Userland};
use serde_json::Value;
use wire::{Action, Outcome};

const VMID: u32 = 170;
const REGISTRY: &str = "127.0.0.1:5000";

struct Bench<'a> {
    guest: &'a RealGuest,
    desktop: Desktop,
}

impl<'a> Bench<'a> {
    async fn prepare(house: &'a House) -> Self {
        let bench = Self {
            guest: house.guest(VMID),
            desktop: house.desktop().await,
        };
        bench
            .shell("systemctl start docker docker-registry && for i in $(seq 60); do docker version >/dev/null 2>&1 && break; sleep 1; done; docker version >/dev/null")
            .await;
        house.enrol(VMID, &bench.desktop).await;
        bench
    }

    async fn shell(&self, line: &str) -> String {
        self.guest.shell(line).await.unwrap()
    }

    /// Pushes an image of BusyBox that does `script`, with more settings of its own; gives the digest.
    async fn push(&self, name: &str, script: &str, changes: &[&str]) -> Digest {
        let changes: String = changes.iter().map(|c| format!(" --change '{c}'")).collect();
        let line = format!(
            "d=$(mktemp -d) && mkdir $d/bin && cp /bin/busybox $d/bin/ && for t in sh sleep cat test touch; do ln -s busybox $d/bin/$t; done && \
             echo '{script}' > $d/run && chmod 755 $d/run && \
             tar -C $d -c . | docker import --change 'CMD [\"/bin/sh\",\"/run\"]'{changes} - {REGISTRY}/{name} >/dev/null && \
             docker push -q {REGISTRY}/{name} >/dev/null && \
             docker image inspect --format '{{{{index .RepoDigests 0}}}}' {REGISTRY}/{name}"
        );
        let told = self.shell(&line).await;
        told.trim().rsplit('@').next().unwrap().parse().unwrap()
    }

    async fn inspect(&self, name: &str) -> Value {
        let text = self.shell(&format!("docker inspect {name}")).await;
        serde_json::from_str::<Value>(&text).unwrap()[0].take()
    }

    /// What the agent reports of the engine.
    async fn scans(&self) -> Vec<DockerScan> {
        let scanned = self.desktop.done(Action::Scan { refresh: false }).await;
        assert!(matches!(scanned, Outcome::Scanned { .. }), "{scanned:?}");
        let inventory = |m: &mut desktop::Memory| m.inventories.last().cloned();
        self.desktop.until("an inventory", inventory).await.docker
    }

    async fn plan(&self, image: &str, to: &Digest) -> ImagePlan {
        let wanted = format!("{REGISTRY}/{image}");
        let made = plan(&self.scans().await, |_, name, _| {
            (name.familiar() == wanted).then(|| to.clone())
        });
        assert_eq!(made.images.len(), 1, "{made:?}");
        made
    }
}

impl Bench<'_> {
    /// Has the agent renew the one image, and tells how that went.
    async fn renew(&self, image: &str, to: &Digest) -> Outcome {
        let images = self.plan(image, to).await.images;
        self.desktop.done(Action::UpdateImages { images }).await
    }

    async fn image_of(&self, container: &str) -> String {
        let known = self.inspect(container).await;
        assert_eq!(known["State"]["Running"], true, "{container}");
        known["Image"].as_str().unwrap().to_owned()
    }

    async fn id_of(&self, image: &str, digest: &Digest) -> String {
        let line =
            format!("docker image inspect --format '{{{{.Id}}}}' {REGISTRY}/{image}@{digest}");
        self.shell(&line).await.trim().to_owned()
    }
}

/// Settings that may differ between the old container and the new one.
fn comparable(mut container: Value) -> Value {
    let id = container["Id"].as_str().unwrap().to_owned();
    for field in [
        "Id",
        "Created",
        "State",
        "Image",
        "ResolvConfPath",
        "HostnamePath",
        "HostsPath",
        "LogPath",
        "GraphDriver",
        "SizeRw",
        "ExecIDs",
    ] {
        container.as_object_mut().unwrap().remove(field);
    }
    let config = container["Config"].as_object_mut().unwrap();
    if id.starts_with(config["Hostname"].as_str().unwrap()) {
        config.remove("Hostname");
    }
    let networks = container["NetworkSettings"].take();
    let mut kept = serde_json::Map::new();
    for (name, network) in networks["Networks"].as_object().unwrap() {
        let aliases: Vec<&str> = network["Aliases"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|alias| !id.starts_with(alias))
            .collect();
        kept.insert(
            name.clone(),
            serde_json::json!({ "IPAMConfig": network["IPAMConfig"], "Aliases": aliases }),
        );
    }
    container["NetworkSettings"] = Value::Object(kept);
    // Volumes without a name are named by the new one, so that they stay.
    let mut mounts: Vec<(String, String)> = container["Mounts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|mount| (mount["Destination"].to_string(), mount["Name"].to_string()))
        .collect();
    mounts.sort();
    container["Mounts"] = serde_json::json!(mounts);
    container["HostConfig"]["Binds"] = Value::Null;
    container
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_containers_get_a_new_image_and_keep_their_settings() {
    if !possible() {
        return;
    }
    let house = House::start(vec![
        GuestPlan::new(VMID, "docker").userland(Userland::Docker),
    ])
    .await;
    let bench = Bench::prepare(&house).await;
    let old = bench
        .push(
            "web:1",
            "exec sleep 100000",
            &["ENV VERSION=1", "VOLUME /data", "LABEL by=us"],
        )
        .await;
    bench
        .shell(&format!(
            "docker network create --subnet 10.77.0.0/24 front >/dev/null && docker network create back >/dev/null && \
             docker run -d --name web --network front --ip 10.77.0.9 --network-alias shop -e TZ=Europe/Berlin --label mine=yes \
             -v named:/named -v /etc/hostname:/host:ro --tmpfs /scratch --ulimit nofile=1000:2000 --log-opt max-size=1m \
             --restart unless-stopped --stop-timeout 1 --memory 64m --cap-add NET_ADMIN --add-host a.lan:10.1.1.1 \
             {REGISTRY}/web:1 >/dev/null && docker network connect --alias inside back web && \
             docker run -d --name beside --network container:web --stop-timeout 1 {REGISTRY}/web:1 >/dev/null && \
             docker exec web /bin/touch /data/kept"
        ))
        .await;
    let before = bench.inspect("web").await;
    assert_eq!(before["State"]["Running"], true);
    // Both run from one image; the tag moves.
    let new = bench
        .push(
            "web:1",
            "exec sleep 100000",
            &["ENV VERSION=2", "VOLUME /data", "LABEL by=us"],
        )
        .await;
    assert_ne!(old, new);
    let made = bench.plan("web:1", &new).await;
    let images = made.images.clone();
    let outcome = bench.desktop.done(Action::UpdateImages { images }).await;
    let Outcome::Applied { result } = &outcome else {
        panic!("{outcome:?}");
    };
    assert!(result.images[0].is_done(), "{result:?}");
    let after = bench.inspect("web").await;
    assert_ne!(after["Id"], before["Id"]);
    let image = bench
        .shell(&format!(
            "docker image inspect --format '{{{{.Id}}}}' {REGISTRY}/web@{new}"
        ))
        .await;
    assert_eq!(after["Image"], image.trim());
    let environment = after["Config"]["Env"].to_string();
    assert!(
        environment.contains("VERSION=2") && environment.contains("TZ=Europe/Berlin"),
        "{environment}"
    );
    let mut expected = comparable(before);
    expected["Config"]["Env"] = after["Config"]["Env"].clone();
    assert_eq!(comparable(after), expected);
    let beside = bench.inspect("beside").await;
    let web = bench.inspect("web").await["Id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        beside["HostConfig"]["NetworkMode"],
        format!("container:{web}")
    );
    bench.shell("docker exec web /bin/test -e /data/kept").await;
    let names = bench
        .shell("docker ps -a --format '{{.Names}}' | sort | tr '\\n' ' '")
        .await;
    assert_eq!(names.trim(), "beside web", "the old ones are gone");

    // One that is not well: the old one runs again, and its tag is what it was.
    let worse = bench.push("web:1", "exit 3", &["VOLUME /data"]).await;
    let made = bench.plan("web:1", &worse).await;
    let images = made.images.clone();
    let outcome = bench.desktop.done(Action::UpdateImages { images }).await;
    let Outcome::Failed { problem, result } = &outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        problem.words.as_ref().unwrap().contains("it ended"),
        "{problem:?}"
    );
    assert!(!result.as_ref().unwrap().images[0].is_done());
    let back = bench.inspect("web").await;
    assert_eq!(
        (&back["Id"], &back["State"]["Running"]),
        (&Value::from(web), &Value::from(true))
    );
    let tag = bench
        .shell(&format!(
            "docker image inspect --format '{{{{.Id}}}}' {REGISTRY}/web:1"
        ))
        .await;
    assert_eq!(tag, image);
    house.nodes.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_a_compose_project_is_brought_up_by_compose_and_comes_back() {
    if !possible() {
        return;
    }
    let house = House::start(vec![
        GuestPlan::new(VMID, "compose").userland(Userland::Docker),
    ])
    .await;
    let bench = Bench::prepare(&house).await;
    bench
        .push("shop:1", "exec sleep 100000", &["ENV VERSION=1"])
        .await;
    let file = format!(
        "version: \"2.4\"\nservices:\n  shop:\n    image: {REGISTRY}/shop:1\n    stop_grace_period: 1s\n    volumes: [\"data:/data\"]\n  other:\n    image: {REGISTRY}/other:1\n    stop_grace_period: 1s\nnetworks:\n  default:\n    ipam:\n      config: [{{subnet: 10.78.0.0/24}}]\nvolumes:\n  data:\n"
    );
    bench.push("other:1", "exec sleep 100000", &[]).await;
    bench
        .shell(&format!("mkdir -p /srv/shop && cd /srv/shop && printf '%s' '{file}' > docker-compose.yml && docker-compose up -d 2>&1"))
        .await;
    let other = bench.inspect("shop_other_1").await["Id"].clone();
    let new = bench
        .push("shop:1", "exec sleep 100000", &["ENV VERSION=2"])
        .await;
    let outcome = bench.renew("shop:1", &new).await;
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    let good = bench.id_of("shop", &new).await;
    assert_eq!(bench.image_of("shop_shop_1").await, good);
    assert_eq!(
        bench.inspect("shop_other_1").await["Id"],
        other,
        "only what changed is made anew"
    );
    let worse = bench.push("shop:1", "exit 3", &[]).await;
    let outcome = bench.renew("shop:1", &worse).await;
    let Outcome::Failed { problem, .. } = &outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        problem.words.as_ref().unwrap().contains("shop_shop_1"),
        "{problem:?}"
    );
    assert_eq!(bench.image_of("shop_shop_1").await, good);
    house.nodes.stop().await.unwrap();
}

/// SIGKILL to the agent and the job's own process at every step: the container runs afterwards, from the old image or the
/// new one, under its name and alone, and that is what is told.
#[tokio::test(flavor = "multi_thread")]
async fn lxc_a_renewal_that_is_cut_off_leaves_the_container_running() {
    const STEPS: [StepKind; 4] = [
        StepKind::Preflight,
        StepKind::Download,
        StepKind::Apply,
        StepKind::Record,
    ];
    if !possible() {
        return;
    }
    let house = House::start(vec![
        GuestPlan::new(VMID, "cuts").userland(Userland::Docker),
    ])
    .await;
    let bench = Bench::prepare(&house).await;
    bench
        .push("web:1", "exec sleep 100000", &["ENV VERSION=0"])
        .await;
    bench
        .shell(&format!(
            "docker run -d --name web --network none --stop-timeout 1 {REGISTRY}/web:1 >/dev/null"
        ))
        .await;
    // Within the step that takes longest, at several moments.
    let moments = [0, 300, 900, 1500, 2500, 6000];
    let mut cuts = 0;
    for (number, step) in STEPS.iter().enumerate() {
        for (turn, pause) in moments.iter().enumerate() {
            if *step != StepKind::Apply && turn > 0 {
                continue;
            }
            let version = format!("ENV VERSION={number}.{turn}");
            let new = bench.push("web:1", "exec sleep 100000", &[&version]).await;
            let old = bench.image_of("web").await;
            let images = bench.plan("web:1", &new).await.images;
            let job = bench.desktop.give(Action::UpdateImages { images });
            let reached = |m: &mut desktop::Memory| {
                let reports = m.reports.get(&job)?;
                let there = reports
                    .values()
                    .any(|r| r.step == *step || r.outcome.is_some());
                there.then_some(())
            };
            bench.desktop.until("the step to be cut", reached).await;
            tokio::time::sleep(std::time::Duration::from_millis(*pause)).await;
            bench.shell("pkill -KILL redflag-agent; true").await;
            let outcome = bench.desktop.outcome(job).await;
            let name = format!("{step:?} + {pause} ms: {outcome:?}");
            let now = bench.image_of("web").await;
            let names = bench.shell("docker ps -a --format '{{.Names}}'").await;
            assert_eq!(names.trim(), "web", "{name}");
            let renewed = bench
                .shell("docker image ls --no-trunc --digests")
                .await
                .contains(new.as_str())
                && now == bench.id_of("web", &new).await;
            assert!(renewed || now == old, "{name}");
            match &outcome {
                Outcome::Applied { result } => {
                    assert!(renewed && result.images[0].is_done(), "{name}")
                }
                Outcome::Interrupted { result, .. } => {
                    let told = &result.as_ref().unwrap().images[0];
                    assert_eq!(told.containers[0].image_id.as_ref(), Some(&now), "{name}");
                    assert!(!renewed, "{name}");
                }
                Outcome::Failed { .. } => assert!(!renewed, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            cuts += 1;
        }
    }
    eprintln!(
        "{} steps, {cuts} kills: the container ran after each",
        STEPS.len()
    );
    house.nodes.stop().await.unwrap();
}
