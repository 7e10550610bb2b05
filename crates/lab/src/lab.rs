//! Starting and stopping a lab, and pushing its world about.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use anyhow::{Context, Result};
use domain::host::Fingerprint;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    console::{Program, Terminals},
    facts::{self, Facts},
    faults::Faults,
    ground::{Ground, Place, Switch, Switches},
    guest::{self, Pace},
    links::Links,
    net,
    options::{Options, Ports},
    pve::{self, authority::Authority, login::TicketKey},
    records::{Records, RequestRecord},
    scenario::Scenario,
    seed::{secret_hex, secret_uuid},
    ssh,
    world::{Down, Guest, Live, Node, seconds},
};

/// A running lab. Ends when it is dropped, or in order by [`Lab::stop`].
#[derive(Debug)]
pub struct Lab {
    ground: Arc<Ground>,
    facts: Facts,
}

impl Lab {
    /// Starts every node and every agent of a scenario.
    ///
    /// # Errors
    /// When no free loopback address is left, or the operating system has no randomness.
    pub async fn start(scenario: Scenario, options: Options) -> Result<Self> {
        let mut world = scenario.world;
        let mut authorities = Vec::new();
        let mut ticket_keys = Vec::new();
        let mut doors = Vec::new();
        let mut facts = Vec::new();
        for (index, cluster) in world.clusters.iter_mut().enumerate() {
            for token in cluster.access.tokens.iter_mut() {
                if token.secret.is_empty() {
                    token.secret = secret_uuid()?;
                }
            }
            // The password of root is the same on all nodes, and PAM asks for no other.
            let root = cluster.access.users.entry("root@pam".into()).or_default();
            let password = match &root.password {
                Some(password) => password.clone(),
                None => root.password.insert(secret_hex(9)?).clone(),
            };
            ticket_keys.push(TicketKey::new(secret_hex(32)?));
            let (api_port, ssh_port) = match options.ports {
                Ports::Fixed(port) => (Some(port), Some(22)),
                Ports::Free => (None, None),
            };
            let listeners = net::listen(index, cluster.nodes.len(), api_port)
                .await
                .context("no free loopback address for a node")?;
            let mut addresses = Vec::new();
            for listener in &listeners {
                addresses.push(listener.local_addr()?);
            }
            for (node, address) in cluster.nodes.iter_mut().zip(&addresses) {
                node.ip = address.ip();
            }
            let authority = Authority::create(cluster, seconds())?;
            let mut sshds = Vec::new();
            let mut ssh_listeners = Vec::new();
            if options.ssh {
                let ips: Vec<_> = addresses.iter().map(SocketAddr::ip).collect();
                for listener in net::listen_beside(&ips, ssh_port).await? {
                    sshds.push(ssh::Door::new(listener.local_addr()?, password.clone())?);
                    ssh_listeners.push(listener);
                }
            }
            facts.push(facts::of_cluster(cluster, &addresses, &sshds)?);
            doors.push((
                listeners,
                sshds.into_iter().zip(ssh_listeners).collect::<Vec<_>>(),
            ));
            authorities.push(authority);
        }
        let now = seconds();
        for cluster in &mut world.clusters {
            // A node that is down from the start was there a moment ago, and the others still know its figures.
            let downs: Vec<Option<Down>> = cluster.nodes.iter().map(|n| n.down).collect();
            cluster.nodes.iter_mut().for_each(|n| n.down = None);
            cluster.tick(now, i64::MAX);
            for (node, down) in cluster.nodes.iter_mut().zip(downs) {
                node.down = down;
            }
        }
        let ground = Arc::new(Ground {
            live: Live::new(world),
            faults: Faults::new(options.seed),
            links: Links::new(options.seed),
            statistics_kept: i64::try_from(scenario.statistics_kept.as_secs()).unwrap_or(i64::MAX),
            authorities,
            ticket_keys,
            records: Records::default(),
            seen: Mutex::new(HashMap::new()),
            terminals: Terminals::default(),
            switches: Switches::default(),
            doors: doors
                .iter()
                .map(|(_, sshds)| sshds.iter().map(|(door, _)| door.clone()).collect())
                .collect(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            options,
        });
        for (index, (listeners, sshds)) in doors.into_iter().enumerate() {
            let places = |node: usize| Place {
                cluster: index,
                node,
            };
            for (node, listener) in listeners.into_iter().enumerate() {
                pve::serve(&ground, places(node), listener)?;
            }
            for (node, (door, listener)) in sshds.into_iter().enumerate() {
                ssh::serve(&ground, places(node), door, listener)?;
            }
        }
        if !ground.options.statistics.is_zero() {
            ground.tasks.spawn(tick(ground.clone()));
        }
        guest::supervise(&ground, Pace(ground.options.pace));
        Ok(Self {
            ground,
            facts: Facts { clusters: facts },
        })
    }

    /// Addresses, fingerprints, tokens and passwords.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The world, to look at, to change and to wait for.
    pub fn world(&self) -> &Live {
        &self.ground.live
    }

    /// Faults of the API's answers.
    pub fn faults(&self) -> &Faults {
        &self.ground.faults
    }

    /// Faults of connections to the nodes' sshds, and of the agents' to their desktop.
    pub fn links(&self) -> &Links {
        &self.ground.links
    }

    /// What the nodes were asked, oldest first; the newest 100,000.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.ground.records.all()
    }

