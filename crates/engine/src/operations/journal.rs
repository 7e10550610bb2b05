//! A job's own account: every step is written before it happens, and told to the window. What has ended, and lines of the
//! log, are written in their order without anybody waiting: the next beginning, or the end, waits for them, too.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{
    OperationId, Timestamp,
    fleet::Activity,
    operation::{
        Job, JobEvent, JobState, LogLevel, LogLine, Problem, Receipt, Step, StepKind, StepState,
    },
};

use store::{JobEnd, StepChange, Written};

use crate::{Error, clock, feed::Body, inner::Inner};

/// One running job with its written steps.
pub(crate) struct Journal {
    pub(crate) inner: Arc<Inner>,
    pub(crate) operation: OperationId,
    pub(crate) job: Job,
    under_way: Mutex<Vec<Written>>,
}

/// How a job ends.
pub(crate) struct End {
    pub(crate) event: JobEvent,
    pub(crate) problem: Option<Problem>,
    pub(crate) receipt: Option<Receipt>,
}

impl End {
    pub(crate) fn success() -> Self {
        Self {
            event: JobEvent::Succeed,
            problem: None,
            receipt: None,
        }
    }

    pub(crate) fn with(event: JobEvent, problem: Problem) -> Self {
        Self {
            event,
            problem: Some(problem),
            receipt: None,
        }
    }
}

impl Journal {
    pub(crate) fn new(inner: Arc<Inner>, operation: OperationId, job: Job) -> Self {
        Self {
            inner,
            operation,
            job,
            under_way: Mutex::default(),
        }
    }

    fn goes_on(&self, written: Written) {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.push(written);
    }

