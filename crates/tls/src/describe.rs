//! A certificate in words, for people to compare before they trust it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::{Timestamp, host::Certificate};
use x509_parser::{extensions::GeneralName, x509::X509Name};

use crate::{Error, fingerprint};

/// Reads a leaf certificate (DER). `trusted_by_system` is false here, since that needs the address too: see
/// [`crate::trusted_by_system`].
pub fn describe(der: &[u8]) -> Result<Certificate, Error> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der)
        .map_err(|e| Error::unreadable("the server's certificate", e))?;
    let names = certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|names| {
            names
                .value
                .general_names
                .iter()
                .filter_map(name_of)
                .collect()
        })
        .unwrap_or_default();
    let validity = certificate.validity();
    Ok(Certificate {
        sha256: fingerprint(der),
        subject: shown(certificate.subject()),
        issuer: shown(certificate.issuer()),
        names,
        not_before: Timestamp(validity.not_before.timestamp().saturating_mul(1000)),
        not_after: Timestamp(validity.not_after.timestamp().saturating_mul(1000)),
        trusted_by_system: false,
    })
}

fn shown(name: &X509Name<'_>) -> String {
    let common = name
        .iter_common_name()
        .next()
        .and_then(|n| n.as_str().ok())
        .map(printable)
        .filter(|n| !n.is_empty());
    common.unwrap_or_else(|| printable(&name.to_string()))
}

/// A stranger's certificate may hold anything: what cannot be shown on one line is left out.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect::<String>()
        .trim()
        .to_owned()
}

fn name_of(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(printable(name)),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(|b| IpAddr::V4(Ipv4Addr::from(b)))
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(|b| IpAddr::V6(Ipv6Addr::from(b))))
            .ok()
            .map(|ip| ip.to_string()),
        _ => None,
    }
}
