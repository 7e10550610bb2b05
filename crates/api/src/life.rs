//! The commands about a cluster after it was added.

use crate::{
    App, Error,
    dto::{
        AcceptCertificate, AddressTest, CertificateChange, ClusterDetails, ClusterTest,
        EditCluster, Nothing, Removal, RotateToken, SetEnabled, TokenCheck, WhichCluster,
    },
    wizard::{COMPARE_CERTIFICATE, token_check},
};

impl App {
    pub(crate) async fn cluster_details(
        &self,
        request: WhichCluster,
    ) -> Result<ClusterDetails, Error> {
        let life = self.engine.cluster_life(request.cluster).await?;
        let (_, fleet) = self.engine.snapshot();
        let row = fleet
            .clusters
            .into_iter()
            .find(|row| row.id == request.cluster);
        Ok(ClusterDetails {
            row: row.ok_or_else(|| {
                Error::new(crate::Code::NotFound, "The cluster is not there any more")
            })?,
            enabled: life.enabled,
            addresses: life.addresses,
            token: life.token,
            certificates: life.certificates,
            authority: life.authority,
            discoveries: life.discoveries,
        })
    }

    pub(crate) async fn test_cluster(&self, request: WhichCluster) -> Result<ClusterTest, Error> {
        let answers = self.engine.test_cluster(request.cluster).await?;
        let addresses = answers
            .into_iter()
            .map(|answer| {
                let (version, problem) = match answer.version {
                    Ok(version) => (Some(version), None),
                    Err(words) => (None, Some(words)),
                };
                AddressTest {
                    address: answer.address,
                    version,
                    problem,
                }
            })
            .collect();
        Ok(ClusterTest { addresses })
    }

    pub(crate) async fn edit_cluster(&self, request: EditCluster) -> Result<Nothing, Error> {
        self.engine
            .edit_cluster(request.cluster, &request.name, &request.addresses)
            .await?;
        Ok(Nothing {})
    }

    pub(crate) async fn set_enabled(&self, request: SetEnabled) -> Result<Nothing, Error> {
        self.engine
            .set_enabled(request.cluster, request.enabled)
            .await?;
        Ok(Nothing {})
    }

    pub(crate) async fn rotate_token(&self, request: RotateToken) -> Result<TokenCheck, Error> {
        let secret = self.secret(&request.secret)?;
        let check = token_check(
            self.engine
                .rotate_token(request.cluster, &request.token_id, secret)
                .await?,
        );
        if check.enough {
            self.forget(&request.secret);
        }
        Ok(check)
    }

    pub(crate) async fn removal(&self, request: WhichCluster) -> Result<Removal, Error> {
        let removal = self.engine.removal(request.cluster).await?;
        Ok(Removal {
            name: removal.name,
            nodes: removal.nodes,
            guests: removal.guests,
            agents: removal.agents,
            running_operations: removal.running_operations,
        })
    }

    pub(crate) async fn remove_cluster(&self, request: WhichCluster) -> Result<Nothing, Error> {
        self.engine.remove_cluster(request.cluster).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn presented_certificate(
        &self,
        request: WhichCluster,
    ) -> Result<CertificateChange, Error> {
        let presented = self.engine.presented_certificate(request.cluster).await?;
        Ok(CertificateChange {
            address: presented.address,
            accepted: presented.accepted,
            presented: presented.certificate,
            same: presented.same,
            compare: COMPARE_CERTIFICATE.into(),
        })
    }

    pub(crate) async fn accept_certificate(
        &self,
        request: AcceptCertificate,
    ) -> Result<Nothing, Error> {
        self.engine
            .accept_certificate(request.cluster, &request.address, request.fingerprint)
            .await?;
        Ok(Nothing {})
    }
}
