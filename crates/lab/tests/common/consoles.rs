//! Joins Proxmox's API to the reach over consoles, as the program does.
#![allow(dead_code, reason = "each test file uses its part of it")]

use std::sync::{Arc, Mutex};

use domain::{NodeName, Vmid};
use futures_util::future::BoxFuture;
use lab::{Lab, facts::ClusterFacts};
use pve::{Client, ConsoleSetting, TerminalError, Token};
use reach::{
    ApiConsole, CommandLog, CommandRecord, ConsoleMode, ConsoleState, ConsoleTrouble, Consoles,
    Terminal,
};
use tls::Trust;

/// The consoles of one node's guests.
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) node: NodeName,
}

struct Open(pve::Terminal);

impl Terminal for Open {
    fn send<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move { self.0.send(bytes).await.map_err(|e| e.to_string()) })
    }

    fn receive(&mut self) -> BoxFuture<'_, Result<Option<Vec<u8>>, String>> {
        Box::pin(async move { self.0.receive().await.map_err(|e| e.to_string()) })
    }
}

fn refused(error: &pve::Error) -> ConsoleTrouble {
    let words = error.to_string();
    match error {
        pve::Error::Forbidden { .. } | pve::Error::Unauthorised { .. } => {
            ConsoleTrouble::Forbidden { words }
        }
        pve::Error::Locked { lock, .. } => ConsoleTrouble::Locked { lock: lock.clone() },
        _ => ConsoleTrouble::Unreachable { words },
    }
}

fn mode(word: Option<&str>) -> ConsoleMode {
    ConsoleMode::named(word).unwrap_or(ConsoleMode::Tty)
}

fn state(setting: &ConsoleSetting) -> ConsoleState {
    ConsoleState {
        mode: mode(setting.active.as_deref()),
        waiting: setting.waiting.as_ref().map(|w| mode(w.as_deref())),
        lock: setting.lock.clone(),
    }
}

impl Consoles for Api {
    fn api(&self) -> String {
        self.client.address()
    }

    fn state(&self, vmid: Vmid) -> BoxFuture<'_, Result<ConsoleState, ConsoleTrouble>> {
        Box::pin(async move {
            let setting = self.client.lxc_console_setting(&self.node, vmid).await;
            setting.map(|s| state(&s)).map_err(|e| refused(&e))
        })
    }

    fn open(&self, vmid: Vmid) -> BoxFuture<'_, Result<Box<dyn Terminal>, ConsoleTrouble>> {
        Box::pin(async move {
            let opened = self.client.lxc_terminal(&self.node, vmid).await;
            let mut terminal = opened.map_err(|error| match error {
                TerminalError::Api(error) => refused(&error),
                TerminalError::NotLetIn => ConsoleTrouble::TooOld {
                    words: error.to_string(),
                },
                TerminalError::Refused { .. } | TerminalError::Broken { .. } => {
                    ConsoleTrouble::Unreachable {
                        words: error.to_string(),
                    }
                }
            })?;
            // Whoever was there before is drawn anew.
            let _ = terminal.resize(200, 50).await;
            Ok(Box::new(Open(terminal)) as Box<dyn Terminal>)
        })
    }
}

#[derive(Default)]
pub(crate) struct Notes(pub(crate) Mutex<Vec<CommandRecord>>);

impl CommandLog for Notes {
    fn ran(&self, record: &CommandRecord) {
        self.0.lock().expect("no panic inside").push(record.clone());
    }
}

/// Gives RedFlag's role what consoles need.
pub(crate) fn allow_consoles(lab: &Lab, cluster: &str) {
    lab.world().change(|w| {
        let cluster = w.cluster_mut(cluster).expect("there");
        let role = cluster.access.roles.get_mut("RedFlag").expect("there");
        role.extend(["VM.Console".to_owned(), "VM.Config.Options".to_owned()]);
    });
}

/// A client of a cluster's nodes from `entry` on.
pub(crate) fn client(cluster: &ClusterFacts, entry: usize) -> Client {
    let order = cluster.nodes[entry..].iter().chain(&cluster.nodes[..entry]);
    let addresses = order.map(|node| node.address.to_string()).collect();
    let trust = Trust {
        system: false,
        leaves: cluster.nodes.iter().map(|n| n.fingerprint).collect(),
        ca_pem: None,
    };
    let token = &cluster.token;
    let id = token.id.parse().expect("a token id");
    let token = Token::new(id, token.secret.clone().into()).expect("a token");
    Client::new(addresses, trust, token).expect("a client")
}

/// The consoles of a node's guests through that node.
pub(crate) fn consoles(lab: &Lab, cluster: &str, node: &str) -> (ApiConsole, Client) {
    let facts = lab.facts().cluster(cluster).expect("there");
    let entry = facts.nodes.iter().position(|n| n.name == node);
    let client = client(facts, entry.expect("there"));
    let node: NodeName = node.parse().expect("a name");
    let api = Api {
        client: client.clone(),
        node: node.clone(),
    };
    let log: Arc<Notes> = Arc::default();
    (ApiConsole::new(node, Arc::new(api), log), client)
}
