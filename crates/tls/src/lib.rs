//! Whom RedFlag trusts on a wire: its own certificate authority for agents, and pins for Proxmox.
//!
//! Every configuration names the `ring` provider itself, so nothing depends on a default of the process.

mod authority;
mod describe;
mod error;
mod link;
mod trust;

use std::{fmt, sync::Arc};

use domain::host::Fingerprint;
use rustls::crypto::CryptoProvider;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use authority::{Ca, Issued, new_key_and_request};
pub use describe::describe;
pub use error::Error;
pub use link::{agent_client_config, server_config};
pub use trust::{CertificateRefused, Trust, client_config, trusted_by_system};

/// A certificate chain and its private key, both PEM; the leaf comes first.
#[derive(Clone)]
pub struct Identity {
    pub chain_pem: String,
    pub key_pem: Zeroizing<String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// SHA-256 of a certificate in its DER form.
pub fn fingerprint(der: &[u8]) -> Fingerprint {
    Fingerprint(Sha256::digest(der).into())
}

/// The one source of cryptography.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
