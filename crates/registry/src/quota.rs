//! What a registry says about how much may still be asked.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// Where a registry names no time: long enough to be kind, short enough to be right again today.
const UNSAID: Duration = Duration::from_secs(60);
/// A registry that names a longer time is asked again after this all the same.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// The allowance as headers tell it. Docker Hub: `ratelimit-limit: 100;w=21600`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    pub limit: u32,
    pub remaining: u32,
    /// Until the allowance is whole again, as far as it is told.
    pub window: Option<Duration>,
}

/// Reads the allowance, where there is one.
pub(crate) fn of(headers: &HeaderMap) -> Option<Quota> {
    let read = |names: [&str; 2]| names.iter().find_map(|name| number(headers, name));
    let (limit, window) = read(["ratelimit-limit", "x-ratelimit-limit"])?;
    let (remaining, _) = read(["ratelimit-remaining", "x-ratelimit-remaining"])?;
    let reset = read(["ratelimit-reset", "x-ratelimit-reset"]).map(|(seconds, _)| seconds);
    Some(Quota {
        limit: u32::try_from(limit).unwrap_or(u32::MAX),
        remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
        window: window
            .or(reset)
            .map(Duration::from_secs)
            .filter(|w| *w <= LONGEST),
    })
}

/// `100;w=21600`: the number and the seconds.
fn number(headers: &HeaderMap, name: &str) -> Option<(u64, Option<u64>)> {
    let text = headers.get(name)?.to_str().ok()?;
    let mut parts = text.split([';', ',']).map(str::trim);
    let number = parts.next()?.parse().ok()?;
    let window = parts.find_map(|part| part.strip_prefix("w=")?.parse().ok());
    Some((number, window))
}

/// How long a registry that refused wants to be left alone. `now` is this computer's time.
pub(crate) fn rest(headers: &HeaderMap, now: OffsetDateTime) -> Duration {
    let text = headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok());
    let named = text.and_then(|text| match text.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let at = OffsetDateTime::parse(text.trim(), &Rfc2822).ok()?;
            (at - now).try_into().ok()
        }
    });
    let window = || {
        of(headers)
            .filter(|q| q.remaining == 0)
            .and_then(|q| q.window)
    };
    let named = named.or_else(window).unwrap_or(UNSAID);
    named.clamp(Duration::from_secs(1), LONGEST)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use time::macros::datetime;

    use super::*;

    fn headers(rows: &[(&'static str, &'static str)]) -> HeaderMap {
        rows.iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_allowance_is_read_where_there_is_one() {
        let hub = [
            ("ratelimit-limit", "100;w=21600"),
            ("ratelimit-remaining", "76;w=21600"),
        ];
        let quota = of(&headers(&hub)).unwrap();
        assert_eq!((quota.limit, quota.remaining), (100, 76));
        assert_eq!(quota.window, Some(Duration::from_secs(21_600)));
        assert_eq!(of(&headers(&[("ratelimit-limit", "x")])), None);
    }

    #[test]
    fn a_rest_is_what_was_named_within_bounds() {
        let now = datetime!(2026-11-28 10:00 UTC);
        let seconds = |rows: &[(&'static str, &'static str)]| rest(&headers(rows), now).as_secs();
        assert_eq!(seconds(&[("retry-after", "120")]), 120);
        assert_eq!(
            seconds(&[("retry-after", "Sat, 28 Nov 2026 10:05:00 GMT")]),
            300
        );
        assert_eq!(seconds(&[("retry-after", "soon")]), 60);
        assert_eq!(seconds(&[]), 60);
        assert_eq!(seconds(&[("retry-after", "9999999999")]), 6 * 3600);
        assert_eq!(seconds(&[("retry-after", "0")]), 1);
    }
}
