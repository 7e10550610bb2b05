//! RedFlag's own certificate authority: it signs the gateway's and the agents' certificates and nothing else.

use domain::{AgentId, Timestamp, host::Fingerprint};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::{Error, Identity, fingerprint};

const DAY_MS: i64 = 24 * 3600 * 1000;
/// Clocks of guests may be behind ours by this much when a certificate is fresh.
const SKEW_MS: i64 = DAY_MS;
const CA_MS: i64 = 10 * 365 * DAY_MS;
const SERVER_MS: i64 = 365 * DAY_MS;
const AGENT_MS: i64 = 30 * DAY_MS;
/// The largest request that is looked at, in bytes; one for a P-256 key has some 400.
const REQUEST_LIMIT: usize = 8 * 1024;

/// The authority with its private key.
pub struct Ca {
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Ca {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ca(…)")
    }
}

/// An agent's new certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The leaf alone.
    pub pem: String,
    /// Of the leaf's DER form; what the gateway sees of a client.
    pub sha256: Fingerprint,
    pub not_after: Timestamp,
    /// Half of the lifetime: from then on the agent asks for the next one.
    pub renew_at: Timestamp,
}

impl Ca {
    /// A new authority with a key of its own (ECDSA P-256), good for ten years from `now`.
    pub fn create(common_name: &str, now: Timestamp) -> Result<Self, Error> {
        let key = new_key()?;
        let mut params = params_for(common_name, &key, now, CA_MS)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = false;
        let certificate = params.self_signed(&key).map_err(Error::making)?;
        Ok(Self {
            certificate_pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        })
    }

    /// The authority from what [`Ca::certificate_pem`] and [`Ca::key_pem`] gave. Refuses a key of another
    /// certificate.
    pub fn load(certificate_pem: &str, key_pem: &str) -> Result<Self, Error> {
        let der = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|e| Error::unreadable("the CA certificate", e))?;
        let key =
            KeyPair::from_pem(key_pem).map_err(|e| Error::unreadable("the CA's private key", e))?;
        let (_, parsed) = x509_parser::parse_x509_certificate(&der)
            .map_err(|e| Error::unreadable("the CA certificate", e))?;
        if parsed.public_key().subject_public_key.data.as_ref() != key.der_bytes() {
            return Err(Error::KeyMismatch);
        }
        let issuer = Issuer::from_ca_cert_der(&der, key)
            .map_err(|e| Error::unreadable("the CA certificate", e))?;
        Ok(Self {
            certificate_pem: certificate_pem.to_owned(),
            issuer,
        })
    }

    /// The public certificate (PEM).
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The private key (PKCS#8 PEM), to be sealed by the store.
    pub fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.issuer.key().serialize_pem())
    }

    /// A fresh key and certificate for the gateway, good for a year. `server_name` is the DNS name that agents
    /// ask for, whatever address they dial.
    pub fn server_identity(&self, server_name: &str, now: Timestamp) -> Result<Identity, Error> {
        let key = new_key()?;
        let mut params = params_for(server_name, &key, now, SERVER_MS)?;
        let name = server_name
            .try_into()
            .map_err(|e: rcgen::Error| Error::unreadable("the server's name", e))?;
        params.subject_alt_names = vec![SanType::DnsName(name)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params
            .signed_by(&key, &self.issuer)
            .map_err(Error::making)?;
        Ok(Identity {
            chain_pem: leaf.pem(),
            key_pem: Zeroizing::new(key.serialize_pem()),
        })
    }

    /// A certificate for an agent, good for 30 days. Of the request only the public key counts, once its
    /// signature proves that the asker holds the private one: name, validity and uses are ours to say.
    pub fn issue_agent(
        &self,
        request_pem: &str,
        agent: AgentId,
        now: Timestamp,
    ) -> Result<Issued, Error> {
        const WHAT: &str = "the certificate request";
        if request_pem.len() > REQUEST_LIMIT {
            return Err(Error::unreadable(
                WHAT,
                format!("it has {} bytes", request_pem.len()),
            ));
        }
        let request = CertificateSigningRequestParams::from_pem(request_pem)
            .map_err(|e| Error::unreadable(WHAT, e))?;
        let key = &request.public_key;
        if *key.algorithm() != PKCS_ECDSA_P256_SHA256 {
            return Err(Error::KeyKind(format!("{:?}", key.algorithm())));
        }
        let mut params = params_for(&agent.to_string(), key, now, AGENT_MS)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = params.signed_by(key, &self.issuer).map_err(Error::making)?;
        Ok(Issued {
            pem: leaf.pem(),
            sha256: fingerprint(leaf.der()),
            // A certificate holds whole seconds.
            not_after: Timestamp(now.plus_millis(AGENT_MS).0.div_euclid(1000) * 1000),
            renew_at: now.plus_millis(AGENT_MS / 2),
        })
    }
}

/// A new private key (PKCS#8 PEM) and a request (PKCS#10 PEM) for it, made where the key will live.
pub fn new_key_and_request() -> Result<(Zeroizing<String>, String), Error> {
    let key = new_key()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let request = params
        .serialize_request(&key)
        .and_then(|r| r.pem())
        .map_err(Error::making)?;
    Ok((Zeroizing::new(key.serialize_pem()), request))
}

fn new_key() -> Result<KeyPair, Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(Error::making)
}

fn params_for(
    common_name: &str,
    key: &impl PublicKeyData,
    now: Timestamp,
    lifetime_ms: i64,
) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = moment(now.plus_millis(-SKEW_MS))?;
    params.not_after = moment(now.plus_millis(lifetime_ms))?;
    params.serial_number = Some(serial(common_name, key, now));
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Unique per authority, since key, name and moment of two certificates are never all equal: a renewal may
/// keep its key. The first byte is positive and not zero, as DER wants it.
fn serial(common_name: &str, key: &impl PublicKeyData, now: Timestamp) -> SerialNumber {
    let mut hasher = Sha256::new();
    hasher.update(key.der_bytes());
    hasher.update(now.0.to_be_bytes());
    hasher.update(common_name.as_bytes());
    let mut bytes: [u8; 32] = hasher.finalize().into();
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    SerialNumber::from_slice(&bytes[..16])
}

fn moment(at: Timestamp) -> Result<OffsetDateTime, Error> {
    OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000)).map_err(|_| Error::Time(at.0))
}
