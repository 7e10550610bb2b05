//! Which road into guests is the best here: what the token may do, how the consoles are set, which nodes let RedFlag in.

use std::{collections::BTreeSet, sync::PoisonError};

use domain::{ClusterId, NodeKey, NodeName, Vmid, access::Road, fleet::Power};
use futures_util::future::join_all;
use pve::{Client, ConsoleSupport, console_support};
use reach::{
    ConsoleMode,
    roads::{self, SshKnown, TokenConsole},
};

use crate::{Error, clock, failures::cluster_error, inner::Inner, picture::Guest};

/// A way that worked or failed within this time, in milliseconds, is not tried again to be recommended (5 minutes).
const TRIED_LATELY_MS: i64 = 5 * 60 * 1000;

/// The guests that a road would be for.
struct Asked {
    guests: Vec<(NodeName, Vmid)>,
    nodes: BTreeSet<NodeName>,
}

impl Inner {
    pub(crate) async fn roads(
        &self,
        cluster: ClusterId,
        node: Option<&NodeName>,
    ) -> Result<Vec<Road>, Error> {
        let watch = self.watch_of(cluster)?;
        let asked = self.asked(cluster, node);
        if asked.guests.is_empty() {
            return Ok(Vec::new());
        }
        let client = &watch.client;
        let (ssh, token_console, permissions) = tokio::join!(
            self.ssh_known(cluster, &asked.nodes),
            token_console(client),
            client.permissions()
        );
        let permissions = permissions.map_err(|e| cluster_error("", e))?;
        let on_all = |privilege: &str| {
            let holds = |(_, vmid): &(NodeName, Vmid)| {
                permissions.holds(&format!("/vms/{vmid}"), privilege)
            };
            asked.guests.iter().all(holds)
        };
        let may_open = on_all("VM.Console");
        let too_old = matches!(token_console, TokenConsole::TooOld { .. });
        let with_shell = match may_open && !too_old {
            true => with_shell(client, &asked.guests).await,
            false => 0,
        };
        Ok(roads::recommend(&roads::Known {
            nodes: asked.nodes.len(),
            ssh,
            token_console,
            may_open,
            may_set_mode: on_all("VM.Config.Options"),
            may_restart: on_all("VM.PowerMgmt"),
            with_shell,
            without_shell: asked.guests.len() - with_shell,
        }))
    }

    /// Those without an agent; where all have one, all.
    fn asked(&self, cluster: ClusterId, node: Option<&NodeName>) -> Asked {
        self.state.read(|known| {
            let of_place = |guest: &&Guest| {
                let record = &guest.record;
                let here = node.is_none_or(|node| record.node == *node);
                record.cluster == cluster && here && !record.template
            };
            let all: Vec<&Guest> = known.guests.values().filter(of_place).collect();
            let bare = |guest: &&&Guest| guest.agent.is_none();
            let running = |guest: &&&Guest| guest.record.power == Power::Running;
            let chosen: Vec<&Guest> = match all.iter().filter(bare).filter(running).count() {
                0 => all,
                _ => all.iter().filter(bare).filter(running).copied().collect(),
            };
            Asked {
                nodes: chosen.iter().map(|g| g.record.node.clone()).collect(),
                guests: chosen
                    .iter()
                    .map(|g| (g.record.node.clone(), g.record.vmid))
                    .collect(),
            }
        })
    }

    /// What is known of SSH to these nodes. Ways that are set up are tried again unless that was done lately.
    async fn ssh_known(&self, cluster: ClusterId, nodes: &BTreeSet<NodeName>) -> SshKnown {
        let keys: Vec<NodeKey> = nodes
            .iter()
            .map(|node| NodeKey {
                cluster,
                node: node.clone(),
            })
            .collect();
        join_all(keys.iter().map(|key| async move {
            let tried = self.access_to(key).ok().and_then(|access| access.tried_at);
            let lately = tried.is_some_and(|at| clock::now().since(at) < TRIED_LATELY_MS);
            if !lately && let Err(error) = self.try_access(key).await {
                tracing::debug!(%error, node = %key.node, "the way into a node was not tried");
            }
        }))
        .await;
        let mut works = 0;
        let mut failed = None;
        for key in &keys {
            match self.access_to(key) {
                Ok(access) if access.error.is_none() => works += 1,
                Ok(access) => failed = failed.or(access.error),
                Err(_) => {
                    let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
                    failed = failed.or_else(|| tries.get(key).cloned());
                }
            }
        }
        match (works, failed) {
            (0, None) => SshKnown::NotTried,
            (0, Some(words)) => SshKnown::Fails { words },
            (nodes, _) => SshKnown::Works { nodes },
        }
    }
}

/// Whether API tokens get onto consoles through the node that answers, which is the one whose packages decide.
async fn token_console(client: &Client) -> TokenConsole {
    let asked = async {
        let status = client.cluster_status().await.ok()?;
        let here = status.members.into_iter().find(|member| member.local)?;
        client.apt_versions(&here.name).await.ok()
    };
    match asked.await.as_deref().map(console_support) {
        Some(ConsoleSupport::Supported) => TokenConsole::Supported,
        Some(ConsoleSupport::TooOld { installed, needed }) => {
            TokenConsole::TooOld { installed, needed }
        }
        Some(ConsoleSupport::Unknown) | None => TokenConsole::Unknown,
    }
}

/// How many of the guests have a shell as their console. What does not answer counts as having none.
async fn with_shell(client: &Client, guests: &[(NodeName, Vmid)]) -> usize {
    let asked = guests.iter().map(|(node, vmid)| async move {
        let setting = client.lxc_console_setting(node, *vmid).await.ok()?;
        ConsoleMode::named(setting.active.as_deref())
    });
    let modes = join_all(asked).await;
    modes
        .into_iter()
        .filter(|mode| *mode == Some(ConsoleMode::Shell))
        .count()
}
