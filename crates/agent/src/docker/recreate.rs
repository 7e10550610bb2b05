//! A container made again from what is known of it, with everything that its owner set and nothing that only its old
//! image brought along.
//!
//! The form is that of Docker's `GET /containers/ID/json`, `GET /images/ID/json` and `POST /containers/create`. It is kept
//! as JSON from end to end: a field that this program has never heard of is kept like all others.

use serde_json::{Map, Value, json};

/// How the new container is made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recreation {
    /// The body of `POST /containers/create`.
    pub body: Value,
    /// Networks beyond the first, joined before it is started: name, and the body's `EndpointConfig`.
    pub networks: Vec<(String, Value)>,
}

/// Lists and maps of the configuration whose entries an image brings along.
const ENTRIES: [&str; 3] = ["Labels", "ExposedPorts", "Volumes"];
/// Single settings that an image brings along.
const SINGLE: [&str; 5] = ["User", "WorkingDir", "Healthcheck", "StopSignal", "Shell"];
/// Ways into a network that are none of the container's own.
const NOT_OWN: [&str; 2] = ["host", "none"];

/// Made from the old container and its old image, for `image`. `other` gives the new id of a container that was made
/// anew before: those that share its network, processes or memory follow it.
pub(crate) fn recreation(
    container: &Value,
    old_image: &Value,
    image: &str,
    other: impl Fn(&str) -> Option<String>,
) -> Recreation {
    let mut config = object(&container["Config"]);
    let mut host = object(&container["HostConfig"]);
    let id = container["Id"].as_str().unwrap_or_default();
    without_image(&mut config, &old_image["Config"]);
    config.insert("Image".to_owned(), json!(image));
    keep_volumes(&mut host, container);
    for mode in ["NetworkMode", "PidMode", "IpcMode"] {
        let shared = host.get(mode).and_then(Value::as_str);
        let new = shared.and_then(|m| other(m.strip_prefix("container:")?));
        if let Some(new) = new {
            host.insert(mode.to_owned(), json!(format!("container:{new}")));
        }
    }
    if let Some(Value::Array(links)) = host.get_mut("Links") {
        links.iter_mut().for_each(link);
    }
    let mode = host.get("NetworkMode").and_then(Value::as_str);
    let mode = mode.unwrap_or("default").to_owned();
    let shares = mode.starts_with("container:");
    let hostname = config.get("Hostname").and_then(Value::as_str);
    // Docker's own choice is the beginning of the id, and with another's network a name is refused.
    if shares || mode == "host" || hostname.is_some_and(|name| id.starts_with(name)) {
        config.remove("Hostname");
    }
    if shares || mode == "host" {
        config.remove("Domainname");
    }
    if shares {
        // They belong to the one whose network it is.
        config.remove("ExposedPorts");
        host.remove("PortBindings");
    }
    let mut networks = match shares || NOT_OWN.contains(&mode.as_str()) {
        true => Vec::new(),
        false => endpoints(container, id),
    };
    let first = networks.iter().position(|(name, _)| is_first(name, &mode));
    let first = first.map(|at| networks.remove(at));
    let mut body = config;
    body.insert("HostConfig".to_owned(), Value::Object(host));
    if let Some((name, mut endpoint)) = first {
        let explicit = body.remove("MacAddress").filter(|mac| mac != "");
        if let Some(mac) = explicit {
            // Old daemons read it here, new ones at the network.
            endpoint["MacAddress"] = mac.clone();
            body.insert("MacAddress".to_owned(), mac);
        }
        let mut all = Map::new();
        all.insert(name, endpoint);
        body.insert(
            "NetworkingConfig".to_owned(),
            json!({ "EndpointsConfig": all }),
        );
    }
    Recreation {
        body: Value::Object(body),
        networks,
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// `default` is the bridge of the engine.
fn is_first(name: &str, mode: &str) -> bool {
    name == mode
        || (name == "bridge" && mode == "default")
        || (name == "podman" && mode == "bridge")
}

/// Takes out what the old image brought along: it must come from the new one.
fn without_image(config: &mut Map<String, Value>, image: &Value) {
    if let Some(Value::Array(variables)) = config.get_mut("Env") {
        let known = image["Env"].as_array();
        variables.retain(|one| !known.is_some_and(|known| known.contains(one)));
    }
    for field in ENTRIES {
        let Some(Value::Object(entries)) = config.get_mut(field) else {
            continue;
        };
        entries.retain(|name, value| image[field].get(name) != Some(value));
    }
    for field in SINGLE {
        if config
            .get(field)
            .is_some_and(|value| *value == image[field])
        {
            config.remove(field);
        }
    }
    // Whoever names an entry point gets no command of the image, so one that is the same was meant.
    let same = |config: &Map<String, Value>, field: &str| {
        config.get(field).unwrap_or(&Value::Null) == &image[field]
    };
    if same(config, "Entrypoint") {
        config.remove("Entrypoint");
        if same(config, "Cmd") {
            config.remove("Cmd");
        }
    }
    // What a build does with the image says nothing about a container.
    config.remove("OnBuild");
}

/// Volumes without a name of their own stay with the container: what lies in them is somebody's data.
fn keep_volumes(host: &mut Map<String, Value>, container: &Value) {
    let none = Vec::new();
    let mounts = container["Mounts"].as_array().unwrap_or(&none);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let volumes = mounts.iter().filter(|mount| mount["Type"] == "volume");
    let mut kept = Vec::new();
    for volume in volumes {
        let (name, place) = (text(&volume["Name"]), text(&volume["Destination"]));
        let wanted = host.get_mut("Mounts").and_then(Value::as_array_mut);
        let wanted = wanted.and_then(|all| all.iter_mut().find(|one| one["Target"] == *place));
        if let Some(wanted) = wanted {
            if text(&wanted["Source"]).is_empty() {
                wanted["Source"] = json!(name);
            }
            continue;
        }
        // Of these the image or the owner named the place alone; others come from another container.
        let unnamed = container["Config"]["Volumes"].get(&place).is_some();
        let bound = |bind: &Value| text(bind).split(':').nth(1) == Some(&place);
        let binds = host.get("Binds").and_then(Value::as_array);
        let bound = binds.is_some_and(|b| b.iter().any(bound));
        if unnamed && !bound {
            // An engine gives a volume without a name to a container with a closed root only to read.
            let end = if volume["RW"] == false { ":ro" } else { "" };
            kept.push(json!(format!("{name}:{place}{end}")));
        }
    }
    if kept.is_empty() {
        return;
    }
    match host.get_mut("Binds") {
        Some(Value::Array(binds)) => binds.extend(kept),
        _ => {
            host.insert("Binds".to_owned(), Value::Array(kept));
        }
    }
}

/// `/db:/web/database` is what the engine tells of `db:database`.
fn link(link: &mut Value) {
    let told = link.as_str().and_then(|text| text.split_once(':'));
    if let Some((other, alias)) = told {
        let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        *link = json!(format!("{}:{}", last(other), last(alias)));
    }
}

/// What of its networks was wished for, not what the engine gave.
fn endpoints(container: &Value, id: &str) -> Vec<(String, Value)> {
    let wished = |(name, told): (&String, &Value)| {
        let mut endpoint = Map::new();
        for field in ["IPAMConfig", "Links", "DriverOpts", "GwPriority"] {
            match &told[field] {
                Value::Null => {}
                value => {
                    endpoint.insert(field.to_owned(), value.clone());
                }
            }
        }
        if let Some(Value::Array(links)) = endpoint.get_mut("Links") {
            links.iter_mut().for_each(link);
        }
        // Old engines add the beginning of the id.
        let own = |alias: &Value| alias.as_str().is_none_or(|alias| !id.starts_with(alias));
        let aliases = told["Aliases"].as_array().into_iter().flatten();
        let aliases: Vec<Value> = aliases.filter(|alias| own(alias)).cloned().collect();
        if !aliases.is_empty() {
            endpoint.insert("Aliases".to_owned(), Value::Array(aliases));
        }
        (name.clone(), Value::Object(endpoint))
    };
    let networks = container["NetworkSettings"]["Networks"].as_object();
    networks.into_iter().flatten().map(wished).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Value {
        json!({ "Config": {
            "Env": ["PATH=/usr/bin", "NGINX_VERSION=1.27"],
            "Cmd": ["nginx", "-g", "daemon off;"],
            "Entrypoint": ["/docker-entrypoint.sh"],
            "ExposedPorts": { "80/tcp": {} },
            "Labels": { "maintainer": "NGINX", "version": "1" },
            "Volumes": { "/var/cache": {} },
            "WorkingDir": "/srv",
            "StopSignal": "SIGQUIT",
            "Healthcheck": null,
        } })
    }

    fn container() -> Value {
        let id = "0123456789abcdef0123456789abcdef";
        json!({
            "Id": id, "Name": "/web",
            "Config": {
                "Hostname": "0123456789ab", "User": "", "Image": "nginx:latest",
                "Env": ["TZ=Europe/Berlin", "PATH=/usr/bin", "NGINX_VERSION=1.27"],
                "Cmd": ["nginx", "-g", "daemon off;"], "Entrypoint": ["/docker-entrypoint.sh"],
                "ExposedPorts": { "80/tcp": {}, "443/tcp": {} },
                "Labels": { "maintainer": "NGINX", "version": "mine" },
                "Volumes": { "/var/cache": {}, "/data": {} },
                "WorkingDir": "/srv", "StopSignal": "SIGQUIT", "StopTimeout": 7, "OnBuild": null,
                "Healthcheck": { "Test": ["CMD", "true"] }, "SomethingNew": { "a": 1 },
            },
            "HostConfig": {
                "NetworkMode": "front", "Binds": ["/etc/x:/etc/x:ro"],
                "Links": ["/db:/web/database"], "Tmpfs": { "/run": "" },
                "Mounts": [{ "Type": "volume", "Target": "/m" }],
                "RestartPolicy": { "Name": "unless-stopped", "MaximumRetryCount": 0 },
            },
            "Mounts": [
                { "Type": "bind", "Source": "/etc/x", "Destination": "/etc/x" },
                { "Type": "volume", "Name": "anon1", "Destination": "/var/cache" },
                { "Type": "volume", "Name": "anon2", "Destination": "/data" },
                { "Type": "volume", "Name": "anon3", "Destination": "/m" },
                { "Type": "volume", "Name": "theirs", "Destination": "/of/others" },
            ],
            "NetworkSettings": { "Networks": {
                "front": { "IPAMConfig": { "IPv4Address": "10.9.0.7" }, "Aliases": ["web", "0123456789ab"],
                           "IPAddress": "10.9.0.7", "MacAddress": "02:42:0a:09:00:07", "Links": null },
                "back": { "IPAMConfig": null, "Aliases": ["0123456789ab"], "IPAddress": "10.8.0.2" },
            } },
        })
    }

    fn made(container: &Value) -> Recreation {
        recreation(container, &image(), "nginx:latest", |_| None)
    }

    #[test]
    fn what_the_owner_set_stays_and_what_the_image_brought_goes() {
        let made = made(&container());
        let expected = json!({
            "User": "", "Image": "nginx:latest", "Env": ["TZ=Europe/Berlin"],
            "ExposedPorts": { "443/tcp": {} }, "Labels": { "version": "mine" },
            "Volumes": { "/data": {} }, "StopTimeout": 7,
            "Healthcheck": { "Test": ["CMD", "true"] }, "SomethingNew": { "a": 1 },
            "HostConfig": {
                "NetworkMode": "front",
                "Binds": ["/etc/x:/etc/x:ro", "anon1:/var/cache", "anon2:/data"],
                "Links": ["db:database"], "Tmpfs": { "/run": "" },
                "Mounts": [{ "Type": "volume", "Target": "/m", "Source": "anon3" }],
                "RestartPolicy": { "Name": "unless-stopped", "MaximumRetryCount": 0 },
            },
            "NetworkingConfig": { "EndpointsConfig": { "front": {
                "IPAMConfig": { "IPv4Address": "10.9.0.7" }, "Aliases": ["web"],
            } } },
        });
        assert_eq!(made.body, expected);
        assert_eq!(made.networks, [("back".to_owned(), json!({}))]);
    }

    #[test]
    fn an_entry_point_of_the_owner_keeps_the_command_beside_it() {
        let mut own = container();
        own["Config"]["Entrypoint"] = json!(["/bin/sh", "-c"]);
        let body = made(&own).body;
        assert_eq!(body["Entrypoint"], json!(["/bin/sh", "-c"]));
        assert_eq!(body["Cmd"], image()["Config"]["Cmd"]);
        let mut own = container();
        own["Config"]["Cmd"] = json!(["nginx-debug"]);
        let body = made(&own).body;
        assert_eq!(body["Cmd"], json!(["nginx-debug"]));
        assert_eq!(body.get("Entrypoint"), None);
    }

    #[test]
    fn who_shares_a_network_follows_its_owner_and_has_no_names_or_ports() {
        let mut shares = container();
        shares["HostConfig"]["NetworkMode"] = json!("container:vpn-old");
        shares["HostConfig"]["PidMode"] = json!("container:vpn-old");
        shares["HostConfig"]["PortBindings"] = json!({});
        shares["NetworkSettings"]["Networks"] = json!({});
        let made = recreation(&shares, &image(), "nginx:latest", |id| {
            (id == "vpn-old").then(|| "vpn-new".to_owned())
        });
        assert_eq!(made.body["HostConfig"]["NetworkMode"], "container:vpn-new");
        assert_eq!(made.body["HostConfig"]["PidMode"], "container:vpn-new");
        for gone in ["Hostname", "ExposedPorts", "NetworkingConfig"] {
            assert_eq!(made.body.get(gone), None, "{gone}");
        }
        assert!(made.networks.is_empty());
    }

    #[test]
    fn a_hardware_address_that_was_wished_for_stays() {
        let mut own = container();
        own["Config"]["MacAddress"] = json!("02:42:ac:11:00:99");
        let body = made(&own).body;
        let endpoint = &body["NetworkingConfig"]["EndpointsConfig"]["front"];
        assert_eq!(endpoint["MacAddress"], "02:42:ac:11:00:99");
        own["HostConfig"]["NetworkMode"] = json!("default");
        own["NetworkSettings"]["Networks"] = json!({ "bridge": { "Aliases": null } });
        let body = made(&own).body;
        assert_eq!(
            body["NetworkingConfig"]["EndpointsConfig"]["bridge"]["MacAddress"],
            "02:42:ac:11:00:99"
        );
    }

    #[test]
    fn half_of_a_container_is_no_reason_to_fail() {
        let made = recreation(&json!({}), &Value::Null, "a:b", |_| None);
        assert_eq!(made.body, json!({ "Image": "a:b", "HostConfig": {} }));
    }
}
