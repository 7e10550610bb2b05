//! Proxmox's JSON envelope: `{"data": …}`, and refusals whose words are in the reason phrase, the body, or both.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    Error,
    http::Verb,
    lenient::{self, Scalar},
};

/// A good answer. `data` may be null, for instance for the interfaces of a stopped guest.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(crate) struct Envelope<T> {
    #[serde(default = "none")]
    pub(crate) data: Option<T>,
    /// Of paged lists: how many there are.
    #[serde(default, deserialize_with = "lenient::uint")]
    pub(crate) total: Option<u64>,
    /// Of the other format, `extjs`: false in a 200 that is a refusal all the same.
    #[serde(default, deserialize_with = "lenient::boolean")]
    success: Option<bool>,
    #[serde(default, deserialize_with = "lenient::uint")]
    status: Option<u64>,
}

fn none<T>() -> Option<T> {
    None
}

/// Who was asked what, for the words of errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) address: &'a str,
    pub(crate) verb: Verb,
    pub(crate) path: &'a str,
}

impl Asked<'_> {
    pub(crate) fn protocol(self, words: impl Into<String>) -> Error {
        Error::Protocol {
            address: self.address.to_owned(),
            what: format!("{} {}", self.verb, self.path),
            words: words.into(),
        }
    }

    /// Reads the body of a 200.
    pub(crate) fn read<T: DeserializeOwned>(self, body: &[u8]) -> Result<Envelope<T>, Error> {
        let envelope: Envelope<T> = serde_json::from_slice(body).map_err(|error| {
            let words = match seems_html(body) {
                true => "it is a web page".into(),
                false => error.to_string(),
            };
            self.protocol(words)
        })?;
        if envelope.success == Some(false) {
            let status = envelope
                .status
                .and_then(|status| u16::try_from(status).ok());
            return Err(self.refusal(status.unwrap_or(500), "it gives no reason", body));
        }
        Ok(envelope)
    }

    /// Reads what the body of a 200 must hold.
    pub(crate) fn data<T: DeserializeOwned>(self, body: &[u8]) -> Result<T, Error> {
        let envelope: Envelope<T> = self.read(body)?;
        envelope
            .data
            .ok_or_else(|| self.protocol("there is no data in it"))
    }

    /// Says what an answer that is not 200 means. `reason` is the phrase of the status line.
    pub(crate) fn refusal(self, status: u16, reason: &str, body: &[u8]) -> Error {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default, deserialize_with = "lenient::text")]
            message: Option<String>,
            #[serde(default)]
            errors: Option<BTreeMap<String, Scalar>>,
        }
        let body: Option<Body> = serde_json::from_slice(body).ok();
        let (message, errors) = body.map_or((None, None), |b| (b.message, b.errors));
        let message = message
            .map(|m| m.trim().to_owned())
            .filter(|m| !m.is_empty())
            .unwrap_or_else(|| reason.trim().to_owned());
        let errors: BTreeMap<String, String> = errors
            .unwrap_or_default()
            .into_iter()
            .map(|(name, words)| (name, words.text().unwrap_or_default().trim().to_owned()))
            .collect();
        self.meaning(status, message, errors)
    }

    fn meaning(self, status: u16, message: String, errors: BTreeMap<String, String>) -> Error {
        let no_such_task = errors.values().any(|words| words == "no such task");
        match status {
            401 => Error::Unauthorised { words: message },
            403 => {
                let (path, privilege) = missing_privilege(&message);
                Error::Forbidden {
                    path,
                    privilege,
                    words: message,
                }
            }
            501 => Error::NotImplemented { words: message },
            595 | 596 | 597 | 599 => Error::NodeUnreachable {
                address: self.address.to_owned(),
                status,
                words: message,
            },
            300..=399 => self.protocol(format!("it sends elsewhere ({status} {message})")),
            400 if no_such_task => Error::Gone {
                words: "no such task".into(),
            },
            _ => match lock(&message) {
                Some(lock) => Error::Locked {
                    lock,
                    words: message,
                },
                None if status == 500 && is_gone(&message) => Error::Gone { words: message },
                None => Error::Remote {
                    status,
                    message,
                    errors,
                },
            },
        }
    }
}

