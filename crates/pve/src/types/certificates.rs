//! `GET /nodes/{node}/certificates/info`.

use domain::host::Fingerprint;
use serde::Deserialize;

use crate::lenient;

/// The cluster's own authority among the files.
const ROOT: &str = "pve-root-ca.pem";

/// One certificate file of a node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CertificateInfo {
    #[serde(default)]
    pub filename: String,
    /// SHA-256.
    #[serde(default, deserialize_with = "fingerprint")]
    pub fingerprint: Option<Fingerprint>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub pem: Option<String>,
    /// Seconds since 1970.
    #[serde(default, rename = "notafter", deserialize_with = "lenient::uint")]
    pub not_after: Option<u64>,
}

fn fingerprint<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Fingerprint>, D::Error> {
    Ok(lenient::text(d)?.and_then(|text| text.parse().ok()))
}

/// The cluster's own authority (PEM), by which renewed node certificates can be recognised.
pub fn cluster_ca_pem(files: &[CertificateInfo]) -> Option<&str> {
    files
        .iter()
        .find(|file| file.filename == ROOT)
        .and_then(|file| file.pem.as_deref())
}

#[cfg(test)]
mod tests {
    use super::{CertificateInfo, cluster_ca_pem};

    #[test]
    fn the_clusters_authority_is_found_by_its_file() {
        let text = r#"[{"filename":"pve-ssl.pem","pem":"leaf","fingerprint":"not one"},
            {"filename":"pve-root-ca.pem","pem":"root","notafter":"2000000000","san":[],"public-key-bits":4096,
             "fingerprint":"94:A7:C3:D6:9F:7D:42:78:FD:FD:D5:C1:7B:77:7B:EB:4C:AC:0C:29:7B:0B:69:4D:E0:6E:60:0B:C9:23:FA:2D"}]"#;
        let files: Vec<CertificateInfo> = serde_json::from_str(text).unwrap();
        assert_eq!(cluster_ca_pem(&files), Some("root"));
        assert_eq!(files[0].fingerprint, None);
        assert!(files[1].fingerprint.is_some());
        assert_eq!(files[1].not_after, Some(2_000_000_000));
        assert_eq!(cluster_ca_pem(&files[..1]), None);
    }
}
