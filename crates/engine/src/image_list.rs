//! Every image of the whole fleet by its name, and the registries that they come from.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    GuestId, Timestamp,
    docker::ImageInUse,
    image::{Allowance, Reference, RegistrySetting},
};
use registry::Standing;

use crate::{
    Engine, Named, clock,
    picture::{Guest, Known},
};

/// An image in one guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUse {
    pub guest: GuestId,
    pub in_use: ImageInUse,
    /// Known from an earlier time only.
    pub old: bool,
}

/// One image of the fleet, by the name that containers give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetImage {
    pub image: String,
    /// None where no registry can know it.
    pub registry: Option<String>,
    /// By cluster, node and VMID.
    pub uses: Vec<ImageUse>,
}

/// A registry that images come from, or that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryRow {
    pub name: String,
    pub setting: Option<RegistrySetting>,
    pub user: Option<String>,
    /// Different images of the fleet that it is asked about.
    pub images: usize,
    pub allowance: Option<Allowance>,
    pub rests_until: Option<Timestamp>,
    pub trouble: Option<String>,
}

impl Known {
    /// All images in use, by name.
    fn images(&self, now: Timestamp) -> Vec<FleetImage> {
        let mut guests: Vec<&Guest> = self.guests.values().collect();
        guests.sort_by_key(|g| (g.record.cluster, g.record.node.clone(), g.record.vmid));
        let mut all: BTreeMap<&str, Vec<ImageUse>> = BTreeMap::new();
        for guest in guests {
            let old = self.is_old(guest, now);
            for in_use in &guest.images {
                let uses = all.entry(&in_use.image).or_default();
                uses.push(ImageUse {
                    guest: guest.record.id,
                    in_use: in_use.clone(),
                    old,
                });
            }
        }
        let named = |(image, uses): (&str, Vec<ImageUse>)| FleetImage {
            image: image.to_owned(),
            registry: registry_of(image),
            uses,
        };
        all.into_iter().map(named).collect()
    }
}

fn registry_of(image: &str) -> Option<String> {
    let reference: Reference = image.parse().ok()?;
    Some(reference.registry().to_owned())
}

impl Engine {
    /// All images in use by name, the registries by name, and what the guests are called.
    pub fn fleet_images(&self) -> (Vec<FleetImage>, Vec<RegistryRow>, BTreeMap<GuestId, Named>) {
        let now = clock::now();
        let (images, places) = self.0.state.read(|known| {
            let images = known.images(now);
            let guests = images.iter().flat_map(|i| &i.uses).map(|u| u.guest);
            let places = guests
                .filter_map(|id| Some((id, known.named(id)?)))
                .collect();
            (images, places)
        });
        let registries = self.registry_rows(&images, now);
        (images, registries, places)
    }

    fn registry_rows(&self, images: &[FleetImage], now: Timestamp) -> Vec<RegistryRow> {
        let mut used: BTreeMap<&str, usize> = BTreeMap::new();
        for name in images.iter().filter_map(|image| image.registry.as_deref()) {
            *used.entry(name).or_default() += 1;
        }
        let wishes = self.0.registries.lock();
        let mut names: BTreeSet<&str> = used.keys().copied().collect();
        names.extend(wishes.settings.keys().map(String::as_str));
        names.extend(wishes.logins.keys().map(String::as_str));
        let row = |name: &str| {
            let standing: Standing = self.0.images.checks.standing(name, now).unwrap_or_default();
            let login = wishes.logins.get(name);
            RegistryRow {
                name: name.to_owned(),
                setting: wishes.settings.get(name).cloned(),
                user: login.map(|login| login.credentials.user.clone()),
                images: used.get(name).copied().unwrap_or_default(),
                allowance: standing.allowance,
                rests_until: standing.rests_until,
                trouble: standing.trouble,
            }
        };
        names.into_iter().map(row).collect()
    }
}
