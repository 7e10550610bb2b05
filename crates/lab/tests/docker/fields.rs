//! Recreate keeps every field: containers of generated configurations, beside what the same configurations give with the
//! new image.

use std::collections::{BTreeMap, BTreeSet};

use lab::lxc::docker::comparable;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Value, json};
use wire::{Action, Outcome};

use super::{Bench, REGISTRY, house};
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

type Part = BTreeMap<&'static str, Value>;

/// Some of these fields, each with one of its values.
fn some(fields: Vec<(&'static str, Vec<Value>)>) -> impl Strategy<Value = Part> {
    let count = fields.len();
    subsequence(fields, 0..=count).prop_flat_map(|chosen| {
        chosen
            .into_iter()
            .map(|(name, values)| select(values).prop_map(move |value| (name, value)))
            .collect::<Vec<_>>()
            .prop_map(|pairs| pairs.into_iter().collect())
    })
}

/// `Config`, without what an image could have brought along in the same words: that cannot be told apart.
fn config() -> impl Strategy<Value = Part> {
    let second = 1_000_000_000_u64;
    some(vec![
        (
            "Env",
            vec![
                json!(["TZ=Europe/Berlin"]),
                json!(["VERSION=mine", "EMPTY=", "A=b=c"]),
            ],
        ),
        (
            "Cmd",
            vec![json!(["sleep", "5"]), json!(["/bin/sh", "-c", "sleep 7"])],
        ),
        (
            "Entrypoint",
            vec![json!(["/bin/sh", "-c"]), json!(["/run"])],
        ),
        (
            "Labels",
            vec![
                json!({ "mine": "yes", "by": "me" }),
                json!({ "com.example/a.b": "{\"x\": 1}" }),
            ],
        ),
        ("Hostname", vec![json!("shop"), json!("a-b-c")]),
        ("Domainname", vec![json!("lan.example")]),
        ("User", vec![json!("1000:1000"), json!("root")]),
        ("WorkingDir", vec![json!("/srv"), json!("/a b")]),
        ("StopSignal", vec![json!("SIGINT"), json!("9")]),
        ("StopTimeout", vec![json!(1), json!(0), json!(90)]),
        ("Tty", vec![json!(true)]),
        ("OpenStdin", vec![json!(true)]),
        ("StdinOnce", vec![json!(true)]),
        ("AttachStdout", vec![json!(true), json!(false)]),
        (
            "ExposedPorts",
            vec![json!({ "8080/tcp": {}, "53/udp": {} })],
        ),
        ("Volumes", vec![json!({ "/unnamed": {}, "/un/named": {} })]),
        ("NetworkDisabled", vec![json!(false)]),
        (
            "Healthcheck",
            vec![
                json!({ "Test": ["NONE"] }),
                json!({ "Test": ["CMD", "/bin/true"], "Interval": 5 * second, "Timeout": second, "Retries": 2, "StartPeriod": 3 * second }),
                json!({ "Test": ["CMD-SHELL", "exit 0"] }),
            ],
        ),
    ])
}

/// `HostConfig`, without what names a network.
fn host() -> impl Strategy<Value = Part> {
    let storage = some(vec![
        (
            "Binds",
            vec![
                json!(["named:/named", "/etc/hostname:/host:ro"]),
                json!(["/srv:/srv:rw,rshared"]),
            ],
        ),
        (
            "Mounts",
            vec![
                json!([{ "Type": "volume", "Target": "/mv" }]),
                json!([{ "Type": "volume", "Source": "named", "Target": "/mn", "ReadOnly": true, "VolumeOptions": { "NoCopy": true } }]),
                json!([{ "Type": "tmpfs", "Target": "/mt", "TmpfsOptions": { "SizeBytes": 65536, "Mode": 448 } }]),
                json!([{ "Type": "bind", "Source": "/opt", "Target": "/mb", "BindOptions": { "Propagation": "rslave" } }]),
            ],
        ),
        (
            "Tmpfs",
            vec![json!({ "/scratch": "" }), json!({ "/t": "rw,size=64k" })],
        ),
        ("ShmSize", vec![json!(1_048_576)]),
        ("ReadonlyRootfs", vec![json!(true)]),
        ("VolumeDriver", vec![json!("local")]),
        ("MaskedPaths", vec![json!(["/proc/kcore"]), json!([])]),
        ("ReadonlyPaths", vec![json!(["/proc/bus"])]),
    ]);
    let limits = some(vec![
        ("Memory", vec![json!(67_108_864)]),
        ("MemoryReservation", vec![json!(33_554_432)]),
        ("CpuQuota", vec![json!(50_000)]),
        ("CpuShares", vec![json!(512)]),
        ("PidsLimit", vec![json!(100), json!(-1)]),
        (
            "Ulimits",
            vec![json!([{ "Name": "nofile", "Soft": 1000, "Hard": 2000 }])],
        ),
        ("OomScoreAdj", vec![json!(100)]),
        (
            "Devices",
            vec![
                json!([{ "PathOnHost": "/dev/null", "PathInContainer": "/dev/nothing", "CgroupPermissions": "rw" }]),
            ],
        ),
        ("DeviceCgroupRules", vec![json!(["c 13:* rwm"])]),
        (
            "DeviceRequests",
            vec![
                json!([{ "Driver": "nvidia", "Count": -1, "DeviceIDs": null, "Capabilities": [["gpu"]], "Options": {} }]),
            ],
        ),
        ("Sysctls", vec![json!({ "net.core.somaxconn": "1024" })]),
        ("Init", vec![json!(true), json!(false)]),
        ("Runtime", vec![json!("runc")]),
    ]);
    let rest = some(vec![
        (
            "RestartPolicy",
            vec![
                json!({ "Name": "unless-stopped", "MaximumRetryCount": 0 }),
                json!({ "Name": "on-failure", "MaximumRetryCount": 4 }),
            ],
        ),
        ("CapAdd", vec![json!(["NET_ADMIN", "SYS_TIME"])]),
        ("CapDrop", vec![json!(["ALL"])]),
        ("SecurityOpt", vec![json!(["no-new-privileges"])]),
        ("Privileged", vec![json!(true)]),
        ("Dns", vec![json!(["10.1.1.1"])]),
        ("DnsSearch", vec![json!(["lan"])]),
        ("DnsOptions", vec![json!(["ndots:1"])]),
        ("ExtraHosts", vec![json!(["a.lan:10.1.1.1"])]),
        ("GroupAdd", vec![json!(["44"])]),
        (
            "LogConfig",
            vec![
                json!({ "Type": "json-file", "Config": { "max-size": "1m" } }),
                json!({ "Type": "none", "Config": {} }),
            ],
        ),
        ("PidMode", vec![json!("host"), json!("container:lender")]),
        (
            "IpcMode",
            vec![json!("shareable"), json!("host"), json!("none")],
        ),
        ("CgroupnsMode", vec![json!("host"), json!("private")]),
        ("CgroupParent", vec![json!("/mine")]),
        ("VolumesFrom", vec![json!(["lender:ro"])]),
        ("ContainerIDFile", vec![json!("")]),
    ]);
    (storage, limits, rest).prop_map(|(mut a, b, c)| {
        a.extend(b);
        a.extend(c);
        a
    })
}

/// Network mode, the first network's endpoint, and further ones.
#[derive(Clone, Debug)]
struct Networks {
    mode: &'static str,
    first: Value,
    more: Vec<(&'static str, Value)>,
    mac: bool,
}

fn networks() -> impl Strategy<Value = Networks> {
    let endpoint = |subnet: u8| {
        let address = (2_u8..250)
            .prop_map(move |last| json!({ "IPv4Address": format!("10.77.{subnet}.{last}") }));
        (proptest::option::of(address), vec("[a-z]{3,8}", 0..3)).prop_map(|(address, aliases)| {
            let mut endpoint = json!({});
            if let Some(address) = address {
                endpoint["IPAMConfig"] = address;
            }
            if !aliases.is_empty() {
                endpoint["Aliases"] = json!(aliases);
            }
            endpoint
        })
    };
    let own = (
        endpoint(1),
        proptest::option::of(endpoint(2)),
        any::<bool>(),
    )
        .prop_map(|(first, second, mac)| Networks {
            mode: "front",
            first,
            more: second.into_iter().map(|e| ("back", e)).collect(),
            mac,
        });
    let none = select(vec!["none", "host", "container:lender"]).prop_map(|mode| Networks {
        mode,
        first: Value::Null,
        more: Vec::new(),
        mac: false,
    });
    prop_oneof![2 => own, 1 => none]
}

/// The body of a container that is made from `image`, and the networks that it joins.
fn wanted() -> impl Strategy<Value = (Value, Value)> {
    (config(), host(), networks()).prop_map(|(config, host, networks)| {
        let mut body = json!(config);
        let mut host = json!(host);
        host["NetworkMode"] = json!(networks.mode);
        if networks.mode == "front" {
            host["PortBindings"] =
                json!({ "8080/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "" }] });
            body["NetworkingConfig"] = json!({ "EndpointsConfig": { "front": networks.first } });
            if networks.mac {
                body["MacAddress"] = json!("02:42:0a:4d:01:99");
            }
        } else {
            // Refused together with another's network, or the host's.
            for field in ["Hostname", "Domainname", "ExposedPorts"] {
                body.as_object_mut().unwrap().remove(field);
            }
            for field in ["Dns", "DnsSearch", "DnsOptions", "ExtraHosts", "Sysctls"] {
                host.as_object_mut().unwrap().remove(field);
            }
        }
        body["HostConfig"] = host;
        (body, json!(networks.more))
    })
}

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
