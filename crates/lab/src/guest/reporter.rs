//! Tells the desktop how a job goes, and keeps telling until the end is acknowledged.

use std::{sync::Arc, time::Duration};

use domain::{
    JobId, Timestamp,
    operation::{LogLevel, LogLine, StepKind},
};
use hyper::Method;
use tokio::sync::Notify;
use wire::{JobAcknowledgement, JobReport, Outcome, RefusalCode, path};

use super::{agent::Inside, line::Failed};
use crate::world::millis;

const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Where a job writes what it does. What is not sent yet lies on the agent's disk.
#[derive(Clone)]
pub(super) struct Reporter {
    inside: Inside,
    id: JobId,
    news: Arc<Notify>,
}

impl Reporter {
    pub(super) fn new(inside: &Inside, id: JobId) -> Self {
        Self {
            inside: inside.clone(),
            id,
            news: Arc::new(Notify::new()),
        }
    }

    fn add(&self, act: impl FnOnce(&mut JobReport)) {
        self.inside.job(self.id, |job| {
            let sequence = job.sequence;
            let report = job.unsent.get_or_insert_with(|| JobReport {
                sequence,
                step: StepKind::Check,
                detail: None,
                percent: None,
                log: Vec::new(),
                outcome: None,
            });
            act(report);
            job.outcome.clone_from(&report.outcome);
        });
        self.news.notify_one();
    }

    /// The job is at this step; `percent` counts over the whole job.
    pub(super) fn step(&self, step: StepKind, detail: Option<String>, percent: Option<u8>) {
        self.add(|r| {
            r.step = step;
            r.detail = detail;
            r.percent = percent;
        });
    }

    pub(super) fn line(&self, level: LogLevel, text: impl Into<String>) {
        let line = LogLine {
            at: Timestamp(millis()),
            level,
            text: text.into(),
        };
        self.add(|r| r.log.push(line));
    }

    pub(super) fn lines(&self, lines: impl IntoIterator<Item = String>) {
        for text in lines {
            self.line(LogLevel::Output, text);
        }
    }

    /// The end of the job.
    pub(super) fn end(&self, outcome: Outcome) {
        self.add(|r| r.outcome = Some(outcome));
    }

    /// Whether the desktop wants it stopped at the next safe point.
    pub(super) fn cancelled(&self) -> bool {
        self.inside
            .look_job(self.id, |j| j.cancelled)
            .unwrap_or(false)
    }

    /// Sends reports until the one with the outcome is acknowledged or the desktop does not know the job.
    pub(super) async fn deliver(&self) {
        let mut line = None;
        let mut pause = PAUSE;
        // The last step stands in every report until another is reached.
        let mut last_step = StepKind::Check;
        loop {
            let Some(report) = self.next(&mut last_step) else {
                if self.inside.look_job(self.id, |_| ()).is_none() {
                    return;
                }
                self.news.notified().await;
                continue;
            };
            loop {
                match self.send(&mut line, &report).await {
                    Ok(acknowledged) => {
                        pause = PAUSE;
                        if acknowledged.cancel {
                            self.inside.job(self.id, |j| j.cancelled = true);
                        }
                        break;
                    }
                    Err(Failed::Refused(refusal)) if refusal.code == RefusalCode::NotFound => {
                        self.forget();
                        return;
                    }
                    Err(_) => {
                        line = None;
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
            if report.outcome.is_some() {
                self.forget();
                return;
            }
        }
    }

    /// Takes what has gathered as the next report; it is sent with the same number until acknowledged.
    fn next(&self, last_step: &mut StepKind) -> Option<JobReport> {
        // Looking first: a change wakes everyone who waits for one.
        if self.inside.look_job(self.id, |j| j.unsent.is_none()) != Some(false) {
            return None;
        }
        self.inside
            .job(self.id, |job| {
                let mut report = job.unsent.take()?;
                job.sequence += 1;
                report.sequence = job.sequence;
                if report.step == StepKind::Check {
                    report.step = *last_step;
                }
                *last_step = report.step;
                Some(report)
            })
            .flatten()
    }

    async fn send(
        &self,
        line: &mut Option<super::line::Line>,
        report: &JobReport,
    ) -> Result<JobAcknowledgement, Failed> {
        let open = match line {
            Some(open) => open,
            None => line.insert(self.inside.line().map_err(Failed::Lost)?),
        };
        if matches!(
            &report.outcome,
            Some(Outcome::Scanned { .. } | Outcome::Applied { .. })
        ) {
            super::agent::send_inventory(&self.inside, open).await?;
        }
        let path = format!("{}/{}", path::JOBS, self.id);
        open.call(Method::PUT, &path, report, Duration::ZERO).await
    }

    fn forget(&self) {
        self.inside.agent(|a| a.jobs.remove(&self.id));
    }
}
