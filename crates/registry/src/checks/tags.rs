//! Which tags repositories have, asked for once a day: newer ones beside the one in use.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{
    Timestamp,
    image::{Listed, NewerTags, Reference, tag},
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};

use super::{Checks, Freshness};
use crate::Failure;

/// A list is good for so long, in milliseconds (a day).
const GOOD_MS: i64 = 24 * 60 * 60 * 1000;
/// After a failure so long is waited (an hour).
const BAD_MS: i64 = 60 * 60 * 1000;
/// Lists that are on their way at the same time, over all registries.
const AT_ONCE: usize = 8;

/// Registry and repository.
type Place = (String, String);

#[derive(Debug, Default)]
struct Entry {
    /// The versions among the tags: nothing else is ever newer.
    listed: Option<(Vec<String>, Timestamp)>,
    failed: Option<Timestamp>,
}

#[derive(Debug, Default)]
pub(super) struct Tags(Mutex<HashMap<Place, Entry>>);

fn place(reference: &Reference) -> Place {
    (
        reference.registry().to_owned(),
        reference.repository().to_owned(),
    )
}

impl Tags {
    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn forget(&self, registry: &str) {
        self.lock().retain(|(name, _), _| name != registry);
    }

    fn is_due(&self, place: &Place, freshness: Freshness, now: Timestamp) -> bool {
        let all = self.lock();
        let Some(entry) = all.get(place) else {
            return true;
        };
        let young = |at: Option<Timestamp>, ms: i64| at.is_some_and(|at| now.since(at) < ms);
        let listed = entry.listed.as_ref().map(|(_, at)| *at);
        freshness == Freshness::Now || !(young(listed, GOOD_MS) || young(entry.failed, BAD_MS))
    }

    /// A failure does not undo what was listed before.
    fn put(&self, place: Place, outcome: Result<Vec<String>, Failure>, now: Timestamp) {
        let mut all = self.lock();
        let entry = all.entry(place).or_default();
        match outcome {
            Ok(mut tags) => {
                tags.retain(|tag| tag::is_version(tag));
                *entry = Entry {
                    listed: Some((tags, now)),
                    failed: None,
                };
            }
            Err(_) => entry.failed = Some(now),
        }
    }
}

impl Checks {
    /// Has registries list the tags of these images' repositories, each once, where the tag in use is a version. True when
    /// anything was listed.
    pub async fn list_tags(
        &self,
        references: &[Reference],
        freshness: Freshness,
        now: Timestamp,
    ) -> bool {
        let versions = references
            .iter()
            .filter(|r| r.tag().is_some_and(tag::is_version));
        let mut known = BTreeSet::new();
        let due: Vec<&Reference> = versions
            .filter(|r| known.insert(place(r)) && self.tags.is_due(&place(r), freshness, now))
            .collect();
        let ask = |reference| self.list(reference, now).boxed();
        let asked: Vec<BoxFuture<'_, bool>> = due.into_iter().map(ask).collect();
        let listed: Vec<bool> = stream::iter(asked)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        listed.contains(&true)
    }

    /// Whether a list came.
    async fn list(&self, reference: &Reference, now: Timestamp) -> bool {
        let outcome = match self.registry(reference.registry()) {
            Ok(registry) => registry.tags(reference).await,
            Err(failure) => Err(failure),
        };
        let came = outcome.is_ok();
        self.tags.put(place(reference), outcome, now);
        came
    }

    /// Tags newer than the one in use. None when nobody knows which there are, or it is no version.
    pub fn newer(&self, reference: &Reference) -> Option<NewerTags> {
        let tag = reference.tag().filter(|tag| tag::is_version(tag))?;
        let all = self.tags.lock();
        let (tags, at) = all.get(&place(reference))?.listed.as_ref()?;
        Some(NewerTags {
            newer: tag::newer(tag, tags.iter().map(String::as_str)),
            at: *at,
        })
    }

    /// Everything that was listed.
    pub fn listed(&self) -> Vec<Listed> {
        let all = self.tags.lock();
        let good = all.iter().filter_map(|((registry, repository), entry)| {
            let (tags, at) = entry.listed.clone()?;
            Some(Listed {
                registry: registry.clone(),
                repository: repository.clone(),
                tags,
                at,
            })
        });
        good.collect()
    }

    /// Takes up what was listed in an earlier run.
    pub fn recall_listed(&self, lists: Vec<Listed>) {
        let mut all = self.tags.lock();
        for list in lists {
            let entry = all.entry((list.registry, list.repository)).or_default();
            entry.listed.get_or_insert((list.tags, list.at));
        }
    }
}
