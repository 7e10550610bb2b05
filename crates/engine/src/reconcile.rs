//! After a start: every operation that was running is taken up where its journal says it stood.

use std::sync::Arc;

use domain::operation::{JobState, StepState};

use crate::{Error, inner::Inner, operations::Task};

impl Inner {
    /// Takes up what was not over. Jobs that an agent does are followed again, by the same id; jobs of our own run
    /// again from their first step, since each of their steps may be repeated.
    pub(crate) async fn reconcile(self: &Arc<Self>) -> Result<(), Error> {
        for stored in self.store.unfinished_operations().await? {
            let cancelled = stored.operation.cancelling;
            let mut tasks = Vec::with_capacity(stored.jobs.len());
            for record in stored.jobs {
                let mut job = record.job;
                if job.state == JobState::Running {
                    for step in &mut job.steps {
                        if step.state == StepState::Running {
                            // It may have happened or not; whoever takes the job up finds out.
                            step.state = StepState::Unknown;
                        }
                    }
                }
                tasks.push(Task {
                    job,
                    work: record.work,
                    console_before: record.console_before,
                });
            }
            let id = stored.operation.id;
            tracing::info!(
                operation = stored.operation.number,
                jobs = tasks.len(),
                "an operation is taken up again"
            );
            self.take_up(stored.operation, stored.plan.as_ref(), tasks);
            if cancelled && let Some(live) = self.live().get(&id) {
                live.cancel.cancel();
            }
        }
        Ok(())
    }
}
