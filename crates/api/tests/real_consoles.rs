//! Agents through the consoles of real LXC guests that are no shells: a real pty, `lxc-attach` in it, real restarts, and
//! both ways in which Proxmox ends a session. What counts is read inside.
#![cfg(target_os = "linux")]

mod desktop;

use anyhow::{Context, Result};
use desktop::Desktop;
use desktop::real::{agent, possible};
use domain::operation::JobState;
use lab::{
    Lab,
    lxc::{GuestPlan, NodePlan, Options, RealNodes, Stand},
    world::Profile,
};
use serde_json::json;

/// `web` runs, its console is set to `console`; `spare` is stopped and nothing is set.
async fn house(profile: Profile) -> Result<(RealNodes, Lab)> {
    let mut options = Options::two_nodes();
    options.nodes = vec![
        NodePlan::new("real", "pve1")
            .guest(GuestPlan::new(100, "web"))
            .guest(GuestPlan::new(101, "spare").stand(Stand::Stopped)),
    ];
    let (nodes, lab) = RealNodes::with_double(options, lab::Options::quick()).await?;
    lab.world().change(|w| {
        let cluster = w.cluster_mut("real").context("the cluster")?;
        cluster.profile = profile;
        let role = cluster.access.roles.get_mut("RedFlag");
        let role = role.context("RedFlag's role")?;
        for privilege in ["VM.Console", "VM.Config.Options", "VM.PowerMgmt"] {
            role.insert(privilege.to_owned());
        }
        anyhow::Ok(())
    })?;
    lab.guest("real", 100, |g| g.console.mode = Some("console".into()))?;
    Ok((nodes, lab))
}

async fn enrolled_over_consoles(profile: Profile) -> Result<()> {
    let (nodes, lab) = house(profile).await?;
    let web = nodes.guest("pve1", 100)?;
    web.shell("touch /run/before").await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open_with(folder.path(), agent()?, "0.0.0.0:0").await?;
    let cluster = desktop.add_cluster(&lab.facts().clusters[0]).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let request = json!({
        "kind": "enrol", "targets": [{ "kind": "cluster", "cluster": cluster }], "only": { "kind": "all" },
        "allowed": { "start": true, "shell": true },
    });
    let plan = desktop.call("make_plan", request).await?;
    assert_eq!(plan["leftOut"], json!([]));
    let approve = json!({ "plan": plan["id"], "fingerprint": plan["fingerprint"] });
    let operation = desktop.call("approve_plan", approve).await?["operation"].clone();
    desktop.until_over(&operation).await?;
    for (name, state, problem) in desktop.job_states(&operation).await? {
        assert_eq!(
            state,
            JobState::Succeeded,
            "{profile:?}, {name}: {problem:?}"
        );
    }
    for (vmid, mode, boots, runs) in [(100, Some("console"), 2, true), (101, None, 1, false)] {
        let guest = lab.world().read(|w| w.guest("real", vmid).cloned());
        let guest = guest.context("the guest")?;
        assert_eq!(guest.console.mode.as_deref(), mode, "{vmid}");
        assert_eq!(guest.pending.get("cmode"), None, "{vmid}");
        assert_eq!(
            guest.console.begun, guest.console.ended,
            "every shell was left"
        );
        assert_eq!((guest.boots, guest.running()), (boots, runs), "{vmid}");
        let real = nodes.guest("pve1", vmid)?;
        assert_eq!(real.running().await?, runs, "{vmid}");
    }
    web.until_up().await?;
    // A restart that happened, an agent that came back, and nothing else.
    let left = "ls /run/before /etc/redflag-agent/bootstrap.json 2>/dev/null; find /dev/shm /run /tmp /var/tmp /root -name '.redflag-*'";
    assert_eq!(web.shell(&format!("{left}; true")).await?, "");
    let active = "systemctl is-active redflag-agent";
    assert_eq!(web.shell(active).await?.trim(), "active");
    let spare = nodes.guest("pve1", 101)?;
    assert!(spare.root().join("usr/local/bin/redflag-agent").exists());
    assert!(
        !spare
            .root()
            .join("etc/redflag-agent/bootstrap.json")
            .exists()
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    nodes.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lxc_agents_get_in_over_consoles_that_are_made_shells_for_it() -> Result<()> {
    if !possible()? {
        return Ok(());
    }
    for profile in [Profile::V8_4, Profile::V9_2] {
        enrolled_over_consoles(profile).await?;
    }
    Ok(())
}
