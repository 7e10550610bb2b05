//! Accounts that may do less than root: sudo's one rule, and a key that is bound to the wrapper.
//!
//! sshd, its forced command and the wrapper are real; `sudo` and `pct` stand in for programs that this test may not
//! set up on the machine, and hold to the rule that RedFlag prints.

use std::{fs, process::Command};

use reach::{Copied, Entry, ReachError, Verb, setup};
use sha2::{Digest, Sha256};

use crate::fixture::{BASH, DASH, Node, STOPPED, vmid};

#[tokio::test]
async fn an_account_with_sudos_rule_enters_guests_and_nothing_else() {
    let node = Node::start();
    let reach = node.reach_as(Entry::Sudo);
    let entered = reach.enter().await.expect("the rule is there");
    assert!(entered.hostname.is_some());
    assert_eq!(entered.guests, None, "only root may list them");
    let probe = reach.probe(vmid(DASH)).await.expect("it answers");
    assert_eq!(probe.os.as_deref(), Some("debian"));
    let agent = b"#!/bin/sh\necho redflag-agent 1.2.3\n";
    let hash: [u8; 32] = Sha256::digest(agent).into();
    let copied = reach.copy(vmid(BASH), agent, hash).await.expect("copied");
    assert_eq!(copied, Copied::Copied);
    let stopped = reach.probe(vmid(STOPPED)).await.expect_err("stopped");
    assert!(
        matches!(stopped, ReachError::NotRunning { .. }),
        "{stopped}"
    );
    let asked = fs::read_to_string(node.path().join("sudo")).expect("asked");
    for line in asked.lines() {
        let line = line.strip_prefix("sudo -n ").expect("never for a password");
        let line = line.strip_prefix("-l ").unwrap_or(line);
        assert!(line.starts_with("pct exec 10"), "{line}");
        assert!(line.ends_with(" -- /bin/sh -s"), "{line}");
    }
}

#[tokio::test]
async fn without_the_rule_sudos_words_come_back() {
    let node = Node::start();
    let sudo = node.path().join("bin/sudo");
    fs::write(
        &sudo,
        "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n",
    )
    .expect("ours");
    let reach = node.reach_as(Entry::Sudo);
    for error in [
        reach.enter().await.expect_err("no rule"),
        reach.probe(vmid(DASH)).await.expect_err("no rule"),
    ] {
        let ReachError::NotAllowed { words, .. } = &error else {
            panic!("{error}");
        };
        assert!(words.contains("a password is required"), "{words}");
    }
}

#[tokio::test]
async fn a_key_bound_to_the_wrapper_enters_guests_and_runs_nothing_on_the_node() {
    let node = Node::start();
    node.bind_to_wrapper();
    let reach = node.reach_as(Entry::Wrapper);
    let entered = reach.enter().await.expect("the wrapper answers");
    assert_eq!((entered.hostname, entered.guests), (None, None));
    assert!(reach.probe(vmid(DASH)).await.expect("it answers").root);
    let outcomes = reach
        .run_many(&[vmid(DASH), vmid(STOPPED), vmid(BASH)], Verb::Probe)
        .await;
    let good: Vec<bool> = outcomes.iter().map(|(_, o)| o.is_ok()).collect();
    assert_eq!(
        good,
        [true, false, true],
        "one by one, and none stops the rest"
    );
    let whole = node.reach();
    for error in [
        whole.hostname().await.expect_err("a shell on the node"),
        whole
            .probe(vmid(DASH))
            .await
            .expect_err("lxc-attach itself"),
    ] {
        assert!(matches!(error, ReachError::NotAllowed { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_bound_is_told_from_one_that_is() {
    let node = Node::start();
    let error = node
        .reach_as(Entry::Wrapper)
        .enter()
        .await
        .expect_err("it runs anything");
    // `exec VMID` and `/bin/sh -s` both mean something to a whole shell.
    assert!(error.to_string().contains("wrapper"), "{error}");
}

#[test]
fn the_wrapper_takes_exec_and_a_number_and_nothing_that_looks_like_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let bin = folder.path().join("lxc-attach");
    fs::write(&bin, "#!/bin/sh\necho \"entered: $*\"\n").expect("ours");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&bin, mode).expect("ours");
    let own = format!("PATH={}:", folder.path().display());
    let wrapper = setup::WRAPPER.replacen("PATH=", &own, 1);
    let run = |command: &str| {
        let output = Command::new("/bin/sh")
            .args(["-c", &wrapper])
            .env("SSH_ORIGINAL_COMMAND", command)
            .output()
            .expect("a shell");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    };
    assert_eq!(
        run("exec 101"),
        (
            Some(0),
            "entered: -n 101 --clear-env -- /bin/sh -s".to_owned()
        )
    );
    for command in [
        "",
        "exec",
        "exec 1",
        "exec 0101",
        "exec 101 102",
        "exec 101;id",
        "exec 101\nid",
        "exec -n",
        "exec 10a",
        "exec 1234567890",
        "exec *",
        "exec $(id)",
        "list",
        "pct exec 101",
        "/bin/sh -s",
    ] {
        let (status, printed) = run(command);
        assert_eq!((status, printed.as_str()), (Some(64), ""), "{command:?}");
    }
}
