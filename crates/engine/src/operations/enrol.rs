//! Putting an agent into one guest. Every step may be repeated, so a job that was cut off simply runs again.

use std::time::Duration;

use domain::{
    operation::{JobEvent, LogLevel, LogLine, OperationKind, Problem, StepKind, StepState},
    plan::PlannedWork,
};
use reach::{Reach, ReachError};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use wire::Bootstrap;

use super::{
    End, Journal,
    fitness::{another_owner, belongs_to_another, unfit},
    patience::{outlast, patiently},
    scope,
};
use crate::{
    Error, Kind,
    agent_file::AgentBinary,
    clock,
    picture::{Guest, Known},
    visit::fingerprint_of_pem,
};

/// How long a fresh agent may take to report.
const CHECK_IN_LIMIT: Duration = Duration::from_secs(120);

/// What the plan allows for this guest.
#[derive(Clone, Copy, Debug, Default)]
struct Leave {
    start: bool,
    take_over: bool,
}

/// Runs the job to its end and closes it.
pub(crate) async fn run(
    journal: &mut Journal,
    work: Option<&PlannedWork>,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let leave = match work {
        Some(PlannedWork::Enrol {
            start, take_over, ..
        }) => Leave {
            start: *start,
            take_over: *take_over,
        },
        _ => Leave::default(),
    };
    let end = match steps(journal, leave, cancel).await? {
        Ok(()) => End::success(),
        Err(end) => end,
    };
    // Whatever became of it: what was started for the job is stopped again.
    let end = if leave.start && journal.was_started() {
        match journal.stop_guest().await? {
            Ok(()) => end,
            Err(problem) => match end.event {
                JobEvent::Succeed => End::with(JobEvent::Fail, problem),
                _ => {
                    journal.note(LogLevel::Warning, problem.what).await?;
                    end
                }
            },
        }
    } else {
        end
    };
    journal.close(end).await
}

fn failed(problem: Problem) -> End {
    End::with(JobEvent::Fail, problem)
}

fn because(error: &ReachError) -> End {
    failed(error.problem())
}

pub(super) fn problem(what: String, words: Option<String>, next: &str) -> Problem {
    Problem {
        what,
        words,
        next: Some(next.into()),
    }
}

