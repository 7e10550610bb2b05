//! Engines behind sockets: old and new ones, of root and of users, and such that do not answer.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{fs, os::unix::fs::symlink, path::Path};

use agent::{Layout, docker};
use axum::{
    Json, Router,
    body::Body,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{desktop::Desktop, guest::Guest, scenes::pending};
use domain::{
    docker::{ContainerState, DockerScan, Health, Owner},
    inventory::Inventory,
};
use futures_util::stream;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::UnixListener, sync::watch};

/// Answers paths by this table; anything else is not there.
fn engine(socket: &Path, answers: Vec<(&'static str, Value)>) {
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    let answer = move |request: Request| {
        let path = request.uri().to_string();
        let found = answers.iter().find(|(known, _)| *known == path);
        let answer: Response = match found {
            Some((_, value)) => Json(value.clone()).into_response(),
            None => {
                let words = json!({ "message": format!("page not found: {path}") });
                (StatusCode::NOT_FOUND, Json(words)).into_response()
            }
        };
        async { answer }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
}

fn guest() -> (TempDir, Layout) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    (folder, layout)
}

fn version(version: &str, api: &str, name: &str) -> Value {
    json!({ "Version": version, "ApiVersion": api, "Components": [{ "Name": name }] })
}

fn image(id: &str, digest: &str) -> Value {
    json!({ "Id": id, "RepoTags": [], "RepoDigests": [digest], "Os": "linux", "Architecture": "amd64", "Size": 1, "Config": { "Labels": null } })
}

#[tokio::test]
async fn containers_and_their_images_are_found_with_who_looks_after_them() {
    let (folder, layout) = guest();
    let web = json!({ "Id": "aaa", "Names": ["/web"], "Image": "nginx:1.27", "ImageID": "sha256:1", "State": "running", "Status": "Up 3 days (unhealthy)", "Labels": { "com.docker.compose.project": "site", "com.docker.compose.service": "web" } });
    // Its tag names another image by now.
    let moved = json!({ "Id": "bbb", "Names": ["/cache"], "Image": "sha256:2222222222222222222222222222222222222222222222222222222222222222", "ImageID": "sha256:2", "State": "exited", "Status": "Exited (0) 2 hours ago" });
    engine(
        &folder.path().join("run/docker.sock"),
        vec![
            ("/version", version("28.0.1", "1.48", "Engine")),
            ("/v1.48/containers/json?all=true", json!([web, moved])),
            (
                "/v1.48/containers/bbb/json",
                json!({ "Config": { "Image": "redis:7.4" } }),
            ),
            (
                "/v1.48/images/sha256:1/json",
                image("sha256:1", "nginx@sha256:aa"),
            ),
            (
                "/v1.48/images/sha256:2/json",
                image("sha256:2", "redis@sha256:bb"),
            ),
        ],
    );
    let scans = docker::scan(&layout).await;
    let [
        DockerScan::Found {
            engine,
            containers,
            images,
        },
    ] = scans.as_slice()
    else {
        panic!("{scans:?}");
    };
    assert_eq!(
        (engine.socket.as_str(), engine.podman),
        ("/run/docker.sock", false)
    );
    assert_eq!(
        (engine.version.as_str(), engine.api.as_str()),
        ("28.0.1", "1.48")
    );
    let rows: Vec<_> = containers
        .iter()
        .map(|c| (c.name.as_str(), c.state, c.health, c.image.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            (
                "web",
                ContainerState::Running,
                Health::Unhealthy,
                "nginx:1.27"
            ),
            ("cache", ContainerState::Exited, Health::None, "redis:7.4"),
        ]
    );
    assert!(matches!(containers[0].owner, Owner::Compose { .. }));
    assert_eq!(containers[1].owner, Owner::Nobody);
    assert_eq!(images.len(), 2);
    assert_eq!(images[0].origin.repo_digests, ["nginx@sha256:aa"]);
}

#[tokio::test]
async fn old_engines_users_engines_and_podman_are_spoken_to_in_their_own_versions() {
    let (folder, layout) = guest();
    let docker = folder.path().join("run/docker.sock");
    engine(
        &docker,
        vec![
            (
                "/version",
                json!({ "Version": "1.13.1", "ApiVersion": "1.26" }),
            ),
            ("/v1.26/containers/json?all=true", json!([])),
        ],
    );
    // As podman-docker puts it there: the same engine under another name.
    fs::create_dir_all(folder.path().join("run/podman")).unwrap();
    symlink(&docker, folder.path().join("run/podman/podman.sock")).unwrap();
    engine(
        &folder.path().join("run/user/1000/podman/podman.sock"),
        vec![
            ("/version", version("5.4.2", "1.41", "Podman Engine")),
            ("/v1.41/containers/json?all=true", json!([])),
        ],
    );
    let scans = docker::scan(&layout).await;
    let found: Vec<_> = scans
        .iter()
        .map(|scan| match scan {
            DockerScan::Found { engine, .. } => {
                (engine.socket.as_str(), engine.podman, engine.api.as_str())
            }
            DockerScan::Failed { .. } => panic!("{scan:?}"),
        })
        .collect();
    assert_eq!(
        found,
        [
            ("/run/docker.sock", false, "1.26"),
            ("/run/user/1000/podman/podman.sock", true, "1.41"),
        ]
    );
}

#[tokio::test]
async fn an_engine_that_does_not_answer_is_an_error_and_no_engine_is_none() {
    let (folder, layout) = guest();
    assert_eq!(docker::scan(&layout).await, []);
    let socket = folder.path().join("run/docker.sock");
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    // What a killed engine leaves.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let scans = docker::scan(&layout).await;
    let [DockerScan::Failed { socket, reason }] = scans.as_slice() else {
        panic!("{scans:?}");
    };
    assert_eq!(socket, "/run/docker.sock");
    assert!(reason.contains("refused"), "{reason}");

    engine(
        &folder.path().join("run/podman/podman.sock"),
        vec![("/version", json!({ "Version": "5", "ApiVersion": "1.41" }))],
    );
    let scans = docker::scan(&layout).await;
    let DockerScan::Failed { reason, .. } = &scans[1] else {
        panic!("{scans:?}");
    };
    assert!(reason.contains("page not found"), "{reason}");
}

/// An engine whose containers change, and which tells so.
fn changing(socket: &Path, containers: watch::Receiver<Value>) {
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    let answer = move |request: Request| {
        let containers = containers.clone();
        async move {
            let path = request.uri().path();
            if path.ends_with("/events") {
                let lines = stream::unfold(containers, |mut told| async {
                    told.changed().await.ok()?;
                    let line = "{\"Action\":\"start\"}\n";
                    Some((Ok::<_, std::io::Error>(line), told))
                });
                return Body::from_stream(lines).into_response();
            }
            let answer = match path {
                "/version" => version("28.0.1", "1.48", "Engine"),
                "/v1.48/containers/json" => containers.borrow().clone(),
                _ => image("sha256:1", "nginx@sha256:aa"),
            };
            Json(answer).into_response()
        }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_containers_is_reported_without_being_asked() {
    let container = |name: &str, state: &str| json!({ "Id": name, "Names": [format!("/{name}")], "Image": "nginx:1.27", "ImageID": "sha256:1", "State": state });
    let (containers, told) = watch::channel(json!([container("web", "running")]));
    let guest = Guest::new(&pending());
    changing(&guest.root().join("run/docker.sock"), told);
    let desktop = Desktop::start().await;
    guest.prepare(&desktop.bootstrap());
    let agent = guest.start();
    let states = |inventory: &Inventory| match inventory.docker.as_slice() {
        [DockerScan::Found { containers, .. }] => {
            containers.iter().map(|c| c.state).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let newest = |what: &'static str, expected: Vec<ContainerState>| {
        desktop.until(what, move |m| {
            let newest = m.inventories.last()?;
            (states(newest) == expected).then_some(())
        })
    };
    newest("the first container", vec![ContainerState::Running]).await;
    // No file of the package manager moves with it.
    let ended = json!([container("web", "exited"), container("new", "running")]);
    containers.send(ended).unwrap();
    let both = vec![ContainerState::Exited, ContainerState::Running];
    newest("what happened since", both).await;
    let calls = guest.calls();
    let simulated = calls.iter().filter(|c| c.contains(" -s ")).count();
    assert_eq!(simulated, 1, "apt was asked once: {calls:?}");
    agent.stop();
}
