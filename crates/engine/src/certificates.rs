//! A cluster that shows another certificate than was accepted: compared by a person, accepted by its fingerprint.

use std::sync::Arc;

use domain::{
    ClusterId,
    host::{Certificate, Fingerprint},
};
use store::ClusterRecord;

use crate::{Error, Kind, failures::cluster_error, inner::Inner, operations::account};

/// A certificate that a node shows now.
#[derive(Clone, Debug)]
pub struct Presented {
    pub address: String,
    pub accepted: Vec<Fingerprint>,
    pub certificate: Certificate,
    /// It is accepted already.
    pub same: bool,
}

impl Inner {
    /// The certificate of the first address that shows one which is not accepted, else the entry's.
    pub(crate) async fn presented_certificate(&self, id: ClusterId) -> Result<Presented, Error> {
        let record = self.stored_cluster(id).await?;
        let trusted = |certificate: &Certificate| {
            record.leaves.contains(&certificate.sha256) || certificate.trusted_by_system
        };
        let mut first = None;
        let mut failure = None;
        for address in &record.addresses {
            match pve::probe_certificate(address).await {
                Ok(certificate) => {
                    // A renewal by the cluster's own authority is accepted without asking; only a client can tell.
                    let alone = ClusterRecord {
                        addresses: vec![address.clone()],
                        ..record.clone()
                    };
                    let refused = match self.client_of(&alone).await {
                        Ok(client) => matches!(
                            client.version().await,
                            Err(pve::Error::CertificateChanged { .. })
                        ),
                        Err(_) => !trusted(&certificate),
                    };
                    let presented = Presented {
                        address: address.clone(),
                        accepted: record.leaves.clone(),
                        certificate,
                        same: !refused,
                    };
                    if refused {
                        return Ok(presented);
                    }
                    first = first.or(Some(presented));
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match (first, failure) {
            (Some(presented), _) => Ok(presented),
            (None, Some(error)) => Err(cluster_error(&record.name, error)),
            (None, None) => Err(Error::not_found("An address of the cluster")),
        }
    }

    /// Accepts a certificate that the user has compared, if it is what the address still shows.
    pub(crate) async fn accept_certificate(
        self: &Arc<Self>,
        id: ClusterId,
        address: &str,
        accepted: Fingerprint,
    ) -> Result<(), Error> {
        let record = self.stored_cluster(id).await?;
        let shown = pve::probe_certificate(address)
            .await
            .map_err(|e| cluster_error(&record.name, e))?;
        if shown.sha256 != accepted {
            return Err(Error::new(
                Kind::IdentityChanged,
                format!("{address} shows yet another certificate"),
            )
            .words(shown.sha256.to_string())
            .next("Compare it again on the node."));
        }
        let record = self
            .change_cluster(id, |record| {
                if !record.leaves.contains(&accepted) {
                    record.leaves.push(accepted);
                }
            })
            .await?;
        self.audit(
            &account(),
            "cluster.certificate",
            &record.name,
            &format!("{address} {accepted}"),
            "accepted",
        )
        .await;
        self.watch_anew(&record).await
    }
}
