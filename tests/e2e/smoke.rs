//! The window opens, paints, keeps to its content security policy, and closes.

use std::{collections::HashSet, io::Cursor};

use anyhow::Context as _;
use serde_json::Value;

use crate::window::{Opening, SOON, Window, screen::Screen};

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_redflag")
}

#[tokio::test]
async fn an_empty_window_paints_its_first_state() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let screen = Screen::start()?;
    let window = Window::open(&screen, &Opening::new(program(), data.path())).await?;
    window.shows("Add cluster", SOON).await?;

    assert_eq!(window.violations().await?, Vec::<String>::new());
    assert!(
        colours(&window).await? > 20,
        "the picture is not one colour"
    );

    // A deliberate violation shows that the check above would have noticed one.
    window
        .evaluate(
            "const style = document.createElement('style');
             style.textContent = 'body { color: lime }';
             document.head.append(style)",
            vec![],
        )
        .await?;
    window
        .until(
            "a noted violation",
            SOON,
            "return window.__violations.some((words) => words.startsWith('style-src'))",
            vec![],
        )
        .await?;
    window.close_as_it_is().await
}

/// How many different colours a picture of the window has; a blank one has one.
async fn colours(window: &Window) -> anyhow::Result<usize> {
    let picture = window.client().screenshot().await?;
    let mut reader = png::Decoder::new(Cursor::new(picture)).read_info()?;
    let mut pixels = vec![
        0;
        reader
            .output_buffer_size()
            .context("a picture of this size")?
    ];
    let frame = reader.next_frame(&mut pixels)?;
    let samples = frame.color_type.samples();
    Ok(pixels[..frame.buffer_size()]
        .chunks(samples)
        .collect::<HashSet<_>>()
        .len())
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_used_is_named_in_the_window() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    // A file where the folder should be: not even root can write into that.
    let file = data.path().join("occupied");
    std::fs::write(&file, "not a folder")?;
    let screen = Screen::start()?;
    let window = Window::open(&screen, &Opening::new(program(), &file)).await?;
    window.shows("occupied", SOON).await?;
    window.close().await
}

#[tokio::test]
async fn the_page_reaches_the_three_commands_and_nothing_else() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let screen = Screen::start()?;
    let window = Window::open(&screen, &Opening::new(program(), data.path())).await?;
    window.shows("Add cluster", SOON).await?;
    let call = |command: &str| {
        let script = format!(
            "const done = arguments[0];
             window.__TAURI_INTERNALS__.invoke('{command}', {{ command: 'app_info', payload: {{}} }})
               .then((answer) => done({{ answer }}), (error) => done({{ error }}))"
        );
        let client = window.client().clone();
        async move { client.execute_async(&script, vec![]).await }
    };
    let answer = call("rpc").await?;
    assert_eq!(
        answer["answer"]["version"],
        Value::from(env!("CARGO_PKG_VERSION"))
    );
    for refused in [
        "plugin:window|close",
        "plugin:window-state|save_window_state",
        "plugin:event|listen",
    ] {
        let answer = call(refused).await?;
        assert!(
            answer["error"]
                .as_str()
                .is_some_and(|words| words.contains("not allowed")),
            "{refused}: {answer}"
        );
    }
    window.close().await
}
