//! `redflag-agent check`: what the agent says of the way to its desktop.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use common::call::{bootstrap, call, guest, said};

#[test]
fn check_says_of_every_address_what_is_there() {
    let guest = guest();
    let output = call(&guest, &["check"], "");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("not installed"), "{}", said(&output));

    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = stranger.local_addr().unwrap();
    // Somebody who takes connections and hangs up.
    std::thread::spawn(move || {
        for connection in stranger.incoming() {
            drop(connection);
        }
    });
    let nobody = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap()
    };
    let mut bootstrap = bootstrap();
    bootstrap.endpoints = vec![there, nobody];
    let text = serde_json::to_string(&bootstrap).unwrap();
    let output = call(&guest, &["install", "--bootstrap", "-"], &text);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = call(&guest, &["check"], "");
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains(&format!("way={there} foreign ")), "{told}");
    assert!(
        told.contains(&format!("way={nobody} refused Connection refused")),
        "{told}"
    );
}
