//! Sealing under a key: XChaCha20-Poly1305, bound to the place where the value lies.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

use super::VaultError;

pub(super) const KEY_BYTES: usize = 32;
pub(super) const NONCE_BYTES: usize = 24;

/// A key and the name under which sealed values refer to it.
pub(super) struct Key {
    pub(super) id: String,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

/// A sealed value.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) nonce: [u8; NONCE_BYTES],
    pub(super) bytes: Vec<u8>,
}

/// Where a sealed value lies. A value that is moved elsewhere cannot be unsealed.
pub(super) struct Place<'a> {
    pub(super) table: &'a str,
    pub(super) row: &'a str,
    pub(super) column: &'a str,
    /// What the value is for; empty where a table holds one kind.
    pub(super) purpose: &'a str,
}

impl Place<'_> {
    /// Each part after its length: no two places give the same bytes.
    fn associated(&self, key_id: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [self.table, self.row, self.column, self.purpose, key_id] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

/// Random bytes from the operating system.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, VaultError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|e| VaultError::Random(e.to_string()))?;
    Ok(bytes)
}

impl Key {
    pub(super) fn new(id: String, bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self { id, bytes }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.bytes).into())
    }

    pub(super) fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Sealed, VaultError> {
        let nonce = *random::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: plain,
            aad: &place.associated(&self.id),
        };
        let bytes = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| VaultError::Broken {
                id: place.row.to_owned(),
            })?;
        Ok(Sealed { nonce, bytes })
    }

    /// None when it was not sealed with this key for this place, or was changed since.
    pub(super) fn unseal(&self, place: &Place<'_>, sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
        let payload = Payload {
            msg: &sealed.bytes,
            aad: &place.associated(&self.id),
        };
        self.cipher()
            .decrypt(&XNonce::from(sealed.nonce), payload)
            .ok()
            .map(Zeroizing::new)
    }
}
