//! All images of a fleet, each asked for once: however many guests use it, whoever else is slow or refuses.

mod cache;
mod tags;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use domain::{
    Timestamp,
    image::{Answered, Checked, Digest, Held, ImageState, Origin, Platform, Reference, compare},
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};

use crate::{Credentials, Failure, Host, InvalidHost, Registry, Standing};
use cache::{Cache, Key};
use tags::Tags;

/// An answer is good for so long, unless somebody wishes otherwise, in milliseconds (six hours).
const GOOD_MS: i64 = 6 * 60 * 60 * 1000;
/// Questions of one registry that wait for their turn there; the registry's own limit is lower as a rule.
const AT_ONCE: usize = 64;

/// One image in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub reference: Reference,
    pub platform: Platform,
    pub origin: Origin,
}

/// Whether what was heard lately is good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    Lately,
    Now,
}

/// How a registry is asked, by its name in references.
type Settings = dyn Fn(&str) -> (Host, Option<Credentials>) + Send + Sync;

/// What a registry is asked, for whom.
struct Wanted<'a> {
    reference: &'a Reference,
    /// The digests that each of those who want to know has.
    known: Vec<Vec<Digest>>,
    /// Their places among the questions.
    places: Vec<usize>,
}

/// Everything that asks registries.
pub struct Checks {
    settings: Box<Settings>,
    registries: Mutex<HashMap<String, Result<Arc<Registry>, InvalidHost>>>,
    cache: Cache,
    tags: Tags,
    /// An answer is good for so long, in milliseconds.
    good: AtomicI64,
}

impl std::fmt::Debug for Checks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checks").finish_non_exhaustive()
    }
}

impl Checks {
    /// Nothing is sent yet.
    pub fn new(
        settings: impl Fn(&str) -> (Host, Option<Credentials>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            settings: Box::new(settings),
            registries: Mutex::default(),
            cache: Cache::default(),
            tags: Tags::default(),
            good: AtomicI64::new(GOOD_MS),
        }
    }

    /// Believes answers so long from now on, in milliseconds.
    pub fn set_good_for(&self, ms: i64) {
        self.good.store(ms, Ordering::Relaxed);
    }

    fn key(&self, question: &Question) -> Key {
        let (_, credentials) = (self.settings)(question.reference.registry());
        Key::of(question, credentials.map(|known| known.user))
    }

    fn registry(&self, name: &str) -> Result<Arc<Registry>, Failure> {
        let mut all = self
            .registries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(name.to_owned()).or_insert_with(|| {
            let (host, credentials) = (self.settings)(name);
            Registry::new(host, credentials).map(Arc::new)
        });
        known.clone().map_err(|error| Failure::Unreachable {
            words: error.to_string(),
        })
    }

    /// How each image stands, in the order of the questions. `now` is this computer's time.
    pub async fn check(
        &self,
        questions: &[Question],
        freshness: Freshness,
        now: Timestamp,
    ) -> Vec<Checked> {
        self.check_each(questions, freshness, now, |_, _| {}).await;
        questions.iter().map(|q| self.state(q, now)).collect()
    }

    /// Tells how each image stands as soon as that is known, by its place among the questions.
    pub async fn check_each(
        &self,
        questions: &[Question],
        freshness: Freshness,
        now: Timestamp,
        heard: impl Fn(usize, Checked) + Send + Sync,
    ) {
        let mut wanted: BTreeMap<Key, Wanted<'_>> = BTreeMap::new();
        for (place, question) in questions.iter().enumerate() {
            if !is_asked(question) {
                heard(place, self.state(question, now));
                continue;
            }
            let known = question.origin.digests_of(&question.reference);
            let wanted = wanted.entry(self.key(question)).or_insert_with(|| Wanted {
                reference: &question.reference,
                known: Vec::new(),
                places: Vec::new(),
            });
            wanted.places.push(place);
            if !wanted.known.contains(&known) {
                wanted.known.push(known);
            }
        }
        let told = |wanted: &Wanted<'_>| {
            for &place in &wanted.places {
                heard(place, self.state(&questions[place], now));
            }
        };
        let good = self.good.load(Ordering::Relaxed);
        wanted.retain(|key, wanted| {
            let fresh = freshness == Freshness::Lately
                && self.cache.is_fresh(key, &wanted.known, now, good);
            if fresh {
                told(wanted);
            }
            !fresh
        });
        // Each registry has a lane of its own: who waits in one keeps nobody in another waiting.
        let mut lanes: BTreeMap<&str, Vec<(&Key, &Wanted<'_>)>> = BTreeMap::new();
        for (key, wanted) in &wanted {
            lanes.entry(key.registry()).or_default().push((key, wanted));
        }
        let told = &told;
        // Boxed, or the compiler cannot see that whoever spawns this may.
        let lanes = lanes.into_iter().map(|(name, lane)| {
            let lane = async move {
                let registry = &self.registry(name);
                let asked = lane.into_iter().map(|(key, wanted)| {
                    let ask = async move {
                        // Who knows the document itself need not know what is inside.
                        let enough =
                            |digest: &Digest| wanted.known.iter().all(|all| all.contains(digest));
                        let outcome = match registry {
                            Ok(registry) => {
                                let held = registry.held(wanted.reference, key.platform(), enough);
                                held.await
                            }
                            Err(failure) => Err(failure.clone()),
                        };
                        self.cache.put(key, &wanted.known, outcome, now);
                        told(wanted);
                    };
                    ask.boxed()
                });
                let asked: Vec<BoxFuture<'_, ()>> = asked.collect();
                stream::iter(asked)
                    .buffer_unordered(AT_ONCE)
                    .collect::<()>()
                    .await;
            };
            lane.boxed()
        });
        let lanes: Vec<BoxFuture<'_, ()>> = lanes.collect();
        futures_util::future::join_all(lanes).await;
    }

