//! Containers and compose projects get new images, keep what they are, and come back.

use domain::operation::StepKind;
use lab::lxc::docker::comparable;
use serde_json::Value;
use wire::{Action, Outcome};

use super::{Bench, REGISTRY, house};
use crate::{desktop, house::possible};

#[tokio::test(flavor = "multi_thread")]
async fn lxc_containers_get_a_new_image_and_keep_their_settings() {
    if !possible() {
        return;
    }
    let house = house("docker").await;
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
    let house = house("compose").await;
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
    let house = house("cuts").await;
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
