//! Certificates: a CA for each cluster and a leaf for each node, as Proxmox makes them (with shorter keys).

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use anyhow::{Context, Result};
use domain::host::Fingerprint;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{
    seed::secret_uuid,
    world::{Certificate, Cluster, Node},
};

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;

/// The CA of one cluster and what its nodes present.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    name: String,
    nodes: Vec<(String, Arc<Presented>)>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The certificate that a node presents at this moment.
struct Presented(RwLock<Arc<CertifiedKey>>);

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented")
    }
}

impl ResolvesServerCert for Presented {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let key = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(key.clone())
    }
}

impl Authority {
    /// A new CA, and a leaf for every node of the cluster, noted in the cluster.
    ///
    /// # Errors
    /// When a key or certificate cannot be made.
    pub(crate) fn create(cluster: &mut Cluster, now: i64) -> Result<Self> {
        let (issuer, name) = new_issuer(now)?;
        cluster.authority = Certificate {
            pem: issuer.pem(),
            fingerprint: fingerprint(issuer.der()),
            subject: name.clone(),
            issuer: name.clone(),
            not_before: now - DAY,
            not_after: now + 10 * YEAR,
            names: Vec::new(),
        };
        let mut authority = Self {
            issuer,
            name,
            nodes: Vec::new(),
        };
        for node in &mut cluster.nodes {
            let (key, certificate) = leaf(&authority.issuer, &authority.name, node, now)?;
            node.certificate = certificate;
            authority
                .nodes
                .push((node.name.clone(), Arc::new(Presented(RwLock::new(key)))));
        }
        Ok(authority)
    }

    /// TLS as a node of the cluster speaks it: no tickets, so that every connection shows the certificate.
    ///
    /// # Errors
    /// For a node that does not exist.
    pub(crate) fn server_config(&self, node: usize) -> Result<Arc<rustls::ServerConfig>> {
        let (_, presented) = self
            .nodes
            .get(node)
            .context("a node without a certificate")?;
        let provider = Arc::new(ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(presented.clone());
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Arc::new(config))
    }

    /// Gives a node another certificate, from this CA or (`ours` false) from a stranger's.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn replace(&self, node: &mut Node, now: i64, ours: bool) -> Result<Fingerprint> {
        let (key, certificate) = if ours {
            leaf(&self.issuer, &self.name, node, now)?
        } else {
            let (stranger, name) = new_issuer(now)?;
            leaf(&stranger, &name, node, now)?
        };
        let found = self.nodes.iter().find(|(name, _)| *name == node.name);
        let (_, presented) = found.context("a node without a certificate")?;
        *presented.0.write().unwrap_or_else(PoisonError::into_inner) = key;
        node.certificate = certificate;
        Ok(node.certificate.fingerprint.parse()?)
    }
}

/// The CA's key, and its name as OpenSSL prints it.
fn new_issuer(now: i64) -> Result<(CertifiedIssuer<'static, KeyPair>, String)> {
    let unit = secret_uuid()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "Proxmox Virtual Environment");
    name.push(DnType::OrganizationalUnitName, unit.as_str());
    name.push(DnType::OrganizationName, "PVE Cluster Manager CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = OffsetDateTime::from_unix_timestamp(now - DAY)?;
    params.not_after = OffsetDateTime::from_unix_timestamp(now + 10 * YEAR)?;
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    Ok((
        issuer,
        format!("/CN=Proxmox Virtual Environment/OU={unit}/O=PVE Cluster Manager CA"),
    ))
}

fn leaf(
    issuer: &CertifiedIssuer<'static, KeyPair>,
    issuer_name: &str,
    node: &Node,
    now: i64,
) -> Result<(Arc<CertifiedKey>, Certificate)> {
    let full = format!("{}.lan", node.name);
    let mut names = vec![
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
        "localhost".to_owned(),
        node.ip.to_string(),
        node.name.clone(),
        full.clone(),
    ];
    names.dedup();
    let mut params = CertificateParams::new(names.clone())?;
    params.distinguished_name = DistinguishedName::new();
    let subject = &mut params.distinguished_name;
    subject.push(DnType::OrganizationalUnitName, "PVE Cluster Node");
    subject.push(DnType::OrganizationName, "Proxmox Virtual Environment");
    subject.push(DnType::CommonName, full.as_str());
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let (not_before, not_after) = (now - 3_600, now + 2 * YEAR);
    params.not_before = OffsetDateTime::from_unix_timestamp(not_before)?;
    params.not_after = OffsetDateTime::from_unix_timestamp(not_after)?;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let signing = ring::sign::any_supported_type(&private)?;
    // As pveproxy: the leaf alone, without the CA.
    let presented = CertifiedKey::new(vec![certificate.der().clone()], signing);
    Ok((
        Arc::new(presented),
        Certificate {
            fingerprint: fingerprint(certificate.der()),
            pem: certificate.pem(),
            subject: format!("/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN={full}"),
            issuer: issuer_name.to_owned(),
            not_before,
            not_after,
            names,
        },
    ))
}

/// As Proxmox prints it.
fn fingerprint(der: &CertificateDer<'_>) -> String {
    Fingerprint(Sha256::digest(der).into()).to_string()
}
