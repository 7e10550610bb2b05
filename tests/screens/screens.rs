//! Pictures of every screen from the real window, in both themes and at two sizes: `cargo xtask screenshots`. The fleet is
//! the demo's, found and scanned as a user would.
#![expect(clippy::print_stdout, reason = "it says where the pictures are")]

#[path = "../window/mod.rs"]
mod window;

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use window::{SOON, Window, images::DemoFleet, screens::SCREENS};

/// Width and height of the window.
const SIZES: [(u32, u32); 2] = [(1440, 900), (1100, 700)];
/// Passing messages are gone after this.
const NOTICES: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let usage = "usage: screens PROGRAM FOLDER";
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let program = arguments.next().context(usage)?;
    let pictures = arguments.next().context(usage)?;
    let demo = DemoFleet::open(&program).await?;
    let window = &demo.window;
    window.shows("Add cluster", SOON).await?;
    each_look(window, &["first-run"], &pictures).await?;
    for cluster in &demo.lab.facts().clusters {
        window.add_cluster(cluster).await?;
        window.install_agents().await?;
        window.to_fleet().await?;
    }
    window.click("scan-all").await?;
    window.newest_ended("scan").await?;
    // Something to see in the history.
    window.to_fleet().await?;
    window.choose("pve1", "update").await?;
    window.approve().await?;
    window.newest_ended("update").await?;
    window.gone("[data-testid^=notice-]", NOTICES).await?;
    each_look(window, SCREENS, &pictures).await?;
    demo.close().await?;
    println!("{}", pictures.display());
    Ok(())
}

async fn each_look(
    window: &Window,
    screens: &[&str],
    pictures: &std::path::Path,
) -> anyhow::Result<()> {
    for (width, height) in SIZES {
        window.resize(width, height).await?;
        for theme in ["dark", "light"] {
            window
                .prefer(&format!("chosen.look.theme = '{theme}'"))
                .await?;
            for name in screens {
                if *name != "first-run" {
                    window
                        .visit(name)
                        .await
                        .with_context(|| (*name).to_owned())?;
                }
                window.rest().await?;
                let file = pictures.join(format!("{name}-{theme}-{width}x{height}.png"));
                window.screenshot(&file).await?;
            }
        }
    }
    Ok(())
}
