//! Which desktop an agent belongs to, in words for people: the name and the fingerprint of its authority.

use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde::{Deserialize, Serialize};

use super::Config;

/// One desktop, as its agents know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authority {
    /// Common name of its certificate.
    pub name: String,
    /// SHA-256 of its certificate: 32 hex pairs with colons.
    pub sha256: String,
}

impl Authority {
    /// Of the authority in `config`; none when that is no certificate.
    pub fn of(config: &Config) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(config.ca_pem.as_bytes()).ok()?;
        Some(Self {
            name: common_name(&der).unwrap_or_else(|| "without a name".to_owned()),
            sha256: tls::fingerprint(&der).to_string(),
        })
    }
}

/// The first common name in a certificate (DER). An authority signs itself, so its issuer is its subject: no more of
/// the certificate needs to be understood, and nothing depends on it.
fn common_name(der: &[u8]) -> Option<String> {
    const COMMON_NAME: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
    let at = der
        .windows(COMMON_NAME.len())
        .position(|w| w == COMMON_NAME)?;
    let rest = der.get(at + COMMON_NAME.len()..)?;
    // A string: its kind, its length (names are short, so one byte), its bytes.
    let length = usize::from(*rest.get(1)?);
    let text = std::str::from_utf8(rest.get(2..2 + length)?).ok()?;
    let shown: String = text.chars().filter(|c| !c.is_control()).collect();
    (!shown.is_empty()).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desktop_is_told_by_the_name_and_the_fingerprint_of_its_authority() {
        let ca = tls::Ca::create("RedFlag of Ada", crate::clock::now()).unwrap();
        let config = Config {
            endpoints: Vec::new(),
            ca_pem: ca.certificate_pem().to_owned(),
            server_name: "x".into(),
        };
        let authority = Authority::of(&config).unwrap();
        assert_eq!(authority.name, "RedFlag of Ada");
        assert_eq!(authority.sha256.len(), 95, "{}", authority.sha256);
        let nonsense = Config {
            ca_pem: "nonsense".into(),
            ..config
        };
        assert_eq!(Authority::of(&nonsense), None);
    }
}
