//! Requests and answers about images over the fleet and their registries.

use domain::{
    GuestId, NodeName, Timestamp, Vmid,
    docker::ImageInUse,
    image::{Allowance, RegistrySetting},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::SecretRef;

dto! {
    /// Every image in use, by name, and every registry that is asked or set, by name.
    struct FleetImages {
        images: Vec<FleetImage>,
        registries: Vec<RegistryRow>,
        /// Registries are asked after so many hours; 0 for on demand only.
        every_hours: u32,
    }
    /// How often registries are asked from now on: 1 to 168 hours, 0 for on demand only.
    struct SetImageRhythm { hours: u32, }
    /// One image of the fleet, by the name that containers give it.
    struct FleetImage {
        image: String,
        /// None where no registry can know it.
        registry: Option<String>,
        uses: Vec<ImageUse>,
    }
    /// An image in one guest.
    struct ImageUse {
        guest: GuestId,
        vmid: Vmid,
        name: String,
        node: NodeName,
        /// Its name.
        cluster: String,
        in_use: ImageInUse,
        /// Known from an earlier time only.
        old: bool,
    }
    /// A registry that images come from, or that was set.
    struct RegistryRow {
        /// As references name it: `docker.io`.
        name: String,
        /// None where it is asked in the usual way.
        setting: Option<RegistrySetting>,
        /// As whom it is asked; the password is sealed and never shown.
        user: Option<String>,
        /// Different images of the fleet that it is asked about.
        images: u32,
        allowance: Option<Allowance>,
        /// It wants to be left alone until then.
        rests_until: Option<Timestamp>,
        /// Why it could not be asked lately, in its own words.
        trouble: Option<String>,
    }
    struct SetRegistry { registry: RegistrySetting, }
    struct RemoveRegistry { name: String, }
    /// As whom a registry is asked from now on.
    struct SetLogin { registry: String, user: String, password: SecretRef, }
    struct RemoveLogin { registry: String, }
    /// Logins in files of Docker and Podman of this computer's user.
    struct FoundLogins { logins: Vec<FoundLogin>, }
    /// One login of a file. The password stays in Rust.
    struct FoundLogin {
        /// Empty where the file as a whole cannot be read.
        registry: String,
        user: Option<String>,
        file: String,
        /// Why it cannot be taken: its password lies with a helper program, say.
        problem: Option<String>,
    }
    /// Logins to take over from files; their passwords are sealed.
    struct TakeLogins { logins: Vec<LoginFrom>, }
    struct LoginFrom { registry: String, file: String, }
}
