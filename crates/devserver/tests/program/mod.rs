//! The program as a process of its own, killed and started again, and driven over its loopback door as a person
//! would drive the wizard.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use domain::operation::Job;
use lab::facts::ClusterFacts;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(120);

/// The program as a process of its own, driven over its loopback door.
pub(crate) struct Program {
    child: Child,
    door: String,
    token: String,
    client: reqwest::Client,
}

impl Program {
    /// Starts it on `folder`/data; `agent` is what it puts into guests, agents reach it at `gateway`.
    pub(crate) fn start(folder: &Path, agent: &Path, gateway: SocketAddr) -> Result<Self> {
        let ui = folder.join("ui");
        std::fs::create_dir_all(&ui)?;
        std::fs::write(ui.join("index.html"), "no page is needed here")?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_redflag-devserver"))
            .arg("--data")
            .arg(folder.join("data"))
            .arg("--ui")
            .arg(&ui)
            .arg("--agent-binary")
            .arg(agent)
            .arg("--gateway-bind")
            .arg(gateway.to_string())
            // Not that of the tests which look for theirs in every process of the machine.
            .env("REDFLAG_PASSPHRASE", "a horse with another staple")
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

    pub(crate) async fn call(&self, command: &str, payload: Value) -> Result<Value> {
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

    /// On unix this is SIGKILL: nothing is flushed, nobody says good-bye.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub(crate) async fn job(&self, operation: &Value) -> Result<Job> {
        let details = self
            .call("operation_details", json!({ "operation": operation }))
            .await?;
        Ok(serde_json::from_value(details["jobs"][0].clone())?)
    }

    /// Asks until `look` finds something in the job.
    pub(crate) async fn until<R>(
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

/// Adds the cluster and reads it; its id.
pub(crate) async fn add_cluster(program: &Program, facts: &ClusterFacts) -> Result<Value> {
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
    Ok(cluster)
}

/// Sets up the way into every node that is up.
pub(crate) async fn open_nodes(
    program: &Program,
    cluster: &Value,
    facts: &ClusterFacts,
) -> Result<()> {
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
    Ok(())
}

/// Adds the cluster, opens its nodes and puts an agent into the guest of that name; the guest's id.
pub(crate) async fn set_up(program: &Program, facts: &ClusterFacts, name: &str) -> Result<Value> {
    let cluster = add_cluster(program, facts).await?;
    open_nodes(program, &cluster, facts).await?;
    let guest = guest(program, name).await?;
    let enrol = begin(program, "enrol", &guest, json!({})).await?;
    program
        .until(&enrol, "the end of the enrolment", |job| {
            job.state.is_final().then_some(())
        })
        .await?;
    Ok(guest)
}

/// The id of the guest of that name.
pub(crate) async fn guest(program: &Program, name: &str) -> Result<Value> {
    let snapshot = program.call("snapshot", json!({})).await?;
    let guests = snapshot["fleet"]["guests"].as_array().context("guests")?;
    let found = guests
        .iter()
        .find(|g| g["name"] == name)
        .context("the guest")?;
    Ok(found["id"].clone())
}

/// Plans and approves something for one guest, with what is allowed beyond it; the operation.
pub(crate) async fn begin(
    program: &Program,
    kind: &str,
    guest: &Value,
    allowed: Value,
) -> Result<Value> {
    let targets = json!([{ "kind": "guest", "guest": guest }]);
    let plan = program
        .call(
            "make_plan",
            json!({ "kind": kind, "targets": targets, "only": { "kind": "all" }, "allowed": allowed }),
        )
        .await?;
    let approve = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
    Ok(program
        .call("approve_plan", approve)
        .await
        .with_context(|| plan.to_string())?["operation"]
        .clone())
}
