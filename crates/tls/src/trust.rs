//! Trust in a Proxmox node: by the system, by a pin that the user accepted, or by the cluster's own authority.

use std::{error::Error as StdError, fmt, sync::Arc};

use domain::host::Fingerprint;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::Verifier as SystemVerifier;

use crate::{Error, fingerprint, link::roots, provider};

/// What makes a node's certificate acceptable; any one of them is enough. The default accepts none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Whatever the operating system trusts for the address.
    pub system: bool,
    /// Leaf certificates that the user accepted, whatever they are called and however old.
    pub leaves: Vec<Fingerprint>,
    /// The cluster's own authority (PEM): leaves that it signed, if they name the address. It outlives the
    /// yearly renewal of leaves.
    pub ca_pem: Option<String>,
}

/// The server showed a certificate that [`Trust`] does not cover. Travels inside the TLS error, from which
/// [`CertificateRefused::in_chain`] takes it.
#[derive(Clone)]
pub struct CertificateRefused {
    /// Name or address that was dialled.
    pub server: String,
    /// Leaf first, as the server sent it. Not verified in any way.
    pub chain: Vec<CertificateDer<'static>>,
    /// Why, of the last kind of trust that was tried.
    pub why: String,
}

impl CertificateRefused {
    /// SHA-256 of the leaf that was shown.
    pub fn presented(&self) -> Fingerprint {
        fingerprint(self.chain.first().map_or(&[][..], |leaf| leaf.as_ref()))
    }

    /// Finds it below an I/O, HTTP or TLS error.
    pub fn in_chain<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found);
            }
            if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(
                inner,
            )))) = error.downcast_ref::<rustls::Error>()
            {
                return inner.downcast_ref::<Self>();
            }
            // An I/O error names its inner error's source as its own and so skips the inner error itself.
            next = match error.downcast_ref::<std::io::Error>() {
                Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
                None => error.source(),
            };
        }
        None
    }
}

impl fmt::Display for CertificateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} shows a certificate that is not trusted (SHA-256 {}): {}",
            self.server,
            self.presented(),
            self.why
        )
    }
}

impl fmt::Debug for CertificateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for CertificateRefused {}

/// A client that accepts what `trust` covers. TLS 1.2 and 1.3, since old nodes speak only the former.
pub fn client_config(trust: &Trust) -> Result<ClientConfig, Error> {
    let provider = provider();
    let ca = match &trust.ca_pem {
        Some(pem) => Some(
            WebPkiServerVerifier::builder_with_provider(roots(pem)?, provider.clone())
                .build()
                .map_err(|e| Error::unreadable("the cluster's CA certificate", e))?,
        ),
        None => None,
    };
    let verifier = NodeVerifier {
        system: if trust.system { system() } else { None },
        leaves: trust.leaves.clone(),
        ca,
        algorithms: provider.signature_verification_algorithms,
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Whether the operating system trusts the chain (leaf first) for the server at `now`.
pub fn trusted_by_system(
    chain: &[CertificateDer<'_>],
    server: &ServerName<'_>,
    now: UnixTime,
) -> bool {
    let Some((leaf, rest)) = chain.split_first() else {
        return false;
    };
    system().is_some_and(|system| {
        system
            .verify_server_cert(leaf, rest, server, &[], now)
            .is_ok()
    })
}

/// None where the system has no authorities at all: it then trusts nobody, which is no reason to refuse pins.
fn system() -> Option<SystemVerifier> {
    SystemVerifier::new(provider()).ok()
}

#[derive(Debug)]
struct NodeVerifier {
    system: Option<SystemVerifier>,
    leaves: Vec<Fingerprint>,
    ca: Option<Arc<WebPkiServerVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for NodeVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.leaves.contains(&fingerprint(end_entity)) {
            return Ok(ServerCertVerified::assertion());
        }
        let mut why = None;
        let tries = [
            self.system.as_ref().map(|v| v as &dyn ServerCertVerifier),
            self.ca.as_deref().map(|v| v as &dyn ServerCertVerifier),
        ];
        for verifier in tries.into_iter().flatten() {
            match verifier.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ) {
                Ok(verified) => return Ok(verified),
                Err(error) => why = Some(error.to_string()),
            }
        }
        let refused = CertificateRefused {
            server: server_name.to_str().into_owned(),
            chain: std::iter::once(end_entity)
                .chain(intermediates)
                .map(|c| c.clone().into_owned())
                .collect(),
            why: why.unwrap_or_else(|| "its fingerprint is not among the accepted ones".into()),
        };
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(
            OtherError(Arc::new(refused)),
        )))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
