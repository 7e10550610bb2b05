//! Container images beside their registries: asked for once for the whole fleet, every few hours and when new ones come.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use domain::{
    GuestId, Timestamp,
    docker::{self, Container, DockerScan, Image, ImageInUse, ImagePlan},
    image::{Checked, ImageState, Reference},
    inventory::Inventory,
    operation::UpdateFilter,
};
use registry::{Checks, Freshness, Question};
use tokio::sync::Notify;

use crate::{
    Error, clock,
    inner::Inner,
    picture::{Guest, Known},
};

/// Between two looks at what is due; what registries said lately is not asked for again.
const LOOK: Duration = Duration::from_secs(10 * 60);
/// Registries are asked after so many hours, unless the user wishes otherwise.
const HOURS: u32 = 6;
/// After an inventory others follow, and what they have in common is asked for once.
const SETTLE: Duration = Duration::from_secs(1);

/// Everything about registries.
#[derive(Debug)]
pub(crate) struct Images {
    pub(crate) checks: Checks,
    /// Images came that nobody may have asked about, or registries are asked in another way.
    wake: Notify,
    /// Registries are asked after so many hours; 0 for on demand only.
    pub(crate) hours: AtomicU32,
}

impl Images {
    pub(crate) fn new(checks: Checks) -> Self {
        Self {
            checks,
            wake: Notify::new(),
            hours: AtomicU32::new(HOURS),
        }
    }
}

/// An image of a guest, with what a registry can be asked about it.
struct Used<'a> {
    socket: &'a str,
    containers: Vec<&'a Container>,
    /// None where its engine has lost it under a running container.
    image: Option<&'a Image>,
}

impl Used<'_> {
    /// None where no registry knows it.
    fn question(&self) -> Option<Question> {
        let image = self.image?;
        Some(Question {
            reference: self.containers.first()?.reference()?,
            platform: image.platform.clone(),
            origin: image.origin.clone(),
        })
    }

    fn state(&self, checks: &Checks, now: Timestamp) -> Checked {
        if let Some(question) = self.question() {
            return checks.state(&question, now);
        }
        let state = match self.image {
            Some(_) => ImageState::Local {
                why: "Its containers name it by its id alone".to_owned(),
            },
            None => ImageState::Unknown {
                reason: "The engine has lost the image of a running container".to_owned(),
                last: None,
            },
        };
        Checked { state, at: None }
    }
}

/// As people write it: `nginx` and `nginx:latest` are one.
fn name_of(container: &Container) -> String {
    let reference = container.reference();
    reference.map_or_else(|| container.image.clone(), |r| r.familiar())
}

/// The images of a guest's containers, by engine, name and id.
fn used(inventory: &Inventory) -> Vec<Used<'_>> {
    let mut all: BTreeMap<(&str, String, &str), Used<'_>> = BTreeMap::new();
    for scan in &inventory.docker {
        let DockerScan::Found {
            engine,
            containers,
            images,
        } = scan
        else {
            continue;
        };
        for container in containers {
            let key = (
                engine.socket.as_str(),
                name_of(container),
                container.image_id.as_str(),
            );
            let used = all.entry(key).or_insert_with(|| Used {
                socket: &engine.socket,
                containers: Vec::new(),
                image: images.iter().find(|image| image.id == container.image_id),
            });
            used.containers.push(container);
        }
    }
    all.into_values().collect()
}

/// How the images of a guest stand by what is known.
pub(crate) fn in_use(inventory: &Inventory, checks: &Checks, now: Timestamp) -> Vec<ImageInUse> {
    let shown = |used: Used<'_>| {
        let first = used.containers.first()?;
        let mut containers: Vec<String> = used.containers.iter().map(|c| c.name.clone()).collect();
        containers.sort();
        Some(ImageInUse {
            socket: used.socket.to_owned(),
            image: name_of(first),
            image_id: first.image_id.clone(),
            platform: used.image.map(|image| image.platform.clone()),
            checked: used.state(checks, now),
            newer: first.reference().and_then(|r| checks.newer(&r)),
            notes: used.image.and_then(|image| docker::notes(&image.about)),
            containers,
        })
    };
    used(inventory).into_iter().filter_map(shown).collect()
}

/// Everything that could be asked, with who wants to know.
fn questions(known: &Known) -> Vec<(GuestId, Question)> {
    let guests = known.guests.iter();
    let reports = guests.filter_map(|(id, guest)| Some((*id, guest.inventory.as_ref()?)));
    let of = |(id, report): (GuestId, &crate::picture::Report)| {
        let questions: Vec<Question> = used(&report.inventory)
            .iter()
            .filter_map(Used::question)
            .collect();
        questions.into_iter().map(move |question| (id, question))
    };
    reports.flat_map(of).collect()
}

