use domain::{
    ClusterId, JobId, NodeKey, NodeName, OperationId, Vmid,
    fleet::{
        AgentState, FleetPatch, GuestRow, Link, NodeAccess, NodeRow, Power, Totals, UpdateState,
    },
    inventory::UpdateCounts,
    operation::{Job, JobCounts, JobState},
    preferences::{Digest, QuietHours},
};

use super::*;

const NOW: Timestamp = Timestamp(1_000_000_000);
const NOON: Minute = Minute(720);
const NIGHT: Minute = Minute(60);

fn uuid(n: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{n:02}")
}

fn guest_id(n: u8) -> GuestId {
    uuid(n).parse().expect("an id")
}

fn cluster() -> ClusterId {
    uuid(90).parse().expect("an id")
}

fn operation_id() -> OperationId {
    uuid(80).parse().expect("an id")
}

fn node_key() -> NodeKey {
    NodeKey {
        cluster: cluster(),
        node: NodeName::try_from("pve1".to_owned()).expect("a name"),
    }
}

fn online() -> AgentState {
    AgentState::Online {
        version: "0.1.0".into(),
        since: NOW,
        older: false,
        via: None,
    }
}

fn guest(n: u8, total: u32, security: u32) -> GuestRow {
    GuestRow {
        id: guest_id(n),
        cluster: cluster(),
        node: node_key().node,
        vmid: Vmid::try_from(100 + u32::from(n)).expect("a number"),
        name: format!("guest-{n}"),
        power: Power::Running,
        lock: None,
        template: false,
        tags: Vec::new(),
        os: None,
        address: None,
        uptime_seconds: None,
        cpu: None,
        memory: None,
        agent: online(),
        updates: UpdateState::Updates {
            counts: UpdateCounts {
                total,
                security,
                ..UpdateCounts::default()
            },
        },
        images: None,
        approved: 0,
        activity: None,
        old: false,
        checked_at: Some(NOW),
    }
}

fn node(link: Link) -> NodeRow {
    NodeRow {
        key: node_key(),
        link,
        address: None,
        access: NodeAccess::None,
        uptime_seconds: None,
        cpu: None,
        memory: None,
        updates: UpdateCounts::default(),
        old_updates: UpdateCounts::default(),
        checked_at: None,
    }
}

fn away() -> Link {
    Link::Unreachable {
        error: "no route".into(),
        next_try: None,
    }
}

fn operation(kind: OperationKind, counts: JobCounts, ended: bool) -> Body {
    Body::Operation {
        operation: Operation {
            id: operation_id(),
            number: 1,
            kind,
            subject: "pve1".into(),
            counts,
            now: None,
            percent: None,
            began_at: NOW,
            ended_at: ended.then_some(NOW),
            plan: None,
            cancelling: false,
        },
    }
}

fn job(n: u8) -> Body {
    Body::Job {
        operation: operation_id(),
        job: Job {
            id: uuid(70 + n).parse::<JobId>().expect("an id"),
            guest: guest_id(n),
            vmid: Vmid::try_from(100 + u32::from(n)).expect("a number"),
            name: format!("guest-{n}"),
            node: node_key().node,
            state: JobState::Running,
            steps: Vec::new(),
            problem: None,
            percent: None,
            began_at: None,
            ended_at: None,
        },
    }
}

fn changed(guests: Vec<GuestRow>, nodes: Vec<NodeRow>) -> Body {
    Body::Fleet {
        patch: FleetPatch {
            guests,
            nodes,
            ..FleetPatch::default()
        },
    }
}

/// A picture of two guests with two updates each.
fn told() -> Told {
    let fleet = Fleet {
        clusters: Vec::new(),
        nodes: vec![node(Link::Online)],
        guests: vec![guest(1, 2, 0), guest(2, 2, 0)],
        totals: Totals::default(),
    };
    Told::new(&fleet, Patience::default())
}

fn later(seconds: i64) -> Timestamp {
    NOW.plus_millis(seconds * 1000)
}

