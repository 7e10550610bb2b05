//! The cases.

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
    let mut rows = digests();
    rows.extend(kinds());
    rows.extend(doors());
    rows.extend(troubles());
    rows
}

fn digests() -> Vec<Row> {
    vec![
        (
            "digests",
            "the tag names what was pulled",
            "current",
            Scene::new(),
        ),
        (
            "digests",
            "the tag has moved",
            "update",
            scene(|s| s.then = Then::Moved),
        ),
        (
            "digests",
            "containerd's store: the id is the digest",
            "current",
            scene(|s| s.has = Has::Containerd),
        ),
        (
            "digests",
            "containerd's store, the tag has moved",
            "update",
            scene(|s| {
                s.has = Has::Containerd;
                s.then = Then::Moved;
            }),
        ),
        (
            "platforms",
            "the guest has its platform's own manifest",
            "current",
            scene(|s| s.has = Has::Platform),
        ),
        (
            "platforms",
            "it has that, and the tag has moved",
            "update",
            scene(|s| {
                s.has = Has::Platform;
                s.then = Then::Moved;
            }),
        ),
        (
            "platforms",
            "the guest has another platform's manifest",
            "update",
            scene(|s| s.has = Has::Foreign),
        ),
        (
            "platforms",
            "an index inside the index",
            "current",
            scene(|s| {
                s.build = built(|b| b.nested = true);
                s.has = Has::Platform;
            }),
        ),
        (
            "platforms",
            "attestations beside the platforms",
            "current",
            scene(|s| {
                s.build = built(|b| b.attested = true);
                s.has = Has::Platform;
            }),
        ),
        (
            "platforms",
            "Docker's own list of manifests",
            "current",
            scene(|s| {
                s.build = built(|b| b.docker = true);
                s.has = Has::Platform;
            }),
        ),
        (
            "platforms",
            "one manifest without an index",
            "current",
            scene(|s| {
                s.build = built(|b| {
                    b.platforms.truncate(1);
                    b.bare = true;
                });
            }),
        ),
        (
            "platforms",
            "arm/v7 is not arm/v6",
            "update",
            scene(|s| {
                s.build = built(|b| b.platforms = vec![arm("v6"), arm("v7")]);
                s.has = Has::Platform;
                s.platform = ("arm", "v7");
            }),
        ),
        (
            "several digests",
            "one of two fits",
            "current",
            scene(|s| s.has = Has::Both),
        ),
        (
            "several digests",
            "the fitting one is of another repository",
            "update",
            scene(|s| s.has = Has::OldAndElsewhere),
        ),
        (
            "several digests",
            "all are of another repository",
            "local",
            scene(|s| s.has = Has::Elsewhere),
        ),
    ]
}

fn kinds() -> Vec<Row> {
    vec![
        (
            "pinned",
            "by digest",
            "pinned",
            scene(|s| s.reference = "team/app@"),
        ),
        (
            "pinned",
            "by tag and digest",
            "pinned",
            scene(|s| s.reference = "team/app:1@"),
        ),
        (
            "pinned",
            "by tag and digest, the tag has moved",
            "pinned, its tag has moved",
            scene(|s| {
                s.reference = "team/app:1@";
                s.then = Then::Moved;
            }),
        ),
        (
            "pinned",
            "the registry refuses",
            "rate-limited",
            scene(|s| {
                s.reference = "team/app:1@";
                s.manners = manners(|m| {
                    m.mood = Mood::TooMany {
                        headers: Vec::new(),
                    }
                });
            }),
        ),
        (
            "without a registry",
            "built on the guest",
            "local",
            scene(|s| s.has = Has::Nothing),
        ),
        (
            "without a registry",
            "the tag was deleted",
            "gone",
            scene(|s| s.then = Then::Deleted),
        ),
        (
            "without a registry",
            "the repository was deleted",
            "gone",
            then(error(404, "repository name not known to registry")),
        ),
        (
            "without a registry",
            "it wants payment",
            "no access",
            then(error(402, "subscription required")),
        ),
    ]
}

