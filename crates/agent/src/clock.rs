//! The only place where the agent looks at a clock or draws randomness.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// Now, by the guest's clock.
pub fn now() -> Timestamp {
    of(SystemTime::now())
}

/// A file's time as a moment.
pub fn of(time: SystemTime) -> Timestamp {
    let millis = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |m| -m),
    };
    Timestamp(millis)
}

/// A number from 0 to below 1. Without a source of randomness it is 0.5: jitter is a courtesy, not a secret.
pub fn random() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.5,
    }
}

/// 16 random bytes as hex, for the session of one process.
pub fn session() -> String {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // Still different with every start, which is all that it must be.
        let seed = now().0 ^ i64::from(std::process::id());
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
    }
    hex::encode(bytes)
}

/// How long a span is, in words for people: `3 minutes`, `2 days`.
pub fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// How long before `now` something was, for people; `never` when it was not.
pub fn ago(moment: Option<Timestamp>, now: Timestamp) -> String {
    moment.map_or_else(
        || "never".to_owned(),
        |m| {
            let millis = u64::try_from(now.since(m)).unwrap_or(0);
            format!("{} ago", span(Duration::from_millis(millis)))
        },
    )
}
