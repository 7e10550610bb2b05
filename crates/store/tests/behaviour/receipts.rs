//! Receipts.

use domain::{GuestId, operation::JobState};

use crate::samples::{self, beside, fresh, later};

#[tokio::test]
async fn the_first_receipt_of_a_job_stays() {
    let (folder, store) = fresh().await;
    let job = samples::new_job(GuestId::new(), 100, None);
    let operation = samples::approved(vec![job.clone()]);
    store.insert_operation(&operation).await.unwrap();
    let first = samples::receipt(&job, &operation, JobState::Interrupted);
    let second = samples::receipt(&job, &operation, JobState::Succeeded);
    assert!(store.insert_receipt(&first).await.unwrap());
    assert!(!store.insert_receipt(&second).await.unwrap());
    assert!(!store.insert_receipt(&first).await.unwrap());
    assert_eq!(store.receipt(job.id).await.unwrap(), Some(first));

    let error = sqlx::query("UPDATE receipts SET body = '{}'")
        .execute(&mut beside(folder.path()).await)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("cannot be changed"), "{error}");
}

#[tokio::test]
async fn every_outcome_comes_back_newest_first() {
    let (_folder, store) = fresh().await;
    let guest = GuestId::new();
    let outcomes = [
        JobState::Succeeded,
        JobState::Failed,
        JobState::Skipped,
        JobState::Cancelled,
        JobState::Interrupted,
    ];
    let mut written = Vec::new();
    for (outcome, at) in outcomes.into_iter().zip(0..) {
        let job = samples::new_job(guest, 100, None);
        let operation = samples::approved(vec![job.clone()]);
        store.insert_operation(&operation).await.unwrap();
        let mut receipt = samples::receipt(&job, &operation, outcome);
        receipt.ended_at = later(at);
        store.insert_receipt(&receipt).await.unwrap();
        written.insert(0, receipt);
    }
    assert_eq!(store.receipts_of(guest, 100).await.unwrap(), written);
    assert_eq!(store.receipts_of(guest, 2).await.unwrap(), written[..2]);
    assert_eq!(
        store.receipts_of(GuestId::new(), 2).await.unwrap(),
        Vec::new()
    );
}

#[tokio::test]
async fn pages_leave_nothing_out_where_many_ended_at_once() {
    let (_folder, store) = fresh().await;
    let mut written = Vec::new();
    for at in [1, 2, 2, 2, 2, 3] {
        let job = samples::new_job(GuestId::new(), 100, None);
        let operation = samples::approved(vec![job.clone()]);
        store.insert_operation(&operation).await.unwrap();
        let mut receipt = samples::receipt(&job, &operation, JobState::Succeeded);
        receipt.ended_at = later(at);
        store.insert_receipt(&receipt).await.unwrap();
        written.push(job.id);
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.receipts("", before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.receipt.job);
        seen.extend(page.iter().map(|found| found.receipt.job));
    }
    assert_eq!(seen.first(), written.last());
    assert_eq!(seen.last(), written.first());
    seen.sort();
    written.sort();
    assert_eq!(seen, written);
}

#[tokio::test]
async fn a_receipt_needs_its_job() {
    let (_folder, store) = fresh().await;
    let job = samples::new_job(GuestId::new(), 100, None);
    let operation = samples::approved(vec![job.clone()]);
    let receipt = samples::receipt(&job, &operation, JobState::Succeeded);
    assert!(store.insert_receipt(&receipt).await.is_err());
}
