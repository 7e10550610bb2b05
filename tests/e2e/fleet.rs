//! Updates of a whole cluster by right-click, on real LXC containers: scanned, the security ones, what was approved, and
//! the rest; each looked at inside, and then in the history.

use lab::lxc::{self, RealGuest, RealNodes};

use crate::{
    lxc::{agent, possible},
    window::{
        Opening, SOON, Window,
        fleet::{Counts, Row},
        screen::Screen,
    },
};

/// Of a plain package and of one with a security update.
async fn versions(guest: &RealGuest) -> anyhow::Result<[String; 2]> {
    let mut found = [const { String::new() }; 2];
    for (at, package) in ["rf-alpha", "rf-gamma"].iter().enumerate() {
        found[at] = guest.version_of(package).await?.unwrap_or_default();
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_a_cluster_is_updated_by_right_click() -> anyhow::Result<()> {
    possible()?;
    let agent = agent()?;
    let (nodes, lab) =
        RealNodes::with_double(lxc::Options::two_nodes(), lab::Options::quick()).await?;
    let outcome = journey(&nodes, &lab, &agent).await;
    lab.stop().await;
    let cleared = nodes.stop().await;
    outcome.and(cleared)
}

async fn journey(nodes: &RealNodes, lab: &lab::Lab, agent: &std::path::Path) -> anyhow::Result<()> {
    let (web, db) = (nodes.guest("pve1", 100)?, nodes.guest("pve2", 200)?);
    let cluster = nodes.facts(lab).clusters[0].clone();
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let screen = Screen::start()?;
    let opening = Opening::new(env!("CARGO_BIN_EXE_redflag"), &data)
        .with("REDFLAG_AGENT_BINARY", agent.display().to_string());
    let window = Window::open(&screen, &opening).await?;
    window.add_cluster(&cluster).await?;
    let both = Counts::from([("succeeded".to_owned(), 2)]);
    assert_eq!(window.install_agents().await?, both);
    window.to_fleet().await?;

    window.choose(&cluster.name, "scan").await?;
    assert_eq!(window.newest_ended("scan").await?, both);
    window.to_fleet().await?;
    let known = |row: &Row| row.updates.chars().any(|c| c.is_ascii_digit());
    for name in ["web", "db"] {
        window
            .row_becomes(name, "known with its updates", known)
            .await?;
    }
    let plain = |alpha: &str, gamma: &str| [alpha, gamma].map(str::to_owned);
    for guest in [web, db] {
        assert_eq!(
            versions(guest).await?,
            plain("1.0", "1.0"),
            "a scan installs nothing"
        );
    }

    // All security updates of a cluster with a stopped LXC and a template in it.
    window.choose(&cluster.name, "security").await?;
    window.approve().await?;
    assert_eq!(window.newest_ended("update").await?, both);
    for guest in [web, db] {
        assert_eq!(
            versions(guest).await?,
            plain("1.0", "1.0+security1"),
            "{}",
            guest.name()
        );
    }

    // One package is approved everywhere, and installed with one click, since nothing moved.
    window.click("view-updates").await?;
    window.shows("rf-alpha", SOON).await?;
    window.screenshot(&output("updates.png")?).await?;
    assert_eq!(window.violations().await?, Vec::<String>::new());
    window
        .click_on("[data-testid=group-rf-alpha] [role=checkbox]")
        .await?;
    approved(&window, "web").await?;
    window.choose(&cluster.name, "install-approved").await?;
    for (name, left) in [("web", "3"), ("db", "2")] {
        window
            .row_becomes(name, "updated", |row| row.updates == left)
            .await?;
    }
    for guest in [web, db] {
        assert_eq!(versions(guest).await?, plain("1.1", "1.0+security1"));
    }
    assert_eq!(web.version_of("rf-beta").await?.as_deref(), Some("1.0"));

    // All of the next one: it brings a package that nobody approved, and so asks.
    window.choose("web", "approve").await?;
    approved(&window, "web").await?;
    window.choose("web", "install-approved").await?;
    window.shows("rf-delta is added", SOON).await?;
    assert_eq!(web.version_of("rf-beta").await?.as_deref(), Some("1.0"));
    window.approve().await?;
    window
        .row_becomes("web", "up to date", |row| row.updates == "Up to date")
        .await?;
    assert_eq!(web.version_of("rf-beta").await?.as_deref(), Some("1.1"));
    assert_eq!(db.version_of("rf-beta").await?.as_deref(), Some("1.0"));

    // The rest of the cluster.
    window.choose(&cluster.name, "update").await?;
    window.approve().await?;
    window
        .row_becomes("db", "up to date", |row| row.updates == "Up to date")
        .await?;
    assert_eq!(versions(db).await?, plain("1.1", "1.0+security1"));
    for guest in [web, db] {
        guest.shell("test -z \"$(dpkg --audit)\"").await?;
    }

    let held = web.version_of("rf-held").await?;
    assert_eq!(held.as_deref(), Some("1.0"), "held packages stay");

    // Six receipts, and a file of them.
    window.click("view-history").await?;
    window
        .until(
            "six receipts",
            SOON,
            "return document.querySelectorAll('[data-testid^=receipt-row-]').length === 6",
            vec![],
        )
        .await?;
    window.screenshot(&output("history.png")?).await?;
    window.click("export-csv").await?;
    window.shows("redflag-receipts-", SOON).await?;
    let file = std::fs::read_dir(data.join("exports"))?
        .next()
        .ok_or_else(|| anyhow::anyhow!("nothing was exported"))??;
    let text = std::fs::read_to_string(file.path())?;
    assert!(
        text.contains("rf-gamma") && text.contains("1.0+security1"),
        "{text}"
    );
    assert_eq!(window.violations().await?, Vec::<String>::new());
    window.close().await
}

/// In the tree, once it knows that something of a guest is approved.
async fn approved(window: &Window, name: &str) -> anyhow::Result<()> {
    window.to_fleet().await?;
    window.open_row(name).await?;
    window.shows("approved…", SOON).await
}

/// Where pictures for people go.
fn output(name: &str) -> anyhow::Result<std::path::PathBuf> {
    let folder = std::env::var_os("REDFLAG_TEST_OUTPUT").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/e2e"),
        std::path::PathBuf::from,
    );
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(name))
}
