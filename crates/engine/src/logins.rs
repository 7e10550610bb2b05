//! As whom registries are asked: passwords are sealed, and taken over from Docker's and Podman's files only when asked to.

use std::path::PathBuf;

use registry::Credentials;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use store::{SecretId, SecretPurpose};
use zeroize::Zeroizing;

use crate::{
    Engine, Error, Kind,
    inner::Inner,
    operations::account,
    registries::{Login, named},
};

/// The setting's name in the store.
const SETTING: &str = "registryLogins";
/// Where the files lie, below the home folder.
const FILES: [&str; 2] = [".docker/config.json", ".config/containers/auth.json"];

/// How a login is stored.
#[derive(Deserialize, Serialize)]
struct Stored {
    registry: String,
    user: String,
    secret: SecretId,
}

/// A login of Docker's or Podman's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLogin {
    pub registry: String,
    pub user: Option<String>,
    pub file: PathBuf,
    /// Why it cannot be taken over.
    pub problem: Option<String>,
}

impl Inner {
    /// Reads the logins, once the secrets can be read. One that cannot be read leaves the others as they are.
    pub(crate) async fn read_logins(&self) -> Result<(), Error> {
        let Some(text) = self.store.setting(SETTING).await? else {
            return Ok(());
        };
        let all: Vec<Stored> = serde_json::from_str(&text).map_err(|e| {
            Error::new(
                Kind::Internal,
                "The stored logins of registries are damaged",
            )
            .words(e.to_string())
        })?;
        for stored in all {
            match self.vault.reveal(&stored.secret).await {
                Ok(password) => {
                    let login = Login {
                        credentials: Credentials {
                            user: stored.user,
                            password,
                        },
                        secret: stored.secret,
                    };
                    let mut wishes = self.registries.lock();
                    wishes.logins.insert(stored.registry, login);
                }
                Err(error) => {
                    tracing::warn!(registry = stored.registry, %error, "a login cannot be read");
                }
            }
        }
        Ok(())
    }

    async fn store_logins(&self) -> Result<(), Error> {
        let all: Vec<Stored> = {
            let wishes = self.registries.lock();
            let stored = wishes.logins.iter().map(|(registry, login)| Stored {
                registry: registry.clone(),
                user: login.credentials.user.clone(),
                secret: login.secret,
            });
            stored.collect()
        };
        let text = serde_json::to_string(&all).map_err(|e| {
            Error::new(Kind::Internal, "Logins cannot be written").words(e.to_string())
        })?;
        Ok(self.store.set_setting(SETTING, &text).await?)
    }

    /// Replaces a login, or removes it, here and in the store; what no login needs any more is forgotten.
    async fn change_login(&self, registry: &str, login: Option<Login>) -> Result<(), Error> {
        let new = login.as_ref().map(|login| login.secret);
        let swap = |login: Option<Login>| {
            let mut wishes = self.registries.lock();
            match login {
                Some(login) => wishes.logins.insert(registry.to_owned(), login),
                None => wishes.logins.remove(registry),
            }
        };
        let before = swap(login);
        let (over, outcome) = match self.store_logins().await {
            Ok(()) => (before.map(|login| login.secret), Ok(())),
            Err(error) => {
                swap(before);
                (new, Err(error))
            }
        };
        if let Some(secret) = over
            && let Err(error) = self.vault.forget(&secret).await
        {
            tracing::warn!(registry, %error, "a password that is not used any more stays sealed");
        }
        if outcome.is_ok() {
            self.ask_anew(registry);
        }
        outcome
    }

    async fn set_login(&self, registry: &str, credentials: Credentials) -> Result<(), Error> {
        let password = credentials.password.clone();
        let secret = self.vault.keep(SecretPurpose::RegistryPassword, password);
        let login = Login {
            secret: secret.await?,
            credentials,
        };
        self.change_login(registry, Some(login)).await
    }

    /// Every login of the files that are there. What a file as a whole has to say stands for it.
    async fn found_logins(&self) -> Vec<(PathBuf, Result<registry::Login, String>)> {
        let mut all = Vec::new();
        for place in FILES {
            let Some(file) = self.home.as_ref().map(|home| home.join(place)) else {
                continue;
            };
            let text = match tokio::fs::read_to_string(&file).await {
                Ok(text) => Zeroizing::new(text),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    all.push((file, Err(format!("it cannot be read: {error}"))));
                    continue;
                }
            };
            match registry::logins(&text) {
                Ok(found) => all.extend(found.into_iter().map(|login| (file.clone(), Ok(login)))),
                Err(why) => all.push((file, Err(why))),
            }
        }
        all
    }
}

impl Engine {
    /// Has a registry asked as this user from now on.
    ///
    /// # Errors
    /// [`Kind::BadInput`] for a name that is none, [`Kind::Locked`] while the passphrase is missing.
    pub async fn set_login(
        &self,
        registry: &str,
        user: &str,
        password: SecretString,
    ) -> Result<(), Error> {
        let registry = named(registry)?;
        let user = user.trim();
        if user.is_empty() || user.contains(':') || password.expose_secret().is_empty() {
            return Err(Error::new(
                Kind::BadInput,
                "A login has a user, without a colon, and a password",
            ));
        }
        let credentials = Credentials {
            user: user.to_owned(),
            password,
        };
        self.0.set_login(&registry, credentials).await?;
        let how = format!("as {user}");
        self.0
            .audit(&account(), "set registry login", &registry, &how, "set")
            .await;
        Ok(())
    }

    /// Has a registry asked without a login again.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn remove_login(&self, registry: &str) -> Result<(), Error> {
        if !self.0.registries.lock().logins.contains_key(registry) {
            return Err(Error::not_found("The login"));
        }
        self.0.change_login(registry, None).await?;
        self.0
            .audit(&account(), "remove registry login", registry, "", "removed")
            .await;
        Ok(())
    }

    /// The logins in files of Docker and Podman of this computer's user, without their passwords.
    pub async fn found_logins(&self) -> Vec<FoundLogin> {
        let shown = |(file, found): (PathBuf, Result<registry::Login, String>)| match found {
            Ok(login) => FoundLogin {
                registry: login.registry,
                user: login.user,
                file,
                problem: login.credentials.err(),
            },
            Err(why) => FoundLogin {
                registry: String::new(),
                user: None,
                file,
                problem: Some(why),
            },
        };
        self.0.found_logins().await.into_iter().map(shown).collect()
    }

    /// Takes over logins of such files: registry and file of each.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for one that is not there any more, [`Kind::Refused`] for one that cannot be taken over; those
    /// before it are taken.
    pub async fn take_logins(&self, wanted: &[(String, PathBuf)]) -> Result<(), Error> {
        let mut found = self.0.found_logins().await;
        for (registry, file) in wanted {
            let is = |(place, login): &(PathBuf, Result<registry::Login, String>)| {
                place == file && login.as_ref().is_ok_and(|l| l.registry == *registry)
            };
            let at = found.iter().position(is);
            let (_, login) = at
                .map(|at| found.swap_remove(at))
                .ok_or_else(|| Error::not_found("The login"))?;
            let refused = |why: String| {
                Error::new(
                    Kind::Refused,
                    format!("The login for {registry} cannot be taken over"),
                )
                .words(why)
            };
            let credentials = login.and_then(|l| l.credentials).map_err(refused)?;
            let how = format!("as {} from {}", credentials.user, file.display());
            self.0.set_login(registry, credentials).await?;
            self.0
                .audit(&account(), "set registry login", registry, &how, "set")
                .await;
        }
        Ok(())
    }
}
