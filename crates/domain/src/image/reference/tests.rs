use super::*;
use proptest::prelude::*;

const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn the_familiar_name_means_the_same() {
    let rows = [
        ("docker.io/library/nginx", "nginx:latest"),
        ("docker.io/me/app:1", "me/app:1"),
        ("docker.io/hcr.io/a/b:1", "docker.io/hcr.io/a/b:1"),
        ("docker.io/library/a/b:1", "library/a/b:1"),
        ("docker.io/localhost/a:1", "docker.io/localhost/a:1"),
    ];
    for (written, expected) in rows {
        let reference: Reference = written.parse().unwrap();
        assert_eq!(reference.familiar(), expected);
        assert_eq!(expected.parse(), Ok(reference), "{written}");
    }
}

#[test]
fn references_mean_what_docker_takes_them_for() {
    let pinned = format!("sha256:{HEX}");
    let rows = [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27-alpine", "docker.io/library/nginx:1.27-alpine"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        (
            "index.docker.io/library/nginx",
            "docker.io/library/nginx:latest",
        ),
        ("linuxserver/sonarr", "docker.io/linuxserver/sonarr:latest"),
        (
            "lscr.io/linuxserver/sonarr:4",
            "lscr.io/linuxserver/sonarr:4",
        ),
        (
            "GHCR.io/home-assistant/home-assistant:2026.1",
            "ghcr.io/home-assistant/home-assistant:2026.1",
        ),
        (
            "registry.lan:5000/ns/img:tag",
            "registry.lan:5000/ns/img:tag",
        ),
        ("registry.lan:5000/img", "registry.lan:5000/img:latest"),
        ("localhost/img", "localhost/img:latest"),
        ("LOCALHOST/img", "localhost/img:latest"),
        ("Registry/img:1", "Registry/img:1"),
        ("[::1]:5000/img:1", "[::1]:5000/img:1"),
        (
            &format!("registry.lan:5000/ns/img:tag@{pinned}"),
            &format!("registry.lan:5000/ns/img:tag@{pinned}"),
        ),
        (
            &format!("nginx@{pinned}"),
            &format!("docker.io/library/nginx@{pinned}"),
        ),
        ("a/b/c/d:x", "docker.io/a/b/c/d:x"),
    ];
    for (text, expected) in rows {
        let reference: Reference = text.parse().unwrap();
        assert_eq!(reference.to_string(), expected, "{text}");
    }
}

#[test]
fn what_no_registry_knows_is_no_reference() {
    let id = format!("sha256:{HEX}");
    for text in [
        "",
        "<none>:<none>",
        HEX,
        &id,
        "sha256:0123456789ab",
        "Nginx",
        "nginx:",
        "nginx:a b",
        "a//b",
        "-a/b",
        "nginx@sha256:12",
        "nginx@md5:0123",
        "host:99999/a",
        "[::1/a",
    ] {
        assert!(text.parse::<Reference>().is_err(), "{text}");
    }
}

#[test]
fn people_see_what_they_wrote() {
    for text in ["nginx:latest", "linuxserver/sonarr:4", "ghcr.io/me/app:1"] {
        assert_eq!(text.parse::<Reference>().unwrap().familiar(), text);
    }
}

#[test]
fn a_pinned_one_keeps_its_tag() {
    let reference: Reference = format!("nginx:1.27@sha256:{HEX}").parse().unwrap();
    assert_eq!(reference.tag(), Some("1.27"));
    assert_eq!(
        reference.digest().unwrap().as_str(),
        format!("sha256:{HEX}")
    );
    assert_eq!(
        reference.at("1.28").to_string(),
        "docker.io/library/nginx:1.28"
    );
}

proptest! {
    #[test]
    fn never_panics_and_is_read_back(text in "[a-zA-Z0-9.:/@_\\[\\]-]{0,40}") {
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
        }
    }
}
