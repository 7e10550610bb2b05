//! Upgrades pushed by the desktop, with real programs under the agent's own supervisor.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{fs, process::Command};

use common::{desktop::Desktop, guest::Guest, scenes::pending, until};
use sha2::{Digest, Sha256};
use wire::{Action, Outcome};

const PROGRAM: &str = env!("CARGO_BIN_EXE_redflag-agent");

struct Installed {
    guest: Guest,
    desktop: Desktop,
}

impl Installed {
    /// An enrolled agent under its own supervisor, as in a guest without init system.
    async fn new() -> Self {
        let guest = Guest::new(&pending());
        fs::remove_dir(guest.root().join("run/systemd/system")).unwrap();
        let desktop = Desktop::start().await;
        guest.prepare(&desktop.bootstrap());
        let installed = Self { guest, desktop };
        installed.call("install");
        installed
            .desktop
            .until("a check-in", |m| m.check_ins.first().map(drop))
            .await;
        installed
    }

    fn call(&self, verb: &str) {
        let output = Command::new(PROGRAM)
            .arg("--root")
            .arg(self.guest.root())
            .arg(verb)
            .env("PATH", self.guest.path())
            // A new agent that does not come is not waited for long.
            .env("REDFLAG_UPGRADE_SECONDS", "20")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Lets the desktop carry `program`, and gives the work to become it.
    fn carry(&self, program: Vec<u8>) -> Action {
        let sha256 = hex::encode(Sha256::digest(&program));
        let size = program.len() as u64;
        self.desktop
            .with(|m| m.programs.insert(sha256.clone(), program));
        Action::Upgrade {
            version: agent::VERSION.to_owned(),
            sha256,
            size,
        }
    }

    fn binary(&self) -> Vec<u8> {
        fs::read(self.guest.layout().binary()).unwrap()
    }

    fn session(&self) -> String {
        self.desktop
            .with(|m| m.check_ins.last().unwrap().session.clone())
    }

    /// What an upgrade must leave in any case.
    fn is_tidy(&self) -> bool {
        !self.guest.layout().upgrade().exists()
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.call("uninstall");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_agent_is_fetched_in_pieces_and_takes_over() {
    let house = Installed::new().await;
    let old = house.binary();
    // The same program with a tail is another one to everybody but the kernel.
    let mut new = old.clone();
    new.extend_from_slice(b"newer");
    let action = house.carry(new.clone());
    let session = house.session();
    house.desktop.with(|m| m.busy_pieces = 1);
    let outcome = house.desktop.done(action.clone()).await;
    let expected = Outcome::Upgraded {
        version: agent::VERSION.to_owned(),
    };
    assert_eq!(outcome, expected);
    assert!(house.binary() == new, "it is in its place");
    assert!(fs::read(house.guest.layout().previous()).unwrap() == old);
    assert_ne!(house.session(), session, "it is the new one that reports");
    assert!(house.is_tidy());
    // Asked again, there is nothing to do; the way back to the older one is the same way.
    assert_eq!(house.desktop.done(action).await, expected);
    let action = house.carry(old.clone());
    assert_eq!(house.desktop.done(action).await, expected);
    assert!(house.binary() == old);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_agent_is_followed_by_the_one_before_it() {
    let house = Installed::new().await;
    let old = house.binary();
    let broken = |rest: &str| {
        format!(
            "#!/bin/sh\ncase $* in *--version*) echo redflag-agent 9.9.9; exit 0;; esac\n{rest}\n"
        )
    };
    // One that ends at once, and one that seems to run and never reports.
    let silent = format!(
        "case $* in *supervise*) echo $$ > {run}/supervisor.pid; exec flock -F {run}/supervisor.pid tail -f /dev/null;; esac",
        run = house.guest.layout().run_dir().display()
    );
    for program in [broken("exit 1"), broken(&silent)] {
        let seen = house.desktop.with(|m| m.check_ins.len());
        let action = house.carry(program.into_bytes());
        let outcome = house.desktop.done(action).await;
        let Outcome::Failed { problem, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert!(problem.what.contains("previous one is back"), "{problem:?}");
        assert!(house.binary() == old);
        assert!(house.is_tidy());
        house
            .desktop
            .until("the previous one's check-in", |m| {
                (m.check_ins.len() > seen).then_some(())
            })
            .await;
    }
    let outcome = house.desktop.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_the_agent_that_was_announced_never_runs() {
    let house = Installed::new().await;
    let old = house.binary();
    let problem = |outcome: Outcome| match outcome {
        Outcome::Failed { problem, .. } => format!("{} {}", problem.what, problem.words.unwrap()),
        other => panic!("{other:?}"),
    };
    // Garbage that was announced as such: another architecture's program.
    let action = house.carry(vec![7; 300_000]);
    let words = problem(house.desktop.done(action).await);
    assert!(words.contains("does not run in this LXC"), "{words}");

    // Other bytes than the ones of the hash.
    let action = house.carry(vec![8; 300_000]);
    house.desktop.with(|m| {
        for program in m.programs.values_mut() {
            program[5] = 9;
        }
    });
    let words = problem(house.desktop.done(action).await);
    assert!(words.contains("arrived with the SHA-256"), "{words}");

    // One that the desktop does not carry after all.
    let action = house.carry(vec![1; 10]);
    house.desktop.with(|m| m.programs.clear());
    let words = problem(house.desktop.done(action).await);
    assert!(words.contains("no such agent"), "{words}");
    assert!(house.binary() == old);
    until("nothing on its way", || async {
        house.is_tidy().then_some(())
    })
    .await;
}
