//! One command for many guests.

use reach::{Entry, ReachError, Verb};

use crate::fixture::{BASH, DASH, DEAF, Node, SILENT, SMALL, STOPPED, vmid};

#[tokio::test]
async fn many_guests_are_asked_by_one_command_and_each_answers_for_itself() {
    let node = Node::start();
    let reach = node.reach();
    let guests = [DASH, STOPPED, BASH, 999, SMALL, DEAF].map(vmid);
    let probes = reach.probe_many(&guests).await;
    assert_eq!(
        probes.iter().map(|(v, _)| *v).collect::<Vec<_>>(),
        guests,
        "in the order asked"
    );
    for (vmid, probe) in &probes {
        match vmid.get() {
            DASH | BASH | SMALL => assert!(probe.as_ref().expect("it answers").root),
            STOPPED => assert!(
                matches!(probe, Err(ReachError::NotRunning { .. })),
                "{probe:?}"
            ),
            DEAF => {
                let Err(ReachError::NoMarker { exit, words, .. }) = probe else {
                    panic!("{probe:?}");
                };
                assert_eq!(*exit, Some(4));
                assert!(words.contains("something on the node is wrong"), "{words}");
            }
            _ => assert!(probe.is_err(), "{probe:?}"),
        }
    }
    assert_eq!(node.notes.taken().len(), 1, "one command");
    assert_eq!(node.logins(), 1);
}

#[tokio::test]
async fn a_guest_that_never_answers_costs_its_own_time_and_no_other_guest() {
    let node = Node::start();
    let outcomes = node
        .reach()
        .run_many(
            &[SILENT, DASH, BASH, SMALL, DASH + 10, DASH].map(vmid),
            Verb::Probe,
        )
        .await;
    assert!(
        matches!(outcomes[0].1, Err(ReachError::Timeout { .. })),
        "{:?}",
        outcomes[0].1
    );
    for index in [1, 2, 3, 5] {
        assert!(outcomes[index].1.is_ok(), "{:?}", outcomes[index]);
    }
}

#[tokio::test]
async fn sudo_loops_too_and_what_carries_a_payload_is_not_asked_of_many() {
    let node = Node::start();
    let reach = node.reach_as(Entry::Sudo);
    let outcomes = reach.run_many(&[vmid(DASH), vmid(BASH)], Verb::Probe).await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    for verb in [Verb::Copy, Verb::Configure, Verb::RunKey] {
        let outcomes = reach.run_many(&[vmid(DASH)], verb).await;
        assert!(matches!(outcomes[0].1, Err(ReachError::BadInput { .. })));
    }
    assert!(reach.run_many(&[], Verb::Probe).await.is_empty());
}
