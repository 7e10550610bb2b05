//! The desktop that is measured: a process that answers one command a line, and this side's hold of it.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use domain::{Timestamp, inventory::Inventory};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, stdin},
    process::{Child as Process, ChildStdin, ChildStdout, Command},
    time::{Instant, sleep},
};

use crate::{agents::Agent, desktop::Desktop};

const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(i64::try_from(since.unwrap().as_millis()).unwrap())
}

/// The process itself: lines of `[command, payload]`, each answered by a line.
pub(crate) async fn run(folder: &Path) -> Result<()> {
    let Desktop { app, mut events } = Desktop::open_free(folder).await?;
    // As the window does, which hears each of them once.
    tokio::spawn(async move { while events.recv().await.is_ok() {} });
    println!("null");
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let (command, payload): (String, Value) = serde_json::from_str(&line)?;
        match app.rpc(&command, payload).await {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("{}", json!({ "failed": format!("{error:?}") })),
        }
    }
    Ok(())
}

/// This side's hold.
pub(crate) struct Child {
    process: Process,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts one on a data folder and waits until it serves.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let commands = process.stdin.take().context("its input")?;
        let answers = process.stdout.take().context("its output")?;
        let mut child = Self {
            process,
            commands,
            answers: BufReader::new(answers).lines(),
        };
        child.answer().await?;
        Ok(child)
    }

    async fn answer(&mut self) -> Result<Value> {
        let line = self.answers.next_line().await?;
        let answer: Value = serde_json::from_str(&line.context("the desktop ended")?)?;
        ensure!(answer["failed"].is_null(), "{}", answer["failed"]);
        Ok(answer)
    }

    async fn call(&mut self, command: &str, payload: Value) -> Result<Value> {
        let line = format!("{}\n", json!([command, payload]));
        self.commands.write_all(line.as_bytes()).await?;
        self.commands.flush().await?;
        self.answer().await
    }

    /// Waits until the tree shows so many updates.
    pub(crate) async fn until_counted(&mut self, updates: usize) -> Result<()> {
        let began = Instant::now();
        loop {
            let snapshot = self.call("snapshot", json!({})).await?;
            let shown = &snapshot["fleet"]["totals"]["updates"]["total"];
            if shown.as_u64() == u64::try_from(updates).ok() {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "{shown} updates are shown");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Resident, in megabytes.
    pub(crate) fn memory(&self) -> Result<f64> {
        let process = self.process.id().context("it ended")?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|l| l.trim().strip_suffix("kB"));
        let kilobytes: f64 = kilobytes.context("VmRSS")?.trim().parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// The same once it has not moved by a tenth for three seconds.
    pub(crate) async fn settled_memory(&self) -> Result<f64> {
        let (mut last, mut since) = (self.memory()?, Instant::now());
        let began = Instant::now();
        while since.elapsed() < Duration::from_secs(3) && began.elapsed() < PATIENCE {
            sleep(Duration::from_millis(250)).await;
            let now = self.memory()?;
            if (now - last).abs() > 0.1 {
                (last, since) = (now, Instant::now());
            }
        }
        Ok(last)
    }

    /// The LXCs whose report is not known exactly as it was sent.
    pub(crate) async fn lost(&mut self, agents: &[Agent]) -> Result<Vec<String>> {
        let mut lost = Vec::new();
        for agent in agents {
            let which = json!({ "guest": agent.guest });
            let details = self.call("guest_details", which).await?;
            let known: Option<Inventory> = serde_json::from_value(details["inventory"].clone())?;
            if known.as_ref() != Some(&agent.inventory) {
                lost.push(agent.guest.to_string());
            }
        }
        Ok(lost)
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.start_kill();
    }
}
