//! A run: nodes with real guests, alone or behind the double's API.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use tokio::task::JoinHandle;

use super::{
    bridge::Bridge,
    deb,
    guest::{Inner, RealGuest},
    namespace::{Namespace, NodeDoor},
    plan::{Options, Stand},
    repository::Repository,
    run::Run,
    step, sweep, userland,
};
use crate::{Lab, facts::Facts, facts::SshFacts, seed::secret_hex};

/// Real guests that run. Everything goes away with [`RealNodes::stop`], or when it is dropped.
pub struct RealNodes {
    run: Run,
    nodes: Vec<RealNode>,
    step: Option<JoinHandle<()>>,
}

struct RealNode {
    cluster: String,
    name: String,
    namespace: Arc<Namespace>,
    door: Mutex<NodeDoor>,
    guests: Vec<RealGuest>,
}

impl RealNodes {
    /// Makes and starts everything, after clearing away what killed runs left.
    ///
    /// # Errors
    /// When the machine lacks something (see [`missing`]), or a part does not come up; then nothing is left behind.
    pub async fn start(options: Options) -> Result<Self> {
        let run = Run::begin(&options).await?;
        Self::raise(run, options, None).await
    }

    /// The same behind the double's API: the nodes' sshds listen beside their APIs, and a guest started or stopped
    /// through the API, or from inside, is so in both.
    ///
    /// # Errors
    /// As for [`RealNodes::start`], and when the double does not start.
    pub async fn with_double(mut options: Options, double: crate::Options) -> Result<(Self, Lab)> {
        let run = Run::begin(&options).await?;
        let scenario = step::scenario(&options, &run.bridge)?;
        let lab = Lab::start(
            scenario,
            crate::Options {
                ssh: false,
                ..double
            },
        )
        .await?;
        for node in &mut options.nodes {
            let facts = lab
                .facts()
                .cluster(&node.cluster)
                .and_then(|c| c.node(&node.name));
            node.address = facts.context("the double lacks a node")?.address.ip();
        }
        let nodes = Self::raise(run, options, Some(&lab)).await?;
        for guest in nodes.guests() {
            let (program, switch) = (guest.console_program(), guest.switch());
            lab.connect_real(guest.cluster(), guest.vmid(), program, switch)?;
        }
        Ok((nodes, lab))
    }

    async fn raise(run: Run, options: Options, lab: Option<&Lab>) -> Result<Self> {
        let mut index = 0;
        let mut nodes = Vec::new();
        for plan in &options.nodes {
            let password = secret_hex(9)?;
            let folder = run.folder.join(format!("{}-{}", plan.cluster, plan.name));
            let keys = run.folder.join(format!("{}-keys", plan.cluster));
            if !keys.exists() {
                std::fs::write(&keys, "")?;
            }
            let (address, port) = (plan.address, plan.port);
            let (namespace, door) =
                tokio::task::spawn_blocking(move || -> Result<(Namespace, NodeDoor)> {
                    let namespace = Namespace::make(&folder, &keys, &password)?;
                    let (algorithm, host_key) = namespace.new_host_key()?;
                    let address = namespace.open(address, port)?;
                    let door = NodeDoor {
                        address,
                        user: "root".into(),
                        password,
                        host_key,
                        algorithm,
                    };
                    Ok((namespace, door))
                })
                .await??;
            let namespace = Arc::new(namespace);
            let mut guests = Vec::new();
            for guest in &plan.guests {
                let (cache, made) = (run.cache.clone(), guest.clone());
                let template = tokio::task::spawn_blocking(move || {
                    userland::root(&cache, made.userland, made.unprivileged)
                })
                .await??;
                guests.push(RealGuest::new(Inner {
                    plan: guest.clone(),
                    cluster: plan.cluster.clone(),
                    node: plan.name.clone(),
                    address: run.bridge.guest(index)?,
                    mac: mac(&run.bridge, index)?,
                    namespace: Arc::clone(&namespace),
                    template,
                    bridge: run.bridge.name.clone(),
                    gateway: run.bridge.host(),
                    cgroup: sweep::cgroup(&run.id),
                    sources: Repository::sources(run.repository.address()),
                    turn: Arc::default(),
                }));
                index += 1;
            }
            nodes.push(RealNode {
                cluster: plan.cluster.clone(),
                name: plan.name.clone(),
                namespace,
                door: Mutex::new(door),
                guests,
            });
        }
        let mut real = Self {
            run,
            nodes,
            step: None,
        };
        let starting: Vec<_> = real
            .guests()
            .filter(|guest| guest.stand() == Stand::Running)
            .map(|guest| {
                let guest = guest.clone();
                tokio::spawn(async move { guest.start().await })
            })
            .collect();
        // All of them end before any failure is told: none may go on while the run is cleared away.
        let mut outcomes = Vec::new();
        for start in starting {
            outcomes.push(start.await?);
        }
        outcomes.into_iter().collect::<Result<()>>()?;
        if let Some(lab) = lab {
            let guests = real.guests().cloned().collect();
            real.step = Some(tokio::spawn(step::keep(guests, lab.world().clone())));
        }
        Ok(real)
    }

