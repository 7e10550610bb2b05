//! Requests and answers about registries.

use domain::image::RegistrySetting;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

dto! {
    /// The registries that are asked in another way than usual.
    struct Registries { registries: Vec<RegistrySetting>, }
    struct SetRegistry { registry: RegistrySetting, }
    struct RemoveRegistry { name: String, }
}
