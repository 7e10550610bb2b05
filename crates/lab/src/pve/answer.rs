//! What a method answers, and how the two envelopes (`json`, `extjs`) wrap it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::http::{Keep, Reply};
use crate::world::Profile;

/// The good answer of a method.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) data: Value,
    /// Number of all rows, on paged lists.
    pub(crate) total: Option<usize>,
    /// Made by pvedaemon: shows in the headers.
    pub(crate) protected: bool,
}

impl Answer {
    /// Made by pveproxy itself.
    pub(crate) fn plain(data: Value) -> Self {
        Self {
            data,
            total: None,
            protected: false,
        }
    }

    /// Made by pvedaemon.
    pub(crate) fn protected(data: Value) -> Self {
        Self {
            protected: true,
            ..Self::plain(data)
        }
    }
}

/// The bad answer of a method.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// Parameters, by name.
    Parameters(BTreeMap<String, String>),
    /// `Permission check failed (path, privilege)`.
    Permission { path: String, privilege: String },
    /// 403 in other words.
    Forbidden(String),
    /// A login failed: 401 after the same pause as any other.
    Login(String),
    /// The method died with these words.
    Died(String),
    /// `Method 'GET /x' not implemented`.
    NoMethod(String),
    /// The node that owns it cannot be reached: status 595 to 599.
    Unreachable(u16, String),
}

impl Refused {
    pub(crate) fn permission(path: impl Into<String>, privilege: &str) -> Self {
        Self::Permission {
            path: path.into(),
            privilege: privilege.to_owned(),
        }
    }

    pub(crate) fn parameter(name: &str, words: impl Into<String>) -> Self {
        Self::Parameters(BTreeMap::from([(name.to_owned(), words.into())]))
    }

    fn status(&self) -> u16 {
        match self {
            Self::Parameters(_) => 400,
            Self::Permission { .. } | Self::Forbidden(_) => 403,
            Self::Login(_) => 401,
            Self::Died(_) => 500,
            Self::NoMethod(_) => 501,
            Self::Unreachable(status, _) => *status,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Parameters(_) => "Parameter verification failed.\n".into(),
            Self::Permission { path, privilege } => {
                format!("Permission check failed ({path}, {privilege})\n")
            }
            Self::Died(words) | Self::Forbidden(words) | Self::Login(words) => {
                format!("{words}\n")
            }
            Self::NoMethod(call) => format!("Method '{call}' not implemented"),
            Self::Unreachable(_, words) => words.clone(),
        }
    }
}

/// The two forms of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    Json,
    Extjs,
}

impl Envelope {
    /// By the second part of the path.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "extjs" => Some(Self::Extjs),
            _ => None,
        }
    }

    /// The reply for what a method answered.
    pub(crate) fn wrap(self, profile: Profile, result: Result<Answer, Refused>) -> Reply {
        match result {
            Ok(answer) => self.good(answer),
            Err(Refused::Unreachable(status, words)) => Reply::bare(status, &words),
            Err(refused) => self.bad(profile, &refused),
        }
    }

    fn good(self, answer: Answer) -> Reply {
        let mut body = Map::new();
        body.insert("data".into(), answer.data);
        if let Some(total) = answer.total {
            body.insert("total".into(), json!(total));
        }
        if self == Self::Extjs {
            body.insert("success".into(), json!(1));
        }
        let keep = if answer.protected {
            Keep::Both
        } else {
            Keep::Alive
        };
        reply(200, "OK", keep, body)
    }

    fn bad(self, profile: Profile, refused: &Refused) -> Reply {
        let words = refused.words();
        let mut body = Map::new();
        body.insert("data".into(), Value::Null);
        if let Refused::Parameters(errors) = refused {
            body.insert("errors".into(), json!(errors));
        }
        match self {
            Self::Json => {
                if profile.message_in_body() {
                    body.insert("message".into(), json!(words));
                }
                // The reason phrase is one line.
                let reason = words.lines().next().unwrap_or_default();
                reply(refused.status(), reason, Keep::Close, body)
            }
            Self::Extjs => {
                let login = matches!(refused, Refused::Login(_));
                body.insert("success".into(), json!(0));
                body.insert("status".into(), json!(refused.status()));
                body.insert("message".into(), json!(words));
                if login {
                    // The one error of a method that keeps its status here too.
                    return reply(401, words.trim_end(), Keep::Close, body);
                }
                reply(200, "OK", Keep::Alive, body)
            }
        }
    }
}

fn reply(status: u16, reason: &str, keep: Keep, body: Map<String, Value>) -> Reply {
    Reply {
        status,
        reason: reason.to_owned(),
        keep,
        body: Some(Value::Object(body).to_string().into_bytes()),
        content_type: "application/json;charset=UTF-8",
        location: None,
    }
}
