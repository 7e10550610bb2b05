//! What tests of agents share: a small lab, its doors, and an agent in guest 100.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses its part of it"
)]

use std::sync::{Arc, Mutex};

use domain::{AgentId, Vmid, host::HostKey, operation::UpdateFilter, plan::Allowed};
use lab::{Lab, Options, Scenario};
use reach::{CommandLog, CommandRecord, NodeAddress, SshNode};
use secrecy::SecretString;
use wire::Action;

use super::desk::House;

#[derive(Default)]
pub(crate) struct Log(pub(crate) Mutex<Vec<CommandRecord>>);

impl CommandLog for Log {
    fn ran(&self, record: &CommandRecord) {
        self.0.lock().unwrap().push(record.clone());
    }
}

pub(crate) async fn small() -> Lab {
    Lab::start(Scenario::small(), Options::quick())
        .await
        .expect("a lab")
}

pub(crate) fn vmid(number: u32) -> Vmid {
    Vmid::try_from(number).expect("in range")
}

/// The sshd of a node as the user would enter it.
pub(crate) fn door(lab: &Lab, node: usize) -> (NodeAddress, HostKey, SecretString) {
    let ssh = lab.facts().clusters[0].nodes[node]
        .ssh
        .as_ref()
        .expect("ssh");
    let address = NodeAddress {
        host: ssh.address.ip().to_string(),
        port: ssh.address.port(),
        user: ssh.user.clone(),
    };
    let key = HostKey {
        algorithm: ssh.algorithm.clone(),
        fingerprint: ssh.host_key.clone(),
    };
    (address, key, ssh.password.clone().into())
}

/// A node of the lab with RedFlag's key in place.
pub(crate) async fn node(lab: &Lab, index: usize) -> SshNode {
    let (address, key, password) = door(lab, index);
    let (private, public) = reach::generate_key().unwrap();
    reach::install_key(&address, &key, password, &public)
        .await
        .unwrap();
    SshNode::new(address, key, private, Arc::new(Log::default()))
}

pub(crate) fn units(lab: &Lab, number: u32) -> usize {
    lab.world().read(|w| {
        let machine = &w.guest("small", number).unwrap().machine;
        machine.files.len() + usize::from(machine.agent.is_some())
    })
}

/// An agent in guest 100, `web`.
pub(crate) async fn web(lab: &Lab, house: &House) -> AgentId {
    lab.install_agent("small", 100, house.bootstrap("one"))
        .unwrap();
    house.enrolled("web").await
}

pub(crate) fn installed(lab: &Lab, package: &str) -> String {
    lab.world().read(|w| {
        w.guest("small", 100).unwrap().machine.packages[package]
            .version
            .clone()
    })
}

/// Approves everything that is pending in `web`.
pub(crate) fn apply_all(lab: &Lab, house: &House, agent: AgentId) -> domain::JobId {
    let plan = lab.world().read(|w| {
        lab::guest::apt::plan(
            &w.guest("small", 100).unwrap().machine,
            &UpdateFilter::All,
            Allowed::default(),
        )
    });
    house.ask(
        agent,
        Action::Apply {
            only: UpdateFilter::All,
            allowed: Allowed::default(),
            approved: plan.fingerprint(),
            changes: lab::guest::apt::changes(&plan),
        },
    )
}
