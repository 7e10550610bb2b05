//! The image cases that a registry needs no manners for, against Debian's own docker-registry.

use std::{fmt::Write as _, path::Path};

use domain::image::Digest;
use lab::registry::{Build, Door, Manners, Pushed};
use reqwest::{Client, Method, RequestBuilder, StatusCode};

use super::{Bench, house};
use crate::{
    house::possible,
    scene::{Scene, Shelf},
    table::scenes,
};

/// Ports of the registries, one for each case.
const FIRST_PORT: u16 = 6000;

/// One docker-registry in a guest.
struct Debian {
    address: String,
    http: Client,
    user: Option<(String, String)>,
}

fn client() -> Client {
    let tls = tls::client_config(&tls::Trust::default()).unwrap();
    let builder = Client::builder().tls_backend_preconfigured(tls);
    builder.build().unwrap()
}

impl Debian {
    async fn start(bench: &Bench<'_>, port: u16, door: &Door) -> Self {
        let mut settings = format!(
            "version: 0.1\\nstorage:\\n  filesystem:\\n    rootdirectory: /var/lib/cases/{port}\\n  delete:\\n    enabled: true\\nhttp:\\n  addr: :{port}\\n"
        );
        let mut user = None;
        if let Door::Basic {
            user: name,
            password,
        } = door
        {
            let users = format!(
                "printf '{name}:%s\\n' \"$(perl -e 'print crypt(\"{password}\", \"\\$2y\\$05\\$abcdefghijklmnopqrstuu\")')\" > /root/{port}.users"
            );
            bench.shell(&users).await;
            let _ = write!(
                settings,
                "auth:\\n  htpasswd:\\n    realm: lab\\n    path: /root/{port}.users\\n"
            );
            user = Some((name.clone(), password.clone()));
        }
        bench
            .shell(&format!(
                "printf '{settings}' > /root/{port}.yml && systemd-run --quiet --unit registry-{port} docker-registry serve /root/{port}.yml"
            ))
            .await;
        let registry = Self {
            address: format!("{}:{port}", bench.guest.address()),
            http: client(),
            user,
        };
        for _ in 0..200 {
            let asked = registry.call(Method::GET, "").send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return registry;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("docker-registry at {} does not answer", registry.address);
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("http://{}/v2/{path}", self.address),
        };
        let call = self.http.request(method, url);
        match &self.user {
            Some((name, password)) => call.basic_auth(name, Some(password)),
            None => call,
        }
    }

    /// Sends, and gives the place that the answer names.
    async fn done(call: RequestBuilder, expected: StatusCode) -> String {
        let answer = call.send().await.unwrap();
        let place = answer.headers().get("location").cloned();
        let status = answer.status();
        let words = answer.text().await.unwrap();
        assert_eq!(status, expected, "{words}");
        place.map_or_else(String::new, |place| place.to_str().unwrap().to_owned())
    }

    async fn blob(&self, repository: &str, digest: &Digest, body: Vec<u8>) {
        let begun = self.call(Method::POST, &format!("{repository}/blobs/uploads/"));
        let place = Self::done(begun, StatusCode::ACCEPTED).await;
        let put = self.call(Method::PUT, &format!("{place}&digest={digest}"));
        Self::done(put.body(body), StatusCode::CREATED).await;
    }
}

impl Shelf for Debian {
    fn address(&self) -> String {
        self.address.clone()
    }

    async fn put(&self, repository: &str, tag: &str, build: &Build) -> Pushed {
        let parts = build.parts();
        for (digest, body) in parts.blobs {
            self.blob(repository, &digest, body).await;
        }
        for (digest, document) in parts.documents {
            let name = match digest == parts.pushed.digest {
                true => tag.to_owned(),
                false => digest.to_string(),
            };
            let put = self
                .call(Method::PUT, &format!("{repository}/manifests/{name}"))
                .header("content-type", document.media_type)
                .body(document.body);
            Self::done(put, StatusCode::CREATED).await;
        }
        parts.pushed
    }

    async fn take_away(&self, repository: &str, _: &str, pushed: &Pushed) {
        let path = format!("{repository}/manifests/{}", pushed.digest);
        Self::done(self.call(Method::DELETE, &path), StatusCode::ACCEPTED).await;
    }

    fn turn(&self, _: &Manners) {}
}

/// Whether docker-registry behaves so.
fn is_real(scene: &Scene) -> bool {
    let door = &scene.manners.door;
    let same = Manners {
        door: door.clone(),
        ..Manners::default()
    };
    scene.manners == same && matches!(door, Door::Open | Door::Basic { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_docker_registry_gets_the_same_answers() {
    if !possible() {
        return;
    }
    let house = house("cases").await;
    let bench = Bench {
        guest: house.guest(super::VMID),
        desktop: house.desktop().await,
    };
    let mut text = String::from(
        "# Image cases with Debian's docker-registry\n\nThose of [all cases](image-cases.md) that need no registry of bad manners, with images pushed into a real\nregistry. Written by `cargo xtask bench images --cases` where real LXCs can be made, and compared by the tests.\n\n| Situation | Case | Expected | Got |\n|---|---|---|---|\n",
    );
    let mut wrong = Vec::new();
    let cases = scenes()
        .into_iter()
        .filter(|(_, _, _, scene)| is_real(scene));
    for (port, (situation, name, expected, scene)) in (FIRST_PORT..).zip(cases) {
        let registry = Debian::start(&bench, port, &scene.manners.door).await;
        let got = scene.answer_of(&registry).await;
        let _ = writeln!(text, "| {situation} | {name} | {expected} | {got} |");
        if got != expected {
            wrong.push(format!("{situation}, {name}: {expected}, but {got}"));
        }
        bench
            .shell(&format!("systemctl stop registry-{port}"))
            .await;
    }
    println!("{text}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    house.nodes.stop().await.unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/image-cases-registry.md");
    if std::env::var_os("REDFLAG_WRITE_CASES").is_some() {
        std::fs::write(&kept, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&kept).unwrap_or_default() == text,
        "docs/image-cases-registry.md is older than the cases: run `cargo xtask bench images --cases`"
    );
}