    /// Waits until everything lasts that was written so far.
    async fn settle(&self) -> Result<(), Error> {
        let under_way = {
            let mut all = self
                .under_way
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *all)
        };
        for written in under_way {
            written.await?;
        }
        Ok(())
    }

    fn step_mut(&mut self, kind: StepKind) -> Option<&mut Step> {
        self.job.steps.iter_mut().find(|s| s.kind == kind)
    }

    /// State of a step; `Skipped` for one that this job does not have.
    pub(crate) fn state_of(&self, kind: StepKind) -> StepState {
        self.job
            .steps
            .iter()
            .find(|s| s.kind == kind)
            .map_or(StepState::Skipped, |s| s.state)
    }

    /// Writes a step's state, and tells it. A beginning lasts when this returns.
    pub(crate) async fn set(
        &mut self,
        kind: StepKind,
        state: StepState,
        detail: Option<String>,
    ) -> Result<(), Error> {
        let now = clock::now();
        let store = &self.inner.store;
        self.goes_on(store.set_step(self.job.id, kind, state, detail.as_deref(), now));
        if state == StepState::Running {
            self.settle().await?;
        }
        if let Some(step) = self.step_mut(kind) {
            step.state = state;
            if detail.is_some() {
                step.detail = detail;
            }
            if state == StepState::Running {
                step.began_at = step.began_at.or(Some(now));
            } else {
                step.ended_at = Some(now);
            }
        }
        self.tell();
        Ok(())
    }

    /// Begins a step. Everything that the step does comes after this has returned.
    pub(crate) async fn begin(&mut self, kind: StepKind) -> Result<(), Error> {
        self.set(kind, StepState::Running, None).await
    }

    /// Ends a step well.
    pub(crate) async fn done(
        &mut self,
        kind: StepKind,
        detail: Option<String>,
    ) -> Result<(), Error> {
        self.set(kind, StepState::Done, detail).await
    }

    /// Changes what a running step says, without writing it: the next change of state does.
    pub(crate) fn say(&mut self, kind: StepKind, detail: String, percent: Option<u8>) {
        if let Some(step) = self.step_mut(kind) {
            step.detail = Some(detail);
        }
        self.job.percent = percent.or(self.job.percent);
        self.tell();
    }

    /// Moves along with an agent that says it is at `kind`: what comes before is done.
    pub(crate) async fn advance_to(
        &mut self,
        kind: StepKind,
        detail: Option<String>,
        percent: Option<u8>,
    ) -> Result<(), Error> {
        let Some(at) = self.job.steps.iter().position(|s| s.kind == kind) else {
            return Ok(());
        };
        let earlier: Vec<StepKind> = self.job.steps[..at]
            .iter()
            .filter(|s| {
                matches!(
                    s.state,
                    StepState::Waiting | StepState::Running | StepState::Unknown
                )
            })
            .map(|s| s.kind)
            .collect();
        for step in earlier {
            self.done(step, None).await?;
        }
        self.job.percent = percent.or(self.job.percent);
        match self.state_of(kind) {
            StepState::Waiting | StepState::Unknown => {
                self.set(kind, StepState::Running, detail).await?;
            }
            StepState::Running => {
                if let Some(detail) = detail {
                    self.say(kind, detail, percent);
                }
            }
            StepState::Done | StepState::Failed | StepState::Skipped => {}
        }
        // The agent's report is acknowledged after this.
        self.settle().await
    }

    /// Adds lines to the job's log.
    pub(crate) async fn log(&self, lines: Vec<LogLine>) -> Result<(), Error> {
        if !lines.is_empty() {
            self.goes_on(self.inner.store.append_log(self.job.id, &lines));
            self.inner.feed.tell(
                Body::Log {
                    job: self.job.id,
                    lines,
                },
                clock::now(),
            );
        }
        Ok(())
    }

    /// Adds one line of our own.
    pub(crate) async fn note(&self, level: LogLevel, text: impl Into<String>) -> Result<(), Error> {
        self.log(vec![LogLine {
            at: clock::now(),
            level,
            text: text.into(),
        }])
        .await
    }

    /// Moves the job itself, by the rules of its states.
    pub(crate) async fn start(&mut self) -> Result<(), Error> {
        if self.job.state == JobState::Waiting {
            let now = clock::now();
            self.job.state = JobState::Running;
            self.job.began_at = Some(now);
            self.inner
                .store
                .set_job(self.job.id, JobState::Running, None, now)
                .await?;
        }
        self.tell();
        Ok(())
    }

    /// Ends the job: its last step, its state and its receipt in one transaction.
    pub(crate) async fn close(&mut self, end: End) -> Result<(), Error> {
        self.settle().await?;
        let now = clock::now();
        let state = self.job.state.apply(end.event).map_err(|illegal| {
            Error::new(
                crate::Kind::Internal,
                "a job was ended in a way that its state does not allow",
            )
            .words(illegal.to_string())
        })?;
        let leftover = match end.event {
            JobEvent::Succeed => StepState::Skipped,
            JobEvent::Interrupt => StepState::Unknown,
            JobEvent::Fail | JobEvent::Skip | JobEvent::Cancel | JobEvent::Begin => {
                StepState::Failed
            }
        };
        for step in &mut self.job.steps {
            match step.state {
                StepState::Running => {
                    // A skipped or cancelled job did not fail at the step where it noticed.
                    step.state = if matches!(end.event, JobEvent::Skip | JobEvent::Cancel) {
                        StepState::Skipped
                    } else {
                        leftover
                    };
                    step.ended_at = Some(now);
                }
                StepState::Waiting => step.state = StepState::Skipped,
                StepState::Done | StepState::Failed | StepState::Skipped | StepState::Unknown => {}
            }
        }
        self.job.state = state;
        self.job.ended_at = Some(now);
        self.job.problem = end.problem;
        self.job.percent = None;
        let change = |s: &Step| StepChange {
            kind: s.kind,
            state: s.state,
            detail: s.detail.clone(),
        };
        self.inner
            .store
            .close_job(&JobEnd {
                job: self.job.id,
                state,
                problem: self.job.problem.clone(),
                steps: self.job.steps.iter().map(change).collect(),
                receipt: end.receipt,
                log: Vec::new(),
                sequence: None,
                at: now,
            })
            .await?;
        self.tell();
        Ok(())
    }

    /// When the job began.
    pub(crate) fn began_at(&self) -> Timestamp {
        self.job.began_at.unwrap_or_else(clock::now)
    }

    /// Shows the job in the drawer and at its guest.
    fn tell(&self) {
        let now = clock::now();
        self.inner.feed.tell(
            Body::Job {
                operation: self.operation,
                job: self.job.clone(),
            },
            now,
        );
        let running = self
            .job
            .steps
            .iter()
            .rev()
            .find(|s| s.state == StepState::Running);
        let activity = (!self.job.state.is_final()).then(|| Activity {
            operation: self.operation,
            step: running.map(|s| s.kind),
            percent: self.job.percent,
        });
        self.inner.state.change(|known| {
            if let Some(guest) = known.guests.get_mut(&self.job.guest) {
                let ours = guest
                    .activity
                    .as_ref()
                    .is_none_or(|a| a.operation == self.operation);
                if ours || activity.is_some() {
                    guest.activity = activity;
                }
            }
        });
        self.inner.operation_moved(self.operation, &self.job);
    }
}
