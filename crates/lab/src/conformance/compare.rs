//! What two answers have in common: status line, headers, envelope, names and kinds of fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Transcript;
use crate::world::task::is_upid;

/// Keys and kinds of a value, without the values: `{cpu:number,tags:text}`. A list shows the kinds of rows that it
/// has, once each.
pub fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
        Value::Array(rows) => {
            let shapes: BTreeSet<String> = rows.iter().map(shape).collect();
            format!("[{}]", shapes.into_iter().collect::<Vec<_>>().join(" | "))
        }
        Value::Object(fields) => {
            let mut parts: Vec<String> = fields
                .iter()
                .map(|(k, v)| format!("{k}:{}", shape(v)))
                .collect();
            parts.sort();
            format!("{{{}}}", parts.join(","))
        }
    }
}

/// Each difference in words; none when the lab's answer is as the live node's.
pub fn differences(was: &Transcript, is: &Transcript) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, was: &str, is: &str| {
        if was != is {
            found.push(format!("{what}: recorded {was}, the lab {is}"));
        }
    };
    compare("status", &was.status_line, &is.status_line);
    let headers = |t: &Transcript| -> Vec<String> {
        let mut all: Vec<String> = t
            .timeless()
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        all.sort();
        all
    };
    if !was.answer.is_empty() {
        compare("headers", &headers(was).join("; "), &headers(is).join("; "));
    }
    if was.body.is_empty() || is.body.is_empty() {
        compare("body", &was.body, &is.body);
        return found;
    }
    let (old, new) = (was.json(), is.json());
    if was.status() >= 400 {
        // What a person reads must be the same word for word.
        compare("error", &old.to_string(), &new.to_string());
        return found;
    }
    if let (Some(old), Some(new)) = (upid(&old), upid(&new)) {
        compare("task", &old, &new);
        return found;
    }
    let (old, new) = (fields(&old), fields(&new));
    for (path, kinds) in &old {
        match new.get(path) {
            None => found.push(format!("{path} is missing: recorded {kinds}")),
            Some(other) if other != kinds => {
                found.push(format!("{path}: recorded {kinds}, the lab {other}"));
            }
            Some(_) => {}
        }
    }
    for (path, kinds) in new.iter().filter(|(path, _)| !old.contains_key(*path)) {
        found.push(format!("{path} is too much: the lab {kinds}"));
    }
    found
}

/// Whatever a UPID says beside process and time.
fn upid(body: &Value) -> Option<String> {
    let text = body["data"].as_str().filter(|text| is_upid(text))?;
    let parts: Vec<&str> = text.split(':').collect();
    Some([&parts[..2], &parts[5..]].concat().join(":"))
}

/// The shape of each part: rows of a list by their `type` or the like, all else by its path.
fn fields(value: &Value) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    walk("", value, &mut all);
    all
}

fn walk(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(&format!("{path}.{name}"), value, into);
            }
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            into.insert(path.trim_start_matches('.').to_owned(), shape(value));
        }
    }
}
