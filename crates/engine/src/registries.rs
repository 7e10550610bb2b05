//! How registries are asked where the usual way is not the right one: another address, no encryption, another authority.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::image::{ImageState, RegistrySetting};
use registry::{Checks, Freshness, Host, Scheme};

use crate::{Engine, Error, Kind, inner::Inner, operations::account};

/// The setting's name in the store.
const SETTING: &str = "registries";

/// The user's settings by the registry's name, shared with whoever asks registries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registries(Arc<Mutex<BTreeMap<String, RegistrySetting>>>);

impl Registries {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, RegistrySetting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that asks, by these settings.
    pub(crate) fn checks(&self) -> Checks {
        let all = self.clone();
        Checks::new(move |name| (host(name, all.lock().get(name)), None))
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

impl Inner {
    /// Reads the settings.
    pub(crate) async fn read_registries(&self) -> Result<(), Error> {
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
        *self.registries.lock() = all.collect();
        Ok(())
    }

    async fn store_registries(&self, name: &str) -> Result<(), Error> {
        let all: Vec<RegistrySetting> = self.registries.lock().values().cloned().collect();
        let text = serde_json::to_string(&all).map_err(|e| {
            Error::new(Kind::Internal, "Settings cannot be written").words(e.to_string())
        })?;
        self.store.set_setting(SETTING, &text).await?;
        self.images.checks.forget(name);
        self.images_came();
        Ok(())
    }
}

impl Engine {
    /// The registries that are asked in another way than usual, by name.
    pub fn registries(&self) -> Vec<RegistrySetting> {
        self.0.registries.lock().values().cloned().collect()
    }

    /// Has a registry asked in another way from now on.
    ///
    /// # Errors
    /// [`Kind::BadInput`] for a name, mirror or certificate that is none.
    pub async fn set_registry(&self, setting: RegistrySetting) -> Result<(), Error> {
        host(&setting.name, Some(&setting)).check().map_err(|e| {
            Error::new(Kind::BadInput, "The registry cannot be asked like this")
                .words(e.to_string())
        })?;
        let name = setting.name.clone();
        let how = format!("{setting:?}");
        let before = self.0.registries.lock().insert(name.clone(), setting);
        if let Err(error) = self.0.store_registries(&name).await {
            let mut all = self.0.registries.lock();
            match before {
                Some(before) => all.insert(name, before),
                None => all.remove(&name),
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
        let before = self.0.registries.lock().remove(name);
        let Some(before) = before else {
            return Err(Error::not_found("The registry"));
        };
        if let Err(error) = self.0.store_registries(name).await {
            self.0.registries.lock().insert(name.to_owned(), before);
            return Err(error);
        }
        self.0
            .audit(&account(), "remove registry", name, "", "removed")
            .await;
        Ok(())
    }

    /// Asks all registries now, whatever they said lately. Ends when the last one has answered or was given up.
    ///
    /// # Errors
    /// The database.
    pub async fn check_images(&self) -> Result<(), Error> {
        self.0.check_images(Freshness::Now).await
    }
}

/// Whether nobody could say how an image stands.
pub(crate) fn is_unclear(state: &ImageState) -> bool {
    match state {
        ImageState::Gone { .. }
        | ImageState::NoAccess { .. }
        | ImageState::RateLimited { .. }
        | ImageState::Unknown { .. } => true,
        ImageState::Current
        | ImageState::Update { .. }
        | ImageState::Pinned { .. }
        | ImageState::Local { .. } => false,
    }
}
