//! Putting an agent into one guest. Every step may be repeated, so a job that was cut off simply runs again; what it
//! changed about the guest for that (power, console) is taken back whatever becomes of it.

use std::time::Duration;

use domain::{
    ClusterId, Timestamp,
    fleet::Power,
    operation::{JobEvent, LogLevel, OperationKind, Problem, StepKind, StepState},
    plan::PlannedWork,
};
use reach::{ConsoleTrouble, GuestProbe, Reach, ReachError};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    End, Journal,
    fitness::{another_owner, belongs_to_another, unfit},
    install::{because, cancelled, failed, put_in},
    patience::{outlast, patiently},
    scope,
};
use crate::{Error, clock, picture::Known, visit::fingerprint_of_pem};

/// How long a guest may take to boot before it is treated as it is.
const BOOT: Duration = Duration::from_secs(60);
/// Between two looks at one that boots.
const LOOK: Duration = Duration::from_millis(500);
/// How long an agent may take to call again after the desktop was away: its pause grows meanwhile.
const RETURN: Duration = Duration::from_secs(30);

/// What the plan allows for this guest.
#[derive(Clone, Copy, Debug, Default)]
struct Leave {
    start: bool,
    take_over: bool,
    shell: bool,
}

/// What the check found out.
struct Ground {
    /// The desktop knows an agent of its own in the guest.
    ours: bool,
    /// The job was done but for its last steps when it was cut off: its agent is there and answers.
    already: bool,
    stopped: bool,
    cluster: ClusterId,
}

/// Runs the job to its end and closes it.
pub(crate) async fn run(
    journal: &mut Journal,
    work: Option<&PlannedWork>,
    resumed: bool,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let leave = match work {
        Some(PlannedWork::Enrol {
            start,
            take_over,
            shell,
            ..
        }) => Leave {
            start: *start,
            take_over: *take_over,
            shell: *shell,
        },
        _ => Leave::default(),
    };
    if resumed {
        journal.settle().await?;
    }
    let outcome = match journal.verdict(cancel) {
        Some(verdict) => Ok(verdict),
        None => steps(journal, leave, cancel).await,
    };
    match outcome {
        Ok(outcome) => {
            let end = outcome.err().unwrap_or_else(End::success);
            let end = take_back(journal, leave, end).await?;
            journal.close(end).await
        }
        // RedFlag itself failed. What was changed is taken back all the same, if that can be done.
        Err(error) => {
            let end = failed(error.problem.clone());
            let end = take_back(journal, leave, end).await?;
            Err(Error {
                problem: end.problem.unwrap_or(error.problem),
                ..error
            })
        }
    }
}

/// Stops what was started for the job, and sets the console back that was changed for it.
async fn take_back(journal: &mut Journal, leave: Leave, end: End) -> Result<End, Error> {
    let started = leave.start && journal.was_started();
    if !started && journal.console_before.is_none() {
        return Ok(end);
    }
    if let Some(problem) = &end.problem {
        journal.note_verdict(problem).await?;
    }
    let mut end = end;
    if started && let Err(problem) = journal.stop_guest().await? {
        match end.event {
            JobEvent::Succeed => end = failed(problem),
            _ => journal.note(LogLevel::Warning, problem.what).await?,
        }
    }
    if let Err(problem) = journal.close_console().await? {
        end = end.left_behind(problem);
    }
    Ok(end)
}

impl Journal {
    /// How the job ended before the program was killed over what was left to be taken back.
    fn verdict(&self, cancel: &CancellationToken) -> Option<Result<(), End>> {
        if let Some(problem) = &self.job.problem {
            let event = match cancel.is_cancelled() {
                true => JobEvent::Cancel,
                false => JobEvent::Fail,
            };
            return Some(Err(End::with(event, problem.clone())));
        }
        (self.state_of(StepKind::CleanUp) == StepState::Done).then_some(Ok(()))
    }

    /// Whether the guest may stand still by the job's own doing.
    fn may_have_stopped_it(&self) -> bool {
        self.console_before.is_some() && self.has_begun(StepKind::RestartGuest)
    }
}

