//! The agent's command line in a guest of the tests.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use wire::{Bootstrap, EnrolmentCode};

use super::guest::{Guest, MAIN, row};

pub fn guest() -> Guest {
    Guest::new(&[row("curl", "1", "2", MAIN)])
}

pub fn bootstrap() -> Bootstrap {
    let ca = tls::Ca::create("RedFlag test", agent::clock::now()).unwrap();
    Bootstrap {
        endpoints: vec!["192.0.2.10:8443".parse().unwrap()],
        ca_pem: ca.certificate_pem().to_owned(),
        server_name: "desktop.redflag.internal".into(),
        code: EnrolmentCode("single-use-secret".into()),
    }
}

pub fn call(guest: &Guest, words: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_redflag-agent"))
        .arg("--root")
        .arg(guest.root())
        .args(words)
        .env("PATH", guest.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read it may have ended.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
