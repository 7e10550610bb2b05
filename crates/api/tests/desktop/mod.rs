//! A whole desktop without a window, beside a lab: what a person does through the wizard, as calls.
#![allow(dead_code, reason = "each test file uses its own part")]

#[cfg(target_os = "linux")]
pub(crate) mod real;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use api::{AgentFile, App, Body, Event, Rhythm, Settings};
use domain::{
    fleet::{GuestRow, UpdateState},
    operation::{JobState, Operation},
};
use lab::{Lab, Options, Scenario, facts::ClusterFacts};
use serde_json::{Value, json};
use tokio::sync::broadcast;

/// Generous: tests are never about time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

pub(crate) struct Desktop {
    pub(crate) app: Arc<App>,
    pub(crate) events: broadcast::Receiver<Event>,
}

impl Desktop {
    /// Opens a desktop on `folder`, as a first start or as the next one, for simulated guests.
    pub(crate) async fn open(folder: &Path) -> Result<Self> {
        Self::open_with(folder, agent_for_tests(folder)?, "127.0.0.1:0").await
    }

    /// The same with the agent that is put into guests, and the address where agents are heard.
    pub(crate) async fn open_with(folder: &Path, agent: PathBuf, gateway: &str) -> Result<Self> {
        Self::open_at(folder, agent, gateway, Rhythm::default()).await
    }

    /// The same as [`Self::open`] at a port that the program chooses and keeps.
    pub(crate) async fn open_free(folder: &Path) -> Result<Self> {
        Self::opened(folder, agent_for_tests(folder)?, None, Rhythm::default()).await
    }

    /// The same with another rhythm of asking.
    pub(crate) async fn open_at(
        folder: &Path,
        agent: PathBuf,
        gateway: &str,
        rhythm: Rhythm,
    ) -> Result<Self> {
        Self::opened(folder, agent, Some(gateway.parse()?), rhythm).await
    }

    async fn opened(
        folder: &Path,
        agent: PathBuf,
        gateway: Option<std::net::SocketAddr>,
        rhythm: Rhythm,
    ) -> Result<Self> {
        let settings = Settings {
            data_dir: folder.to_owned(),
            passphrase: Some(PASSPHRASE.to_owned().into()),
            demo: false,
            agent_binary: Some(AgentFile {
                path: agent,
                sha256: None,
            }),
            home: Some(folder.join("home")),
            exports: folder.join("exports"),
            gateway_bind: gateway,
        };
        let app = App::open_at(settings, rhythm).await?;
        let events = app.subscribe();
        Ok(Self { app, events })
    }

    pub(crate) async fn call(&self, command: &str, payload: Value) -> Result<Value, api::Error> {
        self.app.rpc(command, payload).await
    }

    /// Wizard: certificate, token, cluster, discovery. Returns the cluster's id.
    pub(crate) async fn add_cluster(&self, facts: &ClusterFacts) -> Result<Value> {
        let probed = self
            .call("probe_cluster", json!({ "address": facts.address }))
            .await?;
        let shown = probed["certificate"]["sha256"]
            .as_str()
            .context("a fingerprint")?;
        if shown != facts.fingerprint.to_string() {
            bail!(
                "the certificate is {shown}, the lab says {}",
                facts.fingerprint
            );
        }
        let secret = self
            .call("keep_secret", json!({ "value": facts.token.secret }))
            .await?;
        let token = json!({ "address": probed["address"], "fingerprint": shown, "tokenId": facts.token.id, "secret": secret });
        let check = self.call("check_token", token.clone()).await?;
        if check["enough"] != json!(true) {
            bail!("the lab's token is not enough: {check}");
        }
        let mut request = token;
        request["name"] = json!(facts.name);
        let added = self.call("add_cluster", request).await?;
        Ok(added["cluster"].clone())
    }

    /// Wizard: the way into every node that is up, by password.
    pub(crate) async fn open_nodes(&self, cluster: &Value, facts: &ClusterFacts) -> Result<()> {
        for node in facts.nodes.iter().filter(|n| n.online) {
            let ssh = node.ssh.as_ref().context("a lab with SSH")?;
            let place = json!({ "cluster": cluster, "node": node.name, "host": ssh.address.ip(), "port": ssh.address.port() });
            let probed = self.call("probe_node", place.clone()).await?;
            if probed["key"]["fingerprint"] != json!(ssh.host_key) {
                bail!(
                    "{} shows {}, the lab says {}",
                    node.name,
                    probed["key"],
                    ssh.host_key
                );
            }
            let password = self
                .call("keep_secret", json!({ "value": ssh.password }))
                .await?;
            let mut save = place;
            save["user"] = json!(ssh.user);
            save["hostKey"] = probed["key"].clone();
            save["password"] = password;
            self.call("save_access", save).await?;
        }
        Ok(())
    }

