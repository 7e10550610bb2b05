//! A cluster's life through the window: rights that are granted with the printed lines, another token, another certificate.

use std::{collections::BTreeSet, path::Path};

use anyhow::Context as _;
use lab::{Lab, Options, Scenario, facts::ClusterFacts, pveum};
use serde_json::json;

use crate::window::{Opening, SOON, Window, page::by_id, screen::Screen};

/// Name of the cluster, in the lab and in the window.
const CLUSTER: &str = "small";

async fn start() -> anyhow::Result<(Lab, ClusterFacts, Screen)> {
    let lab = Lab::start(Scenario::small(), Options::quick()).await?;
    let cluster = lab.facts().clusters[0].clone();
    Ok((lab, cluster, Screen::start()?))
}

fn opening(data: &Path) -> Opening {
    Opening::new(env!("CARGO_BIN_EXE_redflag"), data)
}

/// Types every line into the root shell of a node. Answers what they print.
fn type_lines(lab: &Lab, lines: &str) -> anyhow::Result<String> {
    let mut printed = String::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let words = pveum(lab, CLUSTER, line).with_context(|| line.to_owned())?;
        printed.push_str(&words);
    }
    Ok(printed)
}

/// Names of the rights on the wizard's page, by whether they are ticked.
async fn rights(window: &Window, granted: bool) -> anyhow::Result<BTreeSet<String>> {
    let names = window
        .evaluate(
            "return [...document.querySelectorAll(`[data-testid^='right-'][data-granted=${arguments[0]}]`)]
               .map((row) => row.dataset.testid.slice('right-'.length))",
            vec![json!(granted)],
        )
        .await?;
    Ok(serde_json::from_value(names)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_lines_make_the_missing_ticks_appear() -> anyhow::Result<()> {
    let (lab, cluster, screen) = start().await?;
    // VM.Audit is required, the others are of use: none of them is there.
    lab.set_role(CLUSTER, "RedFlag", &["Sys.Audit"])?;
    let folder = tempfile::tempdir()?;
    let window = Window::open(&screen, &opening(folder.path())).await?;

    window.to_permissions(&cluster).await?;
    let lines = window.reads(&by_id("wizard-grant"), "pveum", SOON).await?;
    let missing = rights(&window, false).await?;
    assert!(missing.contains("VM.Audit"), "{missing:?}");
    assert!(
        !missing.contains("Sys.Audit"),
        "what is granted is ticked: {missing:?}"
    );
    window.gone(&by_id("wizard-next"), SOON).await?;

    // Not before the lines are run: asking again alone changes nothing.
    window.click("wizard-check").await?;
    window
        .reads(&by_id("wizard-check"), "Check again", SOON)
        .await?;
    assert_eq!(rights(&window, false).await?, missing);

    type_lines(&lab, &lines)?;
    window.click("wizard-check").await?;
    for name in &missing {
        window
            .find(&format!("[data-testid='right-{name}'][data-granted=true]"))
            .await?;
    }
    assert_eq!(rights(&window, false).await?, BTreeSet::new());
    window.gone(&by_id("wizard-grant"), SOON).await?;

    let sentence = window.after_permissions(&cluster).await?;
    assert_eq!(sentence, "Found 2 nodes, 3 LXCs");
    window.close().await?;
    lab.stop().await;
    Ok(())
}

/// The window with the lab's cluster in it, on the tree.
async fn with_cluster(
    screen: &Screen,
    data: &Path,
    cluster: &ClusterFacts,
) -> anyhow::Result<Window> {
    let window = Window::open(screen, &opening(data)).await?;
    window.add_cluster(cluster).await?;
    window.click("wizard-done").await?;
    window.find(&by_id("tree")).await?;
    is_online(&window).await?;
    Ok(window)
}

async fn is_online(window: &Window) -> anyhow::Result<()> {
    window
        .row_becomes(CLUSTER, "online", |row| {
            row.state == "Quorate" || row.state == "Online"
        })
        .await
        .map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_outlives_the_old_one() -> anyhow::Result<()> {
    let (lab, cluster, screen) = start().await?;
    let folder = tempfile::tempdir()?;
    let window = with_cluster(&screen, folder.path(), &cluster).await?;

    window.open_row(CLUSTER).await?;
    window
        .reads(&by_id("token-id"), &cluster.token.id, SOON)
        .await?;
    window.click("cluster-rotate-button").await?;
    let lines = window.reads(&by_id("rotate-lines"), "pveum", SOON).await?;
    let printed = type_lines(&lab, &lines)?;
    let secret = printed
        .lines()
        .find_map(|line| line.split('│').nth(2).filter(|_| line.contains("│ value ")))
        .context("the lines print the secret")?
        .trim();
    window.fill("rotate-secret", secret).await?;
    window.click("rotate-save").await?;
    let delete = window.reads(&by_id("rotate-delete"), "pveum", SOON).await?;
    type_lines(&lab, &delete)?;
    window.click("rotate-done").await?;
    let left = lab.world().read(|world| {
        let tokens = world.clusters[0].access.tokens.iter();
        tokens.map(|token| token.id.clone()).collect::<Vec<_>>()
    });
    assert_eq!(
        left,
        [format!("{}-2", cluster.token.id)],
        "the old token is gone"
    );

    // Proxmox refuses the old one from now on; what is answered is answered to the new one.
    lab.forget_requests();
    window.click("cluster-discover-button").await?;
    window.shows("Found 2 nodes, 3 LXCs", SOON).await?;
    assert!(!lab.requests().is_empty(), "the cluster was really asked");
    is_online(&window).await?;
    window.reads(&by_id("token-id"), &left[0], SOON).await?;
    assert!(window.text().await?.contains(&left[0]));
    assert_eq!(window.violations().await?, Vec::<String>::new());
    window.close().await?;

    // It is also what the next start takes.
    let window = Window::open(&screen, &opening(folder.path())).await?;
    window.find(&by_id("tree")).await?;
    is_online(&window).await?;
    window.close().await?;
    lab.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_certificate_is_shown_compared_and_accepted() -> anyhow::Result<()> {
    let (lab, cluster, screen) = start().await?;
    let folder = tempfile::tempdir()?;
    let window = with_cluster(&screen, folder.path(), &cluster).await?;

    let old = cluster.fingerprint.to_string();
    let new = lab.change_certificate(CLUSTER, "pve1")?.to_string();
    window
        .row_becomes(CLUSTER, "one with another certificate", |row| {
            row.state == "Certificate changed"
        })
        .await?;
    let guests = window.rows().await?;
    assert!(
        guests.iter().any(|row| row.vmid == Some(100)),
        "the last picture stays"
    );
    window.open_row(CLUSTER).await?;
    window.click("link-compare").await?;
    window
        .find(&format!(
            "{}[data-value='{new}']",
            by_id("compare-presented")
        ))
        .await?;
    window
        .find(&format!(
            "{}[data-value='{old}']",
            by_id("compare-accepted")
        ))
        .await?;

    // The old one is not the same, and does not tick "It matches".
    window.fill("compare-pasted", &old).await?;
    let disabled = "return document.querySelector('[data-testid=compare-accept]').disabled";
    assert_eq!(window.evaluate(disabled, vec![]).await?, json!(true));
    window.fill("compare-pasted", &new).await?;
    window.click("compare-accept").await?;
    window.gone(&by_id("cluster-compare"), SOON).await?;
    is_online(&window).await?;
    window
        .find(&format!("{}[data-value='{new}']", by_id("accepted")))
        .await?;
    assert_eq!(window.violations().await?, Vec::<String>::new());
    window.close().await?;
    lab.stop().await;
    Ok(())
}
