//! The edge at which time enters: rules take it as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// The present, by the desktop's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Fresh random bytes from the operating system.
///
/// # Errors
/// When the operating system has none, which no supported one says after boot.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], crate::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| {
        crate::Error::new(
            crate::Kind::Internal,
            "The operating system gave no random bytes",
        )
        .words(e.to_string())
    })?;
    Ok(bytes)
}