fn doors() -> Vec<Row> {
    let bearer = |user: Option<(String, String)>| manners(|m| m.door = Door::Bearer { user });
    vec![
        (
            "tokens",
            "everybody needs a token",
            "current",
            scene(|s| s.manners = bearer(None)),
        ),
        (
            "tokens",
            "every token is good once",
            "current",
            scene(|s| {
                s.has = Has::Platform;
                s.manners = Manners {
                    token_uses: Some(1),
                    ..bearer(None)
                };
            }),
        ),
        (
            "tokens",
            "private, the right user",
            "current",
            scene(|s| {
                s.manners = manners(|m| m.door = user());
                s.user = Some(("joe", "pa55"));
            }),
        ),
        (
            "tokens",
            "private, the wrong password",
            "no access",
            scene(|s| {
                s.manners = manners(|m| m.door = user());
                s.user = Some(("joe", "wrong"));
            }),
        ),
        (
            "tokens",
            "private, nobody",
            "no access",
            scene(|s| s.manners = manners(|m| m.door = user())),
        ),
        (
            "tokens",
            "password with every call, the right user",
            "current",
            scene(|s| {
                s.manners = manners(|m| m.door = basic());
                s.user = Some(("joe", "pa55"));
            }),
        ),
        (
            "tokens",
            "password with every call, nobody",
            "no access",
            scene(|s| s.manners = manners(|m| m.door = basic())),
        ),
        (
            "headers",
            "no digest is told",
            "current",
            scene(|s| s.manners = manners(|m| m.no_digest = true)),
        ),
        (
            "headers",
            "no digest is told, the tag has moved",
            "update",
            scene(|s| {
                s.manners = manners(|m| m.no_digest = true);
                s.then = Then::Moved;
            }),
        ),
        (
            "headers",
            "HEAD is refused",
            "current",
            scene(|s| s.manners = manners(|m| m.no_head = Some(405))),
        ),
        (
            "headers",
            "HEAD ends in an error",
            "current",
            scene(|s| s.manners = manners(|m| m.no_head = Some(500))),
        ),
        (
            "headers",
            "no media type",
            "current",
            scene(|s| {
                s.manners = manners(|m| m.no_type = true);
                s.has = Has::Platform;
            }),
        ),
    ]
}

fn troubles() -> Vec<Row> {
    let too_many = |name: &str, value: &str| {
        manners(|m| {
            m.mood = Mood::TooMany {
                headers: vec![(name.to_owned(), value.to_owned())],
            };
        })
    };
    vec![
        (
            "limits",
            "429, known before",
            "rate-limited, current before",
            then(too_many("retry-after", "60")),
        ),
        (
            "limits",
            "429 with a date",
            "rate-limited, current before",
            then(too_many("retry-after", "Sat, 28 Nov 2099 10:05:00 GMT")),
        ),
        (
            "limits",
            "429, never known",
            "rate-limited",
            scene(|s| s.manners = too_many("retry-after", "60")),
        ),
        (
            "limits",
            "429, the tag has moved",
            "rate-limited, current before",
            scene(|s| {
                s.asked_before = true;
                s.then = Then::Moved;
                s.manners = too_many("retry-after", "60");
            }),
        ),
        (
            "failures",
            "500",
            "unknown, current before",
            then(error(500, "database is down")),
        ),
        (
            "failures",
            "503, never known",
            "unknown",
            scene(|s| s.manners = error(503, "later")),
        ),
        (
            "failures",
            "401 after it was open",
            "no access",
            then(error(401, "authentication required")),
        ),
        ("failures", "403", "no access", then(error(403, "denied"))),
        (
            "failures",
            "a page for people",
            "unknown, current before",
            then(manners(|m| m.mood = Mood::Page)),
        ),
        (
            "failures",
            "no answer",
            "unknown, current before",
            then(manners(|m| m.mood = Mood::Silent)),
        ),
        (
            "redirects",
            "without end",
            "unknown, current before",
            then(manners(|m| {
                m.mood = Mood::Elsewhere {
                    base: String::new(),
                };
            })),
        ),
    ]
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
