//! The command line: installation, status, scan and removal, with their exit statuses.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

mod common;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use common::{
    call::{bootstrap, call, guest, said},
    guest::Guest,
};
use wire::{Bootstrap, EnrolmentCode};

#[test]
fn install_from_standard_input_sets_everything_up_and_may_be_repeated() {
    let guest = guest();
    let text = serde_json::to_string(&bootstrap()).unwrap();
    let output = call(&guest, &["install", "--bootstrap", "-"], &text);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let layout = guest.layout();
    for path in [layout.bootstrap(), layout.config()] {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(
        fs::metadata(layout.binary()).unwrap().permissions().mode() & 0o777,
        0o755
    );
    assert_eq!(
        fs::read_to_string(layout.unit()).unwrap(),
        agent::unit::TEXT
    );
    let config = fs::read_to_string(layout.config()).unwrap();
    assert!(
        !config.contains("single-use-secret"),
        "the code is not kept there"
    );
    let systemctl: Vec<String> = guest
        .calls()
        .into_iter()
        .filter(|c| c.starts_with("systemctl"))
        .collect();
    insta::assert_debug_snapshot!(systemctl);
    // Again, now without a bootstrap on standard input.
    let output = call(&guest, &["install"], "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn each_failure_of_install_has_its_own_status_and_words() {
    let good = serde_json::to_string(&bootstrap()).unwrap();
    let with = |change: &dyn Fn(&mut Bootstrap)| {
        let mut bootstrap = bootstrap();
        change(&mut bootstrap);
        serde_json::to_string(&bootstrap).unwrap()
    };
    let rows: Vec<(&str, String, i32, &str)> = vec![
        (
            "no json",
            "{\"code\": \"single-use-secret\",".into(),
            3,
            "no bootstrap",
        ),
        (
            "no endpoint",
            with(&|b| b.endpoints.clear()),
            3,
            "names no endpoint",
        ),
        (
            "no authority",
            with(&|b| b.ca_pem = "x".into()),
            3,
            "no usable certificate authority",
        ),
        (
            "no name",
            with(&|b| b.server_name = "a b".into()),
            3,
            "no server name",
        ),
        (
            "no code",
            with(&|b| b.code = EnrolmentCode(" ".into())),
            3,
            "no enrolment code",
        ),
    ];
    for (name, text, code, words) in rows {
        let guest = guest();
        let output = call(&guest, &["install", "--bootstrap", "-"], &text);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{name}: {}",
            said(&output)
        );
        assert!(said(&output).contains(words), "{name}: {}", said(&output));
        assert!(!said(&output).contains("single-use-secret"), "{name}");
        assert!(!guest.layout().unit().exists(), "{name}: nothing is set up");
    }
    let guest = guest();
    let output = call(&guest, &["install"], "");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("bootstrap.json is missing"));
    guest.turn_on("restart-fails", "Unit has a bad setting.\n");
    let output = call(&guest, &["install", "--bootstrap", "-", "--json"], &good);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(
        said(&output).contains("Unit has a bad setting"),
        "{}",
        said(&output)
    );
    assert!(
        !guest.layout().config_dir().exists() && !guest.layout().unit().exists(),
        "what failed leaves nothing behind"
    );
}

#[test]
fn an_agent_of_another_desktop_stays_until_it_is_taken_over() {
    let guest = guest();
    let layout = guest.layout();
    let install = |b: &Bootstrap, words: &[&str]| {
        let text = serde_json::to_string(b).unwrap();
        let mut all = vec!["install", "--bootstrap", "-"];
        all.extend(words);
        call(&guest, &all, &text)
    };
    let first = bootstrap();
    let done = |output: Output| assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    done(install(&first, &[]));
    fs::remove_file(layout.bootstrap()).unwrap();
    for path in [layout.key(), layout.identity()] {
        fs::write(path, "{}").unwrap();
    }
    done(install(&first, &[]));
    assert!(layout.key().exists(), "the same desktop: the key stays");
    fs::remove_file(layout.bootstrap()).unwrap();
    let before = fs::read_to_string(layout.config()).unwrap();

    let output = install(&bootstrap(), &[]);
    assert_eq!(output.status.code(), Some(10), "{}", said(&output));
    for words in [
        "another RedFlag",
        "\"RedFlag test\"",
        "192.0.2.10:8443",
        "--take-over",
    ] {
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
    }
    // Also when the code was written by a shell: the agent that stays must not find it.
    fs::write(
        layout.bootstrap(),
        serde_json::to_string(&bootstrap()).unwrap(),
    )
    .unwrap();
    let output = call(&guest, &["install"], "");
    assert_eq!(output.status.code(), Some(10), "{}", said(&output));
    assert!(!layout.bootstrap().exists());
    assert!(layout.key().exists());
    assert_eq!(fs::read_to_string(layout.config()).unwrap(), before);

    done(install(&bootstrap(), &["--take-over"]));
    assert!(!layout.key().exists(), "another authority: it is of no use");
    assert_ne!(fs::read_to_string(layout.config()).unwrap(), before);
}

