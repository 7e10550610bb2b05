//! What may be said about a guest's updates, situation by situation.

use domain::{
    AgentId, NodeName, Vmid,
    fleet::{UnknownReason, UpdateState},
    host::Fingerprint,
    inventory::{Os, Repository, Severity, Update},
};

use super::*;

pub(crate) const NOW: Timestamp = Timestamp(100 * 24 * 3600 * 1000);
const HOUR: i64 = 3600 * 1000;

pub(crate) fn guest() -> Guest {
    let record = GuestRecord {
        id: GuestId::new(),
        cluster: ClusterId::new(),
        node: NodeName::try_from("pve1".to_owned()).expect("a name"),
        vmid: Vmid::try_from(100).expect("a number"),
        name: "web".into(),
        power: Power::Running,
        lock: None,
        template: false,
        tags: vec![],
        ostype: Some("debian".into()),
        macs: vec![],
        root_volume: None,
        config_digest: None,
        address: None,
        uptime_seconds: None,
        cpu: None,
        memory: None,
        first_seen: NOW,
        seen_at: Some(NOW),
        gone_at: None,
    };
    Guest {
        record,
        agent: None,
        inventory: None,
        images: Vec::new(),
        foreign: None,
        approvals: Vec::new(),
        activity: None,
    }
}

pub(crate) fn with_agent(mut guest: Guest, seen: Timestamp) -> Guest {
    let record = AgentRecord {
        id: AgentId::new(),
        guest: guest.record.id,
        certificate: Fingerprint([0; 32]),
        previous_certificate: None,
        version: "0.1.0".into(),
        enrolled_at: NOW,
        renewed_at: None,
        last_seen: Some(seen),
        revoked_at: None,
        carried: false,
    };
    guest.agent = Some(Agent {
        record,
        polling: false,
        via: None,
        trouble: None,
    });
    guest
}

fn update(package: &str) -> Update {
    Update {
        package: package.into(),
        source: String::new(),
        arch: "amd64".into(),
        installed: "1".into(),
        candidate: "2".into(),
        origin: "Debian".into(),
        suite: "stable".into(),
        severity: Severity::Unknown,
        size: None,
        blocked: None,
    }
}

fn scanned(
    mut guest: Guest,
    updates: Vec<Update>,
    lists_at: Option<Timestamp>,
    errors: Option<&str>,
) -> Guest {
    let repository = Repository {
        name: "repo stable".into(),
        error: errors.map(str::to_owned),
    };
    let inventory = Inventory {
        scanned_at: NOW,
        os: Os::default(),
        arch: "amd64".into(),
        addresses: vec![],
        packages: PackageScan::Apt {
            updates: updates.into_iter().map(Arc::new).collect(),
            installed: 100,
            lists_at,
            repositories: vec![repository],
            interrupted: None,
        },
        restarts: vec![],
        docker: vec![],
    };
    guest.inventory = Some(Report {
        hash: "h".into(),
        scanned_at: NOW,
        inventory,
    });
    guest
}

#[test]
fn only_a_fresh_successful_scan_says_up_to_date() {
    let fresh = scanned(with_agent(guest(), NOW), vec![], Some(NOW), None);
    assert_eq!(
        update_state(&fresh, &[], false, NOW),
        UpdateState::UpToDate {
            blocked: 0,
            ignored: 0
        }
    );
    // Each of these differs from the first in one thing.
    let never_refreshed = scanned(with_agent(guest(), NOW), vec![], None, None);
    assert_eq!(
        update_state(&never_refreshed, &[], false, NOW),
        UpdateState::Unknown {
            why: UnknownReason::NotScanned
        }
    );
    let old_lists = scanned(
        with_agent(guest(), NOW),
        vec![],
        Some(NOW.plus_millis(-49 * HOUR)),
        None,
    );
    assert!(
        matches!(
            update_state(&old_lists, &[], false, NOW),
            UpdateState::Stale { .. }
        ),
        "read today, from lists of two days ago"
    );
    assert!(matches!(
        update_state(&fresh, &[], false, NOW.plus_millis(49 * HOUR)),
        UpdateState::Stale { .. }
    ));
    assert!(
        matches!(
            update_state(&fresh, &[], true, NOW),
            UpdateState::Stale { .. }
        ),
        "its node does not answer"
    );
    let silent = scanned(
        with_agent(guest(), NOW.plus_millis(-HOUR)),
        vec![],
        Some(NOW),
        None,
    );
    assert!(
        matches!(
            update_state(&silent, &[], false, NOW),
            UpdateState::Stale { .. }
        ),
        "its agent does not answer"
    );
    let failing = scanned(
        with_agent(guest(), NOW),
        vec![],
        Some(NOW),
        Some("404 Not Found"),
    );
    assert!(
        matches!(
            update_state(&failing, &[], false, NOW),
            UpdateState::Error { .. }
        ),
        "one repository could not be read"
    );
    let mut stopped = scanned(with_agent(guest(), NOW), vec![], Some(NOW), None);
    stopped.record.power = Power::Stopped;
    assert!(matches!(
        update_state(&stopped, &[], false, NOW),
        UpdateState::Stale { .. }
    ));
}

