//! Identities across migrations, reused numbers and silent nodes.

use super::*;

fn node(name: &str, online: bool) -> SeenNode {
    SeenNode {
        name: name.parse().expect("a name"),
        online,
        address: None,
        uptime_seconds: Some(5),
        cpu: None,
        memory: None,
    }
}

fn guest(vmid: u32, node: &str, mac: Option<&str>) -> SeenGuest {
    SeenGuest {
        vmid: Vmid::try_from(vmid).expect("a number"),
        node: node.parse().expect("a name"),
        name: Some(format!("guest-{vmid}")),
        power: Power::Running,
        lock: None,
        template: false,
        tags: vec![],
        uptime_seconds: Some(60),
        cpu: None,
        memory: None,
        config: mac.map(|mac| SeenConfig {
            macs: vec![mac.into()],
            digest: Some("d".into()),
            ..SeenConfig::default()
        }),
    }
}

/// Merges a second answer into the outcome of a first.
fn twice(
    first: (&[SeenNode], &[SeenGuest]),
    second: (&[SeenNode], &[SeenGuest]),
) -> (Merge, Merge) {
    let cluster = ClusterId::new();
    let a = merge(
        cluster,
        [],
        [],
        first.0,
        first.1,
        Timestamp(1),
        GuestId::new,
    );
    let b = merge(
        cluster,
        &a.nodes,
        &a.guests,
        second.0,
        second.1,
        Timestamp(2),
        GuestId::new,
    );
    (a, b)
}

#[test]
fn a_migrated_guest_stays_itself() {
    let nodes = [node("pve1", true), node("pve2", true)];
    let (a, b) = twice(
        (&nodes, &[guest(100, "pve1", Some("aa"))]),
        (&nodes, &[guest(100, "pve2", Some("aa"))]),
    );
    assert_eq!(a.guests[0].id, b.guests[0].id);
    assert_eq!(b.guests[0].node.as_str(), "pve2");
    assert_eq!((b.new, b.gone_guests.len()), (0, 0));
}

#[test]
fn a_reused_vmid_is_a_new_guest() {
    let nodes = [node("pve1", true)];
    let (a, b) = twice(
        (&nodes, &[guest(100, "pve1", Some("aa"))]),
        (&nodes, &[guest(100, "pve1", Some("bb"))]),
    );
    assert_ne!(a.guests[0].id, b.guests[0].id);
    assert_eq!(
        b.gone_guests,
        vec![a.guests[0].id],
        "the old one's history ends"
    );
    assert_eq!(b.new, 1);
}

#[test]
fn without_a_configuration_the_guest_is_taken_for_the_same() {
    let nodes = [node("pve1", true)];
    let (a, b) = twice(
        (&nodes, &[guest(100, "pve1", Some("aa"))]),
        (&nodes, &[guest(100, "pve1", None)]),
    );
    assert_eq!(a.guests[0].id, b.guests[0].id);
    assert_eq!(
        b.guests[0].macs,
        vec!["aa".to_owned()],
        "what is not asked again is kept"
    );
    assert_eq!(b.guests[0].config_digest.as_deref(), Some("d"));
}

#[test]
fn a_node_that_is_down_keeps_the_picture_of_its_guests() {
    let up = [node("pve1", true), node("pve2", true)];
    let down = [node("pve1", true), node("pve2", false)];
    let mut silent = guest(200, "pve2", None);
    (silent.power, silent.name) = (Power::Unknown, None);
    let first = [
        guest(100, "pve1", Some("aa")),
        guest(200, "pve2", Some("bb")),
        guest(201, "pve2", Some("cc")),
    ];
    let (a, b) = twice((&up, &first), (&down, &[guest(100, "pve1", None), silent]));
    assert!(
        b.gone_guests.is_empty(),
        "201 is not listed, but its node cannot list it"
    );
    let kept = b
        .guests
        .iter()
        .find(|g| g.vmid.get() == 200)
        .expect("200 is kept");
    assert_eq!(
        (kept.name.as_str(), kept.power),
        ("guest-200", Power::Running)
    );
    assert_eq!(
        kept.seen_at,
        Some(Timestamp(1)),
        "seen when it was last seen, not now"
    );
    assert_eq!(b.nodes[1].seen_at, a.nodes[1].seen_at);
}

#[test]
fn what_a_live_node_no_longer_lists_is_gone() {
    let nodes = [node("pve1", true)];
    let (a, b) = twice(
        (
            &nodes,
            &[
                guest(100, "pve1", Some("aa")),
                guest(101, "pve1", Some("bb")),
            ],
        ),
        (&nodes, &[guest(100, "pve1", None)]),
    );
    assert_eq!(b.gone_guests, vec![a.guests[1].id]);
    let (a, b) = twice(
        (&[node("pve1", true), node("pve9", true)], &[]),
        (&nodes, &[]),
    );
    assert_eq!(b.gone_nodes, vec![a.nodes[1].key.node.clone()]);
}
