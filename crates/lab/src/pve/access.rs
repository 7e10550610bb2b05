//! `/access`: realms, one's own rights, and users, roles, rights and tokens to see and to change.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::{Call, Effect},
};
use crate::{
    seed::secret_uuid,
    world::{
        access::{
            BUILT_IN,
            change::{Change, Denied, names},
        },
        profile::Profile,
    },
};

/// Needs no login.
pub(super) fn domains() -> Value {
    json!([
        { "realm": "pam", "type": "pam", "comment": "Linux PAM standard authentication" },
        { "realm": "pve", "type": "pve", "comment": "Proxmox VE authentication server" },
    ])
}

/// The caller's own rights, by path.
pub(super) fn permissions(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&["path", "userid"])?;
    let access = &call.cluster.access;
    let mut paths: BTreeMap<String, BTreeMap<&str, bool>> = match call.parameters.get("path") {
        Some(path) => BTreeMap::from([(path.to_owned(), access.effective(call.caller, path))]),
        None => access.permissions(call.caller),
    };
    // What a pool allows, its guests are listed with.
    for guest in call.cluster.guests.values() {
        let path = format!("/vms/{}", guest.vmid);
        let asked = call.parameters.get("path").is_none_or(|p| p == path);
        if let Some(pool) = guest.pool.as_deref().filter(|_| asked) {
            let pool = access.effective(call.caller, &format!("/pool/{pool}"));
            if !pool.is_empty() {
                let here = paths
                    .entry(path)
                    .or_insert_with_key(|path| access.effective(call.caller, path));
                here.extend(pool.into_keys().map(|name| (name, true)));
            }
        }
    }
    paths.retain(|_, privileges| !privileges.is_empty());
    let paths: Map<String, Value> = paths.into_iter().map(|(p, f)| (p, flags(f))).collect();
    Ok(Answer::plain(Value::Object(paths)))
}

fn flags<'a>(privileges: impl IntoIterator<Item = (&'a str, bool)>) -> Value {
    let flags: Map<String, Value> = privileges
        .into_iter()
        .map(|(name, propagate)| (name.to_owned(), json!(u8::from(propagate))))
        .collect();
    Value::Object(flags)
}

/// All other methods below `/access`.
pub(super) fn route(call: &Call<'_>, rest: &[&str]) -> Result<Effect, Refused> {
    match (call.method, rest) {
        ("GET", ["permissions"]) => permissions(call).map(Effect::Answer),
        ("GET", ["roles"]) => roles(call).map(Effect::Answer),
        ("GET", ["roles", role]) => one_role(call, role).map(Effect::Answer),
        ("GET", ["users"]) => users(call).map(Effect::Answer),
        ("GET", ["acl"]) => acl(call).map(Effect::Answer),
        ("GET", ["users", user, "token"]) => tokens(call, user).map(Effect::Answer),
        ("GET", ["users", user, "token", name]) => one_token(call, user, name).map(Effect::Answer),
        ("POST" | "PUT" | "DELETE", _) => change(call, rest),
        _ => call.no_method(),
    }
}

