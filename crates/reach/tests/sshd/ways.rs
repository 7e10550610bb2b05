//! Other keys than RedFlag's own, and nodes that are reached through another one.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
};

use reach::{Credential, Entry, IdentityFileError, Knock, ReachError, generate_key};
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::fixture::{DASH, Node, STOPPED, output, vmid};

/// A real ssh-agent of this test's own.
struct Agent {
    folder: TempDir,
    process: Child,
}

impl Agent {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let process = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(folder.path().join("agent"))
            .stdout(Stdio::null())
            .spawn()
            .expect("openssh-client is installed");
        let agent = Self { folder, process };
        while !agent.socket().exists() {
            std::thread::yield_now();
        }
        agent
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("agent")
    }

    fn add(&self, private: &str) {
        let file = self.folder.path().join("key");
        fs::write(&file, private).expect("ours");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("ours");
        let status = Command::new("ssh-add")
            .arg("-q")
            .arg(&file)
            .env("SSH_AUTH_SOCK", self.socket())
            .status()
            .expect("it is installed");
        assert!(status.success());
    }

    fn credential(&self, only: Option<String>) -> Credential {
        Credential::Agent {
            socket: Some(self.socket()),
            only,
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn the_ssh_agent_opens_a_node_with_the_key_that_it_holds() {
    let node = Node::start();
    let agent = Agent::start();
    let by_agent = |only| node.reach_by(Entry::Attach, agent.credential(only), None);
    let empty = by_agent(None).hostname().await.expect_err("no key yet");
    assert!(empty.to_string().contains("holds no key"), "{empty}");
    let (stranger, _) = generate_key().expect("a key");
    agent.add(stranger.expose_secret());
    let refused = by_agent(None).hostname().await.expect_err("a stranger's");
    assert!(matches!(refused, ReachError::Auth { .. }), "{refused}");
    agent.add(node.private_key.expose_secret());
    by_agent(None).hostname().await.expect("the second key");
    let file = node.path().join("public");
    fs::write(&file, &node.public_line).expect("ours");
    let told = output("ssh-keygen", &["-lf", file.to_str().expect("plain path")]);
    let fingerprint = told.split(' ').nth(1).expect("there").to_owned();
    by_agent(Some(fingerprint))
        .hostname()
        .await
        .expect("that key alone");
    let missing = by_agent(Some("SHA256:none".into())).hostname().await;
    assert!(missing.is_err());
}

#[tokio::test]
async fn an_agent_that_is_not_there_is_said() {
    let node = Node::start();
    let gone = Credential::Agent {
        socket: Some(node.path().join("nothing")),
        only: None,
    };
    let error = node
        .reach_by(Entry::Attach, gone, None)
        .hostname()
        .await
        .expect_err("nobody there");
    assert!(
        error.to_string().contains("no ssh-agent answers"),
        "{error}"
    );
}

#[tokio::test]
async fn key_files_in_their_usual_forms_open_a_node() {
    let node = Node::start();
    for (name, arguments) in [
        ("ed25519", &["-t", "ed25519", "-N", ""][..]),
        ("rsa", &["-t", "rsa", "-b", "2048", "-N", ""]),
        ("pem", &["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""]),
        ("ecdsa", &["-t", "ecdsa", "-N", ""]),
    ] {
        let file = node.path().join(name);
        let status = Command::new("ssh-keygen")
            .arg("-q")
            .args(arguments)
            .arg("-f")
            .arg(&file)
            .status()
            .expect("it is installed");
        assert!(status.success());
        fs::copy(
            file.with_extension("pub"),
            node.path().join("authorized_keys"),
        )
        .expect("ours");
        let credential = Credential::from_file(&file).expect("readable");
        let reach = node.reach_by(Entry::Attach, credential, None);
        reach
            .hostname()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let locked = node.path().join("locked");
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "secret", "-f"])
        .arg(&locked)
        .status()
        .expect("it is installed");
    assert!(status.success());
    assert!(matches!(
        Credential::from_file(&locked),
        Err(IdentityFileError::Protected { .. })
    ));
    assert!(Credential::from_file(&node.path().join("sshd_config")).is_err());
    assert!(Credential::from_file(&node.path().join("no such file")).is_err());
}

#[tokio::test]
async fn another_node_is_entered_through_the_first() {
    let (first, second) = (Node::start(), Node::start());
    let gate = first.reach();
    let shown = gate
        .look_through(&second.address)
        .await
        .expect("it shows one");
    assert_eq!(shown, second.host_key());
    let reach = second.reach_by(
        Entry::Attach,
        Credential::Key(second.private_key.clone()),
        Some(gate.clone()),
    );
    assert!(reach.probe(vmid(DASH)).await.expect("it answers").root);
    assert_eq!((first.logins(), second.logins()), (1, 1));
    gate.hostname()
        .await
        .expect("the way is still its own node");
    assert_eq!(first.logins(), 1, "one connection for both");
}

#[tokio::test]
async fn a_first_node_that_forwards_nothing_is_said() {
    let first = Node::start_with("AllowTcpForwarding no\n");
    let second = Node::start();
    let reach = second.reach_by(
        Entry::Attach,
        Credential::Key(second.private_key.clone()),
        Some(first.reach()),
    );
    let error = reach.hostname().await.expect_err("no way");
    assert!(
        error.to_string().contains("the node on the way"),
        "{error} {}",
        first.log()
    );
    assert_eq!(second.logins(), 0);
}

#[tokio::test]
async fn a_changed_host_key_is_refused_behind_another_node_too() {
    let first = Node::start();
    let mut second = Node::start();
    let reach = second.reach_by(
        Entry::Attach,
        Credential::Key(second.private_key.clone()),
        Some(first.reach()),
    );
    second.change_host_key();
    let error = reach.hostname().await.expect_err("another key");
    assert!(
        matches!(error, ReachError::HostKeyChanged { .. }),
        "{error}"
    );
    assert_eq!(second.logins(), 0);
}

#[tokio::test]
async fn a_node_tells_which_addresses_it_reaches() {
    let node = Node::start();
    let listening = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let open = listening.local_addr().expect("it listens");
    let closed = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        gone.local_addr().expect("it listens")
    };
    let knocked = node.reach().knock(&[open, closed]).await.expect("asked");
    let told: Vec<_> = knocked.iter().map(|k| (k.endpoint, k.how)).collect();
    assert_eq!(
        told,
        [(open, Knock::Answers), (closed, Knock::Refused)],
        "{knocked:?}"
    );
    assert!(knocked[1].words.contains("refused"), "{knocked:?}");
}

#[tokio::test]
async fn a_pipe_carries_the_words_of_those_who_should_have_brought_the_agent() {
    let node = Node::start();
    // The double's guests have no agent at its place.
    let mut pipe = node.reach().carry(vmid(DASH)).await.expect("opened");
    let mut words = String::new();
    pipe.read_to_string(&mut words).await.expect("it ends");
    assert!(words.contains("redflag-agent"), "{words}");
    let mut pipe = node.reach().carry(vmid(STOPPED)).await.expect("opened");
    let mut words = String::new();
    pipe.read_to_string(&mut words).await.expect("it ends");
    assert!(words.contains("Failed to get init pid"), "{words}");
    assert_eq!(node.logins(), 2, "one connection for each SshNode here");
}
