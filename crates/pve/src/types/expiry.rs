//! `GET /access/users/{user}/token/{name}`: when a token ends.

use domain::Timestamp;
use serde::Deserialize;

use crate::lenient;

/// When a token expires; none when it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawToken")]
pub(crate) struct Expiry(pub(crate) Option<Timestamp>);

#[derive(Deserialize)]
struct RawToken {
    #[serde(default, deserialize_with = "lenient::uint")]
    expire: Option<u64>,
}

impl From<RawToken> for Expiry {
    fn from(raw: RawToken) -> Self {
        let seconds = raw.expire.and_then(|s| i64::try_from(s).ok());
        Self(
            seconds
                .filter(|s| *s != 0)
                .map(|s| Timestamp(s.saturating_mul(1000))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Expiry;
    use domain::Timestamp;

    #[test]
    fn zero_and_nothing_mean_never() {
        for (text, expected) in [
            (r#"{"privsep":1,"expire":0,"comment":"desktop app"}"#, None),
            (r#"{"privsep":"1"}"#, None),
            (
                r#"{"expire":"1795379245"}"#,
                Some(Timestamp(1_795_379_245_000)),
            ),
        ] {
            let expiry: Expiry = serde_json::from_str(text).unwrap();
            assert_eq!(expiry.0, expected, "{text}");
        }
    }
}
