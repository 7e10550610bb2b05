//! The commands of the add-cluster wizard: certificate, token, permissions, discovery, access to nodes.

use domain::NodeKey;
use engine::NodeAddress;

use crate::{
    App, Error,
    dto::{
        AccessInfo, AccessPlan, AddCluster, AddedCluster, CheckToken, CreateToken, CreatedToken,
        Discover, Discovery, NodeAddress as NodeAddressDto, Privilege, ProbeCluster, ProbeNode,
        ProbedCluster, ProbedNode, SaveAccess, SavedAccess, TokenCheck,
    },
};

fn plural(n: u32, one: &str, many: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {many}")
    }
}

/// The command by which a person compares a node's certificate.
pub(crate) const COMPARE_CERTIFICATE: &str =
    "openssl x509 -in /etc/pve/local/pve-ssl.pem -noout -fingerprint -sha256";

/// What a token may do, as the window shows it.
pub(crate) fn token_check(report: engine::TokenReport) -> TokenCheck {
    let privileges: Vec<Privilege> = report
        .privileges
        .into_iter()
        .map(|p| Privilege {
            name: p.name.into(),
            path: p.path.into(),
            used_for: p.used_for.into(),
            granted: p.granted,
            required: p.required,
        })
        .collect();
    TokenCheck {
        version: report.version,
        cluster_name: report.cluster_name,
        nodes: report.nodes,
        enough: privileges.iter().all(|p| p.granted || !p.required),
        privileges,
        grant: report.grant,
        visible_guests: report.visible_guests,
    }
}

impl App {
    pub(crate) async fn probe_cluster(
        &self,
        request: ProbeCluster,
    ) -> Result<ProbedCluster, Error> {
        let probed = self.engine.probe_cluster(&request.address).await?;
        Ok(ProbedCluster {
            address: probed.address,
            certificate: probed.certificate,
            compare: COMPARE_CERTIFICATE.into(),
            known: probed.known,
        })
    }

    pub(crate) async fn check_token(&self, request: CheckToken) -> Result<TokenCheck, Error> {
        let secret = self.secret(&request.secret)?;
        let report = self
            .engine
            .check_token(
                &request.address,
                request.fingerprint,
                &request.token_id,
                secret,
            )
            .await?;
        Ok(token_check(report))
    }

    pub(crate) async fn create_token(&self, request: CreateToken) -> Result<CreatedToken, Error> {
        let password = self.secret(&request.password)?;
        let made = self
            .engine
            .create_token(
                &request.address,
                request.fingerprint,
                &request.user,
                password,
            )
            .await?;
        self.forget(&request.password);
        Ok(CreatedToken {
            token_id: made.id.to_string(),
            secret: self.keep(made.secret),
            done: made.lines,
        })
    }

    pub(crate) async fn add_cluster(&self, request: AddCluster) -> Result<AddedCluster, Error> {
        let secret = self.secret(&request.secret)?;
        let name = request
            .name
            .map(|n| n.trim().to_owned())
            .filter(|n| !n.is_empty());
        let added = self
            .engine
            .add_cluster(
                &request.address,
                request.fingerprint,
                &request.token_id,
                secret,
                name,
            )
            .await?;
        self.forget(&request.secret);
        Ok(AddedCluster {
            cluster: added.cluster,
            already: added.already,
        })
    }

    pub(crate) async fn discover(&self, request: Discover) -> Result<Discovery, Error> {
        let found = self.engine.discover(request.cluster).await?;
        Ok(Discovery {
            sentence: format!(
                "Found {}, {}",
                plural(found.nodes, "node", "nodes"),
                plural(found.guests, "LXC", "LXCs")
            ),
            nodes: found.nodes,
            guests: found.guests,
            running: found.running,
            stopped: found.stopped,
            templates: found.templates,
            problems: found.problems,
        })
    }

    pub(crate) async fn access_info(&self, request: AccessInfo) -> Result<AccessPlan, Error> {
        let (mut public_key, mut proposals) = self.engine.access_proposals(request.cluster).await?;
        if proposals.is_empty() {
            // The cluster was added a moment ago and has not been looked at yet.
            self.engine.discover(request.cluster).await?;
            (public_key, proposals) = self.engine.access_proposals(request.cluster).await?;
        }
        let nodes = proposals
            .into_iter()
            .map(|p| NodeAddressDto {
                node: p.node,
                host: p.address.host,
                port: p.address.port,
                user: p.address.user,
            })
            .collect();
        Ok(AccessPlan { public_key, nodes })
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
        let (shown, changed_from) = self.engine.probe_node(&key, &address).await?;
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
            .save_access(&key, address, request.host_key, password)
            .await?;
        if let Some(reference) = &request.password {
            self.forget(reference);
        }
        Ok(SavedAccess {
            hostname: entered.hostname,
            guests: entered.guests,
        })
    }
}