/// What an update of a guest's images would do, by what its agent and the registries said last.
pub(crate) fn plan(guest: &Guest, only: &UpdateFilter) -> ImagePlan {
    let Some(report) = &guest.inventory else {
        return ImagePlan::default();
    };
    let scans = &report.inventory.docker;
    let newer = |socket: &str, name: &Reference, id: &str| {
        let name = name.familiar();
        let known = |image: &&ImageInUse| {
            image.socket == socket && image.image == name && image.image_id == id
        };
        match &guest.images.iter().find(known)?.checked.state {
            ImageState::Update { digest } => Some(digest.clone()),
            _ => None,
        }
    };
    let UpdateFilter::Images { names, projects } = only else {
        return docker::plan(scans, newer);
    };
    let of = |wanted: &[String]| {
        docker::plan(scans, |socket, name, id| {
            let wanted = wanted.contains(&name.familiar());
            newer(socket, name, id).filter(|_| wanted)
        })
    };
    let plan = of(names);
    let mut beside = docker::beside(scans, &plan, newer);
    let whole = of(&[names.as_slice(), &beside].concat());
    if *projects {
        return whole;
    }
    // What would be kept is no offer.
    beside.retain(|name| whole.images.iter().any(|image| image.image == *name));
    ImagePlan { beside, ..plan }
}

impl Inner {
    /// A guest's images may be others than before.
    pub(crate) fn images_came(&self) {
        self.images.wake.notify_one();
    }

    /// Takes up what registries said in an earlier run.
    pub(crate) async fn recall_images(&self) {
        match self.store.image_checks().await {
            Ok(answers) => self.images.checks.recall(answers),
            Err(error) => tracing::warn!(%error, "what registries said earlier cannot be read"),
        }
        match self.store.image_tags().await {
            Ok(lists) => self.images.checks.recall_listed(lists),
            Err(error) => tracing::warn!(%error, "tags listed earlier cannot be read"),
        }
        let guests: Vec<GuestId> = self
            .state
            .read(|known| known.guests.keys().copied().collect());
        for guest in guests {
            self.show_images_of(guest);
        }
    }

    /// Asks whatever is due until the program ends.
    pub(crate) async fn keep_checking(self: Arc<Self>) {
        loop {
            let stop = async {
                let wanted = self.images.hours.load(Ordering::Relaxed) > 0;
                if wanted && let Err(error) = self.check_images(Freshness::Lately).await {
                    tracing::warn!(%error, "what registries said is not kept");
                }
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    () = self.images.wake.notified() => tokio::time::sleep(SETTLE).await,
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = stop => {}
            }
        }
    }

    /// Asks about all images of all guests, and which versions there are beside them. What is heard is shown at once.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn check_images(&self, freshness: Freshness) -> Result<(), Error> {
        let (guests, questions): (Vec<GuestId>, Vec<Question>) =
            self.state.read(questions).into_iter().unzip();
        if questions.is_empty() {
            return Ok(());
        }
        let before = self.images.checks.answers();
        let heard = |place: usize, _: Checked| self.show_images_of(guests[place]);
        self.images
            .checks
            .check_each(&questions, freshness, clock::now(), heard)
            .await;
        let after = self.images.checks.answers();
        if after.len() != before.len() || !after.iter().all(|answer| before.contains(answer)) {
            self.store.put_image_checks(&after).await?;
        }
        let references: Vec<Reference> = questions.into_iter().map(|q| q.reference).collect();
        let listed = self
            .images
            .checks
            .list_tags(&references, freshness, clock::now());
        if listed.await {
            guests
                .into_iter()
                .for_each(|guest| self.show_images_of(guest));
            let lists = self.images.checks.listed();
            self.store.put_image_tags(&lists).await?;
        }
        Ok(())
    }

    /// Brings what is shown of a guest's images up to date.
    pub(crate) fn show_images_of(&self, guest: GuestId) {
        let now = clock::now();
        let fresh = self.state.read(|known| {
            let guest = known.guests.get(&guest)?;
            let images = in_use(
                &guest.inventory.as_ref()?.inventory,
                &self.images.checks,
                now,
            );
            (images != guest.images).then_some(images)
        });
        if let Some(images) = fresh {
            self.state.change(|known| {
                if let Some(guest) = known.guests.get_mut(&guest) {
                    guest.images = images;
                }
            });
        }
    }
}