fn change(call: &Call<'_>, rest: &[&str]) -> Result<Effect, Refused> {
    let p = call.parameters;
    let text = |name: &str| p.get(name).map(str::to_owned);
    let list = |name: &str| names(p.get(name).unwrap_or_default());
    let change = match (call.method, rest) {
        ("POST", ["roles"]) => {
            p.only(&["roleid", "privs"])?;
            call.needs("/access", "Sys.Modify")?;
            Change::AddRole {
                role: p.required("roleid")?.to_owned(),
                privileges: list("privs"),
            }
        }
        ("PUT", ["roles", role]) => {
            p.only(&["privs", "append"])?;
            call.needs("/access", "Sys.Modify")?;
            Change::ModifyRole {
                role: (*role).to_owned(),
                privileges: list("privs"),
                append: p.flag("append")?,
            }
        }
        ("DELETE", ["roles", role]) => {
            p.only(&[])?;
            call.needs("/access", "Sys.Modify")?;
            let role = (*role).to_owned();
            Change::DeleteRole { role }
        }
        ("POST", ["users"]) => {
            p.only(&[
                "userid",
                "password",
                "comment",
                "email",
                "enable",
                "expire",
                "firstname",
                "groups",
                "keys",
                "lastname",
            ])?;
            let user = p.required("userid")?;
            let Some((_, realm @ ("pam" | "pve"))) = user.split_once('@') else {
                let words = format!("value '{user}' does not look like a valid user name");
                return Err(Refused::parameter("userid", words));
            };
            call.needs(&format!("/access/realm/{realm}"), "Realm.AllocateUser")?;
            call.needs("/access/groups", "User.Modify")?;
            Change::AddUser {
                user: user.to_owned(),
                comment: text("comment"),
                password: text("password"),
            }
        }
        ("DELETE", ["users", user]) => {
            p.only(&[])?;
            call.needs("/access/groups", "User.Modify")?;
            let user = (*user).to_owned();
            Change::DeleteUser { user }
        }
        ("PUT", ["acl"]) => {
            p.only(&[
                "path",
                "users",
                "groups",
                "tokens",
                "roles",
                "propagate",
                "delete",
            ])?;
            let path = p.required("path")?;
            call.needs(path, "Permissions.Modify")?;
            p.required("roles")?;
            Change::Rights {
                path: path.to_owned(),
                users: list("users"),
                tokens: list("tokens"),
                roles: list("roles"),
                propagate: p.get("propagate").is_none() || p.flag("propagate")?,
                delete: p.flag("delete")?,
            }
        }
        (method, ["users", user, "token", name]) => token_change(call, method, user, name)?,
        _ => return call.no_method(),
    };
    if !call.cluster.quorate() {
        return Err(Refused::Died("cluster not ready - no quorum?".into()));
    }
    Ok(Effect::Change(change))
}

fn token_change(call: &Call<'_>, method: &str, user: &str, name: &str) -> Result<Change, Refused> {
    let p = call.parameters;
    may_manage(call, user)?;
    let draw = || {
        let drawn = secret_uuid();
        drawn.map_err(|e| Refused::Died(format!("unable to generate a uuid: {e}")))
    };
    let expires = match p.get("expire") {
        None => None,
        Some(_) => Some(p.number("expire", 0)?),
    };
    let separated = match p.get("privsep") {
        None => None,
        Some(_) => Some(p.flag("privsep")?),
    };
    let (user, name) = (user.to_owned(), name.to_owned());
    let comment = p.get("comment").map(str::to_owned);
    Ok(match method {
        "POST" => {
            p.only(&["comment", "expire", "privsep"])?;
            let sound = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            if !name.bytes().all(sound) || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let words = format!("invalid format - value '{name}' does not look like a token");
                return Err(Refused::parameter("tokenid", words));
            }
            Change::AddToken {
                user,
                name,
                secret: draw()?,
                separated: separated.unwrap_or(true),
                expires,
                comment,
            }
        }
        "PUT" => {
            p.only(match call.profile {
                Profile::V9_2 => &["comment", "expire", "privsep", "regenerate"][..],
                Profile::V7_4 | Profile::V8_1 | Profile::V8_4 => &["comment", "expire", "privsep"],
            })?;
            let secret = match p.flag("regenerate")? {
                true => Some(draw()?),
                false => None,
            };
            Change::ModifyToken {
                user,
                name,
                secret,
                separated,
                expires,
                comment,
            }
        }
        _ => {
            p.only(&[])?;
            Change::DeleteToken { user, name }
        }
    })
}

/// Oneself, or `User.Modify`. A token is not the user whom it belongs to: Proxmox compares its full id.
fn may_manage(call: &Call<'_>, user: &str) -> Result<(), Refused> {
    let known = call.cluster.access.has_user(user).is_ok();
    if (known && call.caller.id == user) || call.allows("/access/groups", "User.Modify") {
        return Ok(());
    }
    Err(Refused::Forbidden("Permission check failed".into()))
}

/// What a change answers with: a new secret is told this once.
pub(super) fn told(change: &Change) -> Value {
    match change {
        Change::AddToken {
            user,
            name,
            secret,
            separated,
            expires,
            comment,
        } => json!({
            "full-tokenid": format!("{user}!{name}"),
            "value": secret,
            "info": token_info(*separated, *expires, comment.as_deref(), true),
        }),
        Change::ModifyToken {
            user,
            name,
            secret: Some(secret),
            ..
        } => json!({ "full-tokenid": format!("{user}!{name}"), "value": secret }),
        _ => Value::Null,
    }
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Died(words) => Self::Died(words),
            Denied::Parameter(name, words) => Self::parameter(name, words),
        }
    }
}

