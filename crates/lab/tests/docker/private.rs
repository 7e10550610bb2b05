//! Images of a registry that wants to know who asks, and old ones that go when their time is over.

use wire::Outcome;

use super::{Bench, house};
use crate::house::possible;

/// A registry beside the other one, for one user.
const PRIVATE: &str = "127.0.0.1:5001";

#[tokio::test(flavor = "multi_thread")]
async fn lxc_a_private_registry_is_asked_with_the_guests_own_login() {
    if !possible() {
        return;
    }
    let house = house("private").await;
    let bench = Bench::prepare(&house).await;
    let settings = "version: 0.1\\nstorage:\\n  filesystem:\\n    rootdirectory: /var/lib/private\\nhttp:\\n  addr: :5001\\nauth:\\n  htpasswd:\\n    realm: lab\\n    path: /root/users\\n";
    bench
        .shell(&format!(
            "printf 'ci:%s\\n' \"$(perl -e 'print crypt(\"geheim\", \"\\$2y\\$05\\$abcdefghijklmnopqrstuu\")')\" > /root/users && \
             printf '{settings}' > /root/private.yml && systemd-run --quiet --unit private docker-registry serve /root/private.yml && \
             for i in $(seq 30); do echo geheim | docker login -u ci --password-stdin {PRIVATE} >/dev/null 2>&1 && break; sleep 1; done; \
             test -s /root/.docker/config.json"
        ))
        .await;
    bench
        .push_to(PRIVATE, "web:1", "exec sleep 100000", &["ENV VERSION=1"])
        .await;
    bench
        .shell(&format!(
            "docker run -d --name web --network none --stop-timeout 1 {PRIVATE}/web:1 >/dev/null"
        ))
        .await;
    let first = bench.image_of("web").await;
    let second = bench
        .push_to(PRIVATE, "web:1", "exec sleep 100000", &["ENV VERSION=2"])
        .await;
    let third = bench
        .push_to(PRIVATE, "web:1", "exec sleep 100000", &["ENV VERSION=3"])
        .await;
    bench
        .shell(&format!("docker image rm {PRIVATE}/web@{second} {PRIVATE}/web@{third} >/dev/null; docker image prune -f >/dev/null"))
        .await;
    let outcome = bench.renew_at(PRIVATE, "web:1", &second).await;
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    let now = bench.image_of("web").await;
    assert_ne!(now, first);

    // Without a login the registry's words are told, and what to do; nothing was stopped.
    bench.shell("mv /root/.docker/config.json /root/kept").await;
    let outcome = bench.renew_at(PRIVATE, "web:1", &third).await;
    let Outcome::Failed { problem, .. } = &outcome else {
        panic!("{outcome:?}");
    };
    let words = problem.words.as_deref().unwrap_or_default();
    assert!(
        words.contains(&format!("log in to {PRIVATE} in the LXC")),
        "{problem:?}"
    );
    assert_eq!(bench.image_of("web").await, now);

    // The image of before stays for a week, then it goes; what somebody has given a name is not touched.
    let is_here = async |id: &str| {
        let line = format!("docker image inspect {id} >/dev/null 2>&1 && echo yes || true");
        !bench.shell(&line).await.is_empty()
    };
    let scan = "/usr/local/bin/redflag-agent scan --record";
    let over =
        "sed -i -E 's/\"until\": ?[0-9]+/\"until\": 1/' /var/lib/redflag-agent/leftovers.json";
    bench.shell(scan).await;
    assert!(is_here(&first).await, "its time is not over");
    bench
        .shell(&format!("docker tag {first} mine:1 && {over} && {scan}"))
        .await;
    assert!(is_here(&first).await, "it is somebody's");
    bench
        .shell("test ! -e /var/lib/redflag-agent/leftovers.json")
        .await;

    bench.shell("mv /root/kept /root/.docker/config.json").await;
    let outcome = bench.renew_at(PRIVATE, "web:1", &third).await;
    assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    bench.shell(&format!("{over} && {scan}")).await;
    assert!(!is_here(&now).await, "its time is over");
    assert!(is_here(&first).await && is_here(&bench.image_of("web").await).await);
    house.nodes.stop().await.unwrap();
}
