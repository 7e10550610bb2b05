//! What RedFlag does beside its window: icon, messages, closing, over a real session bus. The panel and the service of
//! messages are doubles that record.

use lab::{Lab, Options, Scenario};

use crate::window::{
    Opening, SOON, Window, fleet::stand_in_agent, frame::Frame, screen::Screen, session::Session,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_icon_tells_what_waits_and_its_menu_works_without_the_window() -> anyhow::Result<()> {
    let lab = Lab::start(Scenario::small(), Options::quick()).await?;
    let cluster = lab.facts().clusters[0].clone();
    let folder = tempfile::tempdir()?;
    let screen = Screen::start()?;
    let session = Session::start(&screen).await?;
    let opening = Opening::new(env!("CARGO_BIN_EXE_redflag"), folder.path().join("data"))
        .with("REDFLAG_AGENT_BINARY", stand_in_agent(folder.path())?)
        .with("REDFLAG_NOTICE_SECONDS", "1");
    let window = Window::open(&screen, &opening).await?;
    let frame = Frame::of(&window, &screen).await?;
    let icon = session.icon().await?;
    icon.says("No updates known").await?;
    let plain = icon.picture().await?;
    assert_eq!((plain.0, plain.1), (44, 44));

    window.add_cluster(&cluster).await?;
    window.install_agents().await?;
    window.to_fleet().await?;
    icon.says("security").await?;
    assert_ne!(
        icon.picture().await?.2,
        plain.2,
        "the number is drawn on it"
    );
    assert_eq!(
        icon.labels().await?,
        [
            "Open RedFlag",
            "Scan all",
            "Pause notifications for 1 hour",
            "Pause notifications until 08:00",
            "Quit RedFlag"
        ]
    );

    frame.close()?;
    session
        .message("about closing", |message| {
            message.title == "RedFlag goes on in the tray"
        })
        .await?;
    frame.until_shown(false).await?;

    icon.choose("Scan all").await?;
    let scanned = session
        .message("about the scan", |message| {
            message.title.starts_with("Scan · ")
        })
        .await?;
    // What the first reports of the agents have told already is not new to a scan.
    let told = (scanned.title.as_str(), scanned.body.as_str());
    let one = ("Scan · All clusters found 1 update", "db: 1 update");
    let none = ("Scan · All clusters: nothing new", "2 LXCs");
    assert!(told == one || told == none, "{told:?}");
    // A click in the very moment in which the message appears is nobody's.
    while !frame.is_shown()? {
        session.click(&scanned).await?;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }

    frame.close()?;
    frame.until_shown(false).await?;
    icon.choose("Pause notifications for 1 hour").await?;
    icon.says("messages paused").await?;
    assert!(
        icon.labels()
            .await?
            .contains(&"Resume notifications".to_owned())
    );
    let before = session.messages().len();
    icon.choose("Scan all").await?;
    icon.activate().await?;
    frame.until_shown(true).await?;
    window.newest_ended("scan").await?;
    icon.choose("Resume notifications").await?;
    icon.says("security").await?;
    assert_eq!(
        session.messages().len(),
        before,
        "paused, and closing was told once"
    );

    icon.choose("Quit RedFlag").await?;
    window.ended_by_itself().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_place_for_icons_closing_ends_the_program() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let screen = Screen::start()?;
    let opening = Opening::new(env!("CARGO_BIN_EXE_redflag"), folder.path().join("data"));
    let window = Window::open(&screen, &opening).await?;
    window.shows("Add cluster", SOON).await?;
    Frame::of(&window, &screen).await?.close()?;
    window.ended_by_itself().await
}
