//! The main job through the real window, from nothing to a receipt, against simulated guests.

use lab::{Lab, Options, Scenario};

use crate::window::{
    Opening, SOON, Window,
    fleet::{Counts, Row, stand_in_agent, tree},
    page::by_id,
    screen::Screen,
};

fn counts(pairs: &[(&str, u32)]) -> Counts {
    pairs
        .iter()
        .map(|(state, n)| ((*state).to_owned(), *n))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn main_job_with_simulated_guests() -> anyhow::Result<()> {
    let lab = Lab::start(Scenario::small(), Options::quick()).await?;
    let cluster = lab.facts().clusters[0].clone();
    let folder = tempfile::tempdir()?;
    let screen = Screen::start()?;
    let opening = Opening::new(env!("CARGO_BIN_EXE_redflag"), folder.path().join("data"))
        .with("REDFLAG_AGENT_BINARY", stand_in_agent(folder.path())?);
    let window = Window::open(&screen, &opening).await?;

    let sentence = window.add_cluster(&cluster).await?;
    assert_eq!(sentence, "Found 2 nodes, 3 LXCs");
    assert_eq!(
        window.install_agents().await?,
        counts(&[("succeeded", 2)]),
        "both running guests get an agent"
    );
    window.to_fleet().await?;
    window
        .row_becomes("web", "known with its updates", |row| {
            row.updates.contains('3')
        })
        .await?;
    let before = window.rows().await?;
    assert!(
        before.iter().any(|row| row.name == "stopped1"
            && row.state == "Stopped"
            && row.updates == "Not running"),
        "a stopped guest is not called up to date:\n{}",
        tree(&before)
    );

    window.choose("pve1", "update").await?;
    window.shows("Kept back", SOON).await?;
    window.approve().await?;
    assert_eq!(
        window.newest_ended("update").await?,
        counts(&[("succeeded", 1)])
    );
    window.to_fleet().await?;
    window
        .row_becomes("web", "up to date", |row| row.updates == "Up to date")
        .await?;
    let after = window.rows().await?;
    assert_eq!(
        updates_of(&before, "db"),
        updates_of(&after, "db"),
        "the other node was left alone"
    );

    window
        .click_on("[role=row][data-name=web] [role=rowheader]")
        .await?;
    window.click("tab-history").await?;
    window.find("[data-testid^=history-][data-outcome]").await?;
    assert_eq!(window.violations().await?, Vec::<String>::new());
    window.close().await?;

    // Without the cluster there is only the store to show the tree from.
    lab.stop().await;
    let window = Window::open(&screen, &opening).await?;
    window.find(&by_id("tree")).await?;
    window
        .row_becomes("web", "there from the store", |row| row.vmid == Some(100))
        .await?;
    let names = |rows: &[Row]| rows.iter().map(|row| row.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&window.rows().await?), names(&after));
    window.close().await
}

fn updates_of(rows: &[Row], name: &str) -> Option<String> {
    rows.iter()
        .find(|row| row.name == name)
        .map(|row| row.updates.clone())
}
