//! Every parser of what registries and files of logins say, as plain functions of bytes: for fuzzing and for the replay of
//! its corpus. Each must come back whatever it is given.

use domain::image::{Platform, Reference};
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use time::OffsetDateTime;

use crate::{challenge, document, logins, quota};

/// A parser by the name of its target.
pub type Parser = (&'static str, fn(&[u8]));

/// All of them.
pub const PARSERS: [Parser; 4] = [
    ("registry_document", registry_document),
    ("registry_headers", registry_headers),
    ("registry_logins", registry_logins),
    ("image_reference", image_reference),
];

/// Manifests and indexes.
pub fn registry_document(data: &[u8]) {
    let platform = Platform {
        os: "linux".to_owned(),
        architecture: "amd64".to_owned(),
        variant: String::new(),
    };
    let _ = document::parse(data, &platform);
}

/// Challenges, allowances and times to wait.
pub fn registry_headers(data: &[u8]) {
    let _ = challenge::parse(&String::from_utf8_lossy(data));
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    let mut headers = HeaderMap::new();
    for name in ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
        headers.insert(name, value.clone());
    }
    headers.insert(RETRY_AFTER, value);
    let _ = quota::of(&headers);
    let _ = quota::rest(&headers, OffsetDateTime::UNIX_EPOCH);
}

/// Docker's `config.json` and Podman's `auth.json`.
pub fn registry_logins(data: &[u8]) {
    let _ = logins(&String::from_utf8_lossy(data));
}

/// What a container was made from. A reference that is read is read the same again.
pub fn image_reference(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(reference) = text.parse::<Reference>() {
        let again = reference.familiar().parse::<Reference>();
        assert_eq!(again.ok().as_ref(), Some(&reference), "{text}");
    }
}
