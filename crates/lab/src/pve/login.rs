//! Who a request comes from: an API token, or the ticket of a login with its CSRF rule.

use base64::{Engine, engine::general_purpose};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    answer::{Answer, Refused},
    http::Request,
    parameters::{Parameters, decode},
};
use crate::world::{Access, Caller, Cluster};

/// Seconds that a ticket is good for.
const TICKET_LIFE: i64 = 2 * 3_600;
/// Seconds that it may lie in the future.
const SKEW: i64 = 300;

/// What a cluster signs tickets with; nobody else learns it.
#[derive(Clone)]
pub(crate) struct TicketKey(String);

impl std::fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketKey")
    }
}

impl TicketKey {
    pub(crate) fn new(secret: String) -> Self {
        Self(secret)
    }

    /// As many bytes as an RSA signature has.
    fn signature(&self, kind: &str, text: &str, blocks: u8) -> Vec<u8> {
        (0..blocks)
            .flat_map(|n| Sha256::digest(format!("{}\n{n}\n{kind}\n{text}", self.0)))
            .collect()
    }

    fn ticket(&self, data: &str, now: i64) -> String {
        let plain = format!("PVE:{data}:{now:08X}");
        let signature = self.signature("ticket", &plain, 8);
        format!("{plain}::{}", general_purpose::STANDARD.encode(signature))
    }

    /// The user whom a ticket names, if it is one of ours and still good.
    fn user(&self, ticket: &str, now: i64) -> Option<String> {
        let (plain, _) = ticket.split_once("::")?;
        let (rest, time) = plain.rsplit_once(':')?;
        let made = i64::from_str_radix(time, 16).ok()?;
        let data = rest.strip_prefix("PVE:")?;
        let good =
            self.ticket(data, made) == ticket && (-SKEW..TICKET_LIFE).contains(&(now - made));
        good.then(|| data.to_owned())
    }

    fn csrf(&self, user: &str, now: i64) -> String {
        let time = format!("{now:08X}");
        let signature = self.signature("csrf", &format!("{time}:{user}"), 1);
        let text = general_purpose::STANDARD_NO_PAD.encode(signature);
        format!("{time}:{text}")
    }

    fn csrf_fits(&self, user: &str, token: &str, now: i64) -> bool {
        let time = token.split(':').next().unwrap_or_default();
        i64::from_str_radix(time, 16).is_ok_and(|made| {
            self.csrf(user, made) == token && (-SKEW..86_400).contains(&(now - made))
        })
    }
}

/// Who a request comes from; the error is the reason of its 401.
pub(super) fn caller<'a>(
    cluster: &'a Cluster,
    key: &TicketKey,
    request: &'a Request,
    now: i64,
    user: &'a mut String,
) -> Result<Caller<'a>, &'static str> {
    // A request that has both uses the cookie.
    if let Some(ticket) = cookie(request) {
        let data = key.user(&ticket, now);
        *user = data.ok_or(cluster.profile.refused_ticket())?;
        if user.starts_with("!tfa!") {
            // Half a login is none.
            return Err("No ticket");
        }
        let token = request.header("CSRFPreventionToken").unwrap_or_default();
        if request.method != "GET" && !key.csrf_fits(user, token, now) {
            return Err("Permission denied - invalid csrf token");
        }
        return Ok(Caller::user(user));
    }
    match credentials(request.header("authorization")) {
        Credentials::None => Err("No ticket"),
        Credentials::Unreadable => Err(cluster.profile.refusal_reason()),
        Credentials::Token(id, secret) => cluster
            .access
            .authenticate(id, secret, now)
            .map(Caller::from)
            .ok_or(cluster.profile.refusal_reason()),
    }
}

fn cookie(request: &Request) -> Option<String> {
    let cookies = request.header("cookie")?.split(';');
    let mut ours = cookies.filter_map(|c| c.trim().strip_prefix("PVEAuthCookie="));
    ours.next().map(|value| match value.starts_with("PVE%3A") {
        true => decode(value, false),
        false => value.to_owned(),
    })
}

enum Credentials<'a> {
    None,
    Unreadable,
    Token(&'a str, &'a str),
}

/// `PVEAPIToken=user@realm!name=secret`; a space after the word is accepted too.
fn credentials(header: Option<&str>) -> Credentials<'_> {
    let Some(rest) = header.and_then(|h| h.strip_prefix("PVEAPIToken")) else {
        return Credentials::None;
    };
    let Some(rest) = rest.strip_prefix(['=', ' ']) else {
        return Credentials::None;
    };
    match rest.rsplit_once('=') {
        Some((id, secret)) if id.contains('!') && id.contains('@') => {
            Credentials::Token(id, secret)
        }
        _ => Credentials::Unreadable,
    }
}

/// `POST /access/ticket`: needs no login, it is one.
pub(super) fn ticket(
    cluster: &Cluster,
    key: &TicketKey,
    parameters: &Parameters,
    now: i64,
) -> Result<Answer, Refused> {
    parameters.only(&[
        "username",
        "password",
        "realm",
        "otp",
        "path",
        "privs",
        "new-format",
        "tfa-challenge",
    ])?;
    let name = parameters.required("username")?;
    let password = parameters.required("password")?;
    let id = match parameters.get("realm") {
        Some(realm) if !name.contains('@') => format!("{name}@{realm}"),
        _ => name.to_owned(),
    };
    let failed = || Refused::Login("authentication failure".into());
    let user = cluster.access.users.get(&id).ok_or_else(failed)?;
    if user.password.as_deref() != Some(password) {
        return Err(failed());
    }
    let csrf = key.csrf(&id, now);
    if user.second_factor {
        let challenge = "!tfa!%7B%22totp%22%3Atrue%7D";
        return Ok(Answer::protected(json!({
            "username": id,
            "ticket": key.ticket(challenge, now),
            "CSRFPreventionToken": csrf,
            "NeedTFA": 1,
        })));
    }
    let mut data = json!({
        "username": id,
        "ticket": key.ticket(&id, now),
        "CSRFPreventionToken": csrf,
        "cap": capabilities(&cluster.access, &id),
    });
    if let (Some(data), Some(name)) = (data.as_object_mut(), &cluster.name) {
        data.insert("clustername".into(), json!(name));
    }
    Ok(Answer::protected(data))
}

/// What the web page shows or hides by.
fn capabilities(access: &Access, user: &str) -> Value {
    let caller = Caller::user(user);
    let of = |path: &str, prefix: &[&str]| -> Value {
        access
            .effective(caller, path)
            .into_keys()
            .filter(|p| prefix.iter().any(|x| p.starts_with(x)))
            .map(|p| (p.to_owned(), json!(1)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    json!({
        "access": of("/access", &["User.", "Group.", "Permissions."]),
        "dc": of("/", &["Sys.", "SDN."]),
        "mapping": of("/mapping", &["Mapping."]),
        "nodes": of("/nodes", &["Sys."]),
        "sdn": of("/sdn", &["SDN."]),
        "storage": of("/storage", &["Datastore."]),
        "vms": of("/vms", &["VM."]),
    })
}