/// Whether the guest can be treated now; the obstacle where not.
async fn check(journal: &mut Journal, leave: Leave) -> Result<Ground, String> {
    let guest = journal.job.guest;
    let began = journal.began_at();
    let inner = journal.inner.clone();
    inner.ask_status(guest).await;
    let already = calls(journal, began).await;
    let startable = leave.start || journal.may_have_stopped_it();
    inner.state.read(|known| {
        let known_guest = known
            .guests
            .get(&guest)
            .ok_or_else(|| "it is not there any more".to_owned())?;
        let now = clock::now();
        let obstacle = scope::obstacle(known, known_guest, OperationKind::Enrol, now);
        let stopped = startable && obstacle.as_deref() == Some(scope::NOT_RUNNING);
        match obstacle {
            Some(why) if !(already || stopped) => Err(why),
            Some(_) | None => Ok(Ground {
                ours: known_guest.agent.is_some(),
                already,
                stopped,
                cluster: known_guest.record.cluster,
            }),
        }
    })
}

/// Whether an agent that enrolled since `began`, in an earlier life of the program, has called with its certificate. That
/// it was admitted says nothing: the answer may have been lost with the program, and its code with it.
async fn calls(journal: &Journal, began: Timestamp) -> bool {
    let guest = journal.job.guest;
    let admitted = move |known: &Known| {
        let guest = known.guests.get(&guest)?;
        let agent = guest.agent.as_ref()?;
        let since = agent.record.enrolled_at >= began && guest.record.power == Power::Running;
        since.then_some(agent.record.last_seen.is_some())
    };
    let state = &journal.inner.state;
    if state.read(admitted).is_none() {
        return false;
    }
    let called = |known: &Known| admitted(known).filter(|called| *called);
    state.until(RETURN, called).await.is_some()
}

async fn steps(
    journal: &mut Journal,
    leave: Leave,
    cancel: &CancellationToken,
) -> Result<Result<(), End>, Error> {
    let inner = journal.inner.clone();
    journal.begin(StepKind::Check).await?;
    outlast(journal, cancel).await;
    let ground = match check(journal, leave).await {
        Ok(ground) => ground,
        Err(why) => {
            return Ok(Err(End::with(
                JobEvent::Skip,
                Problem {
                    what: format!("{}: {why}", journal.job.name),
                    words: None,
                    next: None,
                },
            )));
        }
    };
    let road = match inner.road_to(journal.job.guest).await {
        Ok(road) => road,
        Err(error) => return Ok(Err(failed(error.problem))),
    };
    if let Err(end) = open(journal, leave, &road, ground.stopped, cancel).await? {
        return Ok(Err(end));
    }
    let inside = inside(journal, leave, &road, &ground, cancel).await?;
    let cleaned = journal.has_begun(StepKind::CleanUp);
    if inside.is_err() && journal.has_begun(StepKind::Copy) && !cleaned {
        // Nothing of a failed installation may stay, least of all its code.
        if let Err(end) = clean(journal, &road, cancel).await? {
            let error = end.problem.map_or_else(String::new, |problem| problem.what);
            let text = format!("cleaning up after it failed: {error}");
            journal.note(LogLevel::Warning, text).await?;
        }
    }
    Ok(inside)
}

/// Brings the guest into a state in which it can be entered: running, and with a shell on its console if that is the
/// road.
async fn open(
    journal: &mut Journal,
    leave: Leave,
    road: &Reach,
    stopped: bool,
    cancel: &CancellationToken,
) -> Result<Result<(), End>, Error> {
    let console = leave.shell && matches!(road, Reach::Console(_));
    if console {
        if let Err(end) = journal.open_console().await? {
            return Ok(Err(end));
        }
    } else {
        journal.leave_console().await?;
    }
    if stopped && leave.start {
        if let Err(problem) = journal.start_guest().await? {
            return Ok(Err(failed(problem)));
        }
    } else if journal.state_of(StepKind::Start) == StepState::Waiting {
        // It runs already, so it is none of ours to stop.
        journal
            .pass_over(&[StepKind::Start, StepKind::Stop])
            .await?;
    } else if journal.state_of(StepKind::Start) == StepState::Unknown {
        journal.done(StepKind::Start, None).await?;
    }
    if console && !cancel.is_cancelled() {
        return journal.enter_shell().await;
    }
    Ok(Ok(()))
}

