//! Generated configurations of containers: bodies of `POST /containers/create` that an engine takes.

use std::collections::BTreeMap;

use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::{Value, json};

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
pub(super) fn wanted() -> impl Strategy<Value = (Value, Value)> {
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
