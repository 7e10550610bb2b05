//! API tokens: who asks, and the secret that proves it.

use std::{fmt, str::FromStr};

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// Why a text is no token id or secret. Never repeats a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("no token id was given; it looks like redflag@pve!desktop")]
    Empty,
    #[error("the token's name is missing: {0:?} is a user; a token id looks like {0}!desktop")]
    NoName(String),
    /// Without the text: it may be the secret, pasted into the wrong field.
    #[error("the realm is missing; a token id looks like redflag@pve!desktop")]
    NoRealm,
    #[error("only the token id belongs here, up to the = sign; the secret has its own field")]
    HoldsSecret,
    #[error("{what} {value:?} is not valid: {rule}")]
    Part {
        what: &'static str,
        value: String,
        rule: &'static str,
    },
    #[error("the token's secret is empty")]
    NoSecret,
    #[error(
        "the token's secret holds a character that cannot be sent; it looks like 01234567-89ab-cdef-0123-456789abcdef"
    )]
    Secret,
}

/// `user@realm!name`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenId(String);

impl TokenId {
    /// As Proxmox writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `user@realm`, whose rights bound the token's.
    pub fn user(&self) -> &str {
        self.0.rsplit_once('!').map_or(&self.0, |(user, _)| user)
    }

    /// Its name among the user's tokens: `desktop`.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('!').map_or("", |(_, name)| name)
    }
}

impl FromStr for TokenId {
    type Err = TokenError;

    /// Names by Proxmox's own rules, so that a slip of the pen is found here and not by a 3-second refusal.
    fn from_str(text: &str) -> Result<Self, TokenError> {
        const NAME: &str =
            "it begins with a letter and goes on with letters, digits, '.', '-', '_'";
        let text = text.trim();
        let text = text.strip_prefix("PVEAPIToken=").unwrap_or(text);
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if text.contains('=') {
            return Err(TokenError::HoldsSecret);
        }
        let Some((user, name)) = text.rsplit_once('!') else {
            return Err(match text.contains('@') {
                true => TokenError::NoName(text.to_owned()),
                false => TokenError::NoRealm,
            });
        };
        let Some((login, realm)) = user.rsplit_once('@') else {
            return Err(TokenError::NoRealm);
        };
        let part = |what, value: &str, rule| TokenError::Part {
            what,
            value: value.to_owned(),
            rule,
        };
        if !named(name) {
            return Err(part("the token's name", name, NAME));
        }
        if !named(realm) {
            return Err(part("the realm", realm, NAME));
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | '/' | '!');
        if login.is_empty() || login.contains(odd) || !login.is_ascii() {
            return Err(part(
                "the user",
                login,
                "it has ASCII characters without spaces, ':', '/' or '!'",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

fn named(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A token with its secret, ready to be sent. Debug shows the id alone.
#[derive(Clone)]
pub struct Token {
    id: TokenId,
    secret: SecretString,
}

impl Token {
    /// Surrounding spaces of a pasted secret are dropped.
    pub fn new(id: TokenId, secret: SecretString) -> Result<Self, TokenError> {
        let trimmed = secret.expose_secret().trim();
        if trimmed.is_empty() {
            return Err(TokenError::NoSecret);
        }
        if !trimmed.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TokenError::Secret);
        }
        let secret = SecretString::from(trimmed);
        Ok(Self { id, secret })
    }

    /// Whose token it is.
    pub fn id(&self) -> &TokenId {
        &self.id
    }

    /// The Authorization header, marked so that nothing prints it.
    pub(crate) fn header(&self) -> Result<HeaderValue, TokenError> {
        let text = format!("PVEAPIToken={}={}", self.id, self.secret.expose_secret());
        let mut value = HeaderValue::from_str(&text).map_err(|_| TokenError::Secret)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, TokenError, TokenId};
    use secrecy::SecretString;

    #[test]
    fn takes_ids_by_proxmoxs_rules() {
        for (text, user) in [
            ("redflag@pve!desktop", "redflag@pve"),
            (" root@pam!full\n", "root@pam"),
            ("jo@example.org@ldap-1!a.b_c", "jo@example.org@ldap-1"),
            ("PVEAPIToken=redflag@pve!desktop", "redflag@pve"),
        ] {
            let id: TokenId = text.parse().expect(text);
            assert_eq!(id.user(), user);
        }
    }

    #[test]
    fn says_which_part_of_an_id_is_missing_or_wrong() {
        for (text, expected) in [
            ("", "no token id was given"),
            ("redflag@pve", "looks like redflag@pve!desktop"),
            ("redflag", "realm is missing"),
            ("redflag!desktop", "realm is missing"),
            ("redflag@pve!", "the token's name \"\""),
            ("redflag@pve!1st", "begins with a letter"),
            ("redflag@p ve!desktop", "the realm"),
            ("red flag@pve!desktop", "the user"),
            ("@pve!desktop", "the user"),
        ] {
            let said = text.parse::<TokenId>().unwrap_err().to_string();
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[test]
    fn a_secret_pasted_with_the_id_is_refused_and_not_repeated() {
        let error = "redflag@pve!desktop=0123-secret"
            .parse::<TokenId>()
            .unwrap_err();
        assert_eq!(error, TokenError::HoldsSecret);
        assert!(!format!("{error} {error:?}").contains("0123"));
    }

    #[test]
    fn the_secret_shows_neither_in_debug_nor_in_the_headers_debug_nor_in_errors() {
        let id: TokenId = "redflag@pve!desktop".parse().unwrap();
        let token = Token::new(id.clone(), SecretString::from(" 0123-secret\n")).unwrap();
        assert_eq!(format!("{token:?}"), "Token(redflag@pve!desktop)");
        let header = token.header().unwrap();
        assert!(!format!("{header:?}").contains("secret"));
        assert_eq!(header, "PVEAPIToken=redflag@pve!desktop=0123-secret");
        let error = Token::new(id.clone(), SecretString::from("se\ncret")).unwrap_err();
        assert_eq!(error, TokenError::Secret);
        let swapped = "0123-secret".parse::<TokenId>().unwrap_err();
        assert!(!format!("{swapped} {swapped:?}").contains("0123"));
        let error = Token::new(id, SecretString::from(" ")).unwrap_err();
        assert_eq!(error, TokenError::NoSecret);
    }
}