/// Everything that is done inside the guest.
async fn inside(
    journal: &mut Journal,
    leave: Leave,
    road: &Reach,
    ground: &Ground,
    cancel: &CancellationToken,
) -> Result<Result<(), End>, Error> {
    let inner = journal.inner.clone();
    let (vmid, name) = (journal.job.vmid, journal.job.name.clone());
    if cancel.is_cancelled() {
        return Ok(Err(cancelled(&name)));
    }
    if !ground.already {
        let binary = match inner.agent_binary() {
            Ok(binary) => binary,
            Err(error) => return Ok(Err(failed(error.problem))),
        };
        let authority = fingerprint_of_pem(inner.ca()?.certificate_pem());
        let probe = match probe_when_up(journal, road, cancel).await? {
            Ok(probe) => probe,
            Err(error) => return Ok(Err(because(&error))),
        };
        if let Some(why) = unfit(&name, &probe, journal.console_before.is_some()) {
            return Ok(Err(failed(why)));
        }
        if let Some(owner) = another_owner(&probe, authority, ground.ours) {
            if !leave.take_over {
                return Ok(Err(failed(belongs_to_another(journal, owner))));
            }
            let text = "the agent of another RedFlag is taken out first, as the plan says";
            journal.note(LogLevel::Warning, text).await?;
            if let Err(error) = patiently(journal, cancel, || road.remove(vmid)).await? {
                return Ok(Err(because(&error)));
            }
        }
        let os = probe.os.clone().unwrap_or_else(|| "unknown system".into());
        journal
            .done(StepKind::Check, Some(format!("{os}, {}", probe.arch)))
            .await?;
        let placed = put_in(
            journal,
            road,
            &binary,
            ground.cluster,
            probe.has_route,
            cancel,
        );
        if let Err(end) = placed.await? {
            return Ok(Err(end));
        }
    }
    journal
        .advance_to(StepKind::CleanUp, None, Some(95))
        .await?;
    if let Err(end) = clean(journal, road, cancel).await? {
        return Ok(Err(end));
    }
    journal.done(StepKind::CleanUp, None).await?;
    Ok(Ok(()))
}

/// Removes what only the installation needed, or all of a failed one. A console is not entered while its guest is
/// locked, and what was begun there is not left lying for that.
async fn clean(
    journal: &mut Journal,
    road: &Reach,
    cancel: &CancellationToken,
) -> Result<Result<(), End>, Error> {
    let vmid = journal.job.vmid;
    loop {
        match patiently(journal, cancel, || road.clean(vmid)).await? {
            Ok(()) => return Ok(Ok(())),
            Err(ReachError::Console {
                trouble: ConsoleTrouble::Locked { .. },
                ..
            }) => {
                if let Err(error) = journal.until_unlocked(StepKind::CleanUp).await {
                    return Ok(Err(failed(error.problem)));
                }
                sleep(LOOK).await;
            }
            Err(error) => return Ok(Err(because(&error))),
        }
    }
}

/// Looks what the guest is, once it has booted: before that it takes no service.
async fn probe_when_up(
    journal: &Journal,
    road: &Reach,
    cancel: &CancellationToken,
) -> Result<Result<GuestProbe, ReachError>, Error> {
    let vmid = journal.job.vmid;
    let deadline = Instant::now() + BOOT;
    loop {
        let probed = patiently(journal, cancel, || road.probe(vmid)).await?;
        let booting = probed.as_ref().is_ok_and(|probe| probe.booting);
        if !booting || Instant::now() > deadline || cancel.is_cancelled() {
            return Ok(probed);
        }
        sleep(LOOK).await;
    }
}
