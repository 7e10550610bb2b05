//! Container images over the fleet, and their registries.

use std::{collections::BTreeMap, path::PathBuf};

use domain::GuestId;
use engine::Named;

use crate::{
    App,
    dto::{
        FleetImage, FleetImages, FoundLogin, FoundLogins, ImageUse, Nothing, RegistryRow,
        RemoveLogin, RemoveRegistry, SetImageRhythm, SetLogin, SetRegistry, TakeLogins,
    },
    error::Error,
};

impl App {
    pub(crate) async fn images(&self, _: Nothing) -> Result<FleetImages, Error> {
        let (images, registries, places) = self.engine.fleet_images();
        let image = |found: engine::FleetImage| FleetImage {
            image: found.image,
            registry: found.registry,
            uses: found
                .uses
                .into_iter()
                .filter_map(|found| image_use(found, &places))
                .collect(),
        };
        let registry = |row: engine::RegistryRow| RegistryRow {
            name: row.name,
            setting: row.setting,
            user: row.user,
            images: u32::try_from(row.images).unwrap_or(u32::MAX),
            allowance: row.allowance,
            rests_until: row.rests_until,
            trouble: row.trouble,
        };
        Ok(FleetImages {
            every_hours: self.engine.image_rhythm(),
            images: images.into_iter().map(image).collect(),
            registries: registries.into_iter().map(registry).collect(),
        })
    }

    pub(crate) async fn set_registry(&self, request: SetRegistry) -> Result<Nothing, Error> {
        self.engine.set_registry(request.registry).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn remove_registry(&self, request: RemoveRegistry) -> Result<Nothing, Error> {
        self.engine.remove_registry(&request.name).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn set_login(&self, request: SetLogin) -> Result<Nothing, Error> {
        let password = self.secret(&request.password)?;
        self.engine
            .set_login(&request.registry, &request.user, password)
            .await?;
        self.forget(&request.password);
        Ok(Nothing {})
    }

    pub(crate) async fn remove_login(&self, request: RemoveLogin) -> Result<Nothing, Error> {
        self.engine.remove_login(&request.registry).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn found_logins(&self, _: Nothing) -> Result<FoundLogins, Error> {
        let found = self.engine.found_logins().await;
        let shown = |login: engine::FoundLogin| FoundLogin {
            registry: login.registry,
            user: login.user,
            file: login.file.display().to_string(),
            problem: login.problem,
        };
        Ok(FoundLogins {
            logins: found.into_iter().map(shown).collect(),
        })
    }

    pub(crate) async fn take_logins(&self, request: TakeLogins) -> Result<Nothing, Error> {
        let logins = request.logins.into_iter();
        let wanted: Vec<(String, PathBuf)> = logins
            .map(|login| (login.registry, PathBuf::from(login.file)))
            .collect();
        self.engine.take_logins(&wanted).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn set_image_rhythm(&self, request: SetImageRhythm) -> Result<Nothing, Error> {
        self.engine.set_image_rhythm(request.hours).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn check_images(&self, _: Nothing) -> Result<Nothing, Error> {
        self.engine.check_images().await?;
        Ok(Nothing {})
    }
}

fn image_use(found: engine::ImageUse, places: &BTreeMap<GuestId, Named>) -> Option<ImageUse> {
    let place = places.get(&found.guest)?.clone();
    Some(ImageUse {
        guest: found.guest,
        vmid: place.vmid,
        name: place.name,
        node: place.node,
        cluster: place.cluster,
        in_use: found.in_use,
        old: found.old,
    })
}