    /// The run's id, part of everything it makes.
    pub fn id(&self) -> &str {
        &self.run.id
    }

    /// All guests, templates included.
    pub fn guests(&self) -> impl Iterator<Item = &RealGuest> {
        self.nodes.iter().flat_map(|node| &node.guests)
    }

    /// A guest by node and number.
    ///
    /// # Errors
    /// When there is none.
    pub fn guest(&self, node: &str, vmid: u32) -> Result<&RealGuest> {
        self.guests()
            .find(|guest| guest.node() == node && guest.vmid() == vmid)
            .with_context(|| format!("no guest {vmid} on {node}"))
    }

    /// How to enter a node.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn door(&self, node: &str) -> Result<NodeDoor> {
        Ok(self.node(node)?.door().clone())
    }

    /// The apt repository of the guests.
    pub fn repository(&self) -> &Repository {
        &self.run.repository
    }

    /// This machine as the guests reach it: where a desktop's gateway is found.
    pub fn host_address(&self) -> IpAddr {
        IpAddr::V4(self.run.bridge.host())
    }

    /// The double's facts with the real doors and updates in them.
    pub fn facts(&self, lab: &Lab) -> Facts {
        let mut facts = lab.facts().clone();
        for guest in self.guests() {
            let cluster = facts
                .clusters
                .iter_mut()
                .find(|c| c.name == guest.cluster());
            let found = cluster.and_then(|c| c.guests.iter_mut().find(|g| g.vmid == guest.vmid()));
            if let Some(found) = found {
                (found.updates, found.security) = deb::updates(guest.without());
            }
        }
        for node in &self.nodes {
            let cluster = facts.clusters.iter_mut().find(|c| c.name == node.cluster);
            let found = cluster.and_then(|c| c.nodes.iter_mut().find(|n| n.name == node.name));
            if let Some(found) = found {
                let door = node.door().clone();
                found.ssh = Some(SshFacts {
                    address: door.address,
                    user: door.user,
                    password: door.password,
                    host_key: door.host_key,
                    algorithm: door.algorithm,
                });
            }
        }
        facts
    }

    /// Ends a node's sshd and its sessions; connections are refused from then on.
    ///
    /// # Errors
    /// When there is no such node.
    pub fn close_door(&self, node: &str) -> Result<()> {
        self.node(node)?.namespace.close();
        Ok(())
    }

    /// Starts a node's sshd again where it was, with a new host key if `changed`.
    ///
    /// # Errors
    /// When there is no such node, or its port was taken meanwhile.
    pub fn open_door(&self, node: &str, changed: bool) -> Result<NodeDoor> {
        let node = self.node(node)?;
        let mut door = node.door();
        node.namespace.close();
        if changed {
            (door.algorithm, door.host_key) = node.namespace.new_host_key()?;
        }
        node.namespace
            .open(door.address.ip(), Some(door.address.port()))?;
        Ok(door.clone())
    }

    fn node(&self, name: &str) -> Result<&RealNode> {
        self.nodes
            .iter()
            .find(|node| node.name == name)
            .with_context(|| format!("no node {name}"))
    }

    /// Ends and removes everything.
    ///
    /// # Errors
    /// Names what could not be removed.
    pub async fn stop(mut self) -> Result<()> {
        if let Some(step) = self.step.take() {
            step.abort();
            let _ = step.await;
        }
        tokio::task::spawn_blocking(move || {
            self.nodes.clear();
            self.run.clear()
        })
        .await?
    }
}

impl Drop for RealNodes {
    fn drop(&mut self) {
        if let Some(step) = self.step.take() {
            step.abort();
        }
    }
}

impl RealNode {
    fn door(&self) -> std::sync::MutexGuard<'_, NodeDoor> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hardware address of the guest with that index, of Proxmox's own range.
pub(crate) fn mac(bridge: &Bridge, index: usize) -> Result<String> {
    let [_, _, subnet, last] = bridge.guest(index)?.octets();
    Ok(format!("BC:24:11:4C:{subnet:02X}:{last:02X}"))
}
