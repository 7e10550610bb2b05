//! A login with a password, used once to make RedFlag's own token, and then forgotten.

mod account;
mod error;

use std::fmt;

use domain::host::Fingerprint;
use reqwest::header::{COOKIE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use tls::Trust;

pub use account::CreatedToken;
pub(crate) use account::{Made, TokenRow};
pub use error::SessionError;

use crate::{
    Error, Limits,
    envelope::{Asked, Envelope},
    http::{Http, Verb},
    lenient, normalise_address,
};

const CSRF: &str = "CSRFPreventionToken";

/// A user who is logged in at one node. Ends with the call that uses it.
pub struct Session {
    http: Http,
    address: String,
    user: String,
    cookie: HeaderValue,
    csrf: HeaderValue,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({} at {})", self.user, self.address)
    }
}

#[derive(Deserialize)]
pub(crate) struct Ticket {
    #[serde(default)]
    ticket: Option<SecretString>,
    #[serde(default, rename = "CSRFPreventionToken")]
    csrf: Option<SecretString>,
    #[serde(default, rename = "NeedTFA", deserialize_with = "lenient::boolean")]
    second_factor: Option<bool>,
}

impl Session {
    /// Logs in as `user` (with its realm: `root@pam`) at the node that shows the `accepted` certificate; the
    /// password goes nowhere else. Lasts two hours at most.
    pub async fn login(
        address: &str,
        accepted: Fingerprint,
        user: &str,
        password: SecretString,
    ) -> Result<Self, SessionError> {
        let user = user.trim();
        if !user.contains('@') {
            return Err(SessionError::NoRealm {
                user: user.to_owned(),
            });
        }
        let address = normalise_address(address).map_err(|e| Error::Setup(e.to_string()))?;
        let trust = Trust {
            leaves: vec![accepted],
            ..Trust::default()
        };
        let http = Http::new(&trust, &Limits::default())?;
        let asked = Asked {
            address: &address,
            verb: Verb::Post,
            path: "/access/ticket",
        };
        let form = [("username", user), ("password", password.expose_secret())];
        let answer = http.send(asked, http.request(asked).form(&form)).await;
        let answer = answer.map_err(|broken| match broken.error(&address) {
            Error::Unauthorised { words } => SessionError::Password {
                address: address.clone(),
                user: user.to_owned(),
                words,
            },
            other => SessionError::Api(other),
        })?;
        let ticket: Ticket = asked.data(&answer.body)?;
        let value = ticket.ticket.unwrap_or_default();
        let halfway = value.expose_secret().starts_with("PVE:!tfa!");
        if ticket.second_factor == Some(true) || halfway {
            return Err(SessionError::SecondFactor {
                user: user.to_owned(),
            });
        }
        let header = |text: &str| {
            let usable = !text.is_empty() && !text.contains(';');
            let value = HeaderValue::from_str(text).ok().filter(|_| usable);
            let mut value = value.ok_or_else(|| asked.protocol("there is no ticket in it"))?;
            value.set_sensitive(true);
            Ok::<_, Error>(value)
        };
        // Looked at before the name of the cookie hides that there is none.
        header(value.expose_secret())?;
        let cookie = header(&format!("PVEAuthCookie={}", value.expose_secret()))?;
        let csrf = header(ticket.csrf.unwrap_or_default().expose_secret())?;
        Ok(Self {
            http,
            cookie,
            csrf,
            user: user.to_owned(),
            address,
        })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        verb: Verb,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Envelope<T>, Error> {
        let asked = Asked {
            address: &self.address,
            verb,
            path,
        };
        let request = self.http.request(asked).header(COOKIE, self.cookie.clone());
        let request = match verb {
            Verb::Get => request,
            // Proxmox takes no body here.
            Verb::Delete => request.header(CSRF, self.csrf.clone()),
            Verb::Post | Verb::Put => request.header(CSRF, self.csrf.clone()).form(form),
        };
        let answer = self.http.send(asked, request).await;
        let answer = answer.map_err(|broken| broken.error(&self.address))?;
        asked.read(&answer.body)
    }
}
