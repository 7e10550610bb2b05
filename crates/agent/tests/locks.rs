//! A lock held by another process is waited for, and its holder is named.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
};

use agent::packages::{self, Progress};
use common::guest::{Guest, MAIN, row};
use domain::operation::{LogLevel, StepKind};
use rustix::fs::{FlockOperation, fcntl_lock};

const LOCK: &str = "REDFLAG_TEST_LOCK";

/// Collects details, and lets the holder go when it has been named.
struct Told {
    details: Vec<String>,
    holder: std::process::Child,
}

impl Progress for Told {
    fn step(&mut self, _step: StepKind) {}
    fn detail(&mut self, text: &str) {
        self.details.push(text.to_owned());
        // Its standard input ends, and so does it.
        drop(self.holder.stdin.take());
    }
    fn percent(&mut self, _percent: u8) {}
    fn log(&mut self, _level: LogLevel, _text: &str) {}
    fn quiet(&mut self) {}
    fn cancelled(&self) -> bool {
        false
    }
}

#[test]
fn a_held_lock_is_waited_for_and_its_holder_named() {
    let guest = Guest::new(&[row("curl", "1", "2", MAIN)]);
    let lock = guest.root().join("var/lib/apt/lists/lock");
    fs::write(&lock, "").unwrap();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_lock_for_the_test_above", "--nocapture"])
        .env(LOCK, &lock)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|l| l.unwrap().contains("held")),
        "the lock is held"
    );
    let pid = holder.id();
    let comm = guest.root().join(format!("proc/{pid}"));
    fs::create_dir_all(&comm).unwrap();
    fs::write(comm.join("comm"), "unattended-upgr\n").unwrap();
    let (layout, tools) = (guest.layout(), guest.tools());
    agent::files::make_private_dir(&layout.state_dir()).unwrap();
    let mut told = Told {
        details: Vec::new(),
        holder,
    };
    let refreshed = packages::detect(&layout, &tools)
        .unwrap_or_else(|e| panic!("{e}"))
        .refresh(&mut told);
    told.holder.wait().unwrap();
    assert!(refreshed.is_ok(), "{refreshed:?}");
    assert_eq!(
        told.details[0],
        format!("waiting: /var/lib/apt/lists/lock is held by unattended-upgr (process {pid})")
    );
}

/// Nothing by itself: the other process of the test above.
#[test]
fn holds_a_lock_for_the_test_above() {
    let Some(path) = std::env::var_os(LOCK) else {
        return;
    };
    let file = fs::File::options().write(true).open(path).unwrap();
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
    let mut stdout = std::io::stdout();
    writeln!(stdout, "held").unwrap();
    stdout.flush().unwrap();
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).unwrap();
}
