//! One situation: a registry, what it holds, what a guest has of it, and what RedFlag says.

use std::{fmt::Write as _, time::Duration};

use domain::{
    Timestamp,
    image::{Digest, ImageState, Origin, Platform},
};
use lab::registry::{Build, Manners, Mood, Pushed, Registry as Double};
use registry::{Checks, Credentials, Freshness, Host, Question, Scheme};

pub(crate) const NOW: Timestamp = Timestamp(1_795_386_029_000);
const NAME: &str = "team/app";

/// Where images lie: a scripted registry, or a real one.
pub(crate) trait Shelf {
    /// As references name it.
    fn address(&self) -> String;
    async fn put(&self, repository: &str, tag: &str, build: &Build) -> Pushed;
    async fn take_away(&self, repository: &str, tag: &str, pushed: &Pushed);
    /// From now on it behaves so; a real one behaves as it does.
    fn turn(&self, manners: &Manners);
}

impl Shelf for Double {
    fn address(&self) -> String {
        self.name()
    }

    async fn put(&self, repository: &str, tag: &str, build: &Build) -> Pushed {
        self.push(repository, tag, build)
    }

    async fn take_away(&self, repository: &str, tag: &str, _: &Pushed) {
        self.untag(repository, tag);
    }

    fn turn(&self, manners: &Manners) {
        self.behave(manners.clone());
    }
}

/// What the guest has.
#[derive(Clone, Debug)]
pub(crate) enum Has {
    /// What the tag named when it was pulled.
    Index,
    /// The manifest of its own platform.
    Platform,
    /// The manifest of another platform.
    Foreign,
    /// An older one and the present one.
    Both,
    /// The present one, as another repository gave it.
    Elsewhere,
    /// An older one, and the present one of another repository.
    OldAndElsewhere,
    /// Nothing that came from a registry.
    Nothing,
    /// Its id is the digest, as in containerd's store; the digest is the index's.
    Containerd,
}

/// What happens to the tag after the pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Nothing,
    Moved,
    Deleted,
}

pub(crate) struct Scene {
    /// Behind the registry's name: `team/app:1`. `@` stands for the digest.
    pub(crate) reference: &'static str,
    pub(crate) build: Build,
    pub(crate) has: Has,
    pub(crate) then: Then,
    /// How the registry behaves while it is asked.
    pub(crate) manners: Manners,
    /// It behaved well once before, and was asked then.
    pub(crate) asked_before: bool,
    pub(crate) user: Option<(&'static str, &'static str)>,
    pub(crate) platform: (&'static str, &'static str),
}

impl Scene {
    /// `team/app:1` in an index for two platforms, pulled and unchanged since.
    pub(crate) fn new() -> Self {
        Self {
            reference: "team/app:1",
            build: Build::new("a"),
            has: Has::Index,
            then: Then::Nothing,
            manners: Manners::default(),
            asked_before: false,
            user: None,
            platform: ("amd64", ""),
        }
    }

    fn checks(&self) -> Checks {
        let user = self.user;
        Checks::new(move |name| {
            let host = Host {
                scheme: Scheme::Http,
                patience: Duration::from_secs(2),
                ..Host::new(name)
            };
            let credentials = user.map(|(user, password)| Credentials {
                user: user.to_owned(),
                password: password.to_owned().into(),
            });
            (host, credentials)
        })
    }

    fn origin(&self, registry: &str, pushed: &Pushed) -> Origin {
        let old = Digest::sha256([7; 32]);
        let here = format!("{registry}/{NAME}");
        let there = "ghcr.io/team/app";
        let of = |rows: &[(&str, &Digest)]| Origin {
            repo_digests: rows.iter().map(|(r, d)| format!("{r}@{d}")).collect(),
        };
        let now = &pushed.digest;
        match self.has {
            Has::Index | Has::Containerd => of(&[(&here, now)]),
            Has::Platform => of(&[(&here, &pushed.platforms[0])]),
            Has::Foreign => of(&[(&here, &pushed.platforms[1])]),
            Has::Both => of(&[(&here, &old), (&here, now)]),
            Has::Elsewhere => of(&[(there, now)]),
            Has::OldAndElsewhere => of(&[(&here, &old), (there, now)]),
            Has::Nothing => Origin::default(),
        }
    }

    /// What RedFlag says of the scripted registry.
    pub(crate) async fn answer(&self) -> String {
        let well = Manners {
            mood: Mood::Well,
            ..self.manners.clone()
        };
        self.answer_of(&Double::start(well).await.unwrap()).await
    }

    /// What RedFlag says of a registry, which holds nothing yet.
    pub(crate) async fn answer_of(&self, shelf: &impl Shelf) -> String {
        let pushed = shelf.put(NAME, "1", &self.build).await;
        let reference = self.reference.replace('@', &format!("@{}", pushed.digest));
        let Ok(reference) = format!("{}/{reference}", shelf.address()).parse() else {
            return "no reference".to_owned();
        };
        let question = [Question {
            reference,
            platform: Platform {
                os: "linux".into(),
                architecture: self.platform.0.into(),
                variant: self.platform.1.into(),
            },
            origin: self.origin(&shelf.address(), &pushed),
        }];
        let checks = self.checks();
        if self.asked_before {
            checks.check(&question, Freshness::Now, NOW).await;
        }
        match self.then {
            Then::Nothing => {}
            Then::Moved => drop(shelf.put(NAME, "1", &Build::new("b")).await),
            Then::Deleted => shelf.take_away(NAME, "1", &pushed).await,
        }
        shelf.turn(&self.manners);
        let checked = checks.check(&question, Freshness::Now, NOW).await.remove(0);
        words(&checked.state)
    }
}

/// As the tables have it.
pub(crate) fn words(state: &ImageState) -> String {
    let mut text = match state {
        ImageState::Current => "current",
        ImageState::Update { .. } => "update",
        ImageState::Pinned { moved: Some(true) } => "pinned, its tag has moved",
        ImageState::Pinned { .. } => "pinned",
        ImageState::Local { .. } => "local",
        ImageState::Gone { .. } => "gone",
        ImageState::NoAccess { .. } => "no access",
        ImageState::RateLimited { .. } => "rate-limited",
        ImageState::Unknown { .. } => "unknown",
        ImageState::Unasked => "not asked",
    }
    .to_owned();
    if let ImageState::RateLimited { last, .. } | ImageState::Unknown { last, .. } = state
        && let Some(last) = last
    {
        let _ = write!(text, ", {} before", words(last));
    }
    text
}
