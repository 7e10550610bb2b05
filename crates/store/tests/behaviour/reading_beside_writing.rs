//! Readers never see half of a write, and never wait for one.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use domain::{
    GuestId,
    operation::{JobState, OperationKind, StepState},
};
use store::{JobEnd, StepChange};

use crate::samples::{self, fresh, later};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_jobs_closed_or_not_and_nothing_between() {
    let (_folder, store) = fresh().await;
    let kind = OperationKind::Scan;
    let jobs: Vec<_> = (100..160)
        .map(|n| samples::new_job(GuestId::new(), n, None))
        .collect();
    let operation = samples::operation(kind, jobs.clone());
    store.insert_operation(&operation).await.unwrap();

    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (store, over, id) = (store.clone(), Arc::clone(&over), operation.id);
            tokio::spawn(async move {
                let mut looks = 0;
                let mut closed_before = 0;
                loop {
                    let last = over.load(Ordering::SeqCst);
                    let record = store.operation(id).await.unwrap().unwrap();
                    for job in &record.jobs {
                        let done = job.job.steps.iter().all(|s| s.state == StepState::Done);
                        let none = job.job.steps.iter().all(|s| s.state == StepState::Waiting);
                        match job.job.state {
                            JobState::Succeeded => assert!(done, "{job:?}"),
                            JobState::Waiting => assert!(none, "{job:?}"),
                            other => panic!("{other:?} was never written"),
                        }
                    }
                    let closed = record.operation.counts.succeeded;
                    assert!(closed >= closed_before, "time does not run backwards");
                    closed_before = closed;
                    looks += 1;
                    if last {
                        return (looks, closed);
                    }
                }
            })
        })
        .collect();
    for job in &jobs {
        let end = JobEnd {
            job: job.id,
            state: JobState::Succeeded,
            problem: None,
            steps: kind
                .steps()
                .iter()
                .map(|step| StepChange {
                    kind: *step,
                    state: StepState::Done,
                    detail: None,
                })
                .collect(),
            receipt: None,
            log: Vec::new(),
            sequence: None,
            at: later(1),
        };
        assert!(store.close_job(&end).await.unwrap());
    }
    over.store(true, Ordering::SeqCst);
    for reader in readers {
        let (looks, closed) = reader.await.unwrap();
        assert!(looks > 0);
        assert_eq!(closed, 60, "the last look sees everything");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_take_turns_and_lose_nothing() {
    let (_folder, store) = fresh().await;
    let writers: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let operation = samples::operation(OperationKind::Scan, Vec::new());
                store.insert_operation(&operation).await.unwrap()
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for writer in writers {
        numbers.push(writer.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<u32>>());
}
