//! Looks for planted secrets where none may be: in files, and in the command lines of every process.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context as _, anyhow};

fn contains(content: &[u8], secret: &str) -> bool {
    content
        .windows(secret.len())
        .any(|window| window == secret.as_bytes())
}

/// The files below `folder` that contain one of the secrets, and how many were read.
pub(crate) fn in_files(folder: &Path, secrets: &[String]) -> anyhow::Result<(Vec<PathBuf>, usize)> {
    let (mut found, mut read) = (Vec::new(), 0);
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.is_file() {
                let content = std::fs::read(&path).with_context(|| path.display().to_string())?;
                read += 1;
                if secrets.iter().any(|secret| contains(&content, secret)) {
                    found.push(path);
                }
            }
        }
    }
    Ok((found, read))
}

/// Reads the command lines of all processes again and again until it is asked.
pub(crate) struct Watch {
    ended: Arc<AtomicBool>,
    found: Arc<Mutex<BTreeSet<String>>>,
    thread: JoinHandle<u64>,
}

impl Watch {
    pub(crate) fn start(secrets: Vec<String>) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let found = Arc::new(Mutex::new(BTreeSet::new()));
        let (over, into) = (Arc::clone(&ended), Arc::clone(&found));
        let thread = std::thread::spawn(move || {
            let mut looks = 0;
            while !over.load(Ordering::Relaxed) {
                let lines = command_lines();
                looks += lines.len() as u64;
                let bad = lines
                    .into_iter()
                    .filter(|line| secrets.iter().any(|secret| contains(line, secret)))
                    .map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(bad);
                std::thread::sleep(Duration::from_millis(20));
            }
            looks
        });
        Self {
            ended,
            found,
            thread,
        }
    }

    /// The command lines that contained a secret, and how many were looked at.
    pub(crate) fn end(self) -> anyhow::Result<(Vec<String>, u64)> {
        self.ended.store(true, Ordering::Relaxed);
        let looks = self
            .thread
            .join()
            .map_err(|_| anyhow!("the watch panicked"))?;
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((found.iter().cloned().collect(), looks))
    }
}

fn command_lines() -> Vec<Vec<u8>> {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn a_planted_secret_is_found() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let secret = "canary-5f0c2a".to_owned();
    std::fs::write(folder.path().join("clean"), "nothing here")?;
    let dirty = folder.path().join("dirty");
    std::fs::write(&dirty, format!("before {secret} after"))?;
    let (found, read) = in_files(folder.path(), std::slice::from_ref(&secret))?;
    assert_eq!((found, read), (vec![dirty], 2));

    let watch = Watch::start(vec![secret.clone()]);
    let told = crate::window::process::Running::start(std::process::Command::new("sh").args([
        "-c",
        // Stands still until it is ended, and starts nothing that would outlive it.
        "kill -STOP $$",
        &secret,
    ]))?;
    let deadline = std::time::Instant::now() + crate::window::SOON;
    while watch.found.lock().is_ok_and(|found| found.is_empty()) {
        anyhow::ensure!(std::time::Instant::now() < deadline, "it was not noticed");
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(told);
    assert_eq!(watch.end()?.0.len(), 1);
    Ok(())
}
