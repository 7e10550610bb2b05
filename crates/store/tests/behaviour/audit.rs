//! The audit table can only grow.

use store::AuditEntry;

use crate::samples::{NOW, beside, fresh, later};

fn entry(act: &str) -> AuditEntry {
    AuditEntry {
        at: NOW,
        actor: "root".into(),
        act: act.into(),
        target: "nextcloud (200)".into(),
        detail: Some("5 updates".into()),
        plan: Some("7f3a-c91e".into()),
        outcome: "done".into(),
    }
}

#[tokio::test]
async fn entries_come_back_newest_first() {
    let (_folder, store) = fresh().await;
    let first = entry("plan.approve");
    let second = AuditEntry {
        at: later(-5),
        detail: None,
        plan: None,
        ..entry("cluster.add")
    };
    store.audit(&first).await.unwrap();
    store.audit(&second).await.unwrap();
    let read = async |search: &str, before, limit| {
        store.audit_entries(search, before, limit).await.unwrap()
    };
    assert_eq!(
        read("", None, 10).await,
        [(2, second.clone()), (1, first.clone())],
        "by the order of writing, whatever the clock said"
    );
    assert_eq!(read("", None, 1).await, [(2, second.clone())]);
    assert_eq!(read("", Some(2), 9).await, [(1, first)], "what is older");
    assert_eq!(read("CLUSTER.a", None, 9).await, [(2, second)]);
    assert_eq!(read("%", None, 9).await, [], "no pattern, a text");
}

#[tokio::test]
async fn no_entry_can_be_changed_removed_or_replaced() {
    let (folder, store) = fresh().await;
    store.audit(&entry("plan.approve")).await.unwrap();
    let mut connection = beside(folder.path()).await;
    for statement in [
        "UPDATE audit SET actor = 'nobody'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (id, at, actor, act, target, outcome) VALUES (1, 0, '', '', '', '')",
    ] {
        let error = sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("append-only"),
            "{statement}: {error}"
        );
    }
    assert_eq!(
        store.audit_entries("", None, 9).await.unwrap(),
        [(1, entry("plan.approve"))]
    );
}
