//! Every way into a node beside the usual one: other keys, other accounts, another node on the way; and which road is
//! recommended.
#![cfg(unix)]

mod desktop;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use api::Code;
use desktop::{Desktop, lab, target};
use domain::operation::JobState;
use lab::{
    Lab,
    facts::{NodeFacts, SshFacts},
};
use serde_json::{Value, json};

/// The lab's cluster in a desktop whose user has a home folder.
struct Ground {
    lab: Lab,
    desktop: Desktop,
    cluster: Value,
    folder: tempfile::TempDir,
}

impl Ground {
    async fn new() -> Result<Self> {
        let lab = lab().await?;
        let folder = tempfile::tempdir()?;
        fs::create_dir_all(folder.path().join("home/.ssh"))?;
        let desktop = Desktop::open(folder.path()).await?;
        let cluster = desktop.add_cluster(&lab.facts().clusters[0]).await?;
        desktop
            .call("discover", json!({ "cluster": cluster }))
            .await?;
        Ok(Self {
            lab,
            desktop,
            cluster,
            folder,
        })
    }

    fn node(&self, name: &str) -> Result<(&NodeFacts, &SshFacts)> {
        let node = self.lab.facts().clusters[0].node(name).context("a node")?;
        Ok((node, node.ssh.as_ref().context("with SSH")?))
    }

    /// A key pair in the user's home, and its public line.
    fn key(&self, name: &str) -> Result<(PathBuf, String)> {
        let file = self.folder.path().join("home/.ssh").join(name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "mine", "-f"])
            .arg(&file)
            .status()?;
        ensure!(made.success());
        let public = fs::read_to_string(file.with_extension("pub"))?;
        Ok((file, public.trim().to_owned()))
    }

    fn authorise(&self, line: &str) {
        self.lab.world().change(|w| {
            for node in &mut w.clusters[0].nodes {
                node.authorized_keys.push(line.to_owned());
            }
        });
    }

    async fn save(&self, node: &str, user: &str, way: Value) -> Result<Value> {
        Ok(self.try_to_save(node, user, way).await??)
    }

    async fn try_to_save(
        &self,
        node: &str,
        user: &str,
        way: Value,
    ) -> Result<Result<Value, api::Error>> {
        let (facts, ssh) = self.node(node)?;
        let request = json!({
            "cluster": self.cluster, "node": facts.name, "host": ssh.address.ip(), "port": ssh.address.port(),
            "user": user, "hostKey": { "algorithm": ssh.algorithm, "fingerprint": ssh.host_key },
            "way": way, "password": null,
        });
        Ok(self.desktop.call("save_access", request).await)
    }

    /// Puts an agent into a guest by whichever way is set up.
    async fn enrol(&mut self, guest: &str) -> Result<()> {
        let about = target(&self.desktop, guest).await?;
        let (_, operation) = self.desktop.plan_and_approve("enrol", about).await?;
        self.desktop.until_over(&operation).await?;
        let jobs = self.desktop.job_states(&operation).await?;
        ensure!(jobs[0].1 == JobState::Succeeded, "{jobs:?}");
        Ok(())
    }

    async fn lines(&self, entry: &str, user: &str, key: Value) -> Result<String, api::Error> {
        let request = json!({ "entry": entry, "user": user, "key": key });
        let answer = self.desktop.call("access_setup", request).await?;
        Ok(answer["lines"].as_str().unwrap_or_default().to_owned())
    }

    async fn end(self) {
        self.desktop.app.shutdown().await;
        self.lab.stop().await;
    }
}