/// Path and privilege of `Permission check failed (/vms/101, VM.Audit)`.
fn missing_privilege(message: &str) -> (Option<String>, Option<String>) {
    let inside = message
        .split_once("Permission check failed (")
        .and_then(|(_, rest)| rest.rsplit_once(')'))
        .and_then(|(inside, _)| inside.split_once(", "));
    match inside {
        Some((path, privilege)) => (Some(path.to_owned()), Some(privilege.trim().to_owned())),
        None => (None, None),
    }
}

/// The word of `CT is locked (backup)`.
fn lock(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("is locked (")?;
    let (word, _) = rest.split_once(')')?;
    Some(word.to_owned())
}

/// The guest's configuration is not on that node, or no node has that name.
fn is_gone(message: &str) -> bool {
    let no_file = message.contains("Configuration file") && message.contains("does not exist");
    no_file || message.starts_with("hostname lookup '")
}

fn seems_html(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    start.first() == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use super::Asked;
    use crate::{Error, http::Verb};

    const ASKED: Asked<'_> = Asked {
        address: "pve1:8006",
        verb: Verb::Get,
        path: "/x",
    };

    #[test]
    fn a_lock_is_recognised_in_the_reason_phrase_of_old_versions_and_in_the_body_of_new_ones() {
        let old = ASKED.refusal(500, "CT is locked (backup)", b"{\"data\":null}");
        let new = ASKED.refusal(
            500,
            "Internal Server Error",
            b"{\"data\":null,\"message\":\"VM is locked (snapshot-delete)\\n\"}",
        );
        assert!(matches!(old, Error::Locked { lock, .. } if lock == "backup"));
        assert!(matches!(new, Error::Locked { lock, .. } if lock == "snapshot-delete"));
    }

    #[test]
    fn pseudo_codes_of_the_proxy_mean_that_another_node_is_out_of_reach() {
        for status in [595, 596, 597, 599] {
            let error = ASKED.refusal(status, "No route to host", b"");
            assert!(matches!(error, Error::NodeUnreachable { status: s, .. } if s == status));
            assert_eq!(error.surely_not_done(), status == 595);
        }
    }

    #[test]
    fn a_forbidden_call_without_path_keeps_the_words() {
        let error = ASKED.refusal(403, "user != root@pam", b"");
        let text = error.to_string();
        assert!(text.contains("a token: user != root@pam. "), "{text}");
    }

    #[test]
    fn a_refusal_in_the_other_format_is_one_although_the_status_line_says_200() {
        let body = br#"{"success":0,"status":403,"data":null,"message":"Permission check failed (/vms/101, VM.PowerMgmt)\n"}"#;
        let error = ASKED.read::<String>(body).unwrap_err();
        assert!(
            matches!(&error, Error::Forbidden { privilege: Some(p), .. } if p == "VM.PowerMgmt"),
            "{error:?}"
        );
        let fine = ASKED
            .read::<String>(br#"{"success":1,"data":"x"}"#)
            .unwrap();
        assert_eq!(fine.data.as_deref(), Some("x"));
    }

    #[test]
    fn a_redirect_is_not_an_answer() {
        let error = ASKED.refusal(301, "Moved Permanently", b"");
        assert!(matches!(error, Error::Protocol { .. }), "{error}");
    }

    #[test]
    fn a_body_that_is_no_json_falls_back_to_the_reason() {
        let error = ASKED.refusal(502, "Bad Gateway", b"<html>nginx</html>");
        let text = error.to_string();
        assert!(
            text.starts_with("Proxmox answers 502: Bad Gateway"),
            "{text}"
        );
        assert!(error.is_passing());
    }
}
