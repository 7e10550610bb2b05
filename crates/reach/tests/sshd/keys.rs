//! Host keys and RedFlag's own key: an unknown one is shown, a changed one is refused, a password is used once.

use std::{fs, os::unix::fs::symlink};

use domain::host::HostKey;
use reach::{ReachError, generate_key, install_key, probe_host_key};
use secrecy::{ExposeSecret, SecretString};

use crate::{double::Double, fixture::Node};

#[tokio::test]
async fn the_host_key_is_shown_as_ssh_keygen_shows_it() {
    let node = Node::start();
    let shown = probe_host_key(&node.address).await.expect("it answers");
    assert_eq!(shown, node.host_key());
    assert_eq!(node.logins(), 0);
}

#[tokio::test]
async fn a_changed_host_key_is_refused_every_time() {
    let mut node = Node::start();
    let reach = node.reach();
    reach.hostname().await.expect("the accepted key");
    let before = node.host_key();
    node.change_host_key();
    let logins = node.logins();
    for _try in 0..2 {
        let error = reach.hostname().await.expect_err("another key");
        let ReachError::HostKeyChanged {
            accepted,
            presented,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!(**accepted, before);
        assert_eq!(**presented, node.host_key());
    }
    assert_eq!(node.logins(), logins, "nobody logged in");
}

#[tokio::test]
async fn a_new_key_opens_with_openssh_too() {
    let (private, line) = generate_key().expect("a key");
    assert!(line.starts_with("ssh-ed25519 AAAA"), "{line}");
    assert!(line.ends_with(" redflag"), "{line}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    fs::write(&file, private.expose_secret()).expect("writable");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&file, mode).expect("ours");
    let told = std::process::Command::new("ssh-keygen")
        .args(["-y", "-f"])
        .arg(&file)
        .output()
        .expect("ssh-keygen is installed");
    assert_eq!(String::from_utf8_lossy(&told.stdout).trim(), line);
}

#[tokio::test]
async fn a_password_puts_the_key_in_place_once_and_through_a_symbolic_link() {
    let double = Double::start("right").await;
    let (_private, line) = generate_key().expect("a key");
    let shared = double.home().join("shared_keys");
    fs::write(&shared, "ssh-rsa AAAAB3 other").expect("ours");
    fs::create_dir(double.home().join(".ssh")).expect("ours");
    let file = double.home().join(".ssh/authorized_keys");
    symlink(&shared, &file).expect("ours");
    for _time in 0..2 {
        install_key(&double.address, &double.host_key, "right".into(), &line)
            .await
            .expect("allowed");
    }
    assert!(file.is_symlink(), "the link stays a link");
    let text = fs::read_to_string(&shared).expect("there");
    assert_eq!(text, format!("ssh-rsa AAAAB3 other\n{line}\n"));
}

#[tokio::test]
async fn a_key_file_is_made_with_modes_that_sshd_accepts() {
    use std::os::unix::fs::PermissionsExt;
    let double = Double::start("right").await;
    let (_private, line) = generate_key().expect("a key");
    install_key(&double.address, &double.host_key, "right".into(), &line)
        .await
        .expect("allowed");
    let mode = |path: &str| {
        let found = fs::metadata(double.home().join(path)).expect("made");
        found.permissions().mode() & 0o777
    };
    assert_eq!(mode(".ssh"), 0o700);
    assert_eq!(mode(".ssh/authorized_keys"), 0o600);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_repeated_in_the_error() {
    let double = Double::start("right").await;
    let (_private, line) = generate_key().expect("a key");
    let wrong = SecretString::from("wrong-4711");
    let error = install_key(&double.address, &double.host_key, wrong, &line)
        .await
        .expect_err("wrong");
    assert!(matches!(error, ReachError::Auth { .. }), "{error}");
    assert!(!format!("{error:?} {error}").contains("4711"));
    assert!(!double.home().join(".ssh").exists());
}

#[tokio::test]
async fn a_password_is_never_shown_to_a_host_with_another_key() {
    let double = Double::start("right").await;
    let (_private, line) = generate_key().expect("a key");
    let other = HostKey {
        algorithm: "ssh-ed25519".into(),
        fingerprint: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
    };
    let error = install_key(&double.address, &other, "right".into(), &line)
        .await
        .expect_err("changed");
    assert!(
        matches!(error, ReachError::HostKeyChanged { .. }),
        "{error}"
    );
    assert_eq!(double.passwords(), 0);
}

#[tokio::test]
async fn what_is_no_key_line_never_leaves() {
    let double = Double::start("right").await;
    for line in [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA'; id",
        "x AAAA\nssh-rsa BBBB",
    ] {
        let error = install_key(&double.address, &double.host_key, "right".into(), line)
            .await
            .expect_err("no key line");
        assert!(matches!(error, ReachError::BadInput { .. }), "{error}");
    }
    assert_eq!(double.passwords(), 0);
}
