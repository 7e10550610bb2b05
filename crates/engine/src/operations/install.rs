//! The agent itself into a guest that can be entered: copied, configured, installed, heard. Whoever is cut off begins
//! again: each may be repeated.

use domain::{
    ClusterId,
    operation::{JobEvent, LogLevel, LogLine, Problem, StepKind},
};
use reach::{Reach, ReachError};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use wire::Bootstrap;

use super::{End, Journal, patience::patiently, report::Told};
use crate::{Error, Kind, agent_file::AgentBinary, clock};

pub(super) fn failed(problem: Problem) -> End {
    End::with(JobEvent::Fail, problem)
}

pub(super) fn because(error: &ReachError) -> End {
    failed(error.problem())
}

pub(super) fn problem(what: String, words: Option<String>, next: &str) -> Problem {
    Problem {
        what,
        words,
        next: Some(next.into()),
    }
}

/// The user has had enough.
pub(super) fn cancelled(name: &str) -> End {
    End::with(
        JobEvent::Cancel,
        Problem {
            what: format!("Cancelled while the agent was put into {name}"),
            words: None,
            next: None,
        },
    )
}

/// Copy, configuration, installation, first report.
pub(super) async fn put_in(
    journal: &mut Journal,
    node: &Reach,
    binary: &AgentBinary,
    cluster: ClusterId,
    routed: Option<bool>,
    cancel: &CancellationToken,
) -> Result<Result<(), End>, Error> {
    let inner = journal.inner.clone();
    let (guest, vmid, name) = (
        journal.job.guest,
        journal.job.vmid,
        journal.job.name.clone(),
    );

    journal
        .note(
            LogLevel::Info,
            format!("entering {name} {}", crate::roads::in_words(node)),
        )
        .await?;
    journal.begin(StepKind::Copy).await?;
    let copied = patiently(journal, cancel, || {
        node.copy(vmid, binary.bytes.clone(), binary.sha256)
    });
    if let Err(error) = copied.await? {
        return Ok(Err(because(&error)));
    }
    journal
        .done(
            StepKind::Copy,
            Some(format!("{:.1} MB, SHA-256 equal", binary.megabytes())),
        )
        .await?;
    if cancel.is_cancelled() {
        return Ok(Err(cancelled(&name)));
    }

    journal
        .note(
            LogLevel::Info,
            "the agent's binary is in place, its SHA-256 is the same inside",
        )
        .await?;
    journal.begin(StepKind::Configure).await?;
    let endpoints = inner.endpoints_of_cluster(cluster);
    if endpoints.is_empty() {
        return Ok(Err(failed(problem(
            "This computer has no address that an LXC could reach".into(),
            None,
            "Connect it to the network of the cluster, then try again.",
        ))));
    }
    let ca_pem = inner.ca()?.certificate_pem().to_owned();
    let code = inner.codes.issue(guest, clock::random()?, clock::now());
    let bootstrap = Bootstrap {
        endpoints: endpoints.clone(),
        ca_pem,
        server_name: inner.server_name()?,
        code,
    };
    let text = serde_json::to_string(&bootstrap).map_err(|e| {
        Error::new(
            Kind::Internal,
            "The agent's configuration could not be written",
        )
        .words(e.to_string())
    })?;
    let text = SecretString::from(text);
    let configured = patiently(journal, cancel, || node.configure(vmid, text.clone()));
    if let Err(error) = configured.await? {
        return Ok(Err(because(&error)));
    }
    journal.done(StepKind::Configure, None).await?;

    journal.begin(StepKind::Install).await?;
    let began = clock::now();
    match patiently(journal, cancel, || node.install(vmid)).await? {
        Err(error) => return Ok(Err(because(&error))),
        Ok(words) => {
            let at = clock::now();
            let line = |text: &str| LogLine {
                at,
                level: LogLevel::Output,
                text: text.to_owned(),
            };
            journal.log(words.lines().map(line).collect()).await?;
        }
    }
    journal.done(StepKind::Install, None).await?;

    let told = Told {
        road: node,
        endpoints: &endpoints,
        routed,
        began,
    };
    let reported = journal.first_report(&told, cancel).await?;
    Ok(reported.map(drop))
}
