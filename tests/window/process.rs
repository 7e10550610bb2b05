//! Programs that a test starts, and surely ends.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;

/// A started program. Ended by its id when dropped, also when a test fails.
pub struct Running {
    name: String,
    child: Child,
}

impl Running {
    /// Starts it; its output goes where the test's goes.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        Ok(Self { name, child })
    }

    /// Starts it and answers the first line that it prints, too.
    pub fn start_and_read_line(command: &mut Command) -> anyhow::Result<(Self, String)> {
        let mut running = Self::start(command.stdout(Stdio::piped()))?;
        let out = running
            .child
            .stdout
            .take()
            .context("its output was asked for")?;
        let mut line = String::new();
        let mut reader = BufReader::new(out);
        reader.read_line(&mut line)?;
        anyhow::ensure!(!line.is_empty(), "{} ended at once", running.name);
        // Read on, so that it never waits for a full pipe.
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        Ok((running, line.trim().to_owned()))
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended yet.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("{} could not be ended: {error}", self.name);
        }
    }
}

/// The ids of the processes that `parent` started, itself not included, children before grandchildren.
pub fn descendants(parent: u32) -> Vec<u32> {
    let mut found = vec![];
    let mut open = vec![parent];
    while let Some(id) = open.pop() {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{id}/task")) else {
            continue;
        };
        for thread in threads.flatten() {
            let list = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = list.split_whitespace().filter_map(|text| text.parse().ok());
            for child in children {
                found.push(child);
                open.push(child);
            }
        }
    }
    found
}

/// The name of a process's program, as the kernel shortens it.
pub fn name(id: u32) -> String {
    std::fs::read_to_string(format!("/proc/{id}/comm"))
        .unwrap_or_default()
        .trim()
        .to_owned()
}
