//! The program is killed (SIGKILL) at every step of an update job and started again on the same folder: each time the
//! job must end in one receipt that says what really happened inside the guest.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use domain::operation::{Job, JobState, OperationKind, Receipt, StepKind, StepState};
use lab::{Fault, Lab, Options, Rule, Scenario, Where};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(120);
const CLUSTER: usize = 0;
const GUEST: &str = "nextcloud";
const VMID: u32 = 200;

/// The program as a process of its own, driven over its loopback door.
struct Program {
    child: Child,
    door: String,
    token: String,
    client: reqwest::Client,
}

impl Program {
    fn start(folder: &Path, gateway: SocketAddr) -> Result<Self> {
        let ui = folder.join("ui");
        std::fs::create_dir_all(&ui)?;
        std::fs::write(ui.join("index.html"), "no page is needed here")?;
        let agent = folder.join("agent-for-tests");
        std::fs::write(
            &agent,
            b"\x7fELF stands for the agent; simulated guests run none",
        )?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_redflag-devserver"))
            .arg("--data")
            .arg(folder.join("data"))
            .arg("--ui")
            .arg(&ui)
            .arg("--agent-binary")
            .arg(&agent)
            .arg("--gateway-bind")
            .arg(gateway.to_string())
            .env("REDFLAG_PASSPHRASE", "correct horse battery staple")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
        let (door, token) = line
            .trim()
            .split_once("/#token=")
            .ok_or_else(|| anyhow!("it did not start: {line:?}"))?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            child,
            door: door.into(),
            token: token.into(),
            client,
        })
    }

    async fn call(&self, command: &str, payload: Value) -> Result<Value> {
        let answer = self
            .client
            .post(format!("{}/rpc/{command}", self.door))
            .bearer_auth(&self.token)
            .json(&payload)
            .send()
            .await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if !status.is_success() {
            bail!("{command}: {body}");
        }
        Ok(body)
    }

    fn kill(mut self) -> Result<()> {
        // On unix this is SIGKILL: nothing is flushed, nobody says good-bye.
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    async fn job(&self, operation: &Value) -> Result<Job> {
        let details = self
            .call("operation_details", json!({ "operation": operation }))
            .await?;
        Ok(serde_json::from_value(details["jobs"][0].clone())?)
    }

    /// Asks until `look` finds something in the job.
    async fn until<R>(
        &self,
        operation: &Value,
        what: &str,
        look: impl Fn(&Job) -> Option<R>,
    ) -> Result<R> {
        let begin = Instant::now();
        loop {
            let job = self.job(operation).await?;
            if let Some(found) = look(&job) {
                return Ok(found);
            }
            if begin.elapsed() > PATIENCE {
                bail!("{what} did not come: {job:?}");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn set_up(program: &Program, lab: &Lab) -> Result<Value> {
    let facts = &lab.facts().clusters[CLUSTER];
    let secret = program
        .call("keep_secret", json!({ "value": facts.token.secret }))
        .await?;
    let request = json!({
        "address": facts.address, "fingerprint": facts.fingerprint, "tokenId": facts.token.id, "secret": secret, "name": null,
    });
    let cluster = program.call("add_cluster", request).await?["cluster"].clone();
    program
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    for node in facts.nodes.iter().filter(|n| n.online) {
        let ssh = node.ssh.as_ref().context("a lab with SSH")?;
        let place = json!({ "cluster": cluster, "node": node.name, "host": ssh.address.ip(), "port": ssh.address.port() });
        let probed = program.call("probe_node", place.clone()).await?;
        let password = program
            .call("keep_secret", json!({ "value": ssh.password }))
            .await?;
        let mut save = place;
        save["user"] = json!(ssh.user);
        save["hostKey"] = probed["key"].clone();
        save["password"] = password;
        program.call("save_access", save).await?;
    }
    let guest = guest(program).await?;
    let enrol = begin(program, "enrol", &guest).await?;
    program
        .until(&enrol, "the end of the enrolment", |job| {
            job.state.is_final().then_some(())
        })
        .await?;
    Ok(guest)
}

async fn guest(program: &Program) -> Result<Value> {
    let snapshot = program.call("snapshot", json!({})).await?;
    let guests = snapshot["fleet"]["guests"].as_array().context("guests")?;
    let found = guests
        .iter()
        .find(|g| g["name"] == GUEST)
        .context("the guest")?;
    Ok(found["id"].clone())
}

async fn begin(program: &Program, kind: &str, guest: &Value) -> Result<Value> {
    let targets = json!([{ "kind": "guest", "guest": guest }]);
    let plan = program
        .call(
            "make_plan",
            json!({ "kind": kind, "targets": targets, "only": { "kind": "all" } }),
        )
        .await?;
    let approve = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
    Ok(program
        .call("approve_plan", approve)
        .await
        .with_context(|| plan.to_string())?["operation"]
        .clone())
}

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
    let program = Program::start(folder.path(), gateway)?;
    let guest = set_up(&program, &lab).await?;
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
    let program = Program::start(folder.path(), gateway)?;
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
