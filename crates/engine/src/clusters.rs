//! Adding clusters: look at the certificate, try the token, recognise what is known, learn the cluster's own CA.

use std::sync::Arc;

use domain::{
    ClusterId, NodeName,
    fleet::Link,
    host::{Certificate, Fingerprint},
};
use pve::{
    Client, CreatedToken, Permissions, PrivilegeCheck, Session, Token, check_privileges,
    grant_lines, normalise_address, privileges_used,
};
use secrecy::{ExposeSecret, SecretString};
use store::{ClusterRecord, SecretPurpose};
use tls::Trust;

use crate::{
    Error, Kind, clock,
    failures::{cluster_error, session_error},
    inner::Inner,
    operations::account,
    picture::Cluster,
    visit::{fingerprint_of_pem, visit, with_port},
};

/// What an address shows before anything is trusted.
#[derive(Clone, Debug)]
pub struct Probed {
    /// `host:port`.
    pub address: String,
    pub certificate: Certificate,
    /// The cluster that was added before with this very certificate.
    pub known: Option<ClusterId>,
}

/// What a token may do.
#[derive(Clone, Debug)]
pub struct TokenReport {
    pub version: String,
    /// None for a stand-alone node.
    pub cluster_name: Option<String>,
    pub nodes: Vec<NodeName>,
    pub privileges: Vec<PrivilegeCheck>,
    /// Lines for the node's shell that grant what is missing.
    pub grant: Vec<String>,
    pub visible_guests: u32,
}

/// A cluster that is there now.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    pub cluster: ClusterId,
    /// It was there before.
    pub already: bool,
}

pub(crate) fn token(token_id: &str, secret: &SecretString) -> Result<Token, Error> {
    // What was copied from a terminal often brings its line end along.
    let secret = SecretString::from(secret.expose_secret().trim().to_owned());
    let made = token_id
        .trim()
        .parse()
        .and_then(|id| Token::new(id, secret));
    made.map_err(|e: pve::TokenError| {
        Error::new(Kind::BadInput, "The token cannot be used")
            .words(e.to_string())
            .next("Copy id and secret again from Datacenter › Permissions › API Tokens.")
    })
}

impl Inner {
    pub(crate) async fn probe_cluster(&self, address: &str) -> Result<Probed, Error> {
        let address = normalise_address(address).map_err(|e| {
            Error::new(Kind::BadInput, "This is not an address of a Proxmox node").words(e.to_string()).next("Enter a host name or an IP address, such as 192.168.1.10; the port is 8006 unless given.")
        })?;
        let certificate = pve::probe_certificate(&address)
            .await
            .map_err(|e| cluster_error("", e))?;
        let known = self
            .store
            .cluster_by_leaf(certificate.sha256)
            .await?
            .map(|c| c.id);
        Ok(Probed {
            address,
            certificate,
            known,
        })
    }

    fn fresh_client(
        &self,
        address: &str,
        accepted: Fingerprint,
        token: Token,
    ) -> Result<Client, Error> {
        let trust = Trust {
            system: false,
            leaves: vec![accepted],
            ca_pem: None,
        };
        Client::within(self.limits.clone(), vec![address.to_owned()], trust, token)
            .map_err(|e| cluster_error("", e))
    }

    pub(crate) async fn check_token(
        &self,
        address: &str,
        accepted: Fingerprint,
        token_id: &str,
        secret: SecretString,
    ) -> Result<TokenReport, Error> {
        let client = self.fresh_client(address, accepted, token(token_id, &secret)?)?;
        self.report_on(address, &client).await
    }

    /// Makes RedFlag's own role, user and token with a login that is used for this and forgotten.
    pub(crate) async fn create_token(
        &self,
        address: &str,
        accepted: Fingerprint,
        user: &str,
        password: SecretString,
    ) -> Result<CreatedToken, Error> {
        let session = Session::login(address, accepted, user, password)
            .await
            .map_err(|e| session_error(address, e))?;
        let made = session
            .create_token("RedFlag", "redflag@pve", "desktop", &privileges_used())
            .await;
        let (target, outcome) = match &made {
            Ok(token) => (token.id.to_string(), "done".to_owned()),
            Err(error) => (address.to_owned(), error.to_string()),
        };
        self.audit(
            &account(),
            "cluster.create-token",
            &target,
            &format!("logged in as {}", user.trim()),
            &outcome,
        )
        .await;
        made.map_err(|e| session_error(address, e))
    }

