//! Transcripts of a live node, and a client whose failure ends the test.

#![allow(
    dead_code,
    clippy::panic,
    reason = "each test file uses its part of it, and a missing transcript ends the test"
)]

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub(crate) use lab::conformance::Transcript;
use lab::{Lab, Options, Scenario, facts::ClusterFacts};
use serde_json::Value;

/// A recorded exchange.
pub(crate) fn recording(name: &str) -> Transcript {
    let path = recordings().join(format!("{name}.txt"));
    let read = Transcript::read(&path).expect("a file");
    read.unwrap_or_else(|| panic!("{name} is no exchange"))
}

/// Where they lie.
pub(crate) fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

/// A connection to one node, whose failure ends the test.
pub(crate) struct Client(lab::conformance::Client);

impl Client {
    pub(crate) async fn connect(
        cluster: &ClusterFacts,
        address: SocketAddr,
        token: Option<&str>,
    ) -> Self {
        let client = lab::conformance::Client::connect(cluster, address, token).await;
        Self(client.expect("a node with the cluster's certificate"))
    }

    /// Sends one request on this connection.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        form: &str,
    ) -> Transcript {
        let answer = self.0.send(method, target, headers, form).await;
        answer.expect("an open connection")
    }

    pub(crate) async fn get(&mut self, path: &str) -> Transcript {
        self.send("GET", &format!("/api2/json{path}"), &[], "")
            .await
    }
}

/// A lab that shows what the recorded node showed.
pub(crate) async fn recorded(options: Options) -> Lab {
    Lab::start(Scenario::recorded(), options)
        .await
        .expect("a lab")
}

/// The only cluster, and its first node's address.
pub(crate) fn entry(lab: &Lab) -> (&ClusterFacts, SocketAddr) {
    let cluster = &lab.facts().clusters[0];
    (cluster, cluster.nodes[0].address)
}

/// The small scenario.
pub(crate) async fn small(options: Options) -> Lab {
    Lab::start(Scenario::small(), options).await.expect("a lab")
}

/// A client of one of its nodes, with the usual token.
pub(crate) async fn desktop(lab: &Lab, node: usize) -> Client {
    let cluster = &lab.facts().clusters[0];
    Client::connect(
        cluster,
        cluster.nodes[node].address,
        Some("redflag@pve!desktop"),
    )
    .await
}

/// The row of that id.
pub(crate) fn by_id(list: &Value, id: &str) -> Option<Value> {
    list.as_array()?.iter().find(|row| row["id"] == id).cloned()
}
