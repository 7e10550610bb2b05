//! Guests that cannot reach the desktop: the same agent, the same TLS and the real gateway, over the pipes of a real
//! `redflag-agent stdio`.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{
    desk::{Desk, session},
    guest::Guest,
    scenes::pending,
    until,
};
use tokio::process::Command;
use wire::{Action, Outcome};

fn stdio(guest: &Guest) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redflag-agent"));
    command
        .arg("--root")
        .arg(guest.root())
        .arg("stdio")
        .env("PATH", guest.path());
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_a_route_enrols_and_works_through_its_node() {
    let guest = Guest::new(&pending());
    let desk = Desk::new();
    guest.prepare(&desk.bootstrap());
    let daemon = guest.start();
    let status = || agent::status::Status::read(&guest.layout(), &guest.tools());
    until("trouble in the status", || async {
        status().running.and_then(|r| r.trouble)
    })
    .await;

    let mut first = session(&desk, stdio(&guest));
    let outcome = desk.done(Action::Scan { refresh: true }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    assert!(desk.memory.lock().unwrap().inventories > 0);
    let running = status().running.unwrap();
    assert!(
        running.via_node && running.endpoint.is_none(),
        "{running:?}"
    );
    let text = status().text(agent::clock::now());
    assert!(text.contains("through the node"), "{text}");

    // The session ends as a lost SSH connection does, work goes on, and the next session brings it home.
    let job = desk.give(Action::Scan { refresh: true });
    first.child.kill().await.unwrap();
    drop(first.served.await);
    let _second = session(&desk, stdio(&guest));
    until("the outcome", || async {
        let memory = desk.memory.lock().unwrap();
        memory.outcomes.iter().find(|(id, _)| *id == job).map(drop)
    })
    .await;
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_agent_runs_the_session_is_one() {
    let guest = Guest::new(&pending());
    let desk = Desk::new();
    guest.prepare(&desk.bootstrap());
    let mut session = session(&desk, stdio(&guest));
    let outcome = desk.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    assert!(!guest.layout().bootstrap().exists(), "enrolled");
    // The desktop hangs up.
    session.served.abort();
    let status = session.child.wait().await.unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_a_node_are_passed_over_and_those_instead_of_an_agent_are_told() {
    let guest = Guest::new(&pending());
    let desk = Desk::new();
    guest.prepare(&desk.bootstrap());
    let mut noisy = Command::new("sh");
    noisy
        .arg("-c")
        .arg("echo Welcome to pve1; exec \"$0\" --root \"$1\" stdio")
        .arg(env!("CARGO_BIN_EXE_redflag-agent"))
        .arg(guest.root())
        .env("PATH", guest.path());
    let _noisy = session(&desk, noisy);
    until("a check-in", || async {
        (desk.memory.lock().unwrap().check_ins > 0).then_some(())
    })
    .await;

    let mut none = Command::new("sh");
    none.args(["-c", "echo 'lxc-attach: no such container'"]);
    let none = session(&desk, none);
    let error = none.served.await.unwrap().unwrap_err().to_string();
    assert!(error.contains("no such container"), "{error}");
}
