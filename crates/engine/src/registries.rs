//! How registries are asked where the usual way is not the right one: another address, no encryption, another authority.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use domain::image::{Reference, RegistrySetting};
use registry::{Checks, Credentials, Freshness, Host, Scheme};
use store::SecretId;

use crate::{Engine, Error, Kind, inner::Inner, operations::account};

/// The setting's name in the store.
const SETTING: &str = "registries";

/// That of how often they are asked, in hours.
const RHYTHM: &str = "imageHours";
/// A week: what is older is worth little.
const LONGEST_HOURS: u32 = 168;
const HOUR_MS: i64 = 3_600_000;

/// What the user set, by the registry's name.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) settings: BTreeMap<String, RegistrySetting>,
    pub(crate) logins: BTreeMap<String, Login>,
}

/// As whom a registry is asked.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) credentials: Credentials,
    /// Where the password is sealed.
    pub(crate) secret: SecretId,
}

/// The user's wishes, shared with whoever asks registries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registries(Arc<Mutex<Wishes>>);

impl Registries {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Wishes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that asks, by these wishes.
    pub(crate) fn checks(&self) -> Checks {
        let all = self.clone();
        Checks::new(move |name| {
            let all = all.lock();
            let login = all.logins.get(name).map(|login| login.credentials.clone());
            (host(name, all.settings.get(name)), login)
        })
    }
}

fn host(name: &str, setting: Option<&RegistrySetting>) -> Host {
    let usual = Host::new(name);
    let Some(setting) = setting else {
        return usual;
    };
    Host {
        mirror: setting.mirror.clone(),
        scheme: match setting.insecure {
            true => Scheme::Http,
            false => Scheme::Https,
        },
        ca_pem: setting.ca_pem.clone(),
        ..usual
    }
}

/// A registry's name as references have it: people also paste addresses.
pub(crate) fn named(text: &str) -> Result<String, Error> {
    let name = text.trim().trim_end_matches('/').to_ascii_lowercase();
    let reference: Option<Reference> = format!("{name}/image").parse().ok();
    let is = reference.is_some_and(|r| r.registry() == name);
    is.then_some(name).ok_or_else(|| {
        Error::new(
            Kind::BadInput,
            format!("{text:?} is no registry as images name it"),
        )
        .next("Write it as it stands in front of the image: docker.io, ghcr.io, registry.lan:5000.")
    })
}

impl Inner {
    /// Reads the settings.
    pub(crate) async fn read_registries(&self) -> Result<(), Error> {
        let hours = self.store.setting(RHYTHM).await?;
        if let Some(hours) = hours.and_then(|text| text.parse().ok()) {
            self.ask_every(hours);
        }
        let Some(text) = self.store.setting(SETTING).await? else {
            return Ok(());
        };
        let all: Vec<RegistrySetting> = serde_json::from_str(&text).map_err(|e| {
            Error::new(
                Kind::Internal,
                "The stored settings of registries are damaged",
            )
            .words(e.to_string())
        })?;
        let all = all
            .into_iter()
            .map(|setting| (setting.name.clone(), setting));
        self.registries.lock().settings = all.collect();
        Ok(())
    }

    fn ask_every(&self, hours: u32) {
        self.images.hours.store(hours, Ordering::Relaxed);
        if hours > 0 {
            let good = i64::from(hours).saturating_mul(HOUR_MS);
            self.images.checks.set_good_for(good);
        }
    }

    async fn store_registries(&self, name: &str) -> Result<(), Error> {
        let all: Vec<RegistrySetting> = {
            let wishes = self.registries.lock();
            wishes.settings.values().cloned().collect()
        };
        let text = serde_json::to_string(&all).map_err(|e| {
            Error::new(Kind::Internal, "Settings cannot be written").words(e.to_string())
        })?;
        self.store.set_setting(SETTING, &text).await?;
        self.ask_anew(name);
        Ok(())
    }

    /// The registry is asked in another way, or as somebody else, from now on: what it said before does not count.
    pub(crate) fn ask_anew(&self, name: &str) {
        self.images.checks.forget(name);
        self.images_came();
    }
}

impl Engine {
    /// Has a registry asked in another way from now on.
    ///
    /// # Errors
    /// [`Kind::BadInput`] for a name, mirror or certificate that is none.
    pub async fn set_registry(&self, setting: RegistrySetting) -> Result<(), Error> {
        let setting = RegistrySetting {
            name: named(&setting.name)?,
            ..setting
        };
        host(&setting.name, Some(&setting)).check().map_err(|e| {
            Error::new(Kind::BadInput, "The registry cannot be asked like this")
                .words(e.to_string())
        })?;
        let name = setting.name.clone();
        let how = format!("{setting:?}");
        let before = {
            let mut wishes = self.0.registries.lock();
            wishes.settings.insert(name.clone(), setting)
        };
        if let Err(error) = self.0.store_registries(&name).await {
            let mut wishes = self.0.registries.lock();
            match before {
                Some(before) => wishes.settings.insert(name, before),
                None => wishes.settings.remove(&name),
            };
            return Err(error);
        }
        self.0
            .audit(&account(), "set registry", &name, &how, "set")
            .await;
        Ok(())
    }

    /// Has a registry asked in the usual way again.
    ///
    /// # Errors
    /// [`Kind::NotFound`].
    pub async fn remove_registry(&self, name: &str) -> Result<(), Error> {
        let before = self.0.registries.lock().settings.remove(name);
        let Some(before) = before else {
            return Err(Error::not_found("The registry"));
        };
        if let Err(error) = self.0.store_registries(name).await {
            let mut wishes = self.0.registries.lock();
            wishes.settings.insert(name.to_owned(), before);
            return Err(error);
        }
        self.0
            .audit(&account(), "remove registry", name, "", "removed")
            .await;
        Ok(())
    }

    /// Has registries asked after so many hours from now on; 0 for on demand only.
    ///
    /// # Errors
    /// [`Kind::BadInput`] for more than a week.
    pub async fn set_image_rhythm(&self, hours: u32) -> Result<(), Error> {
        if hours > LONGEST_HOURS {
            return Err(Error::new(
                Kind::BadInput,
                format!("{hours} hours are more than a week"),
            )
            .next("Choose up to 168 hours, or 0 to ask on demand only."));
        }
        self.0.store.set_setting(RHYTHM, &hours.to_string()).await?;
        self.0.ask_every(hours);
        self.0.images_came();
        Ok(())
    }

    /// Registries are asked after so many hours; 0 for on demand only.
    pub fn image_rhythm(&self) -> u32 {
        self.0.images.hours.load(Ordering::Relaxed)
    }

    /// Asks all registries now, whatever they said lately. Ends when the last one has answered or was given up.
    ///
    /// # Errors
    /// The database.
    pub async fn check_images(&self) -> Result<(), Error> {
        self.0.check_images(Freshness::Now).await
    }
}
