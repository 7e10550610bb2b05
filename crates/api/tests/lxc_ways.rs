//! Roads into real LXC containers beside root's key: a command that is pasted into the node's shell, an account that
//! sudo lets in, and a key that is bound to the wrapper. sshd, sudo, lxc-attach, the agent and systemd are real.
#![cfg(target_os = "linux")]

mod desktop;

use anyhow::{Context, Result, ensure};
use api::{Body, Code};
use desktop::{
    Desktop,
    real::{agent, possible, possible_with},
};
use domain::{fleet::AgentState, operation::JobState};
use lab::lxc::{Options, RealNodes, missing, missing_for_accounts};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lxc_a_pasted_command_puts_the_agent_in_and_counts_once() -> Result<()> {
    if !possible()? {
        return Ok(());
    }
    let agent = agent()?;
    let (nodes, lab) = RealNodes::with_double(Options::two_nodes(), lab::Options::quick()).await?;
    let facts = nodes.facts(&lab);
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open_with(folder.path(), agent, "0.0.0.0:0").await?;
    let cluster = desktop.add_cluster(&facts.clusters[0]).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let node = json!([{ "kind": "node", "node": { "cluster": cluster, "node": "pve1" } }]);
    let made = desktop
        .call("make_pastes", json!({ "targets": node }))
        .await?;
    assert_eq!(made["leftOut"][0]["name"], json!("spare"), "it is stopped");
    let text = made["commands"][0]["text"].as_str().context("a command")?;

    let said = nodes.shell("pve1", text).await?;
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.stdout.contains("LXC 100: the agent is in"), "{said:?}");
    let enrolled = |pastes: &Value| pastes["pastes"][0]["guests"][0]["state"]["kind"] == "enrolled";
    while !enrolled(&desktop.call("pastes", json!({})).await?) {
        desktop
            .until_news(|body| matches!(body, Body::Paste { .. }))
            .await?;
    }
    desktop
        .until_tree(|guests| {
            let row = guests.iter().find(|g| g.name == "web")?;
            matches!(row.agent, AgentState::Online { .. }).then_some(())
        })
        .await?;
    let web = nodes.guest("pve1", 100)?;
    let unit = web.shell("systemctl is-active redflag-agent").await?;
    assert_eq!(unit.trim(), "active");
    // The agent takes it away when it is enrolled, so that no code lies about.
    let left = web.shell("ls /etc/redflag-agent /usr/local/bin").await?;
    assert!(!left.contains("bootstrap"), "{left}");

    let again = nodes.shell("pve1", text).await?;
    assert!(
        again.status != 0 && again.stderr.contains("403"),
        "{again:?}"
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    nodes.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lxc_accounts_that_may_do_less_than_root_put_agents_in() -> Result<()> {
    if !possible_with([missing(), missing_for_accounts()].concat())? {
        return Ok(());
    }
    let agent = agent()?;
    let mut options = Options::two_nodes();
    for node in &mut options.nodes {
        node.accounts = true;
    }
    let (nodes, lab) = RealNodes::with_double(options, lab::Options::quick()).await?;
    let facts = nodes.facts(&lab);
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open_with(folder.path(), agent, "0.0.0.0:0").await?;
    let cluster = desktop.add_cluster(&facts.clusters[0]).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let ways = [("pve1", "redflag", "sudo"), ("pve2", "root", "wrapper")];
    for (node, user, entry) in ways {
        let request = json!({ "entry": entry, "user": user, "key": { "kind": "own" } });
        let lines = desktop.call("access_setup", request).await?;
        let lines = lines["lines"].as_str().context("lines")?;
        let done = nodes.shell(node, &format!("set -e\n{lines}\n")).await?;
        ensure!(done.status == 0, "{node}: {done:?}");
        let door = nodes.door(node)?;
        let save = |way: Value| {
            json!({
                "cluster": cluster, "node": node, "host": door.address.ip(), "port": door.address.port(), "user": user,
                "hostKey": { "algorithm": door.algorithm, "fingerprint": door.host_key }, "way": way, "password": null,
            })
        };
        let more = desktop.call("save_access", save(json!({}))).await;
        let more = more.expect_err("it may not do what root may");
        assert!(
            matches!(more.code, Code::Forbidden | Code::Internal),
            "{node}: {more:?}"
        );
        let entered = desktop
            .call("save_access", save(json!({ "entry": entry })))
            .await
            .with_context(|| format!("{node} by {entry}"))?;
        assert_eq!(entered["guests"], Value::Null, "it may not list them");
    }
    let whole = json!([{ "kind": "cluster", "cluster": cluster }]);
    for kind in ["enrol", "restartAgent"] {
        let (_, operation) = desktop.plan_and_approve(kind, whole.clone()).await?;
        desktop.until_over(&operation).await?;
        let jobs = desktop.job_states(&operation).await?;
        assert_eq!(jobs.len(), 2, "{jobs:?}");
        for (name, state, problem) in jobs {
            assert_eq!(state, JobState::Succeeded, "{kind} {name}: {problem:?}");
        }
    }
    desktop.app.shutdown().await;
    lab.stop().await;
    nodes.stop().await
}
