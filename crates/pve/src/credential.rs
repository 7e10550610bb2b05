//! The token in use, and the memory of its refusal.

use std::sync::{Arc, OnceLock};

use reqwest::header::HeaderValue;

use crate::{Error, Token, TokenId};

/// A token and whether it has been refused. Replaced as a whole, so that a late refusal of an old token says
/// nothing about the new one.
pub(crate) struct Credential {
    token: Token,
    header: HeaderValue,
    refused: OnceLock<String>,
}

impl Credential {
    pub(crate) fn new(token: Token) -> Result<Arc<Self>, Error> {
        let header = token.header().map_err(|e| Error::Setup(e.to_string()))?;
        Ok(Arc::new(Self {
            token,
            header,
            refused: OnceLock::new(),
        }))
    }

    pub(crate) fn token_id(&self) -> &TokenId {
        self.token.id()
    }

    /// The Authorization header.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Remembers a refusal in Proxmox's words.
    pub(crate) fn refuse(&self, words: &str) {
        let _ = self.refused.set(words.to_owned());
    }

    /// Fails once the token was refused: each further try would cost 3 s and a line in Proxmox's log.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.refused.get() {
            Some(words) => Err(Error::Unauthorised {
                words: words.clone(),
            }),
            None => Ok(()),
        }
    }
}