    /// Makes a plan and approves it; the id of the operation.
    pub(crate) async fn plan_and_approve(
        &self,
        kind: &str,
        targets: Value,
    ) -> Result<(Value, Value)> {
        let plan = self
            .call(
                "make_plan",
                json!({ "kind": kind, "targets": targets, "only": { "kind": "all" } }),
            )
            .await?;
        let started = self
            .call(
                "approve_plan",
                json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] }),
            )
            .await?;
        Ok((plan, started["operation"].clone()))
    }

    /// Waits until an operation is over, by its events.
    pub(crate) async fn until_over(&mut self, operation: &Value) -> Result<Operation> {
        loop {
            let details = self
                .call("operation_details", json!({ "operation": operation }))
                .await?;
            let shown: Operation = serde_json::from_value(details["operation"].clone())?;
            if shown.ended_at.is_some() {
                return Ok(shown);
            }
            self.until_news(|body| matches!(body, Body::Operation { .. }))
                .await?;
        }
    }

    /// Waits for an event that is of interest.
    pub(crate) async fn until_news(&mut self, wanted: impl Fn(&Body) -> bool) -> Result<()> {
        loop {
            match tokio::time::timeout(PATIENCE, self.events.recv())
                .await
                .map_err(|_| anyhow!("no news for {PATIENCE:?}"))?
            {
                Ok(event) if wanted(&event.body) => return Ok(()),
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return Ok(()),
                Err(broadcast::error::RecvError::Closed) => bail!("the desktop stopped"),
            }
        }
    }

    pub(crate) async fn guests(&self) -> Result<Vec<GuestRow>> {
        let snapshot = self.call("snapshot", json!({})).await?;
        Ok(serde_json::from_value(snapshot["fleet"]["guests"].clone())?)
    }

    pub(crate) async fn guest(&self, name: &str) -> Result<GuestRow> {
        self.guests()
            .await?
            .into_iter()
            .find(|g| g.name == name)
            .with_context(|| format!("{name} is in the tree"))
    }

    /// Waits until `look` at the tree gives something.
    pub(crate) async fn until_tree<R>(
        &mut self,
        look: impl Fn(&[GuestRow]) -> Option<R>,
    ) -> Result<R> {
        loop {
            if let Some(found) = look(&self.guests().await?) {
                return Ok(found);
            }
            self.until_news(|body| matches!(body, Body::Fleet { .. }))
                .await?;
        }
    }

    /// States of an operation's jobs, by the name of the guest.
    pub(crate) async fn job_states(
        &self,
        operation: &Value,
    ) -> Result<Vec<(String, JobState, Option<String>)>> {
        let details = self
            .call("operation_details", json!({ "operation": operation }))
            .await?;
        let jobs: Vec<domain::operation::Job> = serde_json::from_value(details["jobs"].clone())?;
        Ok(jobs
            .into_iter()
            .map(|j| {
                (
                    j.name,
                    j.state,
                    j.problem.map(|p| format!("{} {:?}", p.what, p.words)),
                )
            })
            .collect())
    }
}

/// Stands for the agent where guests are simulated.
fn agent_for_tests(folder: &Path) -> Result<PathBuf> {
    let agent = folder.join("agent-for-tests");
    if !agent.exists() {
        std::fs::create_dir_all(folder)?;
        std::fs::write(
            &agent,
            b"\x7fELF stands for the agent; simulated guests run none",
        )?;
    }
    Ok(agent)
}

/// The demo's fleet with nodes that can be entered.
pub(crate) async fn lab() -> Result<Lab> {
    Lab::start(
        Scenario::demo(),
        Options {
            ssh: true,
            ..Options::quick()
        },
    )
    .await
}

/// The lab's own name of its first cluster.
pub(crate) fn label(lab: &Lab) -> String {
    lab.world().read(|world| world.clusters[0].label.clone())
}

/// Adds the lab's first cluster, discovers it and sets up the way into its nodes.
pub(crate) async fn entered(lab: &Lab, desktop: &Desktop) -> Result<Value> {
    let facts = &lab.facts().clusters[0];
    let cluster = desktop.add_cluster(facts).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    desktop.open_nodes(&cluster, facts).await?;
    Ok(cluster)
}

/// A desktop whose first cluster has agents in every running, unlocked guest.
pub(crate) async fn with_agents(lab: &Lab, desktop: &mut Desktop) -> Result<Value> {
    let cluster = entered(lab, desktop).await?;
    let (_, enrol) = desktop
        .plan_and_approve("enrol", json!([{ "kind": "cluster", "cluster": cluster }]))
        .await?;
    desktop.until_over(&enrol).await?;
    let updates_known = |guests: &[GuestRow]| {
        let row = guests.iter().find(|g| g.name == "nextcloud")?;
        matches!(row.updates, UpdateState::Updates { .. }).then_some(())
    };
    desktop.until_tree(updates_known).await?;
    Ok(cluster)
}

/// One guest, as what an operation is about.
pub(crate) async fn target(desktop: &Desktop, name: &str) -> Result<Value> {
    Ok(json!([{ "kind": "guest", "guest": desktop.guest(name).await?.id }]))
}
