//! Logins that the guest itself has for registries: whoever runs the engine logged in there with it.

use std::fs;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use domain::image::reference::login_place;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::Layout;

/// Of a user's home folder.
const OF_HOME: [&str; 2] = [".docker/config.json", ".config/containers/auth.json"];

/// The value of `X-Registry-Auth` for a registry; none where the guest has no login for it that can be read. `socket` is
/// the engine's, as the guest names it.
pub(super) fn header(layout: &Layout, socket: &str, registry: &str) -> Option<Zeroizing<String>> {
    let (home, runtime) = owner(layout, socket);
    let of_home = OF_HOME.map(|file| format!("{home}/{file}"));
    let files = of_home.into_iter().chain([runtime]);
    files
        .filter_map(|file| fs::read(layout.at(file.trim_start_matches('/'))).ok())
        .find_map(|text| of_file(&Zeroizing::new(text), registry))
}

/// The home folder of the user whose engine it is, and the file with logins that ends with the session.
fn owner(layout: &Layout, socket: &str) -> (String, String) {
    let user = socket
        .strip_prefix("/run/user/")
        .and_then(|rest| rest.split('/').next());
    let Some(user) = user else {
        return ("/root".to_owned(), "/run/containers/0/auth.json".to_owned());
    };
    let users = fs::read_to_string(layout.at("etc/passwd")).unwrap_or_default();
    let fields = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let home = fields
        .filter(|fields| fields.get(2) == Some(&user))
        .find_map(|fields| fields.get(5).map(|home| (*home).to_owned()));
    (
        home.unwrap_or_default(),
        format!("/run/user/{user}/containers/auth.json"),
    )
}

/// Read without types of its own, each of which would cost kilobytes of the agent.
pub(super) fn of_file(text: &[u8], registry: &str) -> Option<Zeroizing<String>> {
    let mut file: Value = serde_json::from_slice(text).ok()?;
    let (_, entry) = file
        .get_mut("auths")?
        .as_object_mut()?
        .iter_mut()
        .find(|(place, _)| login_place(place) == (registry.to_owned(), None))?;
    let mut secret = |field: &str| match entry.get_mut(field).map(Value::take) {
        Some(Value::String(text)) => Zeroizing::new(text),
        _ => Zeroizing::default(),
    };
    let (auth, token) = (secret("auth"), secret("identitytoken"));
    let mut known = json!({ "serveraddress": registry });
    if token.is_empty() {
        let decoded = Zeroizing::new(STANDARD.decode(auth.trim()).ok()?);
        let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        known["username"] = json!(user);
        // Some clients end it with zeros.
        known["password"] = json!(password.trim_end_matches('\0'));
    } else {
        known["identitytoken"] = json!(*token);
    }
    let known = Zeroizing::new(known.to_string());
    Some(Zeroizing::new(URL_SAFE.encode(known.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(files: &[(&str, String)]) -> (tempfile::TempDir, Layout) {
        let house = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let file = house.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let layout = Layout::new(house.path());
        (house, layout)
    }

    fn told(layout: &Layout, socket: &str, registry: &str) -> Option<Value> {
        let value = header(layout, socket, registry)?;
        serde_json::from_slice(&URL_SAFE.decode(value.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn the_login_of_whoever_runs_the_engine_is_taken() {
        let auth = |text: &str| STANDARD.encode(text);
        let root = format!(
            r#"{{"auths":{{"https://index.docker.io/v1/":{{"auth":"{}"}},"quay.io/team":{{"auth":"{}"}},"x.example":{{"auth":"","identitytoken":"eyJ"}}}},"credsStore":"x"}}"#,
            auth("me:a:b\0"),
            auth("no:no")
        );
        let ann = format!(
            r#"{{"auths":{{"docker.io":{{"auth":"{}"}}}}}}"#,
            auth("ann:c")
        );
        let (_house, layout) = guest(&[
            ("root/.docker/config.json", root),
            (
                "etc/passwd",
                "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n".into(),
            ),
            ("home/ann/.config/containers/auth.json", ann),
        ]);
        let hub = told(&layout, "/run/docker.sock", "docker.io").unwrap();
        assert_eq!(
            (&hub["username"], &hub["password"]),
            (&json!("me"), &json!("a:b"))
        );
        let other = told(&layout, "/run/docker.sock", "x.example").unwrap();
        assert_eq!(other["identitytoken"], "eyJ");
        assert_eq!(
            told(&layout, "/run/docker.sock", "quay.io"),
            None,
            "for a part of it alone"
        );
        let own = told(&layout, "/run/user/1000/podman/podman.sock", "docker.io").unwrap();
        assert_eq!(own["username"], "ann");
        assert_eq!(told(&layout, "/run/user/7/docker.sock", "docker.io"), None);
        for odd in [
            "[]",
            "7",
            r#"{"auths":{"docker.io":"x"}}"#,
            r#"{"auths":{"docker.io":{"auth":7}}}"#,
        ] {
            assert_eq!(of_file(odd.as_bytes(), "docker.io"), None, "{odd}");
        }
    }
}
