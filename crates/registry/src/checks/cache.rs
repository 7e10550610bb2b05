//! What registries have answered, and how long that is believed.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{
    Timestamp,
    image::{Answered, Digest, Held, Platform},
};

use super::Question;
use crate::Failure;

/// A refusal for so long (ten minutes): it may be over by then.
const BAD_MS: i64 = 10 * 60 * 1000;

/// One thing to ask: the same image for another platform, in another registry, or as somebody else is another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    registry: String,
    repository: String,
    /// The tag; the digest where there is none.
    version: String,
    platform: Platform,
    /// As whom the registry is asked.
    user: Option<String>,
}

impl Key {
    pub(super) fn of(question: &Question, user: Option<String>) -> Self {
        let reference = &question.reference;
        let version = reference.tag().or(reference.digest().map(Digest::as_str));
        Self {
            registry: reference.registry().to_owned(),
            repository: reference.repository().to_owned(),
            version: version.unwrap_or_default().to_owned(),
            platform: question.platform.clone(),
            user,
        }
    }

    pub(super) fn registry(&self) -> &str {
        &self.registry
    }

    pub(super) fn platform(&self) -> &Platform {
        &self.platform
    }
}

/// What is known of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// The last good answer. A failure does not undo it.
    pub held: Option<(Held, Timestamp)>,
    /// How the last question went, where it went wrong.
    pub failure: Option<(Failure, Timestamp)>,
    /// Whose digests made it unnecessary to look inside; none when somebody looked.
    asked_for: Option<Vec<Vec<Digest>>>,
}

#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<Key, Entry>>);

impl Cache {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, key: &Key) -> Entry {
        self.lock().get(key).cloned().unwrap_or_default()
    }

    pub(super) fn answers(&self) -> Vec<Answered> {
        let all = self.lock();
        let good = all.iter().filter_map(|(key, entry)| {
            let (held, at) = entry.held.clone()?;
            Some(Answered {
                registry: key.registry.clone(),
                repository: key.repository.clone(),
                version: key.version.clone(),
                platform: key.platform.clone(),
                user: key.user.clone(),
                held,
                at,
            })
        });
        good.collect()
    }

    pub(super) fn forget(&self, registry: &str) {
        self.lock().retain(|key, _| key.registry != registry);
    }

    /// An answer of an earlier run; newer ones stay.
    pub(super) fn recall(&self, answered: Answered) {
        let key = Key {
            registry: answered.registry,
            repository: answered.repository,
            version: answered.version,
            platform: answered.platform,
            user: answered.user,
        };
        self.lock().entry(key).or_insert_with(|| Entry {
            // Who was asked for then is not kept: an answer without the inside is asked for again by whoever needs it.
            asked_for: answered.held.platform.is_empty().then(Vec::new),
            held: Some((answered.held, answered.at)),
            failure: None,
        });
    }

    /// Whether what is known answers everybody who has these digests. An answer is good for `good` milliseconds.
    pub(super) fn is_fresh(
        &self,
        key: &Key,
        known: &[Vec<Digest>],
        now: Timestamp,
        good: i64,
    ) -> bool {
        let all = self.lock();
        let Some(entry) = all.get(key) else {
            return false;
        };
        if let Some((failure, at)) = &entry.failure {
            let named = match failure {
                Failure::RateLimited { after, .. } | Failure::Resting { after, .. } => {
                    i64::try_from(after.as_millis()).unwrap_or(BAD_MS)
                }
                _ => BAD_MS,
            };
            return now.since(*at) < named;
        }
        let Some((held, at)) = &entry.held else {
            return false;
        };
        // Somebody with another digest has come since: only a look inside tells.
        let told = entry.asked_for.is_none() || known.iter().all(|all| all.contains(&held.digest));
        now.since(*at) < good && told
    }

    pub(super) fn put(
        &self,
        key: &Key,
        known: &[Vec<Digest>],
        outcome: Result<Held, Failure>,
        now: Timestamp,
    ) {
        let mut all = self.lock();
        let entry = all.entry(key.clone()).or_default();
        match outcome {
            Ok(held) => {
                entry.asked_for = held.platform.is_empty().then(|| known.to_vec());
                entry.held = Some((held, now));
                entry.failure = None;
            }
            Err(failure) => {
                // Nobody has it any more, or may see it: what was known before is no longer so.
                if !failure.is_of_the_registry() {
                    entry.held = None;
                }
                entry.failure = Some((failure, now));
            }
        }
    }
}
