//! Each way to fail ends in an error that says so, and the next call works.

use std::{sync::Arc, time::Duration};

use reach::{NodeAddress, ReachError, SshNode, Verb, generate_key, probe_host_key};
use tokio::net::TcpListener;

use crate::fixture::{BREAKING, CHATTY, DASH, DEAF, Node, Notes, SILENT, STOPPED, free_port, vmid};

#[tokio::test]
async fn a_stopped_guest_is_told_apart_and_named() {
    let node = Node::start();
    let error = node
        .reach()
        .probe(vmid(STOPPED))
        .await
        .expect_err("stopped");
    assert!(matches!(error, ReachError::NotRunning { .. }), "{error}");
    assert!(error.surely_not_run());
    assert!(error.to_string().contains("LXC 104 on "), "{error}");
    assert!(
        error
            .problem()
            .next
            .is_some_and(|next| next.contains("Start"))
    );
}

#[tokio::test]
async fn without_a_marker_nothing_ran_and_the_words_are_kept() {
    let node = Node::start();
    let error = node.reach().probe(vmid(DEAF)).await.expect_err("deaf");
    let ReachError::NoMarker { exit, words, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*exit, Some(4));
    assert_eq!(words, "something on the node is wrong");
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_is_in_doubt_and_made_again() {
    let node = Node::start();
    let reach = node.reach();
    let error = reach.probe(vmid(BREAKING)).await.expect_err("lost");
    assert!(
        matches!(
            error,
            ReachError::Lost {
                verb: Verb::Probe,
                ..
            }
        ),
        "{error}"
    );
    assert!(!error.surely_not_run());
    reach
        .probe(vmid(DASH))
        .await
        .expect("over a new connection");
    assert_eq!(node.logins(), 2);
}

#[tokio::test]
async fn a_guest_that_writes_without_end_is_cut_off_and_the_connection_lives_on() {
    let node = Node::start();
    let reach = node.reach();
    let error = reach.probe(vmid(CHATTY)).await.expect_err("too much");
    assert!(matches!(error, ReachError::TooMuchOutput { .. }), "{error}");
    reach.probe(vmid(DASH)).await.expect("the same connection");
    assert_eq!(node.logins(), 1);
}

#[tokio::test]
async fn a_guest_that_never_answers_ends_in_a_time_limit() {
    let node = Node::start();
    let reach = node.reach();
    reach.hostname().await.expect("connected in real time");
    tokio::time::pause();
    let error = reach.probe(vmid(SILENT)).await.expect_err("silent");
    assert!(matches!(error, ReachError::Timeout { .. }), "{error}");
    let taken = node.notes.taken();
    assert_eq!(taken.last().and_then(|record| record.exit), None);
}

#[tokio::test]
async fn a_call_that_is_given_up_is_told_to_the_log() {
    let node = Node::start();
    let reach = node.reach();
    reach.hostname().await.expect("connected");
    let call = tokio::spawn({
        let reach = reach.clone();
        async move { reach.probe(vmid(SILENT)).await }
    });
    while node.attached().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    call.abort();
    assert!(call.await.is_err());
    let taken = node.notes.taken();
    let last = taken.last().expect("told");
    assert_eq!(last.vmid, Some(vmid(SILENT)));
    assert!(
        last.error
            .as_ref()
            .is_some_and(|text| text.contains("given up"))
    );
}

#[tokio::test]
async fn each_command_is_told_with_its_end() {
    let node = Node::start();
    let reach = node.reach();
    reach.hostname().await.expect("it answers");
    reach.probe(vmid(STOPPED)).await.expect_err("stopped");
    reach.install(vmid(DASH)).await.expect_err("no agent there");
    let taken = node.notes.taken();
    let short: Vec<_> = taken
        .iter()
        .map(|record| {
            (
                record.verb,
                record.vmid,
                record.exit,
                record.error.is_some(),
            )
        })
        .collect();
    assert_eq!(
        short,
        [
            (Verb::Hostname, None, Some(0), false),
            (Verb::Probe, Some(vmid(STOPPED)), None, true),
            (Verb::Install, Some(vmid(DASH)), Some(127), true),
        ]
    );
}

#[tokio::test]
async fn a_refused_port_says_so() {
    let address = NodeAddress {
        host: "127.0.0.1".into(),
        port: free_port(),
        user: "root".into(),
    };
    let error = probe_host_key(&address).await.expect_err("nobody listens");
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(matches!(error, ReachError::Connect { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = NodeAddress {
        host: "127.0.0.1".into(),
        port: listener.local_addr().expect("bound").port(),
        user: "root".into(),
    };
    let error = probe_host_key(&address).await.expect_err("it is silent");
    assert!(matches!(error, ReachError::Connect { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_no_sshd_is_not_believed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = NodeAddress {
        host: "127.0.0.1".into(),
        port: listener.local_addr().expect("bound").port(),
        user: "root".into(),
    };
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("one client");
        let page = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, page).await
    });
    let error = probe_host_key(&address).await.expect_err("no sshd");
    assert!(matches!(error, ReachError::Connect { .. }), "{error}");
    serving.abort();
}

#[tokio::test]
async fn those_who_wait_for_one_failing_connection_all_get_its_answer() {
    let node = Node::start();
    let (other_key, _line) = generate_key().expect("a key");
    let notes = Arc::new(Notes::default());
    let log: Arc<Notes> = Arc::clone(&notes);
    let reach = SshNode::new(node.address.clone(), node.host_key(), other_key, log);
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let reach = reach.clone();
            tokio::spawn(async move { reach.hostname().await })
        })
        .collect();
    for call in calls {
        let error = call.await.expect("no panic").expect_err("unknown key");
        assert!(matches!(error, ReachError::Auth { .. }), "{error}");
        assert!(error.to_string().contains("publickey"), "{error}");
    }
    assert_eq!(notes.taken().len(), 5);
}