#[test]
fn a_failed_scan_is_an_error_and_never_zero() {
    let mut failed = scanned(with_agent(guest(), NOW), vec![], Some(NOW), None);
    if let Some(report) = &mut failed.inventory {
        report.inventory.packages = PackageScan::Failed {
            reason: "E: broken".into(),
        };
    }
    assert_eq!(
        update_state(&failed, &[], false, NOW),
        UpdateState::Error {
            reason: "E: broken".into(),
            counts: None,
            repairable: false
        }
    );
}

#[test]
fn what_is_not_known_says_why() {
    let unknown = |g: &Guest| match update_state(g, &[], false, NOW) {
        UpdateState::Unknown { why } => why,
        other => panic!("{other:?} is not unknown"),
    };
    assert_eq!(unknown(&guest()), UnknownReason::NoAgent);
    assert_eq!(
        unknown(&with_agent(guest(), NOW)),
        UnknownReason::NotScanned
    );
    let mut stopped = guest();
    stopped.record.power = Power::Stopped;
    assert_eq!(unknown(&stopped), UnknownReason::NotRunning);
    let mut template = guest();
    template.record.template = true;
    assert!(matches!(
        update_state(&template, &[], false, NOW),
        UpdateState::Unsupported { .. }
    ));
}

#[test]
fn old_numbers_stay_out_of_the_totals() {
    let mut held = update("held");
    held.blocked = Some(domain::inventory::Blocked::Held);
    let mut security = update("openssl");
    security.severity = Severity::SecurityUnrated;
    let mut known = Known::default();
    let fresh = scanned(
        with_agent(guest(), NOW),
        vec![update("curl"), security, held],
        Some(NOW),
        None,
    );
    let mut old = scanned(
        with_agent(guest(), NOW.plus_millis(-HOUR)),
        vec![update("vim")],
        Some(NOW),
        None,
    );
    let cluster = fresh.record.cluster;
    old.record.cluster = cluster;
    let key = NodeKey {
        cluster,
        node: fresh.record.node.clone(),
    };
    let record = NodeRecord {
        key: key.clone(),
        address: None,
        online: true,
        uptime_seconds: None,
        cpu: None,
        memory: None,
        seen_at: Some(NOW),
        gone_at: None,
        access: None,
    };
    known.nodes.insert(
        key,
        Node {
            record,
            link: Link::Online,
        },
    );
    let record = ClusterRecord {
        id: cluster,
        name: "lab".into(),
        addresses: vec!["127.0.0.1:8006".into()],
        token_id: "redflag@pve!desktop".into(),
        token_secret: store::SecretId(domain::ClusterId::new().0),
        leaves: vec![],
        ca_pem: None,
        ca_fingerprint: None,
        version: None,
        quorate: None,
        added_at: NOW,
        checked_at: None,
        enabled: true,
        token_entered_at: NOW,
    };
    known.clusters.insert(
        cluster,
        Cluster {
            record,
            answered: Link::Online,
            consoles: None,
        },
    );
    known.guests.insert(fresh.record.id, fresh);
    known.guests.insert(old.record.id, old);
    let fleet = known.fleet(NOW);
    assert_eq!(
        fleet.totals.updates,
        UpdateCounts {
            total: 2,
            security: 1,
            blocked: 1,
            ignored: 0,
        }
    );
    assert_eq!(fleet.totals.guests_with_updates, 1);
    assert_eq!(
        fleet.clusters[0].old_updates,
        UpdateCounts {
            total: 1,
            security: 0,
            blocked: 0,
            ignored: 0,
        }
    );
    assert_eq!(fleet.nodes[0].updates, fleet.totals.updates);
}
