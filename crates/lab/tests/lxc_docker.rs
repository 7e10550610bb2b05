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
        problem.words.as_ref().unwrap().contains("exit status 3"),
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
