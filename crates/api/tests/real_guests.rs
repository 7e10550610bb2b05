//! The main job on real LXC containers: a real sshd, a real lxc-attach, the real agent, systemd and apt. What counts
//! is read inside the containers.
#![cfg(target_os = "linux")]

mod desktop;
mod real;

use anyhow::{Context, Result};
use desktop::Desktop;
use domain::{
    fleet::{GuestRow, UpdateState},
    inventory::UpdateCounts,
    operation::{JobState, Receipt},
};
use lab::lxc::{Options, RealNodes};
use real::{agent, possible};
use serde_json::json;

/// Command lines of every process of this machine, the guests' included.
fn command_lines() -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let path = entry?.path();
        for file in ["cmdline", "environ"] {
            // A process may end while it is looked at, and this very process knows the secrets.
            if path
                .file_name()
                .is_some_and(|n| n.to_string_lossy() == std::process::id().to_string())
            {
                continue;
            }
            if let Ok(text) = std::fs::read(path.join(file)) {
                lines.push(String::from_utf8_lossy(&text).into_owned());
            }
        }
    }
    Ok(lines)
}

fn counts(guests: &[GuestRow], name: &str) -> Option<UpdateCounts> {
    match &guests.iter().find(|g| g.name == name)?.updates {
        UpdateState::Updates { counts } => Some(*counts),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lxc_main_job_on_real_guests() -> Result<()> {
    if !possible()? {
        return Ok(());
    }
    let agent = agent()?;
    let (nodes, lab) = RealNodes::with_double(Options::two_nodes(), lab::Options::quick()).await?;
    let facts = nodes.facts(&lab);
    let facts = &facts.clusters[0];
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open_with(folder.path(), agent, "0.0.0.0:0").await?;

    let cluster = desktop.add_cluster(facts).await?;
    let found = desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    assert_eq!(found["sentence"], "Found 2 nodes, 4 LXCs");
    desktop.open_nodes(&cluster, facts).await?;
    let whole = json!([{ "kind": "cluster", "cluster": cluster }]);
    let (_, enrol) = desktop.plan_and_approve("enrol", whole.clone()).await?;
    let watch = tokio::spawn(async {
        // While secrets travel: no process may show one.
        let mut seen = Vec::new();
        for _ in 0..40 {
            seen.extend(command_lines().unwrap_or_default());
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        seen
    });
    desktop.until_over(&enrol).await?;
    for (name, state, problem) in desktop.job_states(&enrol).await? {
        assert_eq!(state, JobState::Succeeded, "{name}: {problem:?}");
    }
    let mut secrets = vec![facts.token.secret.clone(), desktop::PASSPHRASE.to_owned()];
    secrets.extend(
        facts
            .nodes
            .iter()
            .filter_map(|n| n.ssh.as_ref())
            .map(|ssh| ssh.password.clone()),
    );
    for line in watch.await? {
        assert!(
            !secrets.iter().any(|secret| line.contains(secret.as_str())),
            "a process shows a secret: {line}"
        );
    }
    let web = nodes.guest("pve1", 100)?;
    assert_eq!(
        web.shell("systemctl is-active redflag-agent").await?.trim(),
        "active"
    );
    let left = web.shell("ls /etc/redflag-agent /usr/local/bin").await?;
    assert!(
        !left.contains("bootstrap") && !left.contains(".new"),
        "an install file is left behind: {left}"
    );

    let scan = desktop
        .call("start_scan", json!({ "targets": whole }))
        .await?["operation"]
        .clone();
    let over = desktop.until_over(&scan).await?;
    assert_eq!(
        over.counts.succeeded,
        2,
        "{:?}",
        desktop.job_states(&scan).await?
    );
    for guest in facts.guests.iter().filter(|g| g.running && !g.template) {
        let shown = counts(&desktop.guests().await?, &guest.name)
            .with_context(|| format!("updates of {}", guest.name))?;
        assert_eq!(
            (shown.total, shown.security),
            (guest.updates, guest.security),
            "{}",
            guest.name
        );
    }

    let held_before = web.version_of("rf-held").await?;
    let node = json!([{ "kind": "node", "node": { "cluster": cluster, "node": "pve1" } }]);
    let (plan, update) = desktop.plan_and_approve("update", node).await?;
    let over = desktop.until_over(&update).await?;
    assert_eq!(
        over.counts.succeeded,
        1,
        "{:?}",
        desktop.job_states(&update).await?
    );
    for change in plan["guests"][0]["work"]["plan"]["upgraded"]
        .as_array()
        .context("upgrades")?
    {
        let name = change["package"].as_str().context("a name")?;
        let inside = web.version_of(name).await?;
        assert_eq!(
            inside.as_deref(),
            change["to"].as_str(),
            "{name} as dpkg-query inside the LXC says"
        );
    }
    assert_eq!(
        web.version_of("rf-held").await?,
        held_before,
        "what is held stays"
    );
    let manual = web.shell("apt-mark showhold").await?;
    assert!(manual.contains("rf-held"));
    let id = desktop.guest("web").await?.id;
    let details = desktop
        .call("guest_details", json!({ "guest": id }))
        .await?;
    let receipts: Vec<Receipt> = serde_json::from_value(details["receipts"].clone())?;
    assert_eq!(receipts.len(), 1);
    assert_eq!(
        (receipts[0].outcome, receipts[0].database_sound),
        (JobState::Succeeded, Some(true)),
        "{:?}",
        receipts[0]
    );
    assert!(
        receipts[0].services.iter().all(|s| s.active),
        "{:?}",
        receipts[0].services
    );
    desktop
        .until_tree(|guests| {
            let row = guests.iter().find(|g| g.name == "web")?;
            matches!(row.updates, UpdateState::UpToDate { .. }).then_some(())
        })
        .await?;
    assert!(
        counts(&desktop.guests().await?, "db").is_some(),
        "the other node was not touched"
    );

    desktop.app.shutdown().await;
    lab.stop().await;
    nodes.stop().await
}
