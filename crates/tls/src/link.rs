//! The link between agent and desktop: both ends know one authority and nothing of the system's trust.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::{Resumption, WebPkiServerVerifier},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::{Error, Identity, provider};

/// The gateway's side. A client may come without a certificate (it may only enrol then); one that it shows must
/// be ours. TLS 1.3 only, and without resumption, so that every connection proves its key again.
pub fn server_config(identity: &Identity, ca_pem: &str) -> Result<ServerConfig, Error> {
    let provider = provider();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(ca_pem)?, provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|e| Error::unreadable("the CA certificate", e))?;
    let (chain, key) = parts(identity)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The agent's side: trusts the one authority, and shows `identity` once it has one. The server's name is given
/// with each connection and is the one of the enrolment, not the address dialled.
pub fn agent_client_config(
    ca_pem: &str,
    identity: Option<&Identity>,
) -> Result<ClientConfig, Error> {
    let provider = provider();
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(ca_pem)?, provider.clone())
        .build()
        .map_err(|e| Error::unreadable("the CA certificate", e))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_webpki_verifier(verifier);
    let mut config = match identity {
        Some(identity) => {
            let (chain, key) = parts(identity)?;
            builder.with_client_auth_cert(chain, key)?
        }
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The authority (one certificate, PEM) as the only root.
pub(crate) fn roots(ca_pem: &str) -> Result<Arc<RootCertStore>, Error> {
    const WHAT: &str = "the CA certificate";
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
        let certificate = certificate.map_err(|e| Error::unreadable(WHAT, e))?;
        roots
            .add(certificate)
            .map_err(|e| Error::unreadable(WHAT, e))?;
    }
    if roots.is_empty() {
        return Err(Error::unreadable(WHAT, "there is no certificate in it"));
    }
    Ok(Arc::new(roots))
}

type Parts = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn parts(identity: &Identity) -> Result<Parts, Error> {
    let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| Error::unreadable("the certificate chain", e))?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())
        .map_err(|e| Error::unreadable("the private key", e))?;
    Ok((chain, key))
}
