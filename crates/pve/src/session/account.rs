//! The role, user and token that RedFlag works with, made by somebody who may.

use secrecy::SecretString;
use serde::{Deserialize, de::IgnoredAny};

use super::{Session, SessionError};
use crate::{
    Error, TokenId,
    envelope::{Asked, Envelope},
    http::Verb,
    path::encoded,
    shell::quoted_if_needed,
};

const USER_COMMENT: &str = "RedFlag (no password, token only)";
const TOKEN_COMMENT: &str = "RedFlag on a desktop";
/// Names tried beside the wished one: `desktop-2`, `desktop-3`, …
const NAMES_TRIED: usize = 99;

/// A token that was just made.
#[derive(Clone, Debug)]
pub struct CreatedToken {
    pub id: TokenId,
    /// Proxmox shows it this once.
    pub secret: SecretString,
    /// What was done, as the `pveum` commands that do the same. Without the secret.
    pub lines: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct TokenRow {
    #[serde(default)]
    tokenid: String,
}

#[derive(Deserialize)]
pub(crate) struct Made {
    value: SecretString,
}

impl Session {
    /// Makes a privilege-separated token of `user` with a `role` of these privileges on `/`, and whatever of role
    /// and user is missing; an existing role is extended. Takes the next free name (`desktop-2`) where `token` is
    /// taken. The login ends with it.
    pub async fn create_token(
        self,
        role: &str,
        user: &str,
        token: &str,
        privileges: &[&str],
    ) -> Result<CreatedToken, SessionError> {
        let mut work = Work {
            session: self,
            done: Vec::new(),
        };
        work.role(role, privileges).await?;
        work.user(user).await?;
        work.grant("users", user, role).await?;
        let (id, secret) = work.token(user, token).await?;
        if let Err(error) = work.grant("tokens", id.as_str(), role).await {
            return Err(work.without_token(&id, error).await);
        }
        Ok(CreatedToken {
            id,
            secret,
            lines: work.done,
        })
    }
}

/// A login, and what it was used for so far.
struct Work {
    session: Session,
    done: Vec<String>,
}

impl Work {
    fn failed(&self, doing: String, error: Error) -> SessionError {
        SessionError::Step {
            doing,
            user: self.session.user.clone(),
            error,
            done: self.done.clone(),
        }
    }

    /// A write of whose answer only the success counts.
    async fn write(&self, verb: Verb, path: &str, form: &[(&str, &str)]) -> Result<(), Error> {
        let answer: Result<Envelope<IgnoredAny>, Error> = self.session.call(verb, path, form).await;
        answer.map(drop)
    }

    async fn role(&mut self, role: &str, privileges: &[&str]) -> Result<(), SessionError> {
        let listed = privileges.join(" ");
        let privs = privileges.join(",");
        let name = quoted_if_needed(role);
        let form = [("roleid", role), ("privs", &privs)];
        let made = self.write(Verb::Post, "/access/roles", &form).await;
        let line = match made {
            Ok(()) => format!("pveum role add {name} --privs \"{listed}\""),
            Err(error) if exists(&error) => {
                let path = format!("/access/roles/{}", encoded(role));
                let form = [("append", "1"), ("privs", &privs)];
                let extended = self.write(Verb::Put, &path, &form).await;
                extended.map_err(|e| self.failed(format!("extending the role {role}"), e))?;
                format!("pveum role modify {name} --append 1 --privs \"{listed}\"")
            }
            Err(error) => return Err(self.failed(format!("making the role {role}"), error)),
        };
        self.done.push(line);
        Ok(())
    }

    async fn user(&mut self, user: &str) -> Result<(), SessionError> {
        let form = [("userid", user), ("comment", USER_COMMENT)];
        match self.write(Verb::Post, "/access/users", &form).await {
            Ok(()) => self.done.push(format!(
                "pveum user add {} --comment \"{USER_COMMENT}\"",
                quoted_if_needed(user)
            )),
            Err(error) if exists(&error) => {}
            Err(error) => return Err(self.failed(format!("making the user {user}"), error)),
        }
        Ok(())
    }

    /// Gives the role on `/` to `whom`, one of the `users` or `tokens`.
    async fn grant(&mut self, kind: &str, whom: &str, role: &str) -> Result<(), SessionError> {
        let form = [
            ("path", "/"),
            ("roles", role),
            (kind, whom),
            ("propagate", "1"),
        ];
        let granted = self.write(Verb::Put, "/access/acl", &form).await;
        granted.map_err(|e| self.failed(format!("giving {whom} the role {role}"), e))?;
        self.done.push(format!(
            "pveum acl modify / --{kind} {} --roles {}",
            quoted_if_needed(whom),
            quoted_if_needed(role)
        ));
        Ok(())
    }

    async fn token(
        &mut self,
        user: &str,
        wish: &str,
    ) -> Result<(TokenId, SecretString), SessionError> {
        let doing = || format!("making a token of {user}");
        let path = format!("/access/users/{}/token", encoded(user));
        let listed = self.session.call(Verb::Get, &path, &[]).await;
        let listed: Envelope<Vec<TokenRow>> = listed.map_err(|e| self.failed(doing(), e))?;
        let taken = listed.data.unwrap_or_default();
        let names = std::iter::once(wish.to_owned())
            .chain((2..=NAMES_TRIED).map(|number| format!("{wish}-{number}")))
            .filter(|name| !taken.iter().any(|row| row.tokenid == *name));
        for name in names {
            let id: TokenId =
                format!("{user}!{name}")
                    .parse()
                    .map_err(|e: crate::TokenError| {
                        self.failed(doing(), Error::Setup(e.to_string()))
                    })?;
            let path = format!("{path}/{}", encoded(&name));
            let form = [("privsep", "1"), ("comment", TOKEN_COMMENT)];
            let asked = Asked {
                address: &self.session.address,
                verb: Verb::Post,
                path: &path,
            };
            let made = match self.session.call(Verb::Post, &path, &form).await {
                Ok(Envelope { data, .. }) => {
                    data.ok_or_else(|| asked.protocol("there is no secret in it"))
                }
                // Somebody else was faster.
                Err(error) if exists(&error) => continue,
                Err(error) => Err(error),
            };
            let Made { value } = made.map_err(|e| self.failed(doing(), e))?;
            self.done.push(format!(
                "pveum user token add {} {} --privsep 1 --comment \"{TOKEN_COMMENT}\"",
                quoted_if_needed(user),
                quoted_if_needed(&name)
            ));
            return Ok((id, value));
        }
        let words = format!("all names from {wish} to {wish}-{NAMES_TRIED} are taken");
        Err(self.failed(doing(), Error::Setup(words)))
    }

    /// Takes a token away whose secret nobody will see.
    async fn without_token(&mut self, id: &TokenId, error: SessionError) -> SessionError {
        let (user, name) = (encoded(id.user()), encoded(id.name()));
        let path = format!("/access/users/{user}/token/{name}");
        let removed = self.write(Verb::Delete, &path, &[]).await;
        match error {
            SessionError::Step {
                doing,
                user,
                error,
                mut done,
            } => {
                if removed.is_ok() {
                    done.pop();
                }
                SessionError::Step {
                    doing,
                    user,
                    error,
                    done,
                }
            }
            other => other,
        }
    }
}

/// Whether it fails because it is there already.
fn exists(error: &Error) -> bool {
    match error {
        Error::Remote {
            message, errors, ..
        } => {
            let says = |words: &str| words.contains("already exists");
            says(message) || errors.values().any(|words| says(words))
        }
        _ => false,
    }
}
