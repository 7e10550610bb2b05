//! The program is killed (SIGKILL) at every step of an update job and started again on the same folder: each time the
//! job must end in one receipt that says what really happened inside the guest.

mod program;

use std::time::Duration;

use anyhow::{Context, Result};
use domain::operation::{JobState, OperationKind, Receipt, StepKind, StepState};
use lab::{Fault, Lab, Options, Rule, Scenario, Where};
use program::{Program, set_up};
use serde_json::json;

const CLUSTER: usize = 0;
const GUEST: &str = "nextcloud";
const VMID: u32 = 200;

/// Versions inside the guest, by package.
fn installed(lab: &Lab) -> Result<Vec<(String, String)>> {
    let mut versions = Vec::new();
    let label = lab.world().read(|w| w.clusters[CLUSTER].label.clone());
    lab.guest(&label, VMID, |guest| {
        versions = guest
            .machine
            .packages
            .iter()
            .map(|(name, p)| (name.clone(), p.version.clone()))
            .collect();
    })?;
    Ok(versions)
}

/// One round: kill at `step`, start again, read the receipt. Returns what the journal held when the program died.
async fn round(step: StepKind) -> Result<StepState> {
    let options = Options {
        ssh: true,
        pace: Duration::from_millis(150),
        ..Options::quick()
    };
    let lab = Lab::start(Scenario::demo(), options).await?;
    let label = lab.world().read(|w| w.clusters[CLUSTER].label.clone());
    let folder = tempfile::tempdir()?;
    let gateway = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let agent = folder.path().join("agent-for-tests");
    std::fs::write(
        &agent,
        b"\x7fELF stands for the agent; simulated guests run none",
    )?;
    let program = Program::start(folder.path(), &agent, gateway)?;
    let guest = set_up(&program, &lab.facts().clusters[CLUSTER], GUEST).await?;
    let before = installed(&lab)?;
    let plan = program
        .call("make_plan", json!({ "kind": "update", "targets": [{ "kind": "guest", "guest": guest }], "only": { "kind": "all" } }))
        .await?;
    // These two steps are over in a moment unless what they wait for is slow.
    match step {
        StepKind::Check => {
            let slow = Where {
                path: Some("/status/current".into()),
                ..Where::default()
            };
            lab.faults()
                .add(Rule::always(Fault::Delay(Duration::from_secs(2))).at(slow));
        }
        StepKind::Send => lab.silence_agent(&label, VMID, true)?,
        _ => {}
    }
    let approve = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
    let update = program.call("approve_plan", approve).await?["operation"].clone();
    program
        .until(&update, &format!("{step:?}"), |job| {
            let at = job.steps.iter().find(|s| s.kind == step)?;
            (at.state != StepState::Waiting || job.state.is_final()).then_some(())
        })
        .await?;
    program.kill()?;

    lab.faults().clear();
    lab.silence_agent(&label, VMID, false)?;
    let program = Program::start(folder.path(), &agent, gateway)?;
    let held = {
        let job = program.job(&update).await?;
        job.steps
            .iter()
            .find(|s| s.kind == step)
            .context("the step")?
            .state
    };
    let state = program
        .until(&update, "the end of the job", |job| {
            job.state.is_final().then_some(job.state)
        })
        .await?;
    let details = program
        .call("guest_details", json!({ "guest": guest }))
        .await?;
    let receipts: Vec<Receipt> = serde_json::from_value(details["receipts"].clone())?;
    assert_eq!(
        receipts.len(),
        1,
        "one job, one receipt, whenever it was killed: {receipts:?}"
    );
    let receipt = &receipts[0];
    assert_eq!(receipt.outcome, state, "receipt and job agree");
    // The truth lies inside the guest.
    let after = installed(&lab)?;
    let mut changed: Vec<(String, String)> = after
        .iter()
        .filter(|entry| !before.contains(entry))
        .cloned()
        .collect();
    let mut told: Vec<(String, String)> = receipt
        .changes
        .iter()
        .map(|c| (c.package.clone(), c.to.clone().unwrap_or_default()))
        .collect();
    changed.sort();
    told.sort();
    assert_eq!(
        told, changed,
        "killed at {step:?}: the receipt says what is really installed"
    );
    assert_eq!(
        receipt.not_done.is_empty(),
        state == JobState::Succeeded,
        "{receipt:?}"
    );
    assert_eq!(
        state,
        JobState::Succeeded,
        "nothing inside the guest was disturbed: {:?}",
        receipt.problem
    );
    program.kill()?;
    lab.stop().await;
    Ok(held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_program_ends_every_job_in_a_truthful_receipt() -> Result<()> {
    // Nothing here speaks TLS from this process; the client wants a provider all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let steps = OperationKind::Update.steps();
    let mut kills = 0;
    for step in steps {
        let held = round(*step)
            .await
            .with_context(|| format!("killed at {step:?}"))?;
        kills += 1;
        eprintln!("killed at {step:?}: the journal held {held:?}");
    }
    eprintln!(
        "kill loop: {} steps x {} kill each = {kills} kills, {kills} truthful receipts",
        steps.len(),
        1
    );
    Ok(())
}
