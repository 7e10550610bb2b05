//! Operations, jobs and steps.

use domain::{
    GuestId, JobId, OperationId,
    operation::{JobCounts, JobState, OperationKind, StepKind, StepState},
    plan::PlannedWork,
};
use store::{JobEnd, NewOperation, StepChange, StoreError};

use crate::samples::{self, NOW, fresh, later};

const KINDS: [OperationKind; 6] = [
    OperationKind::Enrol,
    OperationKind::Scan,
    OperationKind::Update,
    OperationKind::RestartAgent,
    OperationKind::RemoveAgent,
    OperationKind::UpgradeAgent,
];

#[tokio::test]
async fn operations_begin_with_waiting_jobs_and_the_steps_of_their_kind() {
    let (_folder, store) = fresh().await;
    for (kind, expected) in KINDS.into_iter().zip(1..) {
        let enrol = PlannedWork::Enrol {
            start: false,
            take_over: false,
            shell: false,
            reach: "SSH to pve1".into(),
        };
        let jobs = vec![
            samples::new_job(GuestId::new(), 100, Some(enrol)),
            samples::new_job(GuestId::new(), 101, None),
        ];
        let operation = samples::operation(kind, jobs);
        let number = store.insert_operation(&operation).await.unwrap();
        assert_eq!(number, expected, "numbers count up from 1");

        let record = store.operation(operation.id).await.unwrap().unwrap();
        assert_eq!(record.operation.kind, kind);
        assert_eq!(record.operation.number, expected);
        assert_eq!(record.operation.counts.waiting, 2);
        assert_eq!(record.operation.now, None);
        for (stored, new) in record.jobs.iter().zip(&operation.jobs) {
            assert_eq!(stored.job.id, new.id, "in the given order");
            assert_eq!(stored.work, new.work);
            assert_eq!(stored.operation, operation.id);
            assert_eq!((stored.handle.as_ref(), stored.sequence), (None, 0));
            let kinds: Vec<StepKind> = stored.job.steps.iter().map(|s| s.kind).collect();
            assert_eq!(kinds, kind.steps());
            assert!(
                stored
                    .job
                    .steps
                    .iter()
                    .all(|s| s.state == StepState::Waiting && s.began_at.is_none())
            );
        }
    }
}

#[tokio::test]
async fn an_approved_plan_comes_back_whole() {
    let (_folder, store) = fresh().await;
    let job = samples::new_job(GuestId::new(), 100, Some(samples::work()));
    let operation = samples::approved(vec![job]);
    store.insert_operation(&operation).await.unwrap();
    let record = store.operation(operation.id).await.unwrap().unwrap();
    assert_eq!(record.plan, operation.plan);
    assert_eq!(record.operation.plan, operation.plan_short);
    assert_eq!(record.approved_by.as_deref(), Some("root"));
    assert_eq!(record.jobs[0].work, Some(samples::work()));
    assert_eq!(store.operation(OperationId::new()).await.unwrap(), None);
}

#[tokio::test]
async fn steps_keep_their_times_in_every_state() {
    let (_folder, store) = fresh().await;
    let job = samples::new_job(GuestId::new(), 100, None);
    let id = job.id;
    store
        .insert_operation(&samples::operation(OperationKind::Update, vec![job]))
        .await
        .unwrap();
    let kinds = OperationKind::Update.steps();
    let set = async |kind, state, detail, at| {
        store
            .set_step(id, kind, state, detail, later(at))
            .await
            .unwrap();
        let job = store.job(id).await.unwrap().unwrap().job;
        job.steps.into_iter().find(|s| s.kind == kind).unwrap()
    };

    let running = set(kinds[0], StepState::Running, Some("1 of 2"), 1).await;
    assert_eq!(running.detail.as_deref(), Some("1 of 2"));
    assert_eq!((running.began_at, running.ended_at), (Some(later(1)), None));
    let done = set(kinds[0], StepState::Done, None, 5).await;
    assert_eq!(
        (done.began_at, done.ended_at),
        (Some(later(1)), Some(later(5)))
    );
    assert_eq!(done.detail, None);
    let again = set(kinds[0], StepState::Running, None, 9).await;
    assert_eq!(
        (again.began_at, again.ended_at),
        (Some(later(1)), None),
        "a repeated step has not ended"
    );
    for (kind, state, began) in [
        (kinds[1], StepState::Done, true),
        (kinds[2], StepState::Failed, true),
        (kinds[3], StepState::Skipped, false),
        (kinds[4], StepState::Unknown, false),
    ] {
        let step = set(kind, state, Some("why"), 7).await;
        assert_eq!(step.state, state);
        assert_eq!(step.began_at.is_some(), began, "{state:?}");
        assert_eq!(step.ended_at, Some(later(7)), "{state:?}");
    }

    match store
        .set_step(id, StepKind::Copy, StepState::Done, None, NOW)
        .await
    {
        Err(StoreError::NotFound { what, .. }) => assert_eq!(what, "step"),
        other => panic!("an update has no such step: {other:?}"),
    }
}

