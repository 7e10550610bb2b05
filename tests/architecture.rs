//! The rings: nothing points outward. Reads what cargo itself knows about the workspace.

use std::{collections::BTreeMap, process::Command};

use anyhow::Context as _;
use serde_json::Value;

/// Which packages of the workspace each package may use to be built, innermost first. Tests may also use `lab`.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("tls", &["domain"]),
    ("pve", &["domain", "tls"]),
    ("reach", &["domain"]),
    ("registry", &["domain", "tls"]),
    ("store", &["domain"]),
    ("gateway", &["domain", "wire", "tls"]),
    (
        "engine",
        &[
            "domain", "wire", "tls", "pve", "reach", "registry", "gateway", "store",
        ],
    ),
    ("api", &["domain", "engine", "store"]),
    ("agent", &["domain", "wire", "tls"]),
    ("devserver", &["api"]),
    ("redflag", &["api"]),
    ("lab", ANY),
    ("xtask", &[]),
];
/// Everything but the hosts.
const ANY: &[&str] = &[
    "domain", "wire", "tls", "pve", "reach", "registry", "store", "gateway", "engine", "api",
    "agent",
];

/// What must not be named by a package because another ring owns it.
const FOREIGN: &[(&str, &[&str])] = &[
    ("redflag", &["sqlx", "reqwest", "russh", "hyper", "rustls"]),
    ("devserver", &["sqlx", "reqwest", "russh", "rustls"]),
    (
        "api",
        &["tauri", "sqlx", "reqwest", "russh", "hyper", "axum"],
    ),
    (
        "engine",
        &["tauri", "sqlx", "reqwest", "russh", "hyper", "axum"],
    ),
    (
        "domain",
        &[
            "tokio",
            "tauri",
            "sqlx",
            "reqwest",
            "russh",
            "hyper",
            "axum",
            "rustls",
            "getrandom",
        ],
    ),
    ("wire", &["tokio", "tauri", "reqwest", "hyper", "axum"]),
];

/// An edge of the graph: who names whom, and whether only for its tests.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Edge {
    from: String,
    to: String,
    tests_only: bool,
}

fn edges(metadata: &Value) -> anyhow::Result<Vec<Edge>> {
    let packages = metadata["packages"].as_array().context("packages")?;
    let mut edges = Vec::new();
    for package in packages {
        let from = package["name"].as_str().context("a package's name")?;
        for dependency in package["dependencies"].as_array().context("dependencies")? {
            edges.push(Edge {
                from: from.to_owned(),
                to: dependency["name"].as_str().context("its name")?.to_owned(),
                tests_only: dependency["kind"].as_str() == Some("dev"),
            });
        }
    }
    Ok(edges)
}

/// The edges that cross a border, in words.
fn violations(edges: &[Edge]) -> Vec<String> {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let foreign: BTreeMap<_, _> = FOREIGN.iter().copied().collect();
    let mut found = Vec::new();
    for Edge {
        from,
        to,
        tests_only,
    } in edges
    {
        let Some(inner) = allowed.get(from.as_str()) else {
            found.push(format!("{from} is in no ring"));
            continue;
        };
        let is_ours = allowed.contains_key(to.as_str());
        if is_ours && !tests_only && !inner.contains(&to.as_str()) {
            found.push(format!("{from} must not use {to}"));
        }
        if !tests_only
            && foreign
                .get(from.as_str())
                .is_some_and(|names| names.contains(&to.as_str()))
        {
            found.push(format!("{from} must not use {to}, which another ring owns"));
        }
        if to == "devserver" || to == "redflag" || to == "xtask" {
            found.push(format!("nothing uses {to}, so {from} must not"));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn workspace() -> anyhow::Result<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    anyhow::ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[test]
fn no_ring_points_outward() -> anyhow::Result<()> {
    let edges = edges(&workspace()?)?;
    assert!(
        edges
            .iter()
            .any(|edge| edge.from == "api" && edge.to == "engine"),
        "the graph was really read"
    );
    let found = violations(&edges);
    assert!(
        found.is_empty(),
        "borders are crossed:\n{}",
        found.join("\n")
    );
    Ok(())
}

#[test]
fn a_crossed_border_is_noticed() {
    let edge = |from: &str, to: &str, tests_only| Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        tests_only,
    };
    for (from, to) in [
        ("domain", "store"),
        ("domain", "tokio"),
        ("engine", "api"),
        ("engine", "sqlx"),
        ("pve", "engine"),
        ("agent", "engine"),
        ("api", "tauri"),
        ("api", "lab"),
        ("redflag", "reqwest"),
        ("redflag", "store"),
        ("devserver", "engine"),
        ("unheard-of", "serde"),
    ] {
        assert_eq!(
            violations(&[edge(from, to, false)]).len(),
            1,
            "{from} → {to} must be refused"
        );
    }
    assert_eq!(
        violations(&[edge("pve", "lab", true), edge("engine", "store", false)]),
        Vec::<String>::new(),
        "tests may use the lab, and inward is allowed"
    );
}