/// Numbers that came as parameters go out as text in the answer to the call that set them.
fn token_info(
    separated: bool,
    expires: Option<i64>,
    comment: Option<&str>,
    as_text: bool,
) -> Value {
    let number = |n: i64| {
        if as_text {
            json!(n.to_string())
        } else {
            json!(n)
        }
    };
    let mut info = Map::new();
    info.insert("privsep".into(), number(i64::from(separated)));
    if let Some(expires) = expires.or((!as_text).then_some(0)) {
        info.insert("expire".into(), number(expires));
    }
    if let Some(comment) = comment {
        info.insert("comment".into(), json!(comment));
    }
    Value::Object(info)
}

fn one_token(call: &Call<'_>, user: &str, name: &str) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    may_manage(call, user)?;
    let id = format!("{user}!{name}");
    let mut tokens = call.cluster.access.tokens.iter();
    let token = tokens
        .find(|t| t.id == id)
        .ok_or_else(|| Refused::Died(format!("no such token '{name}' for user '{user}'")))?;
    let comment = token.comment.as_deref();
    Ok(Answer::plain(token_info(
        token.separated,
        token.expires,
        comment,
        false,
    )))
}

fn tokens(call: &Call<'_>, user: &str) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    may_manage(call, user)?;
    let rows = call.cluster.access.tokens.iter().filter_map(|t| {
        let (owner, name) = t.id.split_once('!')?;
        let mut row = token_info(t.separated, t.expires, t.comment.as_deref(), false);
        row.as_object_mut()?.insert("tokenid".into(), json!(name));
        (owner == user).then_some(row)
    });
    Ok(Answer::plain(rows.collect()))
}

fn roles(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let access = &call.cluster.access;
    let names = BUILT_IN
        .into_iter()
        .chain(access.roles.keys().map(String::as_str));
    let rows = names.map(|role| {
        let privileges: Vec<&str> = access.privileges_of(role).collect();
        json!({
            "roleid": role,
            "privs": privileges.join(","),
            "special": u8::from(BUILT_IN.contains(&role)),
        })
    });
    Ok(Answer::plain(rows.collect()))
}

fn one_role(call: &Call<'_>, role: &str) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let access = &call.cluster.access;
    if !access.has_role(role) {
        return Err(Refused::Died(format!("role '{role}' does not exist")));
    }
    let privileges = access.privileges_of(role).map(|p| (p, true));
    Ok(Answer::plain(flags(privileges)))
}

/// Users whom the caller may see: all with `User.Modify` or `Sys.Audit`, else oneself.
fn users(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&["enabled", "full"])?;
    let all = ["User.Modify", "Sys.Audit"]
        .iter()
        .any(|p| call.allows("/access/groups", p));
    let rows = call.cluster.access.users.iter();
    let rows = rows.filter(|(id, _)| all || call.caller.id == id.as_str());
    let rows = rows.map(|(id, user)| {
        let realm = id.split_once('@').map_or("pve", |(_, realm)| realm);
        let mut row = json!({ "userid": id, "enable": 1, "expire": 0, "realm-type": realm });
        if let (Some(row), Some(comment)) = (row.as_object_mut(), &user.comment) {
            row.insert("comment".into(), json!(comment));
        }
        row
    });
    Ok(Answer::plain(rows.collect()))
}

fn acl(call: &Call<'_>) -> Result<Answer, Refused> {
    call.parameters.only(&[])?;
    let access = &call.cluster.access;
    let of_users = access.users.iter().map(|(id, u)| ("user", id, &u.acl));
    let of_tokens = access.tokens.iter().map(|t| ("token", &t.id, &t.acl));
    let mut rows = Vec::new();
    for (kind, id, acl) in of_users.chain(of_tokens) {
        for (path, role, propagate) in acl.roles() {
            // Without these only what one may pass on is shown.
            if !call.allows(path, "Permissions.Modify") && !call.allows("/access", "Sys.Audit") {
                continue;
            }
            rows.push(json!({
                "path": path,
                "type": kind,
                "ugid": id,
                "roleid": role,
                "propagate": u8::from(propagate),
            }));
        }
    }
    Ok(Answer::plain(rows.into()))
}
