//! The main job through the real window on real LXC containers, with a look inside them afterwards.

use std::path::PathBuf;

use lab::lxc::{self, RealGuest, RealNodes};

use crate::{
    secrets::{self, Watch},
    window::{
        Opening, SOON, Window,
        fleet::{Counts, Row, tree},
        page::by_id,
        screen::Screen,
    },
};

/// # Errors
/// What this machine lacks for real containers.
pub(crate) fn possible() -> anyhow::Result<()> {
    let missing = lxc::missing();
    anyhow::ensure!(
        missing.is_empty(),
        "real containers cannot be made here ({}); `cargo xtask test` leaves this test out and says so",
        missing.join("; ")
    );
    Ok(())
}

/// The static agent, as `cargo xtask agent` leaves it.
pub(crate) fn agent() -> anyhow::Result<PathBuf> {
    let file = std::env::var_os("REDFLAG_AGENT_BINARY").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/agent/redflag-agent"),
        PathBuf::from,
    );
    anyhow::ensure!(
        file.is_file(),
        "{} is not there: run `cargo xtask agent`, or this test by `cargo xtask e2e lxc`",
        file.display()
    );
    Ok(file)
}

async fn version(guest: &RealGuest, package: &str) -> anyhow::Result<String> {
    Ok(guest.version_of(package).await?.unwrap_or_default())
}

/// What an installation must not leave behind, nor an update.
async fn leftovers(guest: &RealGuest) -> anyhow::Result<String> {
    guest
        .shell(
            "ls -d /etc/redflag-agent/bootstrap.json /tmp/*redflag* /root/*redflag* /usr/local/bin/redflag-agent?* \
             /usr/local/bin/.redflag* 2>/dev/null || true",
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_main_job() -> anyhow::Result<()> {
    possible()?;
    let agent = agent()?;
    let (nodes, lab) =
        RealNodes::with_double(lxc::Options::two_nodes(), lab::Options::quick()).await?;
    let outcome = main_job(&nodes, lab, agent).await;
    let cleared = nodes.stop().await;
    outcome.and(cleared)
}

async fn main_job(nodes: &RealNodes, lab: lab::Lab, agent: PathBuf) -> anyhow::Result<()> {
    let (web, db) = (nodes.guest("pve1", 100)?, nodes.guest("pve2", 200)?);
    let cluster = nodes.facts(&lab).clusters[0].clone();
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let passphrase = "canary-passphrase-8d1f";
    let mut planted = vec![cluster.token.secret.clone(), passphrase.to_owned()];
    planted.extend(
        cluster
            .nodes
            .iter()
            .filter_map(|node| node.ssh.as_ref())
            .map(|ssh| ssh.password.clone()),
    );
    let watch = Watch::start(planted.clone());
    let screen = Screen::start()?;
    let opening = Opening::new(env!("CARGO_BIN_EXE_redflag"), &data)
        .with("REDFLAG_PASSPHRASE", passphrase)
        .with("REDFLAG_AGENT_BINARY", agent.display().to_string());
    let window = Window::open(&screen, &opening).await?;

    let sentence = window.add_cluster(&cluster).await?;
    assert_eq!(sentence, "Found 2 nodes, 4 LXCs");
    let succeeded = |n: u32| Counts::from([("succeeded".to_owned(), n)]);
    assert_eq!(
        window.install_agents().await?,
        succeeded(2),
        "both running guests get an agent, the stopped one and the template none"
    );
    for guest in [web, db] {
        guest
            .shell("systemctl is-active --quiet redflag-agent")
            .await?;
        assert_eq!(leftovers(guest).await?, "", "{}", guest.name());
    }

    window.to_fleet().await?;
    window.click("scan-all").await?;
    assert_eq!(window.newest_ended("scan").await?, succeeded(2));
    window.to_fleet().await?;
    let known = |row: &Row| row.updates.chars().any(|c| c.is_ascii_digit());
    window
        .row_becomes("web", "known with its updates", known)
        .await?;
    window
        .row_becomes("db", "known with its updates", known)
        .await?;
    let before = window.rows().await?;

    window.choose("pve1", "update").await?;
    window.shows("Kept back", SOON).await?;
    window.approve().await?;
    assert_eq!(window.newest_ended("update").await?, succeeded(1));

    // Not what the window says, but what the container says.
    assert_eq!(version(web, "rf-alpha").await?, "1.1");
    assert_eq!(version(web, "rf-gamma").await?, "1.0+security1");
    assert_eq!(version(web, "rf-held").await?, "1.0", "held packages stay");
    assert_eq!(
        version(db, "rf-alpha").await?,
        "1.0",
        "only one node was updated"
    );
    web.shell("systemctl is-active --quiet rf-web").await?;
    web.shell("systemctl is-active --quiet redflag-agent")
        .await?;
    web.shell("test -z \"$(dpkg --audit)\"").await?;
    assert_eq!(leftovers(web).await?, "");

    window.to_fleet().await?;
    window
        .row_becomes("web", "up to date", |row| row.updates == "Up to date")
        .await?;
    let after = window.rows().await?;
    let updates = |rows: &[Row], name: &str| {
        rows.iter()
            .find(|row| row.name == name)
            .map(|row| row.updates.clone())
    };
    assert_eq!(updates(&before, "db"), updates(&after, "db"));
    assert_eq!(window.violations().await?, Vec::<String>::new());
    window.close().await?;

    // With the cluster gone there is only the store to show the tree from.
    lab.stop().await;
    let window = Window::open(&screen, &opening).await?;
    window.find(&by_id("tree")).await?;
    window
        .row_becomes("web", "there from the store", |row| row.vmid == Some(100))
        .await?;
    let again = window.rows().await?;
    let names = |rows: &[Row]| {
        rows.iter()
            .map(|row| (row.level, row.name.clone(), row.vmid))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&again), names(&after), "{}", tree(&again));
    window.close().await?;

    let (lines, looks) = watch.end()?;
    assert_eq!(lines, Vec::<String>::new(), "secrets in command lines");
    assert!(
        looks > 1_000,
        "command lines were really looked at: {looks}"
    );
    let (files, read) = secrets::in_files(&data, &planted)?;
    assert_eq!(files, Vec::<PathBuf>::new(), "secrets in files");
    assert!(read >= 2, "database and log were read: {read} files");
    Ok(())
}
