//! Running the jobs of an operation: one job a guest at a time, few at once on a node, one failure never stopping
//! the rest unless the stop rule says so.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use domain::{
    GuestId, NodeKey, OperationId,
    operation::{JobEvent, JobState, LogLevel, Operation, OperationKind, Problem, UpdateFilter},
    plan::{Allowed, GuestPlan, Plan, PlanFingerprint, PlannedWork},
};
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{End, Journal, Task, enrol, restart, scan, service, update, upgrade};
use crate::{Error, clock, inner::Inner};

/// How many jobs of a kind run on one node at once: updates press on one disk, copies on one connection.
fn at_once(kind: OperationKind) -> usize {
    match kind {
        OperationKind::Enrol => 4,
        OperationKind::Scan
        | OperationKind::RestartAgent
        | OperationKind::RemoveAgent
        | OperationKind::UpgradeAgent => 6,
        OperationKind::Update
        | OperationKind::Repair
        | OperationKind::UpdateImages
        | OperationKind::RestartGuest => 2,
    }
}

/// The locks of jobs: one per guest, and a number of permits per node and kind.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    guests: Mutex<HashMap<GuestId, Arc<AsyncMutex<()>>>>,
    nodes: Mutex<HashMap<(NodeKey, OperationKind), Arc<Semaphore>>>,
}

impl Turns {
    fn guest(&self, guest: GuestId) -> Arc<AsyncMutex<()>> {
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(guests.entry(guest).or_default())
    }

    fn node(&self, node: NodeKey, kind: OperationKind) -> Arc<Semaphore> {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            nodes
                .entry((node, kind))
                .or_insert_with(|| Arc::new(Semaphore::new(at_once(kind)))),
        )
    }
}

/// What a plan says about the run as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// The first job goes before the others, which are begun only if it went well.
    canary: bool,
    only: UpdateFilter,
    allowed: Allowed,
    stop_after: u32,
    approved: Option<PlanFingerprint>,
}

impl Rules {
    pub(crate) fn of(plan: Option<&Plan>) -> Self {
        Self {
            canary: plan.is_some_and(|p| p.canary),
            only: plan.map(|p| p.only.clone()).unwrap_or_default(),
            allowed: plan.map(|p| p.allowed).unwrap_or_default(),
            stop_after: plan.map_or(u32::MAX, |p| p.stop_after),
            approved: plan.map(|p| p.fingerprint.clone()),
        }
    }
}

/// The stop rule: how many jobs may fail, and how many have.
struct Failures {
    allowed: u32,
    seen: AtomicU32,
    /// The one that went first did not go well: who that is.
    first: OnceLock<String>,
}

