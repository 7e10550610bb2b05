//! Parameters of a call, from the query or the body, checked as Proxmox checks them: what is not in the schema is
//! an error.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{answer::Refused, http::Request};

/// Parameters by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// From query and body. The error is a status and a reason.
    pub(crate) fn of(request: &Request, query: &str) -> Result<Self, (u16, &'static str)> {
        let mut parameters = BTreeMap::new();
        form(query, &mut parameters);
        if !request.body.is_empty() {
            let kind = request.header("content-type").unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim();
            match kind {
                "application/x-www-form-urlencoded" => {
                    form(&String::from_utf8_lossy(&request.body), &mut parameters);
                }
                "application/json" => match serde_json::from_slice(&request.body) {
                    Ok(Value::Object(fields)) => {
                        for (name, value) in fields {
                            let text = match value {
                                Value::String(text) => text,
                                Value::Bool(b) => u8::from(b).to_string(),
                                other => other.to_string(),
                            };
                            parameters.insert(name, text);
                        }
                    }
                    _ => return Err((400, "unable to parse parameters")),
                },
                _ => return Err((506, "upload not allowed")),
            }
        }
        Ok(Self(parameters))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Refuses names that the schema does not have.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refused> {
        let unknown: BTreeMap<String, String> = self
            .0
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| {
                let words = "property is not defined in schema and the schema does not allow additional properties";
                (name.clone(), words.to_owned())
            })
            .collect();
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(Refused::Parameters(unknown))
        }
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refused> {
        self.get(name)
            .ok_or_else(|| Refused::parameter(name, "property is missing and it is not optional"))
    }

    /// A parameter that must be one of these words.
    pub(crate) fn one_of(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Refused> {
        match self.get(name) {
            Some(value) if !words.contains(&value) => Err(Refused::parameter(
                name,
                format!(
                    "value '{value}' does not have a value in the enumeration '{}'",
                    words.join(", ")
                ),
            )),
            value => Ok(value),
        }
    }

    /// A whole number, 0 or more.
    pub(crate) fn number(&self, name: &str, otherwise: i64) -> Result<i64, Refused> {
        match self.get(name) {
            None => Ok(otherwise),
            Some(text) => text.parse().ok().filter(|n: &i64| *n >= 0).ok_or_else(|| {
                Refused::parameter(
                    name,
                    format!("type check ('integer') failed - got '{text}'"),
                )
            }),
        }
    }

    /// A switch.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refused> {
        match self.get(name) {
            None | Some("0" | "no" | "off" | "false") => Ok(false),
            Some("1" | "yes" | "on" | "true") => Ok(true),
            Some(text) => Err(Refused::parameter(
                name,
                format!("type check ('boolean') failed - got '{text}'"),
            )),
        }
    }
}

fn form(text: &str, into: &mut BTreeMap<String, String>) {
    for pair in text.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        into.insert(decode(name, true), decode(value, true));
    }
}

/// Undoes percent encoding; in a form a plus is a space.
pub(crate) fn decode(text: &str, form: bool) -> String {
    let spaced = if form {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8_lossy()
        .into_owned()
}

/// A VMID as the path gives it.
pub(crate) fn vmid(text: &str) -> Result<u32, Refused> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refused::parameter(
            "vmid",
            format!("type check ('integer') failed - got '{text}'"),
        ));
    }
    text.parse()
        .ok()
        .filter(|n| (100..=999_999_999).contains(n))
        .ok_or_else(|| {
            let words = "invalid format - value does not look like a valid VM ID\n";
            Refused::parameter("vmid", words)
        })
}
