//! The same kills with a real guest: LXC, sshd, the real agent, systemd and apt. What the receipts say is compared with
//! what dpkg-query says inside the container.
#![cfg(target_os = "linux")]

mod program;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use domain::operation::{JobState, OperationKind, Receipt, StepKind, StepState};
use lab::{
    Fault, Rule, Where,
    lxc::{Deb, Options, RealGuest, RealNodes, missing},
};
use program::{Program, set_up};
use serde_json::{Value, json};

/// Whether real guests can be made here; where they must be (`CI=true`), they have to.
fn possible() -> Result<bool> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(true);
    }
    let why = missing.join("; ");
    if std::env::var("CI").as_deref() == Ok("true") {
        bail!("real LXC guests are needed here: {why}");
    }
    eprintln!("not run here: {why}");
    Ok(false)
}

/// The static agent, as `cargo xtask agent` builds it.
fn agent() -> Result<PathBuf> {
    let path = match std::env::var_os("REDFLAG_AGENT_BINARY") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/agent/redflag-agent"),
    };
    path.canonicalize()
        .with_context(|| format!("{} is not built: run `cargo xtask agent`", path.display()))
}

/// Versions inside the guest, by package.
async fn installed(guest: &RealGuest) -> Result<BTreeMap<String, String>> {
    let text = guest
        .shell("dpkg-query -W -f='${Package} ${Version}\\n'")
        .await?;
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect())
}

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
        let version = format!("2.{round}");
        nodes
            .repository()
            .publish(vec![
                Deb::new("rf-alpha", &version).slow(2),
                Deb::new("rf-gamma", &version).security(),
            ])
            .await?;
        let scan = program
            .call("start_scan", json!({ "targets": targets }))
            .await?["operation"]
            .clone();
        over(&program, &scan, "the end of the scan").await?;
        let before = installed(web).await?;
        let request = json!({ "kind": "update", "targets": targets, "only": { "kind": "all" } });
        let plan = program.call("make_plan", request).await?;
        match step {
            // These two are over in a moment unless what they wait for is slow.
            StepKind::Check => {
                let slow = Where {
                    path: Some("/status/current".into()),
                    ..Where::default()
                };
                lab.faults()
                    .add(Rule::always(Fault::Delay(Duration::from_secs(2))).at(slow));
            }
            StepKind::Send => drop(web.shell("systemctl stop redflag-agent").await?),
            _ => {}
        }
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

        lab.faults().clear();
        if *step == StepKind::Send {
            web.shell("systemctl start redflag-agent").await?;
        }
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
        let after = installed(web).await?;
        let changed: BTreeMap<_, _> = after
            .iter()
            .filter(|(name, version)| before.get(*name) != Some(version))
            .collect();
        let told: BTreeMap<_, _> = receipt
            .changes
            .iter()
            .filter_map(|c| Some((&c.package, c.to.as_ref()?)))
            .collect();
        assert_eq!(
            told, changed,
            "killed at {step:?}: the receipt says what dpkg says"
        );
        assert_eq!(
            state,
            JobState::Succeeded,
            "nothing inside was disturbed: {:?}",
            receipt.problem
        );
        eprintln!(
            "killed at {step:?}: the journal held {held:?}, {} packages changed",
            changed.len()
        );
    }
    eprintln!(
        "kill loop on a real LXC: {0} steps x 1 kill each = {0} kills, {0} truthful receipts",
        steps.len()
    );
    program.kill()?;
    lab.stop().await;
    nodes.stop().await
}