impl Failures {
    fn note(&self, state: JobState) {
        if matches!(state, JobState::Failed | JobState::Interrupted) {
            self.seen.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Why nothing more is begun, if it is not.
    fn stop(&self) -> Option<String> {
        if let Some(name) = self.first.get() {
            return Some(format!("Not begun: {name} went first, and did not go well"));
        }
        (self.seen.load(Ordering::Relaxed) > self.allowed).then(|| {
            format!(
                "Not begun: more than {} LXCs of this operation failed",
                self.allowed
            )
        })
    }
}

/// Runs what is left of an operation, then ends it.
pub(crate) async fn operation(
    inner: Arc<Inner>,
    operation: Operation,
    rules: Rules,
    tasks: Vec<Task>,
    cancel: CancellationToken,
) {
    let failures = Arc::new(Failures {
        allowed: rules.stop_after,
        seen: AtomicU32::new(0),
        first: OnceLock::new(),
    });
    // What ended before a restart counts as well.
    for task in &tasks {
        failures.note(task.job.state);
    }
    let mut jobs = tokio::task::JoinSet::new();
    let mut tasks = tasks.into_iter();
    if rules.canary
        && let Some(task) = tasks.next()
    {
        let name = task.job.name.clone();
        let mut state = task.job.state;
        if !state.is_final() {
            let journal = begun(&inner, operation.id, &task);
            let (kind, number) = (operation.kind, operation.number);
            let (rules, cancel) = (rules.clone(), cancel.clone());
            let failures = Arc::clone(&failures);
            state = Box::pin(job(journal, kind, number, rules, task, cancel, failures)).await;
        }
        if state != JobState::Succeeded {
            let _ = failures.first.set(name);
        }
    }
    for task in tasks {
        if task.job.state.is_final() {
            continue;
        }
        let (inner, cancel, failures) = (Arc::clone(&inner), cancel.clone(), Arc::clone(&failures));
        let (id, kind, number, rules) = (
            operation.id,
            operation.kind,
            operation.number,
            rules.clone(),
        );
        jobs.spawn(async move {
            let journal = begun(&inner, id, &task);
            Box::pin(job(journal, kind, number, rules, task, cancel, failures)).await;
        });
    }
    while jobs.join_next().await.is_some() {}
    if let Err(error) = inner.operation_over(operation.id, clock::now()).await {
        tracing::error!(%error, operation = operation.number, "the end of an operation could not be written");
    }
}

fn begun(inner: &Arc<Inner>, id: OperationId, task: &Task) -> Journal {
    let mut journal = Journal::new(Arc::clone(inner), id, task.job.clone());
    journal.console_before.clone_from(&task.console_before);
    journal
}

async fn job(
    mut journal: Journal,
    kind: OperationKind,
    number: u32,
    rules: Rules,
    task: Task,
    cancel: CancellationToken,
    failures: Arc<Failures>,
) -> JobState {
    let inner = Arc::clone(&journal.inner);
    let node = inner.state.read(|known| {
        let guest = &known.guests.get(&task.job.guest)?.record;
        Some(NodeKey {
            cluster: guest.cluster,
            node: guest.node.clone(),
        })
    });
    let resumed = task.job.state == JobState::Running;
    let guest_turn = inner.turns.guest(task.job.guest);
    let node_turn = node.map(|node| inner.turns.node(node, kind));
    // A job that was handed over before a restart goes on inside its guest whatever the limits say.
    let _turns = if resumed {
        None
    } else {
        tokio::select! {
            turns = async {
                let guest = guest_turn.lock().await;
                let node = match &node_turn {
                    Some(semaphore) => semaphore.acquire().await.ok(),
                    None => None,
                };
                (guest, node)
            } => Some(turns),
            () = cancel.cancelled() => None,
        }
    };
    let ended = if !resumed && cancel.is_cancelled() {
        let what = format!("Cancelled before {} was begun", journal.job.name);
        journal
            .close(End::with(
                JobEvent::Cancel,
                Problem {
                    what,
                    words: None,
                    next: None,
                },
            ))
            .await
    } else if let Some(what) = failures.stop().filter(|_| !resumed) {
        let next = Some("Read what failed, then make a new plan for the rest.".into());
        journal
            .close(End::with(
                JobEvent::Skip,
                Problem {
                    what,
                    words: None,
                    next,
                },
            ))
            .await
    } else {
        Box::pin(steps(
            &mut journal,
            kind,
            number,
            rules,
            task.work,
            resumed,
            &cancel,
        ))
        .await
    };
    if let Err(error) = ended {
        Box::pin(broken(&mut journal, error)).await;
    }
    failures.note(journal.job.state);
    journal.job.state
}

async fn steps(
    journal: &mut Journal,
    kind: OperationKind,
    number: u32,
    rules: Rules,
    work: Option<PlannedWork>,
    resumed: bool,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    journal.start().await?;
    if resumed {
        journal
            .note(
                LogLevel::Info,
                "RedFlag was started again and takes the job up",
            )
            .await?;
    }
    match (kind, work) {
        (OperationKind::Scan, _) => scan::run(journal, resumed, cancel).await,
        (OperationKind::Enrol, work) => enrol::run(journal, work.as_ref(), resumed, cancel).await,
        (OperationKind::RestartAgent, _) => service::restart(journal, cancel).await,
        (OperationKind::RestartGuest, _) => restart::run(journal, resumed).await,
        (OperationKind::RemoveAgent, _) => service::remove(journal).await,
        (OperationKind::UpgradeAgent, _) => upgrade::run(journal, resumed, cancel).await,
        (
            OperationKind::Update | OperationKind::Repair | OperationKind::UpdateImages,
            Some(work),
        ) => {
            let approved = approved(kind, number, rules, work)?;
            update::run(journal, &approved, resumed, cancel).await
        }
        (OperationKind::Update | OperationKind::Repair | OperationKind::UpdateImages, None) => {
            Err(no_plan())
        }
    }
}

fn no_plan() -> Error {
    Error::new(crate::Kind::Internal, "the job has no approved plan")
}

/// What was approved for one guest.
fn approved(
    kind: OperationKind,
    number: u32,
    rules: Rules,
    work: PlannedWork,
) -> Result<update::Approved, Error> {
    let mut images = Vec::new();
    let (plan, fingerprint, only) = match work {
        PlannedWork::Update {
            plan,
            fingerprint,
            only,
            moved: _,
        } => (plan, fingerprint, only),
        PlannedWork::Repair { .. } => {
            let nothing = GuestPlan::default();
            let fingerprint = nothing.fingerprint();
            (nothing, fingerprint, None)
        }
        PlannedWork::UpdateImages { plan, fingerprint } => {
            images = plan.images;
            (GuestPlan::default(), fingerprint, None)
        }
        PlannedWork::Enrol { .. }
        | PlannedWork::RestartAgent { .. }
        | PlannedWork::RemoveAgent { .. }
        | PlannedWork::RestartGuest { .. }
        | PlannedWork::UpgradeAgent { .. } => return Err(no_plan()),
    };
    Ok(update::Approved {
        kind,
        approved: rules.approved.unwrap_or_else(|| fingerprint.clone()),
        plan,
        images,
        fingerprint,
        only: only.unwrap_or(rules.only),
        allowed: rules.allowed,
        number,
    })
}

/// Ends a job that failed on our own side.
async fn broken(journal: &mut Journal, error: Error) {
    tracing::error!(%error, words = error.problem.words.as_deref(), job = %journal.job.id, "a job failed on RedFlag's own side");
    if !journal.job.state.is_final()
        && let Err(second) = journal
            .close(End::with(JobEvent::Interrupt, error.problem))
            .await
    {
        // The database takes nothing: the next start finds the job running and takes it up.
        tracing::error!(error = %second, job = %journal.job.id, "its end could not be written either");
    }
}
