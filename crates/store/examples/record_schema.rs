//! `cargo run -p store --example record_schema -- FOLDER`: a database with one of everything, as the present schema
//! stores it. At a release, `sqlite3 FOLDER/redflag.db .dump` becomes its file in `tests/behaviour/released/`.
#![allow(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "run by hand, and it may fail by panicking"
)]

#[path = "../tests/behaviour/samples.rs"]
#[allow(dead_code, reason = "written for the tests")]
mod samples;

use domain::{
    facts::DiscoveryEntry,
    inventory::{Blocked, Severity},
    operation::{JobState, LogLevel, LogLine, OperationKind, StepKind, StepState},
};
use samples::{NOW, later};
use store::{AccessRecord, AuditEntry, DiscoveryWrite, JobEnd, StepChange, Store};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::args_os().nth(1).unwrap();
    let store = Store::open(folder.as_ref(), NOW).await.unwrap();
    fleet(&store).await;
    history(&store).await;
    store.close().await;
}

async fn fleet(store: &Store) {
    let cluster = samples::cluster(store).await;
    let node = samples::node(cluster.id, "pve1");
    let guest = samples::guest(cluster.id, 100);
    let write = DiscoveryWrite {
        run: Some(DiscoveryEntry {
            began_at: NOW,
            ended_at: later(300),
            nodes: 1,
            guests: 1,
            new: 1,
            gone: 0,
            errors: vec!["pve4: no route to host".into()],
        }),
        ..samples::found(vec![node.clone()], vec![guest.clone()])
    };
    store.apply_discovery(cluster.id, &write).await.unwrap();
    let access = AccessRecord {
        host: "192.0.2.1".into(),
        port: 22,
        user: "root".into(),
        host_key: domain::host::HostKey {
            algorithm: "ssh-ed25519".into(),
            fingerprint: "SHA256:abc".into(),
        },
        way: domain::access::AccessWay::default(),
        tried_at: Some(NOW),
        error: None,
    };
    store.set_access(&node.key, Some(&access)).await.unwrap();
    store
        .insert_agent(&samples::agent(guest.id, 1))
        .await
        .unwrap();
    let inventory = samples::inventory(vec![
        samples::update("openssl", Severity::SecurityUnrated, None),
        samples::update("linux", Severity::Unknown, Some(Blocked::Held)),
    ]);
    store
        .put_inventory(guest.id, &inventory.hash(), &inventory, NOW)
        .await
        .unwrap();
    store.set_setting("window.theme", "dark").await.unwrap();
}

async fn history(store: &Store) {
    let guest = store.guests().await.unwrap().remove(0);
    let job = samples::new_job(guest.id, 100, Some(samples::work()));
    let update = samples::approved(vec![job.clone()]);
    store.insert_operation(&update).await.unwrap();
    store
        .set_job(job.id, JobState::Running, None, NOW)
        .await
        .unwrap();
    let end = JobEnd {
        job: job.id,
        state: JobState::Failed,
        problem: Some(samples::problem()),
        steps: vec![StepChange {
            kind: StepKind::Apply,
            state: StepState::Failed,
            detail: Some("dpkg returned 1".into()),
        }],
        receipt: Some(samples::receipt(&job, &update, JobState::Failed)),
        log: vec![LogLine {
            at: NOW,
            level: LogLevel::Output,
            text: "Setting up openssl …".into(),
        }],
        sequence: Some(3),
        at: later(1000),
    };
    store.close_job(&end).await.unwrap();
    store.end_operation(update.id, later(1001)).await.unwrap();
    let scan = samples::operation(
        OperationKind::Scan,
        vec![samples::new_job(guest.id, 100, None)],
    );
    store.insert_operation(&scan).await.unwrap();
    store
        .audit(&AuditEntry {
            at: NOW,
            actor: "root".into(),
            act: "plan.approve".into(),
            target: "guest-100".into(),
            detail: None,
            plan: update.plan_short,
            outcome: "done".into(),
        })
        .await
        .unwrap();
}
