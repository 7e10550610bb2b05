//! The commands of the add-cluster wizard: certificate, token, permissions, discovery.

use crate::{
    App, Error,
    dto::{
        AddCluster, AddedCluster, CheckToken, CreateToken, CreatedToken, Discover, Discovery,
        Privilege, ProbeCluster, ProbedCluster, TokenCheck,
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
}