fn titles(told: &mut Told, at: Timestamp, minute: Minute, wishes: &Messages) -> Vec<String> {
    let due = told.due(at, minute, wishes);
    due.into_iter().map(|notice| notice.title).collect()
}

#[test]
fn news_are_gathered_until_they_rest_and_told_once() {
    let (mut told, wishes) = (told(), Messages::default());
    told.hear(changed(vec![guest(1, 5, 2)], vec![]), NOW, &wishes);
    told.hear(changed(vec![guest(2, 3, 0)], vec![]), later(30), &wishes);
    assert!(
        told.due(later(60), NOON, &wishes).is_empty(),
        "not rested yet"
    );
    let due = told.due(later(90), NOON, &wishes);
    assert_eq!(due.len(), 1, "one digest, not one for each guest");
    assert_eq!(due[0].title, "New: 4 updates, 2 security");
    assert_eq!(
        due[0].body,
        "guest-1: 3 updates, 2 security\nguest-2: 1 update"
    );
    assert!(told.due(later(900), NOON, &wishes).is_empty(), "told once");
}

#[test]
fn fewer_updates_and_guests_that_are_worked_on_are_no_news() {
    let (mut told, wishes) = (told(), Messages::default());
    told.hear(changed(vec![guest(1, 0, 0)], vec![]), NOW, &wishes);
    let mut busy = guest(2, 9, 9);
    busy.activity = Some(domain::fleet::Activity {
        operation: operation_id(),
        step: None,
        percent: None,
    });
    told.hear(changed(vec![busy], vec![]), NOW, &wishes);
    told.hear(changed(vec![guest(2, 9, 9)], vec![]), later(1), &wishes);
    assert!(told.due(later(900), NOON, &wishes).is_empty());
}

#[test]
fn what_was_unknown_for_a_while_is_not_new_again() {
    let (mut told, wishes) = (told(), Messages::default());
    let mut off = guest(1, 0, 0);
    off.updates = UpdateState::Unknown {
        why: domain::fleet::UnknownReason::NotRunning,
    };
    told.hear(changed(vec![off], vec![]), NOW, &wishes);
    told.hear(changed(vec![guest(1, 2, 0)], vec![]), later(5), &wishes);
    assert!(told.due(later(900), NOON, &wishes).is_empty());
}

#[test]
fn a_scan_is_one_digest_with_what_it_found() {
    let (mut told, wishes) = (told(), Messages::default());
    told.hear(
        operation(OperationKind::Scan, JobCounts::default(), false),
        NOW,
        &wishes,
    );
    let counts = JobCounts {
        succeeded: 2,
        ..JobCounts::default()
    };
    told.hear(operation(OperationKind::Scan, counts, true), NOW, &wishes);
    told.hear(changed(vec![guest(1, 3, 1)], vec![]), NOW, &wishes);
    assert!(
        told.due(NOW, NOON, &wishes).is_empty(),
        "the picture may still move"
    );
    let due = told.due(later(2), NOON, &wishes);
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].title, "Scan · pve1 found 1 security update");
    assert_eq!(due[0].body, "guest-1: 1 security update");
    assert!(
        told.due(later(900), NOON, &wishes).is_empty(),
        "not once more by itself"
    );
    told.hear(
        operation(OperationKind::Scan, JobCounts::default(), false),
        NOW,
        &wishes,
    );
    told.hear(operation(OperationKind::Scan, counts, true), NOW, &wishes);
    assert_eq!(
        titles(&mut told, later(2), NOON, &wishes),
        ["Scan · pve1: nothing new"]
    );
}