    /// What the token of `client` may do.
    pub(crate) async fn report_on(
        &self,
        address: &str,
        client: &Client,
    ) -> Result<TokenReport, Error> {
        let visited = visit(address, client).await?;
        let permissions: Permissions = client
            .permissions()
            .await
            .map_err(|e| cluster_error(address, e))?;
        let resources = client
            .resources()
            .await
            .map_err(|e| cluster_error(address, e))?;
        let privileges = check_privileges(&permissions);
        let missing: Vec<PrivilegeCheck> =
            privileges.iter().filter(|p| !p.granted).cloned().collect();
        let grant = if missing.is_empty() {
            Vec::new()
        } else {
            grant_lines(&missing, &client.token_id())
        };
        Ok(TokenReport {
            version: visited.version,
            cluster_name: visited.name,
            nodes: visited.nodes.into_keys().collect(),
            privileges,
            grant,
            visible_guests: u32::try_from(crate::answers::seen_guests(&resources).len())
                .unwrap_or(u32::MAX),
        })
    }

    pub(crate) async fn add_cluster(
        self: &Arc<Self>,
        address: &str,
        accepted: Fingerprint,
        token_id: &str,
        secret: SecretString,
        name: Option<String>,
    ) -> Result<Added, Error> {
        let client = self.fresh_client(address, accepted, token(token_id, &secret)?)?;
        let visited = visit(address, &client).await?;
        let ca_fingerprint = visited.ca_pem.as_deref().and_then(fingerprint_of_pem);
        let before = match ca_fingerprint {
            Some(ca) => self.store.cluster_by_ca(ca).await?,
            None => self.store.cluster_by_leaf(accepted).await?,
        };
        if let Some(known) = before {
            // Whoever adds it again has just shown a way in that works: it is taken.
            self.change_cluster(known.id, |record| {
                if !record.addresses.iter().any(|a| a == address) {
                    record.addresses.push(address.to_owned());
                }
                if !record.leaves.contains(&accepted) {
                    record.leaves.push(accepted);
                }
                record.enabled = true;
            })
            .await?;
            self.use_token(known.id, token_id, &secret).await?;
            return Ok(Added {
                cluster: known.id,
                already: true,
            });
        }
        let mut addresses = vec![address.to_owned()];
        addresses.extend(
            visited
                .nodes
                .values()
                .flatten()
                .map(|ip| with_port(ip, address))
                .filter(|a| a != address),
        );
        // Those of all nodes, once: what a node shows later is asked about unless the cluster's authority vouches for it.
        let mut leaves = vec![accepted];
        leaves.extend(visited.leaves.iter().filter(|leaf| **leaf != accepted));
        let now = clock::now();
        let first_node = visited.nodes.keys().next().map(ToString::to_string);
        let record = ClusterRecord {
            id: ClusterId::new(),
            name: name
                .or(visited.name)
                .or(first_node)
                .unwrap_or_else(|| address.to_owned()),
            addresses,
            token_id: token_id.trim().to_owned(),
            token_secret: self
                .vault
                .keep(
                    SecretPurpose::ClusterToken,
                    SecretString::from(secret.expose_secret().trim().to_owned()),
                )
                .await?,
            leaves,
            ca_pem: visited.ca_pem,
            ca_fingerprint,
            version: Some(visited.version),
            quorate: visited.quorate,
            added_at: now,
            checked_at: None,
            enabled: true,
            token_entered_at: now,
        };
        self.store.insert_cluster(&record).await?;
        self.audit(
            &account(),
            "cluster.add",
            &record.name,
            &format!("{address}, certificate {accepted}"),
            "done",
        )
        .await;
        let client = self.client_of(&record).await?;
        let id = record.id;
        self.state.change(|known| {
            known.clusters.insert(
                id,
                Cluster {
                    record,
                    answered: Link::Unknown,
                    consoles: None,
                },
            )
        });
        self.watch(id, client);
        Ok(Added {
            cluster: id,
            already: false,
        })
    }

    /// The client of a stored cluster, with its token unsealed.
    pub(crate) async fn client_of(&self, cluster: &ClusterRecord) -> Result<Client, Error> {
        let secret = self.vault.reveal(&cluster.token_secret).await?;
        // A node with a publicly trusted certificate renews it every few weeks.
        let trust = Trust {
            system: true,
            leaves: cluster.leaves.clone(),
            ca_pem: cluster.ca_pem.clone(),
        };
        Client::within(
            self.limits.clone(),
            cluster.addresses.clone(),
            trust,
            token(&cluster.token_id, &secret)?,
        )
        .map_err(|e| cluster_error(&cluster.name, e))
    }
}