/// The line that a command appends to some `authorized_keys`.
fn appended(lines: &str) -> Result<String> {
    let line = lines
        .lines()
        .find(|line| line.ends_with("authorized_keys") && line.contains("ssh-ed25519"));
    let quoted = line.and_then(|line| line.split('\'').rev().nth(1));
    Ok(quoted.context("a line for authorized_keys")?.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_file_that_the_users_ssh_configuration_names_opens_a_node() -> Result<()> {
    let mut ground = Ground::new().await?;
    let (file, public) = ground.key("lab")?;
    let (ip, port) = {
        let (_, ssh) = ground.node("pve2")?;
        (ssh.address.ip(), ssh.address.port())
    };
    fs::write(
        ground.folder.path().join("home/.ssh/config"),
        format!(
            "Host pve2\n HostName {ip}\n Port {port}\n User root\n IdentityFile ~/.ssh/lab\nMatch user x\n User y\n"
        ),
    )?;
    let info = ground
        .desktop
        .call("access_info", json!({ "cluster": ground.cluster }))
        .await?;
    assert_eq!(info["notFollowed"], json!(["Match"]));
    let nodes = info["nodes"].as_array().context("nodes")?;
    assert_eq!(nodes[0]["configured"], Value::Null);
    let proposed = &nodes[1]["configured"];
    assert_eq!(
        (&proposed["name"], &proposed["host"], &proposed["port"]),
        (&json!("pve2"), &json!(ip.to_string()), &json!(port))
    );
    assert_eq!(proposed["key"]["path"], json!(file.display().to_string()));

    // The way that the home folder stands for in a path works as well.
    let way = json!({ "key": { "kind": "file", "path": "~/.ssh/lab" } });
    let refused = ground.try_to_save("pve2", "root", way.clone()).await?;
    assert_eq!(refused.expect_err("not authorised").code, Code::Refused);
    ground.authorise(&public);
    let entered = ground.save("pve2", "root", way.clone()).await?;
    assert_eq!(entered["hostname"], json!("pve2"));
    ground.enrol("nextcloud").await?;

    let database = fs::read(ground.folder.path().join("redflag.db"))?;
    let private = fs::read_to_string(&file)?;
    let middle = private.lines().nth(2).context("a key")?;
    let within = |bytes: &[u8]| bytes.windows(middle.len()).any(|w| w == middle.as_bytes());
    assert!(!within(&database), "the key stays in its file");

    for (path, words) in [
        ("~/.ssh/lab.pub", "not a private key"),
        ("~/.ssh/none", "cannot be read"),
        ("lab", "no whole path"),
    ] {
        let way = json!({ "key": { "kind": "file", "path": path } });
        let refused = ground.try_to_save("pve2", "root", way).await?;
        let error = refused.expect_err("it cannot be used");
        let told = format!("{} {:?}", error.message, error.words);
        assert!(told.contains(words), "{path}: {told}");
        assert!(error.next.is_some());
    }
    ground.end().await;
    Ok(())
}

/// A real ssh-agent of this test's own.
struct Agent(Child, PathBuf);

impl Agent {
    fn start(folder: &Path) -> Result<Self> {
        let socket = folder.join("agent");
        let mut agent = Command::new("ssh-agent");
        agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null());
        let agent = Self(agent.spawn()?, socket);
        while !agent.1.exists() {
            std::thread::yield_now();
        }
        Ok(agent)
    }

    fn add(&self, key: &Path) -> Result<()> {
        fs::set_permissions(key, fs::Permissions::from_mode(0o600))?;
        let mut add = Command::new("ssh-add");
        add.arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.1);
        ensure!(add.status()?.success());
        Ok(())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ssh_agent_opens_a_node() -> Result<()> {
    let mut ground = Ground::new().await?;
    let agent = Agent::start(ground.folder.path())?;
    let key = json!({ "kind": "agent", "socket": agent.1, "only": null });
    let error = ground.lines("wrapper", "root", key.clone()).await;
    let error = error.expect_err("it holds no key yet");
    assert!(format!("{error:?}").contains("holds no key"), "{error:?}");
    let (file, public) = ground.key("lab")?;
    agent.add(&file)?;
    let lines = ground.lines("wrapper", "root", key.clone()).await?;
    let blob = public.split(' ').nth(1).context("type and key")?;
    assert!(appended(&lines)?.contains(blob), "{lines}");
    ground.authorise(&public);
    ground.save("pve1", "root", json!({ "key": key })).await?;
    ground.enrol("debian-pihole").await?;
    ground.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_sudo_lets_into_guests_is_enough() -> Result<()> {
    let mut ground = Ground::new().await?;
    let own = json!({ "kind": "own" });
    let lines = ground.lines("sudo", "redflag", own.clone()).await?;
    assert!(lines.contains("/etc/sudoers.d/redflag"), "{lines}");
    let bad = ground.lines("sudo", "a; reboot", own).await;
    assert_eq!(bad.expect_err("no name").code, Code::BadInput);
    let line = appended(&lines)?;
    ground.lab.world().change(|w| {
        for node in &mut w.clusters[0].nodes {
            let lines = node.accounts.entry("redflag".into()).or_default();
            lines.push(line.clone());
        }
    });
    let as_root = ground.try_to_save("pve2", "redflag", json!({})).await?;
    as_root.expect_err("the account may not do what root may");
    let way = json!({ "entry": "sudo" });
    let entered = ground.save("pve2", "redflag", way).await?;
    assert_eq!(entered, json!({ "hostname": "pve2", "guests": null }));
    ground.enrol("nextcloud").await?;
    ground.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_bound_to_the_wrapper_is_enough_and_no_more_than_that() -> Result<()> {
    let mut ground = Ground::new().await?;
    let own = json!({ "kind": "own" });
    let line = appended(&ground.lines("wrapper", "root", own).await?)?;
    ground.authorise(&line);
    let as_root = ground.try_to_save("pve2", "root", json!({})).await?;
    assert_eq!(as_root.expect_err("it is bound").code, Code::Forbidden);
    let way = json!({ "entry": "wrapper" });
    let entered = ground.save("pve2", "root", way).await?;
    assert_eq!(entered, json!({ "hostname": null, "guests": null }));
    ground.enrol("mariadb").await?;
    let info = ground
        .desktop
        .call("access_info", json!({ "cluster": ground.cluster }))
        .await?;
    assert_eq!(
        info["nodes"][1]["way"],
        json!({ "key": { "kind": "own" }, "entry": "wrapper", "through": null }),
        "it can be changed from where it stands"
    );
    ground.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_reached_through_another_one() -> Result<()> {
    let mut ground = Ground::new().await?;
    let through = |node: &str| json!({ "through": node });
    let early = ground.try_to_save("pve2", "root", through("pve1")).await?;
    let early = early.expect_err("no way into the first yet");
    assert!(early.message.contains("No access to pve1"), "{early:?}");
    let facts = ground.lab.facts().clusters[0].clone();
    ground.desktop.open_nodes(&ground.cluster, &facts).await?;
    let (_, ssh) = ground.node("pve2")?;
    let place = json!({
        "cluster": ground.cluster, "node": "pve2", "host": ssh.address.ip(), "port": ssh.address.port(), "through": "pve1",
    });
    let shown = ground.desktop.call("probe_node", place).await?;
    assert_eq!(shown["key"]["fingerprint"], json!(ssh.host_key));
    ground.save("pve2", "root", through("pve1")).await?;
    ground.enrol("nextcloud").await?;

    let circle = ground.try_to_save("pve1", "root", through("pve2")).await?;
    let circle = circle.expect_err("each through the other");
    assert!(circle.message.contains("in a circle"), "{circle:?}");
    let node = |name: &str| json!({ "node": { "cluster": ground.cluster, "node": name } });
    let needed = ground.desktop.call("forget_access", node("pve1")).await;
    assert_eq!(needed.expect_err("pve2 needs it").code, Code::Conflict);

    let label = desktop::label(&ground.lab);
    ground.lab.close_ssh(&label, "pve1", true)?;
    let (_, first) = ground.node("pve1")?;
    while tokio::net::TcpStream::connect(first.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let refused = ground.try_to_save("pve2", "root", through("pve1")).await?;
    assert_eq!(
        refused.expect_err("the way is gone").code,
        Code::Unreachable
    );
    ground.save("pve2", "root", json!({})).await?;
    ground.desktop.call("forget_access", node("pve1")).await?;
    let again = ground.desktop.call("forget_access", node("pve1")).await;
    assert_eq!(again.expect_err("it is forgotten").code, Code::Conflict);
    ground.end().await;
    Ok(())
}

/// The roads in their order: kind, fit, reason.
async fn roads(ground: &Ground, node: Option<&str>) -> Result<Vec<(String, String, String)>> {
    let request = json!({ "cluster": ground.cluster, "node": node });
    let answer = ground.desktop.call("roads", request).await?;
    let text = |road: &Value, key: &str| road[key].as_str().unwrap_or_default().to_owned();
    let roads = answer["roads"].as_array().context("roads")?;
    Ok(roads
        .iter()
        .map(|road| (text(road, "kind"), text(road, "fit"), text(road, "reason")))
        .collect())
}

fn order(roads: &[(String, String, String)]) -> Vec<(&str, &str)> {
    roads.iter().map(|r| (r.0.as_str(), r.1.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_best_road_comes_first_and_the_others_say_why_not() -> Result<()> {
    let ground = Ground::new().await?;
    let first = roads(&ground, None).await?;
    assert_eq!(
        order(&first),
        [
            ("ssh", "needsSomething"),
            ("paste", "needsSomething"),
            ("console", "no")
        ]
    );
    assert!(first[2].2.contains("VM.Console"), "{first:?}");

    // A try that failed is told in its own words.
    let wrong = json!({ "key": { "kind": "own" } });
    let refused = ground.try_to_save("pve1", "root", wrong).await?;
    refused.expect_err("the key is not there");
    let of_node = roads(&ground, Some("pve1")).await?;
    assert_eq!(of_node[0].0, "paste");
    let ssh = of_node.iter().find(|road| road.0 == "ssh").context("ssh")?;
    assert!(ssh.1 == "no" && ssh.2.contains("it accepts"), "{ssh:?}");
    assert_eq!(roads(&ground, Some("pve2")).await?[0].0, "ssh", "not tried");

    ground.lab.world().change(|w| {
        let role = w.clusters[0].access.roles.get_mut("RedFlag");
        role.map(|role| role.insert("VM.Console".into()));
        for guest in w.clusters[0].guests.values_mut() {
            guest.console.mode = Some("shell".into());
        }
    });
    let consoles = roads(&ground, Some("pve2")).await?;
    assert_eq!(consoles[0].0, "console", "{consoles:?}");

    let facts = ground.lab.facts().clusters[0].clone();
    ground.desktop.open_nodes(&ground.cluster, &facts).await?;
    let all = roads(&ground, None).await?;
    assert_eq!(order(&all)[0], ("ssh", "ready"), "{all:?}");
    ground.end().await;
    Ok(())
}
