//! The commands about the ways into nodes and their LXCs.

use domain::NodeKey;
use engine::NodeAddress;

use crate::{
    App, Error,
    dto::{
        AccessInfo, AccessPlan, AccessSetup, ConfiguredHost, NodeAddress as NodeAddressDto,
        Nothing, ProbeNode, ProbedNode, Roads, RoadsOf, SaveAccess, SavedAccess, SetupLines,
        WhichNode,
    },
};

impl App {
    pub(crate) async fn access_info(&self, request: AccessInfo) -> Result<AccessPlan, Error> {
        let mut found = self.engine.access_proposals(request.cluster).await?;
        if found.nodes.is_empty() {
            // The cluster was added a moment ago and has not been looked at yet.
            self.engine.discover(request.cluster).await?;
            found = self.engine.access_proposals(request.cluster).await?;
        }
        let configured = |c: engine::Configured| ConfiguredHost {
            name: c.name,
            host: c.address.host,
            port: c.address.port,
            user: c.address.user,
            key: c.key,
            through: c.through,
        };
        let nodes = found
            .nodes
            .into_iter()
            .map(|p| NodeAddressDto {
                node: p.node,
                host: p.address.host,
                port: p.address.port,
                user: p.address.user,
                way: p.way,
                configured: p.configured.map(configured),
            })
            .collect();
        Ok(AccessPlan {
            authorise: found.authorise,
            nodes,
            not_followed: found.not_followed,
        })
    }

    pub(crate) async fn access_setup(&self, request: AccessSetup) -> Result<SetupLines, Error> {
        let lines = self
            .engine
            .access_setup(request.entry, &request.user, &request.key)
            .await?;
        Ok(SetupLines { lines })
    }

    pub(crate) async fn roads(&self, request: RoadsOf) -> Result<Roads, Error> {
        let roads = self
            .engine
            .roads(request.cluster, request.node.as_ref())
            .await?;
        Ok(Roads { roads })
    }

    pub(crate) async fn probe_node(&self, request: ProbeNode) -> Result<ProbedNode, Error> {
        let key = NodeKey {
            cluster: request.cluster,
            node: request.node,
        };
        let address = NodeAddress {
            host: request.host,
            port: request.port,
            user: "root".into(),
        };
        let (shown, changed_from) = self
            .engine
            .probe_node(&key, &address, request.through.as_ref())
            .await?;
        // Proxmox keeps the host keys where every sshd does, under the name of the algorithm's family.
        let family = match shown.algorithm.as_str() {
            "ssh-ed25519" => "ed25519",
            "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512" => "rsa",
            _ => "ecdsa",
        };
        Ok(ProbedNode {
            compare: format!("ssh-keygen -lf /etc/ssh/ssh_host_{family}_key.pub"),
            key: shown,
            changed_from,
        })
    }

    pub(crate) async fn save_access(&self, request: SaveAccess) -> Result<SavedAccess, Error> {
        let key = NodeKey {
            cluster: request.cluster,
            node: request.node,
        };
        let address = NodeAddress {
            host: request.host,
            port: request.port,
            user: request.user,
        };
        let password = request
            .password
            .as_ref()
            .map(|reference| self.secret(reference))
            .transpose()?;
        let entered = self
            .engine
            .save_access(&key, address, request.host_key, request.way, password)
            .await?;
        if let Some(reference) = &request.password {
            self.forget(reference);
        }
        Ok(SavedAccess {
            hostname: entered.hostname,
            guests: entered.guests,
        })
    }

    pub(crate) async fn forget_access(&self, request: WhichNode) -> Result<Nothing, Error> {
        self.engine.forget_access(&request.node).await?;
        Ok(Nothing {})
    }
}
