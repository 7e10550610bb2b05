//! Databases of released versions open in this one, with everything in them. Each file here is a dump of a database
//! as `examples/record_schema.rs` filled it with that version; the files of released versions never change.

use domain::{
    access::AccessWay,
    operation::{JobState, OperationKind},
};
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::Store;
use tempfile::TempDir;

use crate::samples::{self, NOW, later};

/// Oldest first.
const RELEASED: [(&str, &str); 1] = [("v0.1.0", include_str!("v0.1.0.sql"))];

async fn restored(dump: &'static str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("redflag.db"))
        .create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(dump))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    folder
}

#[tokio::test]
async fn every_released_schema_opens_with_all_that_it_holds() {
    for (version, dump) in RELEASED {
        let folder = restored(dump).await;
        let store = Store::open(folder.path(), NOW).await.unwrap();

        let clusters = store.clusters().await.unwrap();
        assert_eq!(clusters.len(), 1, "{version}");
        assert_eq!(clusters[0].name, "Homelab Cluster 1");
        let vault = samples::vault(&store).await;
        let token = vault.reveal(&clusters[0].token_secret).await.unwrap();
        assert_eq!(token.expose_secret(), "token");

        let nodes = store.nodes().await.unwrap();
        let access = nodes[0].access.as_ref().unwrap();
        assert_eq!(access.user, "root");
        assert_eq!(access.way, AccessWay::default(), "the one way of then");
        let guest = store.guests().await.unwrap().remove(0);
        assert_eq!(guest.name, "guest-100");
        let run = store
            .discoveries(clusters[0].id, 1)
            .await
            .unwrap()
            .remove(0);
        assert_eq!(run.errors, ["pve4: no route to host"]);
        let agent = store.agent_of_guest(guest.id).await.unwrap().unwrap();
        assert_eq!(agent.certificate, samples::fingerprint(1));
        let inventory = samples::inventories(&store).await.remove(0);
        assert_eq!(inventory.inventory.counts().total, 1);
        assert_eq!(inventory.inventory.counts().blocked, 1);
        assert_eq!(store.updates_of_package("linux").await.unwrap().len(), 1);
        let theme = store.setting("window.theme").await.unwrap();
        assert_eq!(theme.as_deref(), Some("dark"));

        let listed = store.operations(10).await.unwrap();
        assert_eq!(listed.len(), 2);
        let unfinished = store.unfinished_operations().await.unwrap();
        assert_eq!(unfinished.len(), 1);
        assert_eq!(unfinished[0].operation.kind, OperationKind::Scan);
        let update = store.operation(listed[1].id).await.unwrap().unwrap();
        assert_eq!(update.operation.ended_at, Some(later(1001)));
        assert_eq!(update.plan.unwrap().guests.len(), 1);
        let job = &update.jobs[0];
        assert_eq!((job.job.state, job.sequence), (JobState::Failed, 3));
        assert_eq!(job.job.problem, Some(samples::problem()));
        assert_eq!(job.work, Some(samples::work()));
        let receipt = store.receipt(job.job.id).await.unwrap().unwrap();
        assert_eq!(receipt.outcome, JobState::Failed);
        assert_eq!(store.receipts_of(guest.id, 9).await.unwrap(), [receipt]);
        let (lines, total) = store.log(job.job.id, 0, 9).await.unwrap();
        assert_eq!(total, 1);
        assert_eq!(lines[0].text, "Setting up openssl …");
        assert_eq!(
            store.audit_entries("", None, 9).await.unwrap()[0].1.act,
            "plan.approve"
        );
    }
}
