//! The same kills with a real guest: LXC, sshd, the real agent, systemd and apt. What the receipts say is compared with
//! what dpkg-query says inside the container.
#![cfg(target_os = "linux")]

#[path = "../../../tests/kill/mod.rs"]
mod kill;
mod program;
mod real;

use anyhow::{Context, Result};
use domain::operation::{JobState, OperationKind, Receipt, StepState};
use lab::lxc::{Options, RealNodes};
use program::{Program, set_up};
use real::{agent, possible};
use serde_json::{Value, json};

async fn over(program: &Program, operation: &Value, what: &str) -> Result<JobState> {
    program
        .until(operation, what, |job| {
            job.state.is_final().then_some(job.state)
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lxc_a_killed_program_tells_the_truth_about_a_real_guest() -> Result<()> {
    if !possible()? {
        return Ok(());
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let agent = agent()?;
    let (nodes, lab) = RealNodes::with_double(Options::two_nodes(), lab::Options::quick()).await?;
    let facts = nodes.facts(&lab);
    let web = nodes.guest("pve1", 100)?;
    let folder = tempfile::tempdir()?;
    let gateway = std::net::TcpListener::bind("0.0.0.0:0")?.local_addr()?;
    let mut program = Program::start(folder.path(), &agent, gateway)?;
    let guest = set_up(&program, &facts.clusters[0], "web").await?;
    let targets = json!([{ "kind": "guest", "guest": guest }]);

    let steps = OperationKind::Update.steps();
    for (round, step) in steps.iter().enumerate() {
        kill::offer(&nodes, round).await?;
        let scan = program
            .call("start_scan", json!({ "targets": targets }))
            .await?["operation"]
            .clone();
        over(&program, &scan, "the end of the scan").await?;
        let before = kill::installed(web).await?;
        let request = json!({ "kind": "update", "targets": targets, "only": { "kind": "all" } });
        let plan = program.call("make_plan", request).await?;
        kill::stretch(*step, &lab, web).await?;
        let approve = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
        let update = program
            .call("approve_plan", approve)
            .await
            .with_context(|| plan.to_string())?["operation"]
            .clone();
        let reached = |job: &domain::operation::Job| {
            let at = job.steps.iter().find(|s| s.kind == *step)?;
            (at.state != StepState::Waiting || job.state.is_final()).then_some(())
        };
        program
            .until(&update, &format!("{step:?}"), reached)
            .await?;
        program.kill()?;

        kill::release(*step, &lab, web).await?;
        program = Program::start(folder.path(), &agent, gateway)?;
        let held = program
            .job(&update)
            .await?
            .steps
            .iter()
            .find(|s| s.kind == *step)
            .map(|s| s.state);
        let state = over(&program, &update, "the end of the update").await?;
        let details = program
            .call("guest_details", json!({ "guest": guest }))
            .await?;
        let receipts: Vec<Receipt> = serde_json::from_value(details["receipts"].clone())?;
        assert_eq!(receipts.len(), round + 1, "one job, one receipt");
        let receipt = &receipts[0];
        assert_eq!(receipt.outcome, state);
        let changed = kill::truthful(receipt, &before, &kill::installed(web).await?)
            .with_context(|| format!("killed at {step:?}"))?;
        eprintln!("killed at {step:?}: the journal held {held:?}, {changed} packages changed");
    }
    eprintln!(
        "kill loop on a real LXC: {0} steps x 1 kill each = {0} kills, {0} truthful receipts",
        steps.len()
    );
    program.kill()?;
    lab.stop().await;
    nodes.stop().await
}
