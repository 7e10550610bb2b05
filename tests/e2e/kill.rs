//! The program with its window is killed (SIGKILL) at every step of an update job on a real LXC, and started again on the
//! same data: each time the job must end in one receipt that says what dpkg says inside.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use domain::{
    fleet::Fleet,
    operation::{Job, JobState, Operation, OperationKind, Receipt, StepKind, StepState},
};
use lab::{
    Lab,
    lxc::{self, GuestPlan, NodePlan, RealNodes},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    lxc::{agent, possible},
    truth,
    window::{
        Opening, Window,
        fleet::{Counts, OPERATION},
        page::by_id,
        screen::Screen,
    },
};

const GUEST: &str = "web";

#[derive(Deserialize)]
struct Snapshot {
    fleet: Fleet,
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct Jobs {
    jobs: Vec<Job>,
}

#[derive(Deserialize)]
struct Receipts {
    receipts: Vec<Receipt>,
}

/// What the page knew of the step when the program was killed.
#[derive(Deserialize)]
struct Reached {
    operation: domain::OperationId,
    number: u32,
    state: StepState,
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_a_killed_window_tells_the_truth() -> anyhow::Result<()> {
    possible()?;
    let agent = agent()?;
    let options = lxc::Options {
        nodes: vec![NodePlan::new("real", "pve1").guest(GuestPlan::new(100, GUEST))],
        ..lxc::Options::two_nodes()
    };
    let (nodes, lab) = RealNodes::with_double(options, lab::Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let opening = Opening::new(env!("CARGO_BIN_EXE_redflag"), folder.path().join("data"))
        .with("REDFLAG_AGENT_BINARY", agent.display().to_string());
    let outcome = every_step(&nodes, &lab, &opening).await;
    lab.stop().await;
    let cleared = nodes.stop().await;
    outcome.and(cleared)
}

async fn every_step(nodes: &RealNodes, lab: &Lab, opening: &Opening) -> anyhow::Result<()> {
    let screen = Screen::start()?;
    let mut window = Window::open(&screen, opening).await?;
    window.add_cluster(&nodes.facts(lab).clusters[0]).await?;
    assert_eq!(
        window.install_agents().await?,
        Counts::from([("succeeded".to_owned(), 1)])
    );
    let steps = OperationKind::Update.steps();
    for (round, step) in steps.iter().enumerate() {
        window = killed(window, &screen, opening, nodes, lab, round, *step)
            .await
            .with_context(|| format!("killed at {step:?}"))?;
    }
    eprintln!(
        "kill loop of the window on a real LXC: {0} steps x 1 kill = {0} kills, {0} truthful receipts",
        steps.len()
    );
    window.close().await
}

/// One round: scan, approve an update, kill the program at `step`, start it again and compare. Answers the new window.
async fn killed(
    window: Window,
    screen: &Screen,
    opening: &Opening,
    nodes: &RealNodes,
    lab: &Lab,
    round: usize,
    step: StepKind,
) -> anyhow::Result<Window> {
    let began = Instant::now();
    let guest = nodes.guest("pve1", 100)?;
    truth::offer(nodes, round).await?;
    window.to_fleet().await?;
    let known = newest(&window).await?;
    window.choose(GUEST, "scan").await?;
    let scan = begun(&window, OperationKind::Scan, known).await?;
    ended(&window, scan.id, "the scan").await?;
    let before = truth::installed(guest).await?;

    window.choose(GUEST, "update").await?;
    window
        .find(&format!("{}:not(:disabled)", by_id("plan-approve")))
        .await?;
    truth::stretch(step, lab, guest).await?;
    window.click("plan-approve").await?;
    let seen = reached(&window, scan.number, step).await?;
    window.kill().await?;

    truth::release(step, lab, guest).await?;
    let window = Window::open(screen, opening).await?;
    window.find(&by_id("tree")).await?;
    let held = state_of(&job(&window, seen.operation).await?, step);
    let outcome = ended(&window, seen.operation, "the update").await?;
    let id = window
        .rpc::<Snapshot>("snapshot", json!({}))
        .await?
        .fleet
        .guests
        .iter()
        .find(|row| row.name == GUEST)
        .context("the guest")?
        .id;
    let told: Receipts = window.rpc("guest_details", json!({ "guest": id })).await?;
    assert_eq!(told.receipts.len(), round + 1, "one job, one receipt");
    let receipt = &told.receipts[0];
    assert_eq!(
        (receipt.number, receipt.outcome),
        (seen.number, outcome),
        "receipt and job agree"
    );
    let changed = truth::truthful(receipt, &before, &truth::installed(guest).await?)?;

    // And a person reads it.
    window.open_row(GUEST).await?;
    window.click("tab-history").await?;
    window
        .find(&format!(
            "{}[data-outcome=succeeded]",
            by_id(&format!("history-{}", seen.number))
        ))
        .await?;
    eprintln!(
        "killed at {step:?}: the window showed {:?}, the next start {held:?}, {changed} packages changed ({} s)",
        seen.state,
        began.elapsed().as_secs()
    );
    Ok(window)
}

/// The highest number of an operation so far.
async fn newest(window: &Window) -> anyhow::Result<u32> {
    let snapshot: Snapshot = window.rpc("snapshot", json!({})).await?;
    Ok(snapshot
        .operations
        .iter()
        .map(|operation| operation.number)
        .max()
        .unwrap_or(0))
}

/// Waits for an operation that is newer than `known`.
async fn begun(window: &Window, kind: OperationKind, known: u32) -> anyhow::Result<Operation> {
    let deadline = Instant::now() + OPERATION;
    loop {
        let snapshot: Snapshot = window.rpc("snapshot", json!({})).await?;
        let mut found = snapshot.operations.into_iter();
        if let Some(found) = found.find(|one| one.kind == kind && one.number > known) {
            return Ok(found);
        }
        anyhow::ensure!(Instant::now() < deadline, "no {kind:?} was begun");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Watches the update that was just approved from inside the page, where nothing passes unseen for longer than a moment,
/// until a step has begun.
async fn reached(window: &Window, known: u32, step: StepKind) -> anyhow::Result<Reached> {
    let answer = window
        .eventually(
            "const [known, step, done] = arguments;
             const rpc = (command, payload) => window.__TAURI_INTERNALS__.invoke('rpc', { command, payload });
             const over = (state) => state !== 'waiting' && state !== 'running';
             let found;
             const look = async () => {
               if (found === undefined) {
                 const { operations } = await rpc('snapshot', {});
                 found = operations.find((one) => one.kind === 'update' && one.number > known);
               }
               if (found !== undefined) {
                 const { jobs: [job] } = await rpc('operation_details', { operation: found.id });
                 const { state } = job.steps.find((one) => one.kind === step);
                 if (state !== 'waiting' || over(job.state)) return done({ operation: found.id, number: found.number, state });
               }
               setTimeout(again, 2);
             };
             const again = () => look().catch((error) => done({ error }));
             again()",
            vec![json!(known), json!(step)],
        )
        .await?;
    serde_json::from_value(answer.clone()).with_context(|| answer.to_string())
}

async fn job(window: &Window, operation: domain::OperationId) -> anyhow::Result<Job> {
    let Jobs { jobs } = window
        .rpc("operation_details", json!({ "operation": operation }))
        .await?;
    jobs.into_iter().next().context("the job")
}

fn state_of(job: &Job, step: StepKind) -> Option<StepState> {
    let found = job.steps.iter().find(|one| one.kind == step);
    found.map(|one| one.state)
}

/// Waits for the end of an operation's only job.
async fn ended(
    window: &Window,
    operation: domain::OperationId,
    what: &str,
) -> anyhow::Result<JobState> {
    let deadline = Instant::now() + OPERATION;
    loop {
        let job = job(window, operation).await?;
        if job.state.is_final() {
            return Ok(job.state);
        }
        anyhow::ensure!(Instant::now() < deadline, "{what} does not end: {job:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
