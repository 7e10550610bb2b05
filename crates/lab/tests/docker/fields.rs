//! Recreate keeps every field: containers of generated configurations, beside what the same configurations give with the
//! new image.

use std::collections::{BTreeMap, BTreeSet};

use lab::lxc::docker::comparable;
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::{Value, json};
use wire::{Action, Outcome};

use super::{Bench, REGISTRY, bodies::wanted, house};
use crate::house::possible;

/// Creates containers as a list of names and bodies says, and prints what was refused.
const CREATE: &str = r#"
import http.client, json, socket
class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/docker.sock")
engine = Engine("docker")
def post(path, body):
    engine.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = engine.getresponse()
    text = answer.read().decode()
    return answer.status, text
for name, body, joins in json.load(open("/root/wanted.json")):
    status, text = post("/containers/create?name=" + name, body)
    for network, endpoint in joins:
        if status == 201:
            status, text = post("/networks/" + network + "/connect", {"Container": name, "EndpointConfig": endpoint})
            status = 201 if status == 200 else status
    if status != 201:
        print(name, status, text.strip())
"#;

/// What two containers of one configuration must have in common: all but the names of volumes that have none.
fn shape(container: Value) -> Value {
    let mounts: Vec<Value> = container["Mounts"].as_array().cloned().unwrap_or_default();
    let binds: Vec<Value> = container["HostConfig"]["Binds"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let unnamed = |name: &str| name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let mut shape = comparable(container);
    let mut places: Vec<String> = mounts
        .iter()
        .map(|mount| {
            let name = mount["Name"].as_str().unwrap_or_default();
            let name = if unnamed(name) { "unnamed" } else { name };
            format!(
                "{} {} {name} {}",
                mount["Destination"], mount["Type"], mount["RW"]
            )
        })
        .collect();
    places.sort();
    shape["Mounts"] = json!(places);
    let named = binds.iter().filter_map(Value::as_str);
    let named: Vec<&str> = named
        .filter(|bind| !unnamed(bind.split(':').next().unwrap()))
        .collect();
    shape["HostConfig"]["Binds"] = json!(named);
    // A volume of a mount that names none gets the name that it has.
    if let Some(mounts) = shape["HostConfig"]["Mounts"].as_array_mut() {
        for mount in mounts
            .iter_mut()
            .filter(|m| m["Source"].as_str().is_some_and(unnamed))
        {
            mount.as_object_mut().unwrap().remove("Source");
        }
    }
    shape.as_object_mut().unwrap().remove("Name");
    shape
}

/// Every field that is not the same, with both values.
fn differences(path: &str, got: &Value, expected: &Value, found: &mut Vec<String>) {
    let (Value::Object(a), Value::Object(b)) = (got, expected) else {
        if got != expected {
            found.push(format!("{path}: {got}, but {expected}"));
        }
        return;
    };
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for name in names {
        let path = format!("{path}.{name}");
        differences(&path, &got[name], &expected[name], found);
    }
}

impl Bench<'_> {
    /// Creates containers; gives those that the engine refused, with its words.
    async fn create(&self, wanted: &[(String, Value, Value)]) -> Vec<String> {
        let folder = self.guest.root().join("root");
        std::fs::write(folder.join("wanted.json"), json!(wanted).to_string()).unwrap();
        std::fs::write(folder.join("create.py"), CREATE).unwrap();
        let told = self.shell("python3 /root/create.py").await;
        told.lines().map(str::to_owned).collect()
    }

    /// All containers whose names begin like this, by name.
    async fn inspected(&self, prefix: &str) -> BTreeMap<String, Value> {
        let line = format!(
            "docker ps -a --format '{{{{.Names}}}}' | grep '^{prefix}' | xargs docker inspect > /root/told.json"
        );
        self.shell(&line).await;
        let text = std::fs::read_to_string(self.guest.root().join("root/told.json")).unwrap();
        let all: Vec<Value> = serde_json::from_str(&text).unwrap();
        all.into_iter()
            .map(|one| (one["Name"].as_str().unwrap()[1..].to_owned(), one))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_recreate_keeps_every_field_of_any_container() {
    if !possible() {
        return;
    }
    let full = std::env::var_os("REDFLAG_TEST_FULL").is_some();
    let count = if full { 400 } else { 40 };
    let house = house("fields").await;
    let bench = Bench::prepare(&house).await;
    let settings = [
        "ENV VERSION=1 PATH=/bin",
        "LABEL by=us old=yes",
        "VOLUME /data",
        "EXPOSE 80",
        "WORKDIR /w",
    ];
    bench.push("any:1", "exec sleep 100000", &settings).await;
    bench
        .shell(&format!(
            "docker network create --subnet 10.77.1.0/24 front >/dev/null && docker network create --subnet 10.77.2.0/24 back >/dev/null && \
             mkdir -p /opt /srv && docker tag {REGISTRY}/any:1 lender:1 && docker create --name lender --ipc shareable -v lent:/lent lender:1 >/dev/null"
        ))
        .await;
    // The same ones at every run.
    let mut runner = TestRunner::deterministic();
    let mut any = || wanted().new_tree(&mut runner).unwrap().current();
    let generated: Vec<(Value, Value)> = (0..count).map(|_| any()).collect();
    let named = |prefix: &str, image: &str| -> Vec<(String, Value, Value)> {
        let bodies = generated.iter().enumerate();
        bodies
            .map(|(at, (body, joins))| {
                let mut body = body.clone();
                body["Image"] = json!(format!("{REGISTRY}/{image}"));
                (format!("{prefix}{at}"), body, joins.clone())
            })
            .collect()
    };
    let refused = bench.create(&named("old", "any:1")).await;
    assert!(refused.len() * 10 < count, "{refused:?}");
    let before = bench.inspected("old").await;
    let settings = [
        "ENV VERSION=2 PATH=/sbin:/bin ADDED=1",
        "LABEL by=them new=yes",
        "VOLUME /data",
        "EXPOSE 81",
        "USER 7",
    ];
    let new = bench.push("any:1", "exec sleep 100000", &settings).await;
    let images = bench.plan("any:1", &new).await.images;
    let outcome = bench.desktop.done(Action::UpdateImages { images }).await;
    let Outcome::Applied { result } = &outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(result.images[0].containers.len(), before.len());
    let after = bench.inspected("old").await;
    // The same configurations from the new image, by nobody's renewal.
    let refused_again = bench.create(&named("new", "any:1")).await;
    assert_eq!(refused.len(), refused_again.len(), "{refused_again:?}");
    let twins = bench.inspected("new").await;
    assert_eq!(before.len(), after.len());
    for (name, old) in &before {
        let twin = &twins[&name.replace("old", "new")];
        let renewed = &after[name];
        assert_ne!(renewed["Id"], old["Id"], "{name}");
        assert_eq!(renewed["Image"], twin["Image"], "{name}");
        let mut differing = Vec::new();
        differences(
            "",
            &shape(renewed.clone()),
            &shape(twin.clone()),
            &mut differing,
        );
        let body = &generated[name[3..].parse::<usize>().unwrap()].0;
        assert!(differing.is_empty(), "{name}: {differing:#?} of {body:#}");
        // What lies in a volume without a name is somebody's data.
        for mount in old["Mounts"].as_array().unwrap() {
            let same =
                |m: &&Value| m["Destination"] == mount["Destination"] && m["Name"] == mount["Name"];
            assert!(
                renewed["Mounts"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|m| same(&m)),
                "{name}: {mount}"
            );
        }
    }
    eprintln!(
        "{} containers, {} refused by the engine itself",
        before.len(),
        refused.len()
    );
    house.nodes.stop().await.unwrap();
}
