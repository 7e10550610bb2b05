//! How many requests are under way at a time, for one node and over all.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use std::sync::Arc;

use common::{Node, Reply, client_of};
use domain::{NodeName, Vmid};
use pve::Limits;
use tokio::sync::{Semaphore, mpsc};

const VERSION: &str = r#"{"data":{"version":"8.4.21","release":"8.4"}}"#;

fn pve1() -> NodeName {
    "pve1".parse().unwrap()
}

fn vmid() -> Vmid {
    100.try_into().unwrap()
}

/// A node that holds every request of `pve1` until it is let go, and tells when one arrives.
async fn holding() -> (Node, mpsc::UnboundedReceiver<()>, Arc<Semaphore>) {
    let (arrived, arrivals) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let held = go.clone();
    let node = Node::serving(Arc::new(move |request| {
        let (arrived, held) = (arrived.clone(), held.clone());
        Box::pin(async move {
            if !request.line.contains("/nodes/pve1/") {
                return Reply::ok(VERSION);
            }
            arrived.send(()).unwrap();
            held.acquire().await.unwrap().forget();
            Reply::recorded("lxc-100-config")
        })
    }))
    .await;
    (node, arrivals, go)
}

#[tokio::test]
async fn a_slow_node_gets_four_requests_at_a_time_and_holds_up_nobody_else() {
    let (node, mut arrivals, go) = holding().await;
    let client = node.client();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.lxc_config(&pve1(), vmid()).await })
        })
        .collect();
    for _ in 0..4 {
        arrivals.recv().await.unwrap();
    }
    // Answered although four are held and six more wait.
    client.version().await.unwrap();
    assert!(arrivals.try_recv().is_err(), "a fifth went out");
    // One goes, one comes.
    for _ in 0..6 {
        go.add_permits(1);
        arrivals.recv().await.unwrap();
        client.version().await.unwrap();
        assert!(arrivals.try_recv().is_err(), "more than one went out");
    }
    go.add_permits(4);
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn clients_that_share_a_limit_stay_within_it_together() {
    let (node, mut arrivals, go) = holding().await;
    let limits = Limits {
        over_all: Arc::new(Semaphore::new(2)),
        ..Limits::default()
    };
    let one = client_of(&[&node], limits.clone());
    let two = client_of(&[&node], limits.clone());
    let calls: Vec<_> = [&one, &one, &two]
        .into_iter()
        .cloned()
        .map(|client| tokio::spawn(async move { client.lxc_config(&pve1(), vmid()).await }))
        .collect();
    arrivals.recv().await.unwrap();
    arrivals.recv().await.unwrap();
    assert_eq!(limits.over_all.available_permits(), 0);
    assert!(arrivals.try_recv().is_err());
    go.add_permits(3);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(limits.over_all.available_permits(), 2);
}
