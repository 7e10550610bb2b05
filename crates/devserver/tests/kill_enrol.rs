//! The program is killed (SIGKILL) at every step of an enrolment and started again on the same folder: each time the
//! guest must end with an agent, its console and its power as they were, and nothing else left inside. Over SSH, with a
//! guest that is started for it, and over a console that is made a shell for it.

mod enrolment;
mod program;

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use domain::operation::{JobState, StepKind};
use enrolment::{Round, Way, When, allow_consoles, kills, over, slow, whole};
use lab::{Lab, Options, Scenario, world::Guest};
use program::{Program, add_cluster, begin, guest, open_nodes};

/// Makes a step last that would be over in a moment.
fn stretch(lab: &Lab, label: &str, vmid: u32, step: StepKind) -> Result<()> {
    match step {
        StepKind::Check => slow(lab, "GET", "/status/current"),
        StepKind::OpenConsole | StepKind::CloseConsole => slow(lab, "PUT", "/config"),
        StepKind::CheckIn => lab.silence_agent(label, vmid, true)?,
        _ => {}
    }
    Ok(())
}

fn inside(lab: &Lab, label: &str, vmid: u32) -> Result<Guest> {
    let found = lab.world().read(|w| w.guest(label, vmid).cloned());
    found.context("the guest")
}

/// Everything about the guest is as it was, but for its agent.
async fn as_before(lab: &Lab, label: &str, before: &Guest) -> Result<()> {
    let now = inside(lab, label, before.vmid)?;
    ensure!(
        now.console.mode == before.console.mode && now.pending == before.pending,
        "the console is {:?}, and {:?} waits",
        now.console.mode,
        now.pending
    );
    ensure!(now.running() == before.running(), "its power is another");
    let files: Vec<&String> = now.machine.files.keys().collect();
    ensure!(
        files == ["/usr/local/bin/redflag-agent"] && now.machine.enrolled(),
        "inside there are {files:?} and {:?}",
        now.machine.agent
    );
    lab.world()
        .until(|w| {
            w.guest(label, before.vmid)
                .is_some_and(|g| g.console.begun == g.console.ended)
        })
        .await;
    Ok(())
}

/// One round: kill, start again, look into the guest.
async fn round(way: Way, step: StepKind, when: When) -> Result<Round> {
    let options = Options {
        ssh: true,
        task_time: Duration::from_millis(400),
        ..Options::quick()
    };
    let lab = Lab::start(Scenario::demo(), options).await?;
    let label = allow_consoles(&lab)?;
    let (name, vmid) = match way {
        Way::Ssh | Way::Console => ("mariadb", 201),
        Way::Started => ("ubuntu-dev", 102),
    };
    let before = inside(&lab, &label, vmid)?;
    let folder = tempfile::tempdir()?;
    let gateway = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let agent = folder.path().join("agent-for-tests");
    std::fs::write(
        &agent,
        b"\x7fELF stands for the agent; simulated guests run none",
    )?;
    let start = |folder: &Path| Program::start(folder, &agent, gateway);
    let program = start(folder.path())?;
    let facts = &lab.facts().clusters[0];
    let cluster = add_cluster(&program, facts).await?;
    if way != Way::Console {
        open_nodes(&program, &cluster, facts).await?;
    }
    let id = guest(&program, name).await?;
    if when == When::Begun {
        stretch(&lab, &label, vmid, step)?;
    }
    let enrol = begin(&program, "enrol", &id, way.allowed()).await?;
    let come = |job: &_| when.come(job, step);
    let stood = program.until(&enrol, &format!("{step:?}"), come).await?;
    program.kill()?;

    lab.faults().clear();
    lab.silence_agent(&label, vmid, false)?;
    let program = start(folder.path())?;
    let mut job = over(&program, &enrol).await?;
    let again = job.state != JobState::Succeeded;
    if again {
        eprintln!("{way:?}, killed at {step:?}: {:?}", job.problem);
        let retry = begin(&program, "enrol", &id, way.allowed()).await?;
        job = over(&program, &retry).await?;
    }
    ensure!(job.state == JobState::Succeeded, "{:?}", job.problem);
    as_before(&lab, &label, &before).await?;
    program.kill()?;
    lab.stop().await;
    Ok((stood, again))
}

/// The whole loop where everything is tested, else a step or two.
async fn as_much_as_is_asked(way: Way, few: &[StepKind]) -> Result<()> {
    let kill = |step, when| round(way, step, when);
    match whole() {
        true => kills(way, &way.steps(), &[When::Begun, When::Ended], kill).await,
        false => kills(way, few, &[When::Begun], kill).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enrolment_over_ssh_that_was_killed_ends_with_an_agent() -> Result<()> {
    as_much_as_is_asked(Way::Ssh, &[StepKind::Install]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_was_started_is_stopped_again_by_the_next_life_of_the_program() -> Result<()> {
    as_much_as_is_asked(Way::Started, &[StepKind::Start, StepKind::Stop]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_is_set_back_by_the_next_life_of_the_program() -> Result<()> {
    let few = [StepKind::RestartGuest, StepKind::CloseConsole];
    as_much_as_is_asked(Way::Console, &few).await
}