    /// Asks a registry by its settings as they are now, and believes nothing that it said before.
    pub fn forget(&self, name: &str) {
        self.registries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
        self.cache.forget(name);
        self.tags.forget(name);
    }

    /// How a registry has answered lately. None when it was not asked since the program was started, or since its
    /// settings changed. `now` is this computer's time.
    pub fn standing(&self, name: &str, now: Timestamp) -> Option<Standing> {
        let all = self
            .registries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match all.get(name)? {
            Ok(registry) => Some(registry.standing(now)),
            Err(error) => Some(Standing {
                trouble: Some(error.to_string()),
                ..Standing::default()
            }),
        }
    }

    /// Everything that registries have said to the purpose and that still counts.
    pub fn answers(&self) -> Vec<Answered> {
        self.cache.answers()
    }

    /// Takes up what an earlier run was told.
    pub fn recall(&self, answers: Vec<Answered>) {
        for answered in answers {
            self.cache.recall(answered);
        }
    }

    /// How an image stands by what is known. Asks nobody.
    pub fn state(&self, question: &Question, now: Timestamp) -> Checked {
        let known = question.origin.digests_of(&question.reference);
        if !is_asked(question) {
            let state = match question.reference.digest() {
                Some(_) => ImageState::Pinned { moved: None },
                None => compare(&question.reference, &question.origin, &nothing(&known)),
            };
            return Checked { state, at: None };
        }
        let seen = |held: &Held| match question.reference.digest() {
            None => compare(&question.reference, &question.origin, held),
            Some(digest) => ImageState::Pinned {
                moved: Some(*digest != held.digest && !held.platform.contains(digest)),
            },
        };
        let entry = self.cache.get(&self.key(question));
        let last = entry.held.as_ref().map(|(held, at)| (seen(held), *at));
        let at = last.as_ref().map(|(_, at)| *at);
        let Some((failure, failed_at)) = entry.failure else {
            let state = last.map_or(ImageState::Unasked, |(state, _)| state);
            return Checked { state, at };
        };
        let last = last.map(|(state, _)| Box::new(state));
        let state = match failure {
            // It did answer, to the purpose.
            Failure::Gone { words } => ImageState::Gone { words },
            Failure::NoAccess { words } => ImageState::NoAccess { words },
            Failure::RateLimited { after, .. } => {
                let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
                let until = Some(failed_at.plus_millis(after)).filter(|until| *until > now);
                ImageState::RateLimited { until, last }
            }
            other => ImageState::Unknown {
                reason: other.to_string(),
                last,
            },
        };
        Checked { state, at }
    }
}

/// Whether a registry can say anything about it: it came from there, or its tag may have moved.
fn is_asked(question: &Question) -> bool {
    match question.reference.digest() {
        Some(_) => question.reference.tag().is_some(),
        None => !question.origin.digests_of(&question.reference).is_empty(),
    }
}

/// For an image that is compared with nothing, since it never came from there.
fn nothing(known: &[Digest]) -> Held {
    Held {
        digest: known
            .first()
            .cloned()
            .unwrap_or_else(|| Digest::sha256([0; 32])),
        platform: Vec::new(),
    }
}
