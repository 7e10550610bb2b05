//! Waiting for the first report of a fresh agent, and what is done when it does not come: the way is looked at, and the
//! node carries the agent where it can.

use std::{net::SocketAddr, time::Duration};

use domain::{
    Timestamp,
    operation::{JobEvent, LogLevel, Problem, StepKind},
};
use reach::Reach;
use tokio_util::sync::CancellationToken;

use super::{End, Journal};
use crate::{Error, picture::Known, roads};

/// How long a fresh agent may take to report.
const LIMIT: Duration = Duration::from_secs(120);
/// After so much silence the way is looked at; an agent that is not kept back reports within a second.
const UNEASY: Duration = Duration::from_secs(8);

/// What was told to the agent, and by which road.
pub(super) struct Told<'a> {
    pub(super) road: &'a Reach,
    pub(super) endpoints: &'a [SocketAddr],
    /// Whether the guest has a route to anywhere; none where that is not known.
    pub(super) routed: Option<bool>,
    /// When its service was set up.
    pub(super) began: Timestamp,
}

impl Journal {
    /// Waits for the agent's first report and gives the version that it told.
    pub(super) async fn first_report(
        &mut self,
        told: &Told<'_>,
        cancel: &CancellationToken,
    ) -> Result<Result<String, End>, Error> {
        self.begin(StepKind::CheckIn).await?;
        let inner = self.inner.clone();
        let (guest, name, began) = (self.job.guest, self.job.name.clone(), told.began);
        let reported = move |known: &Known| {
            let agent = known.guests.get(&guest)?.agent.as_ref()?;
            (agent.record.enrolled_at.since(began) >= 0 && agent.polling)
                .then(|| (agent.record.version.clone(), agent.via.clone()))
        };
        let cancelled = || {
            End::with(
                JobEvent::Cancel,
                Problem {
                    what: format!("Cancelled while the agent of {name} was waited for"),
                    words: None,
                    next: None,
                },
            )
        };
        let patience = match told.routed {
            Some(false) => Duration::ZERO,
            Some(true) | None => UNEASY,
        };
        let mut version = tokio::select! {
            version = inner.state.until(patience, &reported) => version,
            () = cancel.cancelled() => return Ok(Err(cancelled())),
        };
        let mut problem = None;
        if version.is_none() {
            problem = inner.way_problem(guest).await;
            if let (Some(found), Reach::Ssh(_)) = (&problem, told.road) {
                self.note(LogLevel::Warning, found.what.clone()).await?;
                self.note(
                    LogLevel::Info,
                    format!(
                        "the agent is spoken to {} from now on",
                        roads::in_words(told.road)
                    ),
                )
                .await?;
                inner.carry(guest, None);
            }
            version = tokio::select! {
                version = inner.state.until(LIMIT, &reported) => version,
                () = cancel.cancelled() => return Ok(Err(cancelled())),
            };
        }
        let Some((version, via)) = version else {
            let list: Vec<String> = told.endpoints.iter().map(ToString::to_string).collect();
            let silent = format!(
                "The agent was installed in {name}, but has not reported within two minutes"
            );
            let problem = match problem {
                Some(found) => Problem {
                    what: format!("{silent}: {}", found.what),
                    ..found
                },
                None => Problem {
                    what: silent,
                    words: Some(format!("it was told to call {}", list.join(", "))),
                    next: Some("`redflag-agent status` inside the LXC says what it tries, `redflag-agent check` which address answers.".into()),
                },
            };
            return Ok(Err(End::with(JobEvent::Fail, problem)));
        };
        let way = via.map_or(String::new(), |node| format!(", via {node}"));
        self.done(StepKind::CheckIn, Some(format!("version {version}{way}")))
            .await?;
        Ok(Ok(version))
    }
}
