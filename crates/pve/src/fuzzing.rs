//! Every parser of what others send, as plain functions of bytes: for fuzzing and for the replay of its corpus.
//!
//! Each must come back whatever it is given; what it reads without an error must also hold together.

use serde::de::DeserializeOwned;

use crate::{
    AptRepositories, CertificateInfo, ClusterStatus, ConsoleSetting, Interface, LxcConfig,
    LxcStatus, NodeRow, NodeStatus, PackageVersion, PendingSetting, Permissions, ResourceRow,
    TaskLine, TaskRow, TaskStatus, TermProxy, TokenId, Upid, Version, best_address,
    check_privileges, cluster_ca_pem, console_support,
    envelope::Asked,
    grant_lines,
    http::Verb,
    normalise_address, repository_verdict,
    session::{Made, Ticket, TokenRow},
    snapshot_obstacle,
    terminal::Greeting,
    types::{expiry::Expiry, node_status::Subscription, snapshot::Feature},
};

/// A parser by the name of its target.
pub type Parser = (&'static str, fn(&[u8]));

/// All of them.
pub const PARSERS: [Parser; 12] = [
    ("access", access),
    ("address", address),
    ("cluster", cluster),
    ("lxc_config", lxc_config),
    ("lxc_property", lxc_property),
    ("lxc_state", lxc_state),
    ("node", node),
    ("refusal", refusal),
    ("task", task),
    ("terminal", terminal),
    ("token_id", token_id),
    ("upid", upid),
];

const ASKED: Asked<'_> = Asked {
    address: "pve1:8006",
    verb: Verb::Get,
    path: "/",
};

fn read<T: DeserializeOwned>(data: &[u8]) -> Option<T> {
    ASKED.data(data).ok()
}

/// `/cluster/resources`, `/nodes`, `/cluster/status`, `/version`.
pub fn cluster(data: &[u8]) {
    let _ = read::<Vec<ResourceRow>>(data);
    let _ = read::<Vec<NodeRow>>(data);
    let _ = read::<ClusterStatus>(data);
    let _ = read::<Version>(data).and_then(|version| version.major_minor());
}

/// A guest's settings and the pending ones.
pub fn lxc_config(data: &[u8]) {
    if let Some(config) = read::<LxcConfig>(data) {
        settings(&config);
    }
    let pending: Option<Vec<PendingSetting>> = read(data);
    let _ = pending.map(|rows| rows.iter().filter(|row| row.changes()).count());
}

/// The property strings of a guest's settings.
pub fn lxc_property(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let keys = ["net0", "mp0", "mp1000", "rootfs", "features", "tags"];
    let map: serde_json::Map<String, serde_json::Value> = keys
        .into_iter()
        .map(|key| (key.to_owned(), text.as_ref().into()))
        .collect();
    let config: LxcConfig = serde_json::from_value(map.into()).expect("texts are read as they are");
    assert_eq!((config.networks.len(), config.mounts.len()), (1, 2));
    settings(&config);
}

fn settings(config: &LxcConfig) {
    let _ = (
        config.macs(),
        config.static_address(),
        config.feature_list(),
    );
    let mounts = config.all_mounts();
    let _ = mounts.iter().filter_map(|m| m.volume.storage()).count();
    let _ = snapshot_obstacle(config);
}

/// A guest's state, interfaces and features.
pub fn lxc_state(data: &[u8]) {
    let _ = read::<LxcStatus>(data);
    let _ = read::<Feature>(data);
    if let Some(interfaces) = read::<Vec<Interface>>(data) {
        let _ = best_address(&interfaces, &[]);
    }
}

/// Permissions, tokens and logins.
pub fn access(data: &[u8]) {
    let _ = read::<Expiry>(data);
    let _ = read::<Ticket>(data);
    let _ = read::<Vec<TokenRow>>(data);
    let _ = read::<Made>(data);
    if let Some(permissions) = read::<Permissions>(data) {
        let checks = check_privileges(&permissions);
        let id: TokenId = "redflag@pve!desktop".parse().expect("it is a token id");
        let missing = checks.iter().any(|check| !check.granted);
        assert_eq!(missing, !grant_lines(&checks, &id).is_empty());
    }
}

/// What a node says of itself: status, subscription, package sources and versions, certificates.
pub fn node(data: &[u8]) {
    let _ = read::<NodeStatus>(data);
    let _ = read::<Subscription>(data);
    let _ = read::<Vec<PackageVersion>>(data);
    if let Some(repositories) = read::<AptRepositories>(data) {
        let _ = repository_verdict(&repositories, Some("active"));
        let _ = repository_verdict(&repositories, None);
    }
    if let Some(files) = read::<Vec<CertificateInfo>>(data) {
        let _ = cluster_ca_pem(&files);
    }
}

/// A task's state and log, and the id that a write answers with.
pub fn task(data: &[u8]) {
    let _ = read::<TaskStatus>(data);
    let _ = read::<Vec<TaskLine>>(data);
    let rows = read::<Vec<TaskRow>>(data).unwrap_or_default();
    let _ = rows.iter().filter(|row| row.is_running()).count();
    let _ = read::<Upid>(data);
}

/// The answer to a terminal's first line, in pieces of the length that the first byte says, and its settings.
pub fn terminal(data: &[u8]) {
    let (length, rest) = data.split_at(data.len().min(1));
    let length = usize::from(length.first().copied().unwrap_or(1).max(1));
    let mut greeting = Greeting::default();
    let mut decided = None;
    for piece in rest.chunks(length) {
        if decided.is_none() {
            decided = greeting.take(piece);
        }
    }
    assert_eq!(matches!(decided, Some(Ok(_))), rest.starts_with(b"OK"));
    let _ = read::<TermProxy>(data).map(|proxy| proxy.port());
    if let Some(rows) = read::<Vec<PendingSetting>>(data) {
        let _ = ConsoleSetting::of(&rows);
    }
    if let Some(packages) = read::<Vec<PackageVersion>>(data) {
        let _ = console_support(&packages);
    }
}

/// A refusal: two bytes of status, a line of reason, a body.
pub fn refusal(data: &[u8]) {
    let (status, rest) = data.split_at(data.len().min(2));
    let status = status
        .iter()
        .fold(0_u16, |sum, byte| (sum << 8) | u16::from(*byte));
    let end = rest.iter().position(|byte| *byte == b'\n');
    let (reason, body) = rest.split_at(end.unwrap_or(rest.len()));
    let error = ASKED.refusal(status, &String::from_utf8_lossy(reason), body);
    assert!(!error.to_string().is_empty());
}

/// A task's id.
pub fn upid(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(upid) = text.parse::<Upid>() {
        assert_eq!(upid.as_str(), text);
        assert_eq!(upid.to_string().parse::<Upid>().as_ref(), Ok(&upid));
    }
}

/// A token's id.
pub fn token_id(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(id) = text.parse::<TokenId>() {
        assert_eq!(format!("{}!{}", id.user(), id.name()), id.as_str());
        assert_eq!(id.as_str().parse::<TokenId>().as_ref(), Ok(&id));
        let lines = grant_lines(&check_privileges(&Permissions::default()), &id);
        assert!(lines.iter().all(|line| !line.contains('\n')));
    }
}

/// A node's address.
pub fn address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(address) = normalise_address(&text) {
        assert_eq!(normalise_address(&address).as_ref(), Ok(&address));
    }
}