#[test]
fn a_guest_without_init_system_gets_a_supervisor_and_says_so() {
    let guest = guest();
    fs::remove_dir(guest.root().join("run/systemd/system")).unwrap();
    let text = serde_json::to_string(&bootstrap()).unwrap();
    let output = call(&guest, &["install", "--bootstrap", "-"], &text);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("gone after a restart"),
        "{}",
        said(&output)
    );
    let layout = guest.layout();
    let running = || {
        let began = std::time::Instant::now();
        loop {
            let status = agent::status::Status::read(&layout, &guest.tools());
            if let Some(running) = status.running.filter(|r| alive(r.pid)) {
                return running.pid;
            }
            assert!(began.elapsed() < common::PATIENCE, "{}", log(&guest));
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    let first = running();
    // Whatever ends it, it comes back.
    Command::new("kill")
        .args(["-9", &first.to_string()])
        .status()
        .unwrap();
    while alive(first) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let second = running();
    assert_ne!(first, second);
    let output = call(&guest, &["restart"], "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(!alive(second));
    let third = running();
    let output = call(&guest, &["status"], "");
    assert!(
        said(&output).contains("gone after a restart"),
        "{}",
        said(&output)
    );
    let output = call(&guest, &["uninstall"], "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(!alive(third) && !agent::init::own::is_running(&layout));
    assert!(!layout.state_dir().exists());
}

fn log(guest: &Guest) -> String {
    fs::read_to_string(guest.layout().log()).unwrap_or_default()
}

/// Whether a process is there and not only waiting to be collected.
fn alive(process: u32) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|s| !s.contains(") Z "))
}

#[test]
fn openrc_is_told_what_to_do_and_nothing_stays() {
    let guest = guest();
    fs::remove_dir(guest.root().join("run/systemd/system")).unwrap();
    fs::create_dir_all(guest.root().join("run/openrc")).unwrap();
    fs::write(guest.root().join("run/openrc/softlevel"), "default").unwrap();
    for name in ["rc-service", "rc-update"] {
        guest.tool(
            name,
            &format!("#!/bin/sh\necho \"{name} $*\" >> @ROOT@/fake/calls\n"),
        );
    }
    let before = everything(&guest);
    let text = serde_json::to_string(&bootstrap()).unwrap();
    let output = call(&guest, &["install", "--bootstrap", "-"], &text);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let script = guest.layout().openrc_script();
    assert_eq!(
        fs::metadata(&script).unwrap().permissions().mode() & 0o777,
        0o755
    );
    let output = call(&guest, &["uninstall"], "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(everything(&guest), before);
    let calls: Vec<String> = guest
        .calls()
        .into_iter()
        .filter(|c| c.starts_with("rc-"))
        .collect();
    assert_eq!(
        calls,
        [
            "rc-update add redflag-agent default",
            "rc-service redflag-agent zap",
            "rc-service redflag-agent restart",
            "rc-service redflag-agent status",
            "rc-service --ifstarted redflag-agent stop",
            "rc-update --all delete redflag-agent",
        ]
    );
}

#[test]
fn uninstall_leaves_nothing() {
    let guest = guest();
    let before = everything(&guest);
    let text = serde_json::to_string(&bootstrap()).unwrap();
    call(&guest, &["install", "--bootstrap", "-"], &text);
    assert_ne!(everything(&guest), before);
    let output = call(&guest, &["uninstall"], "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(everything(&guest), before);
    let output = call(&guest, &["uninstall"], "");
    assert_eq!(
        output.status.code(),
        Some(0),
        "a second time: {}",
        said(&output)
    );
}

/// Every file below the guest's root, but the scripts' own notes.
fn everything(guest: &Guest) -> Vec<String> {
    let find = Command::new("find")
        .arg(guest.root())
        .args(["-type", "f", "-not", "-path", "*/fake/*"])
        .output()
        .unwrap();
    let mut files: Vec<String> = String::from_utf8_lossy(&find.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    files.sort();
    files
}

#[test]
fn scan_prints_for_people_and_for_machines() {
    let guest = guest();
    let output = call(&guest, &["scan"], "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("curl  1 -> 2"), "{}", said(&output));
    let output = call(&guest, &["scan", "--json", "--refresh"], "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: wire::InventoryReport = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report.inventory.counts().total, 1);
    guest.turn_on("simulation-fails", "E: broken\n");
    let output = call(&guest, &["scan"], "");
    assert_eq!(output.status.code(), Some(9), "{}", said(&output));
    assert!(said(&output).contains("E: broken"), "{}", said(&output));
}

#[test]
fn status_tells_a_guest_without_agent_from_one_with() {
    let guest = guest();
    let output = call(&guest, &["status"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("not installed"), "{}", said(&output));
    let text = serde_json::to_string(&bootstrap()).unwrap();
    call(&guest, &["install", "--bootstrap", "-"], &text);
    let output = call(&guest, &["status"], "");
    assert!(
        said(&output).contains("a code is waiting"),
        "{}",
        said(&output)
    );
    assert!(
        said(&output).contains("192.0.2.10:8443"),
        "{}",
        said(&output)
    );
    let output = call(&guest, &["status", "--json"], "");
    let status: agent::status::Status = serde_json::from_slice(&output.stdout).unwrap();
    assert!(status.installed && status.enrolling && status.agent.is_none());
    assert!(!said(&output).contains("single-use-secret"));
}
