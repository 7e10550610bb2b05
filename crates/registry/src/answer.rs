//! One answer of a registry, with its body bounded, and what it means when it is a refusal.

use std::time::Duration;

use reqwest::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::{Failure, quota};

/// The largest document that is read: an index of dozens of platforms has some 20 KB.
pub(crate) const BODY_LIMIT: usize = 4 << 20;
/// Of a refusal, more is not shown.
const WORDS_LIMIT: usize = 300;

/// Status, headers and the whole body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads a response to its end.
    ///
    /// # Errors
    /// When it breaks off or is larger than [`BODY_LIMIT`].
    pub(crate) async fn read(mut response: Response) -> Result<Self, Failure> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|e| unreachable(&e))? {
            if body.len() + piece.len() > BODY_LIMIT {
                return Err(Failure::Nonsense {
                    words: format!("an answer of more than {} MiB", BODY_LIMIT >> 20),
                });
            }
            body.extend_from_slice(&piece);
        }
        Ok(Self {
            status,
            headers,
            body,
        })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn media_type(&self) -> &str {
        self.text(CONTENT_TYPE.as_str()).unwrap_or_default()
    }

    /// What a refusal means. `now` is this computer's time.
    pub(crate) fn refusal(&self, now: OffsetDateTime) -> Failure {
        let words = self.words();
        match self.status {
            StatusCode::NOT_FOUND => Failure::Gone { words },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => {
                Failure::NoAccess { words }
            }
            StatusCode::TOO_MANY_REQUESTS => Failure::RateLimited {
                after: quota::rest(&self.headers, now),
                words,
            },
            status if status.is_success() => Failure::Nonsense { words },
            _ => Failure::Broken { words },
        }
    }

    /// The registry's own words, or its status where it has none.
    fn words(&self) -> String {
        let status = format!(
            "{} {}",
            self.status.as_u16(),
            self.status.canonical_reason().unwrap_or_default()
        );
        let told: Told = serde_json::from_slice(&self.body).unwrap_or_default();
        let words: Vec<String> = told
            .errors
            .into_iter()
            .map(|error| match error.message.is_empty() {
                true => error.code,
                false => error.message,
            })
            .chain(told.details)
            .filter(|words| !words.is_empty())
            .collect();
        match words.is_empty() {
            true => status.trim_end().to_owned(),
            false => shortened(&format!("{}: {}", status.trim_end(), words.join("; "))),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    errors: Vec<ToldError>,
    details: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ToldError {
    code: String,
    message: String,
}

fn shortened(words: &str) -> String {
    let plain: String = words.chars().filter(|c| !c.is_control()).collect();
    plain[..plain.floor_char_boundary(WORDS_LIMIT)].to_owned()
}

/// A request that brought no answer, in the words of its innermost reason.
pub(crate) fn unreachable(error: &reqwest::Error) -> Failure {
    let words = match error.is_timeout() {
        true => "no answer in time".to_owned(),
        false => {
            let mut reason: &dyn std::error::Error = error;
            while let Some(inner) = reason.source() {
                reason = inner;
            }
            shortened(&reason.to_string())
        }
    };
    Failure::Unreachable { words }
}

/// The same for a question that took too long as a whole.
pub(crate) fn too_long(patience: Duration) -> Failure {
    Failure::Unreachable {
        words: format!("no answer within {} s", patience.as_secs()),
    }
}