#[tokio::test]
async fn jobs_keep_their_final_state() {
    let (_folder, store) = fresh().await;
    let finals = [
        JobState::Succeeded,
        JobState::Failed,
        JobState::Skipped,
        JobState::Cancelled,
        JobState::Interrupted,
    ];
    let jobs = finals
        .iter()
        .map(|_| samples::new_job(GuestId::new(), 100, None))
        .collect();
    let operation = samples::operation(OperationKind::Scan, jobs);
    store.insert_operation(&operation).await.unwrap();
    for (job, state) in operation.jobs.iter().zip(finals) {
        let read = async || store.job(job.id).await.unwrap().unwrap().job;
        store
            .set_job(job.id, JobState::Running, None, later(1))
            .await
            .unwrap();
        let running = read().await;
        assert_eq!(running.state, JobState::Running);
        assert_eq!((running.began_at, running.ended_at), (Some(later(1)), None));
        let problem = (state != JobState::Succeeded).then(samples::problem);
        store
            .set_job(job.id, state, problem.as_ref(), later(2))
            .await
            .unwrap();
        store.set_job(job.id, state, None, later(3)).await.unwrap();
        let ended = read().await;
        assert_eq!(ended.state, state);
        assert_eq!(ended.problem, problem);
        assert_eq!(ended.ended_at, Some(later(2)), "the first end stands");
        match store.set_job(job.id, JobState::Running, None, NOW).await {
            Err(StoreError::Ended { state: stands, .. }) => assert_eq!(stands, state),
            other => panic!("{other:?}"),
        }
    }
    let unknown = store
        .set_job(JobId::new(), JobState::Running, None, NOW)
        .await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn a_job_is_closed_once_and_in_one_piece() {
    let (_folder, store) = fresh().await;
    let job = samples::new_job(GuestId::new(), 100, Some(samples::work()));
    let operation = samples::approved(vec![job.clone()]);
    store.insert_operation(&operation).await.unwrap();
    store
        .set_job(job.id, JobState::Running, None, NOW)
        .await
        .unwrap();
    let receipt = samples::receipt(&job, &operation, JobState::Failed);
    let end = JobEnd {
        job: job.id,
        state: JobState::Failed,
        problem: Some(samples::problem()),
        steps: vec![
            StepChange {
                kind: StepKind::Apply,
                state: StepState::Failed,
                detail: Some("dpkg returned 1".into()),
            },
            StepChange {
                kind: StepKind::Record,
                state: StepState::Done,
                detail: None,
            },
        ],
        receipt: Some(receipt.clone()),
        log: vec![samples_line("last words")],
        sequence: Some(4),
        at: later(8),
    };

    // A step that the job does not have: nothing of it may stand.
    let mut wrong = end.clone();
    wrong.steps.push(StepChange {
        kind: StepKind::Copy,
        state: StepState::Done,
        detail: None,
    });
    assert!(store.close_job(&wrong).await.is_err());
    let untouched = store.job(job.id).await.unwrap().unwrap();
    assert_eq!(untouched.job.state, JobState::Running);
    assert_eq!(untouched.sequence, 0);
    assert_eq!(store.receipt(job.id).await.unwrap(), None);
    assert_eq!(store.log(job.id, 0, 9).await.unwrap().1, 0);

    let not_final = JobEnd {
        state: JobState::Running,
        ..end.clone()
    };
    assert!(store.close_job(&not_final).await.is_err());

    assert!(store.close_job(&end).await.unwrap());
    let closed = store.job(job.id).await.unwrap().unwrap();
    assert_eq!(closed.job.state, JobState::Failed);
    assert_eq!(closed.job.problem, Some(samples::problem()));
    assert_eq!(closed.job.ended_at, Some(later(8)));
    assert_eq!(closed.sequence, 4);
    let apply = &closed.job.steps[4];
    assert_eq!(
        (apply.kind, apply.state),
        (StepKind::Apply, StepState::Failed)
    );
    assert_eq!(store.receipt(job.id).await.unwrap(), Some(receipt));
    assert_eq!(store.log(job.id, 0, 9).await.unwrap().1, 1);

    let otherwise = JobEnd {
        state: JobState::Succeeded,
        receipt: Some(samples::receipt(&job, &operation, JobState::Succeeded)),
        sequence: Some(5),
        ..end
    };
    assert!(!store.close_job(&otherwise).await.unwrap());
    assert_eq!(store.job(job.id).await.unwrap(), Some(closed));
}

#[tokio::test]
async fn a_restart_finds_what_was_going_on() {
    let (folder, store) = fresh().await;
    let done = samples::operation(OperationKind::Scan, Vec::new());
    store.insert_operation(&done).await.unwrap();
    store.end_operation(done.id, later(1)).await.unwrap();
    store.end_operation(done.id, later(2)).await.unwrap();
    let jobs: Vec<_> = (100..103)
        .map(|n| samples::new_job(GuestId::new(), n, Some(samples::work())))
        .collect();
    let open = samples::approved(jobs.clone());
    store.insert_operation(&open).await.unwrap();
    for (job, at) in jobs.iter().zip([20, 30]) {
        store
            .set_job(job.id, JobState::Running, None, later(at))
            .await
            .unwrap();
        store
            .set_step(
                job.id,
                StepKind::Send,
                StepState::Running,
                Some(&job.name),
                later(at),
            )
            .await
            .unwrap();
    }
    store
        .set_handle(jobs[0].id, "UPID:pve1:0001")
        .await
        .unwrap();
    store.set_console_before(jobs[0].id, "").await.unwrap();
    store.set_cancelling(open.id).await.unwrap();
    store.close().await;

    let store = store::Store::open(folder.path(), NOW).await.unwrap();
    let found = store.unfinished_operations().await.unwrap();
    assert_eq!(found.len(), 1);
    let found = &found[0];
    assert_eq!(found.operation.id, open.id);
    assert!(found.operation.cancelling);
    assert_eq!(found.plan, open.plan);
    assert_eq!(found.jobs[0].handle.as_deref(), Some("UPID:pve1:0001"));
    let before = found.jobs.iter().map(|job| job.console_before.as_deref());
    assert_eq!(
        before.collect::<Vec<_>>(),
        [Some(""), None, None],
        "nothing set is another thing than nothing changed"
    );
    assert_eq!(found.jobs[2].work, Some(samples::work()));
    assert_eq!(
        found.operation.counts,
        JobCounts {
            waiting: 1,
            running: 2,
            ..JobCounts::default()
        }
    );
    let now = found.operation.now.as_ref().unwrap();
    assert_eq!(
        now.detail.as_deref(),
        Some("guest-101"),
        "the newest running job speaks"
    );
    let ended = store.operation(done.id).await.unwrap().unwrap();
    assert_eq!(ended.operation.ended_at, Some(later(1)));
}

#[tokio::test]
async fn lists_show_what_runs_and_the_newest_of_what_ended() {
    let (_folder, store) = fresh().await;
    let guest = GuestId::new();
    let mut ids = Vec::new();
    for i in 0..6 {
        let job = samples::new_job(guest, 100, None);
        let operation = NewOperation {
            subject: format!("no {i}"),
            ..samples::operation(OperationKind::Scan, vec![job.clone()])
        };
        store.insert_operation(&operation).await.unwrap();
        if i != 0 {
            store
                .set_job(job.id, JobState::Skipped, None, NOW)
                .await
                .unwrap();
            store.end_operation(operation.id, later(i)).await.unwrap();
        }
        ids.push((operation.id, job.id));
    }
    let listed = store.operations(2).await.unwrap();
    let subjects: Vec<&str> = listed.iter().map(|o| o.subject.as_str()).collect();
    assert_eq!(subjects, ["no 5", "no 4", "no 0"]);
    assert_eq!(listed[0].counts.skipped, 1);
    assert_eq!(listed[2].counts.waiting, 1);

    let jobs = store.jobs_of_guest(guest, 2).await.unwrap();
    let jobs: Vec<JobId> = jobs.iter().map(|j| j.job.id).collect();
    assert_eq!(jobs, [ids[5].1, ids[4].1], "newest first");
    assert_eq!(
        store.jobs_of_guest(GuestId::new(), 9).await.unwrap(),
        Vec::new()
    );
}

fn samples_line(text: &str) -> domain::operation::LogLine {
    domain::operation::LogLine {
        at: NOW,
        level: domain::operation::LogLevel::Info,
        text: text.into(),
    }
}