#[test]
fn the_end_of_an_operation_is_told_once_and_its_failure_by_number() {
    let (mut told, wishes) = (told(), Messages::default());
    let counts = JobCounts {
        succeeded: 2,
        failed: 1,
        ..JobCounts::default()
    };
    told.hear(operation(OperationKind::Update, counts, true), NOW, &wishes);
    assert!(
        told.due(later(9), NOON, &wishes).is_empty(),
        "its beginning was never seen"
    );
    told.hear(
        operation(OperationKind::Update, JobCounts::default(), false),
        NOW,
        &wishes,
    );
    told.hear(operation(OperationKind::Update, counts, true), NOW, &wishes);
    told.hear(operation(OperationKind::Update, counts, true), NOW, &wishes);
    let due = told.due(later(9), NOON, &wishes);
    assert_eq!(due.len(), 1);
    assert_eq!(
        (due[0].digest, due[0].title.as_str()),
        (Digest::Failed, "Update · pve1: 1 of 3 failed")
    );
}

#[test]
fn muted_guests_are_silent() {
    let mut told = told();
    let wishes = Messages {
        muted: vec![guest_id(1)],
        ..Messages::default()
    };
    told.hear(changed(vec![guest(1, 9, 9)], vec![]), NOW, &wishes);
    told.hear(
        operation(OperationKind::Update, JobCounts::default(), false),
        NOW,
        &wishes,
    );
    told.hear(job(1), NOW, &wishes);
    told.hear(
        operation(OperationKind::Update, JobCounts::default(), true),
        NOW,
        &wishes,
    );
    assert!(told.due(later(900), NOON, &wishes).is_empty());
}

#[test]
fn what_stops_answering_is_told_unless_it_comes_back() {
    let (mut told, wishes) = (told(), Messages::default());
    told.hear(changed(vec![], vec![node(away())]), NOW, &wishes);
    told.hear(
        changed(vec![], vec![node(Link::Online)]),
        later(20),
        &wishes,
    );
    assert!(
        told.due(later(900), NOON, &wishes).is_empty(),
        "it came back"
    );
    told.hear(changed(vec![], vec![node(away())]), later(1000), &wishes);
    let mut silent = guest(1, 2, 0);
    silent.agent = AgentState::Offline {
        last_seen: None,
        trouble: None,
    };
    told.hear(changed(vec![silent.clone()], vec![]), later(1001), &wishes);
    let due = told.due(later(1100), NOON, &wishes);
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].title, "2 places do not answer");
    assert!(
        due[0].body.contains("Node pve1") && due[0].body.contains("Agent in guest-1"),
        "{}",
        due[0].body
    );
    told.hear(
        changed(vec![silent], vec![node(away())]),
        later(1200),
        &wishes,
    );
    assert!(
        told.due(later(2000), NOON, &wishes).is_empty(),
        "still away is no news"
    );
}

#[test]
fn quiet_hours_gather_and_failures_come_through() {
    let mut told = told();
    let wishes = Messages {
        quiet: Some(QuietHours {
            from: Minute(0),
            to: Minute(420),
        }),
        ..Messages::default()
    };
    told.hear(changed(vec![guest(1, 5, 0)], vec![]), NOW, &wishes);
    assert!(told.due(later(100), NIGHT, &wishes).is_empty());
    told.hear(
        operation(OperationKind::Update, JobCounts::default(), false),
        NOW,
        &wishes,
    );
    let good = JobCounts {
        succeeded: 1,
        ..JobCounts::default()
    };
    told.hear(
        operation(OperationKind::Update, good, true),
        later(100),
        &wishes,
    );
    assert!(told.due(later(200), NIGHT, &wishes).is_empty());
    told.hear(
        operation(OperationKind::Update, JobCounts::default(), false),
        NOW,
        &wishes,
    );
    let bad = JobCounts {
        failed: 1,
        ..JobCounts::default()
    };
    told.hear(
        operation(OperationKind::Update, bad, true),
        later(200),
        &wishes,
    );
    assert_eq!(
        titles(&mut told, later(210), NIGHT, &wishes),
        ["Update · pve1: 1 of 1 failed"]
    );
    let due = told.due(later(300), NOON, &wishes);
    assert_eq!(due.len(), 1, "as one");
    assert_eq!(due[0].title, "2 messages from quiet hours");
    assert_eq!(due[0].body, "New: 3 updates\nUpdate · pve1: done");
    assert!(told.due(later(400), NOON, &wishes).is_empty());
}
