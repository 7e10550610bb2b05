//! `/access`: what a token may do, and the realms.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
};

/// Needs no login.
pub(super) fn domains() -> Value {
    json!([
        { "realm": "pam", "type": "pam", "comment": "Linux PAM standard authentication" },
        { "realm": "pve", "type": "pve", "comment": "Proxmox VE authentication server" },
    ])
}

/// The token's own rights, by path.
pub(super) fn permissions(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&["path", "userid"])?;
    let mut paths = Map::new();
    if let Some(path) = call.parameters.get("path") {
        let here = call.cluster.access.effective(call.token, path);
        if !here.is_empty() {
            paths.insert(path.to_owned(), flags(here));
        }
    } else {
        for (path, privileges) in call.cluster.access.permissions(call.token) {
            paths.insert(path, flags(privileges));
        }
    }
    Ok(Answer::plain(Value::Object(paths)))
}

fn flags(privileges: std::collections::BTreeMap<&str, bool>) -> Value {
    let flags: Map<String, Value> = privileges
        .into_iter()
        .map(|(name, propagate)| (name.to_owned(), json!(u8::from(propagate))))
        .collect();
    Value::Object(flags)
}