    /// How many connections to the API there were.
    pub fn connections(&self) -> u64 {
        self.ground.records.connections()
    }

    /// Forgets requests and connections so far, so that a count begins anew.
    pub fn forget_requests(&self) {
        self.ground.records.forget();
    }

    /// Starts a guest at once, without a task.
    ///
    /// # Errors
    /// For a guest that does not exist. The same holds for all methods below.
    pub fn start_guest(&self, cluster: &str, vmid: u32) -> Result<()> {
        self.guest(cluster, vmid, |g| g.boot(seconds()))
    }

    /// Stops a guest at once, without a task.
    pub fn stop_guest(&self, cluster: &str, vmid: u32) -> Result<()> {
        self.guest(cluster, vmid, |g| g.running_since = None)
    }

    /// Sets or removes the lock of a guest: `backup`, `snapshot`, …
    pub fn lock_guest(&self, cluster: &str, vmid: u32, lock: Option<&str>) -> Result<()> {
        self.guest(cluster, vmid, |g| g.lock = lock.map(str::to_owned))
    }

    /// Moves a guest to another node.
    pub fn migrate_guest(&self, cluster: &str, vmid: u32, node: &str) -> Result<()> {
        self.guest(cluster, vmid, |g| g.node = node.to_owned())
    }

    /// Adds a guest, or replaces the one of the same number.
    pub fn add_guest(&self, cluster: &str, guest: Guest) -> Result<()> {
        self.ground.live.change(|w| {
            let cluster = w.cluster_mut(cluster).context("no such cluster")?;
            Arc::make_mut(&mut cluster.broadcast).remove(&format!("lxc/{}", guest.vmid));
            cluster.guests.insert(guest.vmid, guest);
            Ok(())
        })
    }

    /// Destroys a guest.
    pub fn remove_guest(&self, cluster: &str, vmid: u32) -> Result<()> {
        self.ground.live.change(|w| {
            let cluster = w.cluster_mut(cluster).context("no such cluster")?;
            Arc::make_mut(&mut cluster.broadcast).remove(&format!("lxc/{vmid}"));
            cluster.guests.remove(&vmid).context("no such guest")?;
            Ok(())
        })
    }

    /// Changes anything about a guest.
    pub fn guest(&self, cluster: &str, vmid: u32, act: impl FnOnce(&mut Guest)) -> Result<()> {
        self.ground.live.change(|w| {
            act(w
                .guest_mut(cluster, vmid)
                .with_context(|| format!("no guest {vmid} in {cluster}"))?);
            Ok(())
        })
    }

    /// Takes a node down: nothing of it listens any more, and its guests' agents fall silent.
    pub fn take_down(&self, cluster: &str, node: &str, how: Down) -> Result<()> {
        self.node_state(cluster, node, Some(how))
    }

    /// Brings a node up again.
    pub fn bring_up(&self, cluster: &str, node: &str) -> Result<()> {
        self.node_state(cluster, node, None)
    }

    fn node_state(&self, cluster: &str, node: &str, down: Option<Down>) -> Result<()> {
        self.ground.live.change(|w| {
            let cluster = w.cluster_mut(cluster).context("no such cluster")?;
            // The others remember what it broadcast last.
            cluster.tick(seconds(), self.ground.statistics_kept);
            let node = cluster.node_mut(node).context("no such node")?;
            if node.down.is_some() && down.is_none() {
                node.booted_at = seconds();
            }
            node.down = down;
            Ok(())
        })
    }

    /// Gives a node a new certificate from its cluster's CA, as the yearly renewal does.
    pub fn renew_certificate(&self, cluster: &str, node: &str) -> Result<Fingerprint> {
        self.new_certificate(cluster, node, true)
    }

