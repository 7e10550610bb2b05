//! Databases in temporary folders, and records to put into them.

use std::sync::Arc;

use domain::{
    AgentId, ClusterId, GuestId, JobId, NodeKey, NodeName, OperationId, PlanId, Timestamp, Vmid,
    fleet::{Power, Usage},
    host::Fingerprint,
    inventory::{Blocked, Inventory, Os, PackageScan, Repository, Severity, Update},
    operation::{JobState, OperationKind, Problem, Receipt, ServiceCheck},
    plan::{GuestPlan, KeptBack, PackageChange, Plan, PlannedGuest, PlannedUpgrade, PlannedWork},
};
use secrecy::SecretString;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{
    AgentRecord, ClusterRecord, DiscoveryWrite, GuestRecord, KeySource, NewJob, NewOperation,
    NodeRecord, SecretPurpose, Store, StoredInventory, Vault,
};
use tempfile::TempDir;

/// 2026-11-22 22:20:29 UTC.
pub(crate) const NOW: Timestamp = Timestamp(1_795_386_029_000);

pub(crate) fn later(millis: i64) -> Timestamp {
    NOW.plus_millis(millis)
}

/// A fresh database; the folder lives as long as the first value.
pub(crate) async fn fresh() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = Store::open(folder.path(), NOW).await.unwrap();
    (folder, store)
}