async fn steps(
    journal: &mut Journal,
    leave: Leave,
    cancel: &CancellationToken,
) -> Result<Result<(), End>, Error> {
    let inner = journal.inner.clone();
    let (guest, vmid, name) = (
        journal.job.guest,
        journal.job.vmid,
        journal.job.name.clone(),
    );
    let began = journal.began_at();

    // A job that is taken up again may have been done but for its last steps.
    let already = inner.state.read(|known| {
        let agent = known.guests.get(&guest)?.agent.as_ref()?;
        (agent.record.enrolled_at >= began && agent.is_online(clock::now())).then_some(())
    });
    journal.begin(StepKind::Check).await?;
    outlast(journal, cancel).await;
    inner.ask_status(guest).await;
    let ready = inner.state.read(|known| {
        let known_guest = known
            .guests
            .get(&guest)
            .ok_or_else(|| "it is not there any more".to_owned())?;
        match scope::obstacle(known, known_guest, OperationKind::Enrol, clock::now()) {
            Some(why) if why == scope::NOT_RUNNING && leave.start => Ok((
                known_guest.agent.is_some(),
                address_of(known, known_guest),
                true,
            )),
            Some(why) if already.is_none() => Err(why),
            Some(_) | None => Ok((
                known_guest.agent.is_some(),
                address_of(known, known_guest),
                false,
            )),
        }
    });
    let (ours, cluster_address, stopped) = match ready {
        Ok(ready) => ready,
        Err(why) => {
            return Ok(Err(End::with(
                JobEvent::Skip,
                Problem {
                    what: format!("{name}: {why}"),
                    words: None,
                    next: None,
                },
            )));
        }
    };
    let node = match inner.road_to(guest).await {
        Ok(node) => node,
        Err(error) => return Ok(Err(failed(error.problem))),
    };
    let binary = match inner.agent_binary() {
        Ok(binary) => binary,
        Err(error) => return Ok(Err(failed(error.problem))),
    };
    let authority = fingerprint_of_pem(inner.ca()?.certificate_pem());
    if stopped {
        if let Err(problem) = journal.start_guest().await? {
            return Ok(Err(failed(problem)));
        }
    } else if journal.state_of(StepKind::Start) == StepState::Waiting {
        // It runs already, so it is none of ours to stop.
        for step in [StepKind::Start, StepKind::Stop] {
            journal.set(step, StepState::Skipped, None).await?;
        }
    }
    if already.is_none() {
        match patiently(journal, cancel, || node.probe(vmid)).await? {
            Err(error) => return Ok(Err(because(&error))),
            Ok(probe) => {
                if let Some(why) = unfit(&name, &probe) {
                    return Ok(Err(failed(why)));
                }
                if let Some(owner) = another_owner(&probe, authority, ours) {
                    if !leave.take_over {
                        return Ok(Err(failed(belongs_to_another(journal, owner))));
                    }
                    journal
                        .note(
                            LogLevel::Warning,
                            "the agent of another RedFlag is taken out first, as the plan says",
                        )
                        .await?;
                    if let Err(error) = patiently(journal, cancel, || node.remove(vmid)).await? {
                        return Ok(Err(because(&error)));
                    }
                }
                let os = probe.os.clone().unwrap_or_else(|| "unknown system".into());
                journal
                    .done(StepKind::Check, Some(format!("{os}, {}", probe.arch)))
                    .await?;
            }
        }
        if let Err(end) =
            put_in(journal, &node, &binary, cluster_address.as_deref(), cancel).await?
        {
            // Nothing of a failed installation may stay, least of all its code.
            if let Err(error) = node.clean(vmid).await {
                journal
                    .note(
                        LogLevel::Warning,
                        format!("cleaning up after it failed: {error}"),
                    )
                    .await?;
            }
            return Ok(Err(end));
        }
    }
    journal
        .advance_to(StepKind::CleanUp, None, Some(95))
        .await?;
    match patiently(journal, cancel, || node.clean(vmid)).await? {
        Ok(()) => journal.done(StepKind::CleanUp, None).await?,
        Err(error) => return Ok(Err(because(&error))),
    }
    Ok(Ok(()))
}

/// Copy, configuration, installation, first report.
async fn put_in(
    journal: &mut Journal,
    node: &Reach,
    binary: &AgentBinary,
    cluster_address: Option<&str>,
    cancel: &CancellationToken,
) -> Result<Result<(), End>, Error> {
    let inner = journal.inner.clone();
    let (guest, vmid, name) = (
        journal.job.guest,
        journal.job.vmid,
        journal.job.name.clone(),
    );
    let cancelled = |name: &str| {
        End::with(
            JobEvent::Cancel,
            Problem {
                what: format!("Cancelled while the agent was put into {name}"),
                words: None,
                next: None,
            },
        )
    };

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
    let endpoints = inner.endpoints(cluster_address);
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

    journal.begin(StepKind::CheckIn).await?;
    let reported = inner.state.until(CHECK_IN_LIMIT, |known| {
        let agent = known.guests.get(&guest)?.agent.as_ref()?;
        (agent.record.enrolled_at.since(began) >= 0 && agent.polling)
            .then(|| agent.record.version.clone())
    });
    let version = tokio::select! {
        version = reported => version,
        () = cancel.cancelled() => return Ok(Err(cancelled(&name))),
    };
    let Some(version) = version else {
        let list: Vec<String> = endpoints.iter().map(ToString::to_string).collect();
        return Ok(Err(failed(problem(
            format!("The agent was installed in {name}, but has not reported within two minutes"),
            Some(format!("it was told to call {}", list.join(", "))),
            "Look whether a firewall or a VLAN keeps the LXC from reaching this computer on that port; `redflag-agent status` inside the LXC says what it tries.",
        ))));
    };
    journal
        .done(StepKind::CheckIn, Some(format!("version {version}")))
        .await?;
    Ok(Ok(()))
}

fn address_of(known: &Known, guest: &Guest) -> Option<String> {
    let cluster = known.clusters.get(&guest.record.cluster)?;
    cluster.record.addresses.first().cloned()
}
