//! What a node asks that runs a pasted command: the authority that it knows by its SHA-256, and a script for a code.
//! The command itself is made where roads into guests are known.

use std::time::Duration;

use axum::{body::to_bytes, extract::Request};
use wire::RefusalCode;

use crate::refusal::Refused;

/// The desktop's own authority. Unverified by whoever asks: it is compared with the SHA-256 in the command.
pub(crate) const CA: &str = "/v1/ca";
/// Takes a code as its body and gives the script, once.
pub(crate) const PASTE: &str = "/v1/paste";
/// A code is much shorter.
const LARGEST: usize = 256;

/// The code in the body.
pub(crate) async fn code(request: Request, within: Duration) -> Result<String, Refused> {
    let malformed = |words: &str| Refused::of(RefusalCode::Malformed, words);
    let body = tokio::time::timeout(within, to_bytes(request.into_body(), LARGEST))
        .await
        .map_err(|_| malformed("the code did not arrive in time"))?
        .map_err(|_| malformed("that is no code"))?;
    let code = std::str::from_utf8(&body).map_err(|_| malformed("that is no code"))?;
    Ok(code.trim().to_owned())
}
