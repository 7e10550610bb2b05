//! Container images and their registries.

use crate::{
    App,
    dto::{Nothing, Registries, RemoveRegistry, SetRegistry},
    error::Error,
};

impl App {
    pub(crate) async fn registries(&self, _: Nothing) -> Result<Registries, Error> {
        Ok(Registries {
            registries: self.engine.registries(),
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

    pub(crate) async fn check_images(&self, _: Nothing) -> Result<Nothing, Error> {
        self.engine.check_images().await?;
        Ok(Nothing {})
    }
}
