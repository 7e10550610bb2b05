//! Job logs and the reports they come with.

use domain::{
    GuestId, JobId,
    operation::{LogLevel, LogLine, OperationKind, StepKind, StepState},
};
use store::{StepChange, Store, StoreError};

use crate::samples::{self, NOW, fresh, later};

fn line(text: &str) -> LogLine {
    LogLine {
        at: NOW,
        level: LogLevel::Output,
        text: text.into(),
    }
}

async fn job(store: &Store) -> JobId {
    let job = samples::new_job(GuestId::new(), 100, None);
    let id = job.id;
    store
        .insert_operation(&samples::operation(OperationKind::Scan, vec![job]))
        .await
        .unwrap();
    id
}

#[tokio::test]
async fn lines_of_every_level_and_odd_text_come_back_in_order() {
    let (_folder, store) = fresh().await;
    let job = job(&store).await;
    let lines: Vec<LogLine> = [
        (LogLevel::Info, "Setting up libc6 …"),
        (LogLevel::Warning, ""),
        (LogLevel::Error, "a\0b \u{1f40b} \"quoted\" \\ \r\n\t"),
        (LogLevel::Output, "'; DROP TABLE job_log; --"),
    ]
    .into_iter()
    .zip(0..)
    .map(|((level, text), at)| LogLine {
        at: later(at),
        level,
        text: text.into(),
    })
    .collect();
    store.append_log(job, &lines[..1]).await.unwrap();
    store.append_log(job, &[]).await.unwrap();
    store.append_log(job, &lines[1..]).await.unwrap();
    assert_eq!(store.log(job, 0, 1000).await.unwrap(), (lines, 4));
}

#[tokio::test]
async fn a_log_is_read_page_by_page() {
    let (_folder, store) = fresh().await;
    let job = job(&store).await;
    let lines: Vec<LogLine> = (0..2500).map(|i| line(&i.to_string())).collect();
    store.append_log(job, &lines).await.unwrap();
    let mut read = Vec::new();
    loop {
        let after = u32::try_from(read.len()).unwrap();
        let (page, total) = store.log(job, after, 1000).await.unwrap();
        assert_eq!(total, 2500);
        assert!(page.len() <= 1000);
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert_eq!(read, lines);
    assert_eq!(
        store.log(JobId::new(), 0, 10).await.unwrap(),
        (Vec::new(), 0)
    );
}

#[tokio::test]
async fn a_repeated_report_is_stored_once() {
    let (_folder, store) = fresh().await;
    let job = job(&store).await;
    assert_eq!(store.report_sequence(job).await.unwrap(), 0);
    let step = StepChange {
        kind: StepKind::Refresh,
        state: StepState::Running,
        detail: Some("Get:1".into()),
    };
    let take = async |sequence, text: &str| {
        store
            .take_report(job, sequence, &[line(text)], Some(&step), later(1))
            .await
            .unwrap()
    };
    assert!(take(1, "one").await);
    assert!(!take(1, "one").await, "the same again");
    assert!(take(3, "three").await, "two was lost");
    assert!(!take(2, "two").await, "it comes too late");
    let (lines, _) = store.log(job, 0, 10).await.unwrap();
    assert_eq!(lines, [line("one"), line("three")]);
    assert_eq!(store.report_sequence(job).await.unwrap(), 3);
    let stored = store.job(job).await.unwrap().unwrap();
    assert_eq!(stored.sequence, 3);
    assert_eq!(stored.job.steps[2].detail.as_deref(), Some("Get:1"));
}

#[tokio::test]
async fn a_report_with_a_foreign_step_leaves_no_trace() {
    let (_folder, store) = fresh().await;
    let job = job(&store).await;
    let step = StepChange {
        kind: StepKind::Apply,
        state: StepState::Running,
        detail: None,
    };
    assert!(
        store
            .take_report(job, 1, &[line("x")], Some(&step), NOW)
            .await
            .is_err()
    );
    assert_eq!(store.report_sequence(job).await.unwrap(), 0);
    assert_eq!(store.log(job, 0, 9).await.unwrap().1, 0);
}

#[tokio::test]
async fn an_unknown_job_is_named() {
    let (_folder, store) = fresh().await;
    let unknown = JobId::new();
    for error in [
        store.append_log(unknown, &[line("x")]).await.unwrap_err(),
        store.report_sequence(unknown).await.unwrap_err(),
        store.set_handle(unknown, "h").await.unwrap_err(),
        store
            .take_report(unknown, 1, &[], None, NOW)
            .await
            .unwrap_err(),
    ] {
        match error {
            StoreError::NotFound { what, id } => {
                assert_eq!((what, id), ("job", unknown.to_string()));
            }
            other => panic!("{other:?}"),
        }
    }
}
