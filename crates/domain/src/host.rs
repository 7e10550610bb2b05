//! What a host shows to prove who it is, in the form that people compare.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Timestamp, ids::InvalidId};

/// SHA-256 of a certificate (DER) or SSH host key (wire form).
/// As text: 32 upper-case hex pairs joined by colons, as `openssl x509 -fingerprint -sha256` and Proxmox print it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidId;
    /// Accepts upper and lower case, with or without colons.
    fn from_str(s: &str) -> Result<Self, InvalidId> {
        let plain: String = s.trim().chars().filter(|c| *c != ':').collect();
        let mut bytes = [0; 32];
        hex::decode_to_slice(&plain, &mut bytes).map_err(|e| InvalidId {
            what: "SHA-256 fingerprint",
            value: s.to_owned(),
            why: format!("{e}; expected 32 hex pairs"),
        })?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = InvalidId;
    fn try_from(value: String) -> Result<Self, InvalidId> {
        value.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(value: Fingerprint) -> Self {
        value.to_string()
    }
}

/// A TLS certificate as shown to the user before it is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    pub sha256: Fingerprint,
    /// Common name, or the whole subject where there is none.
    pub subject: String,
    pub issuer: String,
    /// DNS names and addresses that it is valid for.
    pub names: Vec<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// Whether the system's own trust store accepts it for this address.
    pub trusted_by_system: bool,
}

/// An SSH host key as shown to the user before it is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HostKey {
    /// As SSH names it: `ssh-ed25519`, `ecdsa-sha2-nistp256`, …
    pub algorithm: String,
    /// As `ssh-keygen -lf` prints it: `SHA256:` and unpadded base64.
    pub fingerprint: String,
}
