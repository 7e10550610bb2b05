//! Logins as Docker and Podman keep them: `config.json` and `auth.json` have the same form.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::image::reference::login_place;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;

use crate::Credentials;

/// One login of a file.
#[derive(Clone, Debug)]
pub struct Login {
    /// As references name it: `docker.io`.
    pub registry: String,
    pub user: Option<String>,
    /// Or why it cannot be taken.
    pub credentials: Result<Credentials, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    creds_store: Option<String>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct Entry {
    auth: Option<SecretString>,
    identitytoken: Option<SecretString>,
}

/// The logins of a file, by registry.
///
/// # Errors
/// Why the text is no such file.
pub fn logins(text: &str) -> Result<Vec<Login>, String> {
    let file: File = serde_json::from_str(text).map_err(|e| {
        // The error's own words quote the text, which holds passwords.
        format!(
            "it is no list of logins (line {}, column {})",
            e.line(),
            e.column()
        )
    })?;
    let mut all: BTreeMap<String, Login> = BTreeMap::new();
    for (place, helper) in &file.cred_helpers {
        let login = with_helper(place, helper);
        all.insert(login.registry.clone(), login);
    }
    for (place, entry) in file.auths {
        let login = match (entry.is_empty(), &file.creds_store) {
            (true, Some(helper)) => with_helper(&place, helper),
            (true, None) | (false, _) => read(&place, entry),
        };
        all.entry(login.registry.clone()).or_insert(login);
    }
    Ok(all.into_values().collect())
}

impl Entry {
    fn is_empty(&self) -> bool {
        let empty = |text: &Option<SecretString>| {
            text.as_ref().is_none_or(|t| t.expose_secret().is_empty())
        };
        empty(&self.auth) && empty(&self.identitytoken)
    }
}

fn with_helper(place: &str, helper: &str) -> Login {
    let (registry, _) = login_place(place);
    Login {
        registry,
        user: None,
        credentials: Err(format!(
            "its password lies with the program docker-credential-{helper}, which RedFlag does not start"
        )),
    }
}

fn read(place: &str, entry: Entry) -> Login {
    let (registry, part) = login_place(place);
    let known = entry.auth.as_ref().map(decoded);
    let user = known
        .as_ref()
        .and_then(|k| Some(k.as_ref().ok()?.user.clone()));
    let token = entry
        .identitytoken
        .is_some_and(|t| !t.expose_secret().is_empty());
    let credentials = match (part, token, known) {
        (Some(part), ..) => Err(format!("it is for {registry}/{part} alone")),
        (None, true, _) => Err("it is a token of an identity provider and no password".to_owned()),
        (None, false, None) => Err("it has no password".to_owned()),
        (None, false, Some(known)) => known,
    };
    Login {
        registry,
        user,
        credentials,
    }
}

/// `base64(user:password)`.
fn decoded(auth: &SecretString) -> Result<Credentials, String> {
    let no = || "its password cannot be read".to_owned();
    let bytes = STANDARD
        .decode(auth.expose_secret().trim())
        .map_err(|_| no())?;
    let bytes: SecretSlice<u8> = bytes.into();
    let text = std::str::from_utf8(bytes.expose_secret()).map_err(|_| no())?;
    let (user, password) = text.split_once(':').ok_or_else(no)?;
    // Some clients end it with zeros.
    let password = password.trim_end_matches('\0');
    if user.is_empty() || password.is_empty() {
        return Err(no());
    }
    Ok(Credentials {
        user: user.to_owned(),
        password: SecretString::from(password),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Registry, user, and the password or the reason.
    fn shown(text: &str) -> Vec<(String, Option<String>, String)> {
        let row = |login: Login| {
            let what = match login.credentials {
                Ok(known) => known.password.expose_secret().to_owned(),
                Err(why) => why,
            };
            (login.registry, login.user, what)
        };
        logins(text).unwrap().into_iter().map(row).collect()
    }

    #[test]
    fn what_docker_and_podman_write_is_read() {
        let auth = |text: &str| STANDARD.encode(text);
        let text = format!(
            r#"{{"auths": {{
                "https://index.docker.io/v1/": {{"auth": "{}"}},
                "registry.lan:5000": {{"auth": "{}"}},
                "quay.io/team": {{"auth": "{}"}},
                "azurecr.example": {{"auth": "{}", "identitytoken": "eyJ"}},
                "broken.example": {{"auth": "%%%"}},
                "nothing.example": {{}}
            }}, "credHelpers": {{"gcr.io": "gcloud"}}, "HttpHeaders": {{"User-Agent": "x"}}}}"#,
            auth("me:a:b"),
            auth("ci:token\0\0"),
            auth("me:x"),
            auth("00000000-0000-0000-0000-000000000000:"),
        );
        let row = |registry: &str, user: Option<&str>, what: &str| {
            (
                registry.to_owned(),
                user.map(str::to_owned),
                what.to_owned(),
            )
        };
        let helper = "its password lies with the program docker-credential-gcloud, which RedFlag does not start";
        let token = "it is a token of an identity provider and no password";
        assert_eq!(
            shown(&text),
            [
                row("azurecr.example", None, token),
                row("broken.example", None, "its password cannot be read"),
                row("docker.io", Some("me"), "a:b"),
                row("gcr.io", None, helper),
                row("nothing.example", None, "it has no password"),
                row("quay.io", Some("me"), "it is for quay.io/team alone"),
                row("registry.lan:5000", Some("ci"), "token"),
            ]
        );
    }

    #[test]
    fn a_helper_for_all_keeps_the_passwords_of_empty_entries() {
        let text = r#"{"auths": {"ghcr.io": {}}, "credsStore": "desktop"}"#;
        let all = shown(text);
        assert!(all[0].2.contains("docker-credential-desktop"), "{all:?}");
    }

    #[test]
    fn what_is_no_such_file_is_refused_without_its_words() {
        let why = logins(r#"{"auths": {"a": {"auth": 7, "password": "geheim"}}}"#).unwrap_err();
        assert!(
            !why.contains("geheim") && !why.contains('7') || why.contains("line"),
            "{why}"
        );
        assert!(logins("[]").is_err());
        assert!(logins("{}").unwrap().is_empty());
    }
}