/// A second way into the file of a database, past the store.
pub(crate) async fn beside(folder: &std::path::Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("redflag.db"))
        .foreign_keys(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// Changes whenever another connection has committed a change.
pub(crate) async fn data_version(connection: &mut SqliteConnection) -> i64 {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
        .unwrap()
}

pub(crate) async fn vault(store: &Store) -> Vault {
    Vault::open(store, KeySource::Memory([7; 32]))
        .await
        .unwrap()
}

pub(crate) fn fingerprint(seed: u8) -> Fingerprint {
    Fingerprint([seed; 32])
}

pub(crate) fn node_name(name: &str) -> NodeName {
    name.parse().unwrap()
}

pub(crate) fn vmid(number: u32) -> Vmid {
    Vmid::try_from(number).unwrap()
}

/// A cluster with every field filled, stored.
pub(crate) async fn cluster(store: &Store) -> ClusterRecord {
    let secret = vault(store)
        .await
        .keep(SecretPurpose::ClusterToken, SecretString::from("token"))
        .await
        .unwrap();
    let record = ClusterRecord {
        id: ClusterId::new(),
        name: "Homelab Cluster 1".into(),
        addresses: vec!["192.0.2.1:8006".into(), "pve2.example:8006".into()],
        token_id: "redflag@pve!desktop".into(),
        token_secret: secret,
        leaves: vec![fingerprint(1), fingerprint(2)],
        ca_pem: Some("-----BEGIN CERTIFICATE-----".into()),
        ca_fingerprint: Some(fingerprint(3)),
        version: Some("8.4.21".into()),
        quorate: Some(true),
        added_at: NOW,
        checked_at: Some(later(5)),
        enabled: true,
        token_entered_at: later(1),
    };
    store.insert_cluster(&record).await.unwrap();
    record
}

pub(crate) fn node(cluster: ClusterId, name: &str) -> NodeRecord {
    NodeRecord {
        key: NodeKey {
            cluster,
            node: node_name(name),
        },
        address: Some("192.0.2.1".into()),
        online: true,
        uptime_seconds: Some(86_400),
        cpu: Some(0.1),
        memory: Some(Usage {
            used: 3_000_000_000,
            total: 16_000_000_000,
        }),
        seen_at: Some(NOW),
        gone_at: None,
        access: None,
    }
}

pub(crate) fn guest(cluster: ClusterId, number: u32) -> GuestRecord {
    GuestRecord {
        id: GuestId::new(),
        cluster,
        node: node_name("pve1"),
        vmid: vmid(number),
        name: format!("guest-{number}"),
        power: Power::Running,
        lock: Some("backup".into()),
        template: false,
        tags: vec!["web".into(), "\u{e4}\"quoted\"".into()],
        ostype: Some("debian".into()),
        macs: vec!["bc:24:11:00:00:01".into()],
        root_volume: Some("local-lvm:vm-100-disk-0".into()),
        config_digest: Some("abc".into()),
        address: Some("192.0.2.10".into()),
        uptime_seconds: Some(77),
        cpu: Some(0.333),
        memory: Some(Usage {
            used: 100,
            total: 512 << 20,
        }),
        first_seen: NOW,
        seen_at: Some(NOW),
        gone_at: None,
    }
}

pub(crate) fn found(nodes: Vec<NodeRecord>, guests: Vec<GuestRecord>) -> DiscoveryWrite {
    DiscoveryWrite {
        at: NOW,
        nodes,
        guests,
        gone_nodes: Vec::new(),
        gone_guests: Vec::new(),
        run: None,
    }
}

/// A stored guest of a stored cluster.
pub(crate) async fn stored_guest(store: &Store) -> GuestRecord {
    let cluster = cluster(store).await;
    let record = guest(cluster.id, 100);
    store
        .apply_discovery(
            cluster.id,
            &found(vec![node(cluster.id, "pve1")], vec![record.clone()]),
        )
        .await
        .unwrap();
    record
}

pub(crate) fn agent(guest: GuestId, seed: u8) -> AgentRecord {
    AgentRecord {
        id: AgentId::new(),
        guest,
        certificate: fingerprint(seed),
        previous_certificate: None,
        version: "0.1.0".into(),
        enrolled_at: NOW,
        renewed_at: None,
        last_seen: None,
        revoked_at: None,
        carried: false,
    }
}

pub(crate) fn update(package: &str, severity: Severity, blocked: Option<Blocked>) -> Update {
    Update {
        package: package.into(),
        source: String::new(),
        arch: "amd64".into(),
        installed: "1.0-1".into(),
        candidate: "1.0-2".into(),
        origin: "Debian".into(),
        suite: "bookworm-security".into(),
        severity,
        size: Some(1234),
        blocked,
    }
}

pub(crate) fn inventory(updates: Vec<Update>) -> Inventory {
    Inventory {
        scanned_at: NOW,
        os: Os {
            id: "debian".into(),
            version: "12".into(),
            name: "Debian GNU/Linux 12 (bookworm)".into(),
        },
        arch: "amd64".into(),
        addresses: vec!["192.0.2.10".into()],
        packages: PackageScan::Apt {
            updates: updates.into_iter().map(Arc::new).collect(),
            installed: 312,
            lists_at: Some(NOW),
            repositories: vec![Repository {
                name: "http://deb.debian.org/debian bookworm".into(),
                error: Some("Could not resolve".into()),
            }],
            interrupted: None,
        },
        restarts: vec!["nginx.service".into()],
        docker: Vec::new(),
    }
}

/// Those of all guests that are there.
pub(crate) async fn inventories(store: &Store) -> Vec<StoredInventory> {
    let mut all = Vec::new();
    store.each_inventory(|one| all.push(one)).await.unwrap();
    all
}

fn change(package: &str) -> PackageChange {
    PackageChange {
        package: package.into(),
        arch: "amd64".into(),
        from: Some("1.0-1".into()),
        to: Some("1.0-2".into()),
    }
}

pub(crate) fn work() -> PlannedWork {
    let plan = GuestPlan {
        upgraded: vec![PlannedUpgrade {
            change: change("openssl"),
            origin: "Debian".into(),
            suite: "bookworm-security".into(),
            severity: Severity::SecurityUnrated,
            size: Some(99),
        }],
        added: vec![PackageChange {
            from: None,
            ..change("libnew")
        }],
        removed: vec![PackageChange {
            to: None,
            ..change("libold")
        }],
        kept_back: vec![KeptBack {
            package: "linux".into(),
            why: "held".into(),
            remedy: None,
        }],
        download: 99,
        disk_needed: 400,
        disk_free: 1 << 40,
        restarts: vec!["nginx.service".into()],
        conffiles: vec![],
    };
    let fingerprint = plan.fingerprint();
    PlannedWork::Update {
        plan,
        fingerprint,
        only: None,
        moved: vec![],
    }
}

pub(crate) fn new_job(guest: GuestId, number: u32, work: Option<PlannedWork>) -> NewJob {
    NewJob {
        id: JobId::new(),
        guest,
        vmid: vmid(number),
        name: format!("guest-{number}"),
        node: node_name("pve1"),
        work,
    }
}

pub(crate) fn operation(kind: OperationKind, jobs: Vec<NewJob>) -> NewOperation {
    NewOperation {
        id: OperationId::new(),
        kind,
        subject: format!("{} LXCs", jobs.len()),
        plan: None,
        plan_short: None,
        approved_by: None,
        began_at: NOW,
        jobs,
    }
}

/// An approved update of as many guests as there are jobs.
pub(crate) fn approved(jobs: Vec<NewJob>) -> NewOperation {
    let guests: Vec<PlannedGuest> = jobs
        .iter()
        .map(|job| PlannedGuest {
            guest: job.guest,
            vmid: job.vmid,
            name: job.name.clone(),
            node: job.node.clone(),
            os: Some("Debian GNU/Linux 12 (bookworm)".into()),
            work: work(),
        })
        .collect();
    let fingerprint = Plan::fingerprint_of(OperationKind::Update, &guests);
    let plan = Plan {
        allowed: Default::default(),
        id: PlanId::new(),
        kind: OperationKind::Update,
        made_at: NOW,
        good_until: later(domain::plan::PLAN_LIFETIME_MS),
        short: fingerprint.short(),
        fingerprint,
        guests,
        left_out: Vec::new(),
        only: domain::operation::UpdateFilter::All,
        stop_after: 3,
        stop_percent: 20,
        canary: false,
        unrated: 0,
    };
    NewOperation {
        plan_short: Some(plan.short.clone()),
        plan: Some(plan),
        approved_by: Some("root".into()),
        ..operation(OperationKind::Update, jobs)
    }
}

pub(crate) fn problem() -> Problem {
    Problem {
        what: "The update of nextcloud failed".into(),
        words: Some("E: Unable to locate package".into()),
        next: Some("Look at the log".into()),
    }
}

pub(crate) fn receipt(job: &NewJob, operation: &NewOperation, outcome: JobState) -> Receipt {
    Receipt {
        job: job.id,
        operation: operation.id,
        number: 1,
        guest: job.guest,
        outcome,
        plan: Plan::fingerprint_of(OperationKind::Update, &[]),
        approved_by: "root".into(),
        began_at: NOW,
        ended_at: later(1000),
        changes: vec![change("openssl")],
        not_done: vec![change("linux")],
        kept_files: vec!["/etc/nginx/nginx.conf.dpkg-dist".into()],
        differences: vec![],
        services: vec![ServiceCheck {
            unit: "nginx.service".into(),
            active: true,
        }],
        database_sound: Some(true),
        images: Vec::new(),
        problem: (outcome != JobState::Succeeded).then(problem),
    }
}
