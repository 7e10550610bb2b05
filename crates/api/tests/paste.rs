//! Agents by a command that is run on the node: made, fetched once, followed until they report. The command is the real
//! one, run by a real shell with curl; `lxc-attach` is a program of this test, which takes what would go into the guest.
#![cfg(unix)]

mod desktop;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use anyhow::{Context, Result};
use api::Body;
use desktop::{Desktop, label};
use domain::fleet::AgentState;
use lab::{Lab, Options, Scenario};
use serde_json::{Value, json};

/// Keeps each script that would run in guest `$2`, and says that it ended well.
const ATTACH: &str = r#"#!/bin/sh
cat >"$(dirname "$0")/script"
mv "$(dirname "$0")/script" "$(dirname "$0")/$2.$(sed -n '1s/# redflag //p' "$(dirname "$0")/script")"
key=$(sed -n "s/^printf '@@redflag:\([0-9a-f]*\):begin.*/\1/p" "$(dirname "$0")/$2".* | head -n 1)
echo "@@redflag:$key:0"
"#;

fn node(folder: &Path) -> Result<()> {
    for (name, text) in [("lxc-attach", ATTACH), ("id", "#!/bin/sh\necho 0\n")] {
        let file = folder.join(name);
        fs::write(&file, text)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Runs the command as the node's shell does; whether it ended well, and all that it wrote.
async fn run(folder: &Path, command: &str) -> Result<(bool, String)> {
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", folder.display());
    let output = tokio::process::Command::new("/bin/bash")
        .args(["-c", command])
        .env("PATH", path)
        .env("TMPDIR", folder)
        .output()
        .await?;
    let text = [output.stdout, output.stderr].concat();
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

/// The bootstrap file that the command wrote into a guest.
fn bootstrap(folder: &Path, vmid: u32) -> Result<wire::Bootstrap> {
    let script = fs::read_to_string(folder.join(format!("{vmid}.configure")))?;
    let line = script.lines().find(|line| line.starts_with('{'));
    Ok(serde_json::from_str(line.context("a configuration")?)?)
}

async fn audited(desktop: &Desktop, act: &str) -> Result<Vec<(String, String)>> {
    let request = json!({ "search": act, "before": null, "limit": 9 });
    let page = desktop.call("read_audit", request).await?;
    let entries = page["entries"].as_array().context("entries")?;
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    Ok(entries
        .iter()
        .map(|entry| (text(entry, "target"), text(entry, "outcome")))
        .collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pasted_command_puts_agents_in_without_any_way_into_the_node() -> Result<()> {
    let lab = Lab::start(Scenario::demo(), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = Desktop::open(&folder.path().join("data")).await?;
    let cluster = desktop.add_cluster(&lab.facts().clusters[0]).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let whole = json!({ "targets": [{ "kind": "cluster", "cluster": cluster }] });
    let made = desktop.call("make_pastes", whole).await?;
    let commands = made["commands"].as_array().context("commands")?;
    let nodes: Vec<&Value> = commands
        .iter()
        .map(|c| &c["paste"]["node"]["node"])
        .collect();
    assert_eq!(nodes, ["pve1", "pve2"], "one command a node");
    let out = made["leftOut"].as_array().context("left out")?;
    let why = |name: &str| out.iter().find(|o| o["name"] == name).map(|o| &o["why"]);
    assert_eq!(why("ubuntu-dev"), Some(&json!("Not running")));
    assert_eq!(why("nextcloud"), None);

    let second = &commands[1];
    let text = second["text"].as_str().context("the command")?;
    let here = folder.path().join("pve2");
    fs::create_dir(&here)?;
    node(&here)?;
    let (good, said) = run(&here, text).await?;
    assert!(good, "{said}");
    assert!(said.contains("LXC 200: the agent is in"), "{said}");
    let of_second = |pastes: &Value| {
        let all = pastes["pastes"].as_array().cloned().unwrap_or_default();
        all.into_iter()
            .find(|paste| paste["id"] == second["paste"]["id"])
    };
    let known = desktop.call("pastes", json!({})).await?;
    let paste = of_second(&known).context("it is remembered")?;
    assert_eq!(paste["fetched"]["by"], json!("127.0.0.1"));
    assert_eq!(paste["guests"][0]["state"]["kind"], json!("waiting"));

    lab.install_agent(&label(&lab), 200, bootstrap(&here, 200)?)?;
    loop {
        let known = desktop.call("pastes", json!({})).await?;
        let paste = of_second(&known).context("it is remembered")?;
        if paste["guests"][0]["state"]["kind"] == json!("enrolled") {
            break;
        }
        desktop
            .until_news(|body| matches!(body, Body::Paste { .. }))
            .await?;
    }
    desktop
        .until_tree(|guests| {
            let row = guests.iter().find(|g| g.name == "nextcloud")?;
            matches!(row.agent, AgentState::Online { .. }).then_some(())
        })
        .await?;

    let (good, said) = run(&here, text).await?;
    assert!(!good && said.contains("403"), "it counts once: {said}");
    assert_eq!(
        audited(&desktop, "paste.fetch").await?,
        [
            ("pve2".into(), "refused: its code was used before".into()),
            ("pve2".into(), "done".to_owned()),
        ]
    );
    assert_eq!(audited(&desktop, "paste.make").await?.len(), 2);
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moved_since_the_command_was_made_is_looked_at_when_it_is_run() -> Result<()> {
    let lab = Lab::start(Scenario::small(), Options::quick()).await?;
    let folder = tempfile::tempdir()?;
    let desktop = Desktop::open(&folder.path().join("data")).await?;
    let cluster = desktop.add_cluster(&lab.facts().clusters[0]).await?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    let guest = desktop.guest("web").await?.id;
    let request = json!({ "targets": [{ "kind": "guest", "guest": guest }] });
    let made = desktop.call("make_pastes", request).await?;
    let text = made["commands"][0]["text"].as_str().context("a command")?;
    lab.stop_guest("small", 100)?;
    desktop
        .call("discover", json!({ "cluster": cluster }))
        .await?;
    node(folder.path())?;
    let (good, said) = run(folder.path(), text).await?;
    assert!(!good, "{said}");
    let known = desktop.call("pastes", json!({})).await?;
    let state = &known["pastes"][0]["guests"][0]["state"];
    assert_eq!(state, &json!({ "kind": "leftOut", "why": "Not running" }));

    // A code that nobody made is refused and noted.
    let wrong = text.replace("printf %s ", "printf %s x");
    let (good, said) = run(folder.path(), &wrong).await?;
    assert!(!good && said.contains("403"), "{said}");
    let audit = audited(&desktop, "paste.fetch").await?;
    assert_eq!(audit[0].1, "refused: no such code", "{audit:?}");
    assert!(audit[1].1.contains("None of its LXCs"), "{audit:?}");
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(())
}
