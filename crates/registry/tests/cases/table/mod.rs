//! The cases.

mod answers;
mod images;

use domain::image::Platform;
use lab::registry::{Build, Door, Manners, Mood};

use crate::scene::{Has, Scene, Then};

type Row = (&'static str, &'static str, &'static str, Scene);

fn manners(change: impl FnOnce(&mut Manners)) -> Manners {
    let mut manners = Manners::default();
    change(&mut manners);
    manners
}

fn error(status: u16, message: &str) -> Manners {
    manners(|m| {
        m.mood = Mood::Error {
            status,
            message: message.to_owned(),
        };
    })
}

fn scene(change: impl FnOnce(&mut Scene)) -> Scene {
    let mut scene = Scene::new();
    change(&mut scene);
    scene
}

/// A registry that behaves so, after the guest was told that its image is current.
fn then(manners: Manners) -> Scene {
    scene(|s| {
        s.asked_before = true;
        s.manners = manners;
    })
}

fn built(change: impl FnOnce(&mut Build)) -> Build {
    let mut build = Build::new("a");
    change(&mut build);
    build
}

fn user() -> Door {
    Door::Bearer {
        user: Some(("joe".into(), "pa55".into())),
    }
}

fn basic() -> Door {
    Door::Basic {
        user: "joe".into(),
        password: "pa55".into(),
    }
}

fn arm(variant: &str) -> Platform {
    Platform {
        os: "linux".into(),
        architecture: "arm".into(),
        variant: variant.into(),
    }
}

/// Situation, case, right answer.
pub(crate) fn scenes() -> Vec<Row> {
    let mut rows = images::digests();
    rows.extend(images::kinds());
    rows.extend(answers::doors());
    rows.extend(answers::troubles());
    rows
}

/// As written, and as meant.
pub(crate) const NAMES: &[(&str, &str)] = &[
    ("nginx", "docker.io/library/nginx:latest"),
    ("docker.io/library/nginx", "docker.io/library/nginx:latest"),
    ("index.docker.io/nginx:1", "docker.io/library/nginx:1"),
    (
        "registry.lan:5000/ns/img",
        "registry.lan:5000/ns/img:latest",
    ),
    ("registry.lan:5000/img:1", "registry.lan:5000/img:1"),
    ("[::1]:5000/img:1", "[::1]:5000/img:1"),
    ("GHCR.io/me/app", "ghcr.io/me/app:latest"),
    (
        "lscr.io/linuxserver/sonarr:4",
        "lscr.io/linuxserver/sonarr:4",
    ),
    ("<none>:<none>", "no reference"),
    ("sha256:0123456789ab", "no reference"),
];

/// In use, all there are, and the newer ones.
pub(crate) const TAGS: &[(&str, &[&str], &str)] = &[
    (
        "1.27.3",
        &["1.27.4", "1.28.0", "2.0.0", "latest"],
        "1.27.4 / 1.28.0 / 2.0.0",
    ),
    ("16-alpine", &["16", "17", "17-alpine"], "- / - / 17-alpine"),
    ("v1.2.3", &["1.2.4", "v1.10.0", "v1.9.0"], "- / v1.10.0 / -"),
    (
        "2026.04.0",
        &["2026.04.1", "2026.10.0", "2027.01.0"],
        "2026.04.1 / 2026.10.0 / 2027.01.0",
    ),
    (
        "4.0.1.929",
        &["4.0.1.930", "4.0.2.1", "5.0.0.0"],
        "4.0.2.1 / - / 5.0.0.0",
    ),
    ("4.0.1-ls12", &["4.0.1-ls13", "4.0.2"], "4.0.1-ls13 / - / -"),
    ("1.27", &["1.27.3", "1.28", "1.28.1"], "- / 1.28 / -"),
    ("latest", &["1.0", "2.0"], "- / - / -"),
    ("10", &["20261128", "11"], "- / - / 11"),
];
