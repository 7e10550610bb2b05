//! One situation: a registry, what it holds, what a guest has of it, and what RedFlag says.

use std::{fmt::Write as _, time::Duration};

use domain::{
    Timestamp,
    image::{Digest, ImageState, Origin, Platform},
};
use lab::registry::{Build, Manners, Mood, Pushed, Registry as Double};
use registry::{Checks, Credentials, Freshness, Host, Question, Scheme};

const NOW: Timestamp = Timestamp(1_795_386_029_000);
const NAME: &str = "team/app";

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

    fn origin(&self, double: &Double, pushed: &Pushed) -> Origin {
        let old = Digest::sha256([7; 32]);
        let here = format!("{}/{NAME}", double.name());
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

    /// What RedFlag says, and how often it asked for that.
    pub(crate) async fn answer(&self) -> String {
        let well = Manners {
            mood: Mood::Well,
            ..self.manners.clone()
        };
        let double = Double::start(well).await.unwrap();
        let pushed = double.push(NAME, "1", &self.build);
        let reference = self.reference.replace('@', &format!("@{}", pushed.digest));
        let Ok(reference) = format!("{}/{reference}", double.name()).parse() else {
            return "no reference".to_owned();
        };
        let question = [Question {
            reference,
            platform: Platform {
                os: "linux".into(),
                architecture: self.platform.0.into(),
                variant: self.platform.1.into(),
            },
            origin: self.origin(&double, &pushed),
        }];
        let checks = self.checks();
        if self.asked_before {
            checks.check(&question, Freshness::Now, NOW).await;
        }
        match self.then {
            Then::Nothing => {}
            Then::Moved => drop(double.push(NAME, "1", &Build::new("b"))),
            Then::Deleted => double.untag(NAME, "1"),
        }
        double.behave(self.manners.clone());
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
