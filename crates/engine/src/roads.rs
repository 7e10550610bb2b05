//! The road into a guest: SSH to its node where that is set up, else the console of Proxmox's API.

use std::sync::Arc;

use domain::{ClusterId, GuestId, NodeKey, NodeName, Vmid};
use futures_util::future::BoxFuture;
use pve::{Client, ConsoleSetting, TerminalError};
use reach::{ApiConsole, ConsoleMode, ConsoleState, ConsoleTrouble, Consoles, Reach, Terminal};

use crate::{Error, access::AuditLog, failures::cluster_error, inner::Inner};

/// What opens consoles.
pub(crate) const CONSOLE: &str = "VM.Console";

/// Columns and rows of the terminal: wide enough that no line of ours is broken.
const SIZE: (u16, u16) = (200, 50);

/// `over SSH to root@10.0.0.1:22`, for a job's log.
pub(crate) fn in_words(road: &Reach) -> String {
    match road {
        Reach::Ssh(node) => format!("through {}", node.address()),
        Reach::Console(_) => "over its console in Proxmox".into(),
    }
}

/// The consoles of one node's guests, over Proxmox's API.
struct Api {
    client: Client,
    node: NodeName,
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

/// An unknown word is treated as the mode that RedFlag cannot use.
pub(crate) fn mode(word: Option<&str>) -> ConsoleMode {
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
            // Whoever was there before is drawn anew; a terminal that broke says so at the first line.
            let _ = terminal.resize(SIZE.0, SIZE.1).await;
            Ok(Box::new(Open(terminal)) as Box<dyn Terminal>)
        })
    }
}

impl Inner {
    /// Whether the token may open the consoles of a cluster's guests. Asked where no pass has learned it yet: after a
    /// start jobs are taken up before the first one has ended.
    async fn may_open_consoles(&self, cluster: ClusterId) -> Result<bool, Error> {
        let learned = self
            .state
            .read(|known| known.clusters.get(&cluster)?.consoles);
        if let Some(may) = learned {
            return Ok(may);
        }
        let asked = self.watch_of(cluster)?.client.permissions().await;
        let permissions = asked.map_err(|e| cluster_error(&self.cluster_name(cluster), e))?;
        let may = permissions.holds_below("/vms", CONSOLE);
        self.state.change(|known| {
            if let Some(cluster) = known.clusters.get_mut(&cluster) {
                cluster.consoles = Some(may);
            }
        });
        Ok(may)
    }

    /// The way into a guest that is to be taken now.
    pub(crate) async fn road_to(&self, guest: GuestId) -> Result<Reach, Error> {
        let found = self.state.read(|known| {
            let record = &known.guests.get(&guest)?.record;
            let key = NodeKey {
                cluster: record.cluster,
                node: record.node.clone(),
            };
            let ssh = known.nodes.get(&key)?.record.access.is_some();
            Some((key, ssh))
        });
        let Some((key, ssh)) = found else {
            return Err(Error::not_found("The LXC"));
        };
        if ssh || !self.may_open_consoles(key.cluster).await? {
            return Ok(self.ssh_of_guest(guest).await?.into());
        }
        let kept = self
            .consoles
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(console) = kept {
            return Ok(console.into());
        }
        let client = self.watch_of(key.cluster)?.client.clone();
        let api = Api {
            client,
            node: key.node.clone(),
        };
        let log = Arc::new(AuditLog::new(self.store.clone()));
        let console = ApiConsole::new(key.node.clone(), Arc::new(api), log);
        self.consoles
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(key, console.clone());
        Ok(console.into())
    }
}
