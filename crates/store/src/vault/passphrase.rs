//! From a passphrase to a key: Argon2id.

use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{VaultError, seal::KEY_BYTES};

/// Shortest passphrase that may be chosen, in characters.
pub(super) const LEAST: usize = 8;
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// How a key was derived; stored beside what it sealed, so that later programs may choose stronger numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Derivation {
    /// Hex.
    salt: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Derivation {
    /// With the present numbers (RFC 9106's second recommendation).
    pub(super) fn with_salt(salt: [u8; 16]) -> Self {
        Self {
            salt: hex::encode(salt),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
        }
    }

    /// Takes about a tenth of a second and `memory_kib` of memory, on a thread of its own.
    pub(super) async fn key(
        &self,
        passphrase: SecretString,
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, VaultError> {
        let failed = |why: &dyn std::fmt::Display| VaultError::Derivation(why.to_string());
        let salt = hex::decode(&self.salt).map_err(|e| failed(&e))?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_BYTES))
            .map_err(|e| failed(&e))?;
        tokio::task::spawn_blocking(move || {
            let mut key = Zeroizing::new([0; KEY_BYTES]);
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into(
                    passphrase.expose_secret().as_bytes(),
                    &salt,
                    key.as_mut_slice(),
                )
                .map_err(|e| VaultError::Derivation(e.to_string()))?;
            Ok(key)
        })
        .await
        .map_err(|e| failed(&e))?
    }
}
