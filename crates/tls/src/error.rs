//! What can go wrong with certificates and keys before a connection is tried.

/// A certificate, key or request that cannot be used. Never holds key material.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `what` is not what it should be: `the CA certificate`, `the certificate request`.
    #[error("{what} cannot be read: {why}")]
    Unreadable { what: &'static str, why: String },
    /// The key does not belong to the certificate.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// A request for a kind of key that is not issued.
    #[error("the certificate request is for a {0} key; only ECDSA P-256 is accepted")]
    KeyKind(String),
    /// The moment lies outside what a certificate can say.
    #[error("{0} ms since 1970 is no time that a certificate can hold")]
    Time(i64),
    /// Making or signing failed.
    #[error("cannot make the certificate: {0}")]
    Making(String),
    /// TLS refused the parts.
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

impl Error {
    pub(crate) fn unreadable(what: &'static str, why: impl ToString) -> Self {
        Self::Unreadable {
            what,
            why: why.to_string(),
        }
    }

    pub(crate) fn making(why: rcgen::Error) -> Self {
        Self::Making(why.to_string())
    }
}
