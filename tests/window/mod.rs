//! The real window, driven as a person would: found by what is on screen, clicked, typed into, waited for. Shared by the
//! end-to-end tests and the demo.
#![allow(dead_code, reason = "each program that shares this uses its own part")]
#![allow(unreachable_pub, reason = "a module of several programs")]

pub mod fleet;
pub mod frame;
pub mod hand;
pub mod images;
pub mod page;
pub mod process;
pub mod rpc;
pub mod screen;
pub mod screens;
pub mod session;

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use fantoccini::{Client, ClientBuilder};
use hand::Hand;
use hyper_util::client::legacy::connect::HttpConnector;
use process::Running;
use screen::Screen;
use serde_json::{Map, Value, json};

/// Longest wait for something that should come soon, on a slow machine.
pub const SOON: Duration = Duration::from_secs(60);

/// What a window is opened with.
pub struct Opening {
    /// The desktop program.
    pub program: PathBuf,
    /// Its data folder.
    pub data: PathBuf,
    /// Further variables of its environment.
    pub environment: Vec<(String, String)>,
}

impl Opening {
    /// A program on its own data, with a passphrase since a test's bus has no keyring.
    pub fn new(program: impl Into<PathBuf>, data: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            data: data.into(),
            environment: vec![("REDFLAG_PASSPHRASE".into(), "a passphrase for tests".into())],
        }
    }

    /// The same with one more variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }
}

/// An open window and the driver that holds it.
pub struct Window {
    client: Client,
    driver: Running,
    program: u32,
    /// How its user touches it.
    pub hand: Hand,
}

impl Window {
    /// Opens it and waits until its page has been loaded.
    pub async fn open(screen: &Screen, opening: &Opening) -> anyhow::Result<Self> {
        anyhow::ensure!(
            opening.program.is_file(),
            "{} has not been built",
            opening.program.display()
        );
        let port = free_port()?;
        let mut command = Command::new("WebKitWebDriver");
        command.arg(format!("--port={port}"));
        screen.show(&mut command);
        command
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("REDFLAG_DATA", &opening.data)
            .envs(
                opening
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            );
        let mut driver = Running::start(&mut command)?;
        let client = connect(&mut driver, port, &opening.program).await?;
        let name = opening.program.file_name().unwrap_or_default();
        let program = process::descendants(driver.id())
            .into_iter()
            .find(|id| name.to_string_lossy().starts_with(&process::name(*id)))
            .context("the program is not among the driver's processes")?;
        Ok(Self {
            client,
            driver,
            program,
            hand: Hand::default(),
        })
    }

    /// The process id of the desktop program.
    pub fn program(&self) -> u32 {
        self.program
    }

    /// The WebDriver session, for what has no verb of its own here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Closes the window as its user would, and waits until the program has ended.
    ///
    /// # Errors
    /// Also when the page has broken its content security policy since it was loaded.
    pub async fn close(self) -> anyhow::Result<()> {
        // Where there is no page there is nothing that could break it.
        let violations = self.violations().await.unwrap_or_default();
        self.close_as_it_is().await?;
        anyhow::ensure!(
            violations.is_empty(),
            "the page broke its policy: {violations:?}"
        );
        Ok(())
    }

    /// The same for a page that was made to break its policy.
    pub async fn close_as_it_is(self) -> anyhow::Result<()> {
        // The answer may be lost together with the window.
        let _ = self.client.close_window().await;
        wait_for_end(self.program).await?;
        drop(self.driver);
        Ok(())
    }

    /// Waits until the program has ended, which somebody else asked it for.
    pub async fn ended_by_itself(self) -> anyhow::Result<()> {
        wait_for_end(self.program).await?;
        drop(self.driver);
        Ok(())
    }

    /// Ends the program as a crash would: without any chance to write.
    pub async fn kill(self) -> anyhow::Result<()> {
        let killed = Command::new("kill")
            .args(["-KILL", &self.program.to_string()])
            .status()?;
        anyhow::ensure!(killed.success(), "the program had ended already");
        wait_for_end(self.program).await?;
        drop(self.driver);
        Ok(())
    }

    /// Evaluates the body of a function in the page.
    pub async fn evaluate(&self, script: &str, arguments: Vec<Value>) -> anyhow::Result<Value> {
        self.client
            .execute(script, arguments)
            .await
            .with_context(|| format!("in the page: {script}"))
    }

    /// Gives the window that size.
    pub async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        self.client.set_window_size(width, height).await?;
        self.until(
            "the new size",
            SOON,
            "return window.innerWidth === arguments[0] && window.innerHeight === arguments[1]",
            vec![json!(width), json!(height)],
        )
        .await
        .map(drop)
    }

    /// Waits until nothing moves any more, nothing is being read, and the last change has been painted.
    pub async fn rest(&self) -> anyhow::Result<()> {
        self.until(
            "the end of every movement",
            SOON,
            "const turns = (one) => one.effect.getTiming().iterations === Infinity;
             const moves = document.getAnimations().some((one) => one.playState === 'running' && !turns(one));
             const reads = /^(Reading|Asking|Looking)\\b/m.test(document.body.innerText);
             return !moves && !reads",
            vec![],
        )
        .await?;
        // The frame after the next one shows what stands now.
        let painted =
            "requestAnimationFrame(() => requestAnimationFrame(() => arguments[0](true)))";
        self.client().execute_async(painted, vec![]).await?;
        Ok(())
    }

    /// Writes a picture of the page.
    pub async fn screenshot(&self, file: &Path) -> anyhow::Result<()> {
        let picture = self.client.screenshot().await?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, picture).with_context(|| file.display().to_string())
    }

    /// Violations of the page's content security policy since it began to load.
    pub async fn violations(&self) -> anyhow::Result<Vec<String>> {
        let found = self.evaluate("return window.__violations", vec![]).await?;
        Ok(serde_json::from_value(found)?)
    }
}

async fn connect(driver: &mut Running, port: u16, program: &Path) -> anyhow::Result<Client> {
    let mut capabilities = Map::new();
    capabilities.insert(
        "webkitgtk:browserOptions".into(),
        json!({ "binary": program, "args": [] }),
    );
    let address = format!("http://127.0.0.1:{port}");
    let deadline = Instant::now() + SOON;
    // The driver listens a moment after it was started, and says nothing when it does.
    while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .is_err()
    {
        anyhow::ensure!(driver.is_alive(), "WebKitWebDriver ended at once");
        anyhow::ensure!(Instant::now() < deadline, "WebKitWebDriver does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(capabilities);
    // Without a limit a program that ended at once is waited for without an end.
    tokio::time::timeout(SOON, builder.connect(&address))
        .await
        .context("the program did not open a window")?
        .context("the window did not open")
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

async fn wait_for_end(process: u32) -> anyhow::Result<()> {
    let deadline = Instant::now() + SOON;
    // One that has ended and was not asked for by its parent yet is still listed, with nothing open. Until its last file
    // is closed it may hold its name on the bus, and the next start would be taken for a second instance of it.
    let has_open_files = || {
        std::fs::read_dir(format!("/proc/{process}/fd"))
            .is_ok_and(|mut files| files.next().is_some())
    };
    while has_open_files() {
        anyhow::ensure!(Instant::now() < deadline, "the program does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