    /// Gives a node a certificate from somewhere else, as an attacker would.
    pub fn change_certificate(&self, cluster: &str, node: &str) -> Result<Fingerprint> {
        self.new_certificate(cluster, node, false)
    }

    fn new_certificate(&self, label: &str, node: &str, ours: bool) -> Result<Fingerprint> {
        self.ground.live.change(|w| {
            let index = w.clusters.iter().position(|c| c.label == label);
            let index = index.context("no such cluster")?;
            let authority = self
                .ground
                .authorities
                .get(index)
                .context("no such cluster")?;
            let cluster = w.clusters.get_mut(index).context("no such cluster")?;
            let node = cluster.node_mut(node).context("no such node")?;
            authority.replace(node, seconds(), ours)
        })
    }

    /// Lets the API of a node refuse connections although the node is up, or accept them again.
    pub fn close_api(&self, cluster: &str, node: &str, closed: bool) -> Result<()> {
        self.node(cluster, node, |n| n.api_closed = closed)
    }

    /// Changes anything about a node.
    pub fn node(&self, cluster: &str, node: &str, act: impl FnOnce(&mut Node)) -> Result<()> {
        self.ground.live.change(|w| {
            let cluster = w.cluster_mut(cluster).context("no such cluster")?;
            act(cluster.node_mut(node).context("no such node")?);
            Ok(())
        })
    }

    /// Lets a node's sshd refuse connections, or accept them again. The API goes on.
    pub fn close_ssh(&self, cluster: &str, node: &str, closed: bool) -> Result<()> {
        self.node(cluster, node, |n| n.ssh_closed = closed)
    }

    /// Gives a node another SSH host key; answers with its fingerprint.
    pub fn change_host_key(&self, cluster: &str, node: &str) -> Result<String> {
        let (c, n) = self
            .ground
            .live
            .read(|w| {
                let c = w.clusters.iter().position(|c| c.label == cluster)?;
                let n = w.clusters[c].nodes.iter().position(|n| n.name == node)?;
                Some((c, n))
            })
            .context("no such node")?;
        let door = self.ground.doors.get(c).and_then(|doors| doors.get(n));
        door.context("the lab runs without SSH")?.change_key()
    }

    /// Puts an agent into a guest as if it had come through the reach.
    pub fn install_agent(
        &self,
        cluster: &str,
        vmid: u32,
        bootstrap: wire::Bootstrap,
    ) -> Result<()> {
        self.guest(cluster, vmid, |g| guest::install(&mut g.machine, bootstrap))
    }

    /// Connects a guest to a real one of this machine: its console to programs instead of a simulated shell, and the
    /// tasks that start and stop it.
    ///
    /// # Errors
    /// For a cluster that does not exist.
    pub(crate) fn connect_real(
        &self,
        cluster: &str,
        vmid: u32,
        program: Program,
        switch: Switch,
    ) -> Result<()> {
        let index = self
            .ground
            .live
            .read(|w| w.clusters.iter().position(|c| c.label == cluster));
        let index = index.context("no such cluster")?;
        self.ground.terminals.connect(index, vmid, program);
        self.ground.switches.connect(index, vmid, switch);
        Ok(())
    }

    /// Lets an agent fall silent, or speak again.
    pub fn silence_agent(&self, cluster: &str, vmid: u32, silent: bool) -> Result<()> {
        self.guest(cluster, vmid, |g| g.machine.quirks.silent = silent)
    }

    /// Broadcasts all figures now instead of at the next tick.
    pub fn broadcast(&self) {
        let kept = self.ground.statistics_kept;
        self.ground.live.change(|w| {
            let now = seconds();
            w.clusters.iter_mut().for_each(|c| c.tick(now, kept));
        });
    }

    /// Ends all servers and agents and waits until they have ended.
    pub async fn stop(self) {
        self.ground.stop.cancel();
        self.ground.tasks.close();
        self.ground.tasks.wait().await;
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.ground.stop.cancel();
    }
}

async fn tick(ground: Arc<Ground>) {
    let every = ground.options.statistics;
    // The first figures were taken at the start.
    let mut interval = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    loop {
        tokio::select! {
            () = ground.stop.cancelled() => return,
            _ = interval.tick() => ground.live.change(|w| {
                let now = seconds();
                w.clusters.iter_mut().for_each(|c| c.tick(now, ground.statistics_kept));
            }),
        }
    }
}
