//! An enrolled guest that was copied: one identity, two machines.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::fs;

use common::{
    desktop::Verdict,
    scenes::{enrolled, pending},
    until,
};
use wire::{Action, Outcome};

fn new_card(guest: &common::guest::Guest, mac: &str) {
    fs::write(guest.root().join("sys/class/net/eth0/address"), mac).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_does_nothing_until_it_has_an_identity_of_its_own() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    agent.stop();
    let layout = guest.layout();
    let old = fs::read_to_string(layout.identity()).unwrap();
    new_card(&guest, "bc:24:11:00:00:99\n");
    let seen = desktop.with(|m| m.check_ins.len());
    let agent = guest.start();
    desktop
        .until("two questions", |m| (m.machines.len() >= 2).then_some(()))
        .await;
    let trouble = agent::status::Status::read(&layout, &guest.tools())
        .running
        .and_then(|r| r.trouble)
        .unwrap();
    assert!(
        trouble.what.contains("looks like a copy"),
        "{}",
        trouble.what
    );
    desktop.with(|m| {
        assert_eq!(m.check_ins.len(), seen, "it is quarantined");
        assert_eq!(m.machines[0].before.macs, ["bc:24:11:00:00:01"]);
        assert_eq!(m.machines[0].now.macs, ["bc:24:11:00:00:99"]);
        m.verdict = Some(Verdict::Another);
    });
    let outcome = desktop.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    assert_ne!(fs::read_to_string(layout.identity()).unwrap(), old);
    agent.stop();
    // From now on this is its machine.
    let asked = desktop.with(|m| m.machines.len());
    let seen = desktop.with(|m| m.check_ins.len());
    let agent = guest.start();
    desktop
        .until("a check-in", |m| (m.check_ins.len() > seen).then_some(()))
        .await;
    assert_eq!(desktop.with(|m| m.machines.len()), asked);
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_network_card_ends_no_identity() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    agent.stop();
    let old = fs::read_to_string(guest.layout().identity()).unwrap();
    new_card(&guest, "bc:24:11:00:00:99\n");
    desktop.with(|m| m.verdict = Some(Verdict::Same));
    let agent = guest.start();
    let outcome = desktop.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    assert_eq!(fs::read_to_string(guest.layout().identity()).unwrap(), old);
    agent.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_only_the_desktop_notices_asks_who_it_is() {
    let (guest, desktop, agent) = enrolled(&pending()).await;
    let old = fs::read_to_string(guest.layout().identity()).unwrap();
    // As when the cards look the same: two sessions come in turn.
    desktop.with(|m| {
        let session = m.check_ins[0].session.clone();
        m.cloned.push(session);
        m.verdict = Some(Verdict::Another);
        // Ends the check-in that waits.
        m.forget.push(domain::JobId::new());
    });
    until("another identity", || async {
        let new = fs::read_to_string(guest.layout().identity()).unwrap();
        (new != old).then_some(())
    })
    .await;
    let outcome = desktop.done(Action::Scan { refresh: false }).await;
    assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
    agent.stop();
}
