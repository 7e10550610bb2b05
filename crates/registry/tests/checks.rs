//! A fleet's images, asked for together.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

use std::time::Duration;

use domain::{
    Timestamp,
    image::{Digest, ImageState, Origin, Platform},
};
use lab::registry::{Build, Manners, Mood, Registry as Double};
use registry::{Checks, Freshness, Host, Question, Scheme};

const NOW: Timestamp = Timestamp(1_795_386_029_000);
const HOUR_MS: i64 = 3_600_000;

fn checks() -> Checks {
    Checks::new(|name| {
        let host = Host {
            scheme: Scheme::Http,
            patience: Duration::from_secs(5),
            ..Host::new(name)
        };
        (host, None)
    })
}

fn question(double: &Double, name: &str, has: &[&Digest]) -> Question {
    let name = format!("{}/{name}", double.name());
    let repository = name.rsplit_once(':').unwrap().0.split('@').next().unwrap();
    Question {
        reference: name.parse().unwrap(),
        platform: Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        },
        origin: Origin {
            repo_digests: has.iter().map(|d| format!("{repository}@{d}")).collect(),
        },
    }
}

fn heads(double: &Double) -> usize {
    double.asked().iter().filter(|a| a.method == "HEAD").count()
}

#[tokio::test]
async fn an_image_of_many_guests_is_asked_for_once_and_not_again_for_hours() {
    let double = Double::start(Manners::default()).await.unwrap();
    let old = double.push("app", "1", &Build::new("old")).digest;
    let new = double.push("app", "1", &Build::new("new")).digest;
    let checks = checks();
    let mut fleet = vec![question(&double, "app:1", &[&new]); 20];
    fleet.push(question(&double, "app:1", &[&old]));
    let states = checks.check(&fleet, Freshness::Lately, NOW).await;
    assert!(states[..20].iter().all(|c| c.state == ImageState::Current));
    assert_eq!(
        states[20].state,
        ImageState::Update {
            digest: new.clone()
        }
    );
    assert_eq!(states[20].at, Some(NOW));
    // One look at the tag, and, for the one that has another digest, one inside.
    assert_eq!(double.asked().len(), 2);
    let later = NOW.plus_millis(5 * HOUR_MS);
    checks.check(&fleet, Freshness::Lately, later).await;
    assert_eq!(double.asked().len(), 0, "believed for six hours");
    checks
        .check(&fleet, Freshness::Lately, NOW.plus_millis(7 * HOUR_MS))
        .await;
    assert_eq!(heads(&double), 1);
    checks.check(&fleet, Freshness::Now, later).await;
    assert_eq!(heads(&double), 1, "on demand");
}

#[tokio::test]
async fn whoever_comes_later_with_another_digest_is_looked_at_too() {
    let double = Double::start(Manners::default()).await.unwrap();
    let pushed = double.push("app", "1", &Build::new("a"));
    let checks = checks();
    let first = [question(&double, "app:1", &[&pushed.digest])];
    let states = checks.check(&first, Freshness::Lately, NOW).await;
    assert_eq!(states[0].state, ImageState::Current);
    // It was pulled by its platform's own digest.
    let second = [question(&double, "app:1", &[&pushed.platforms[0]])];
    let states = checks.check(&second, Freshness::Lately, NOW).await;
    assert_eq!(states[0].state, ImageState::Current);
    let other = [question(&double, "app:1", &[&pushed.platforms[1]])];
    let states = checks.check(&other, Freshness::Lately, NOW).await;
    assert!(
        matches!(states[0].state, ImageState::Update { .. }),
        "arm64's is another"
    );
}

#[tokio::test]
async fn pinned_and_local_images_are_what_they_are() {
    let double = Double::start(Manners::default()).await.unwrap();
    let pushed = double.push("app", "1", &Build::new("a")).digest;
    let checks = checks();
    let pinned = question(&double, &format!("app:1@{pushed}"), &[&pushed]);
    let bare = Question {
        reference: format!("{}/app@{pushed}", double.name()).parse().unwrap(),
        ..pinned.clone()
    };
    let local = question(&double, "built:1", &[]);
    let all = [pinned, bare, local];
    let states = checks.check(&all, Freshness::Now, NOW).await;
    assert_eq!(states[0].state, ImageState::Pinned { moved: Some(false) });
    assert_eq!(states[1].state, ImageState::Pinned { moved: None });
    assert!(matches!(states[2].state, ImageState::Local { .. }));
    double.push("app", "1", &Build::new("b"));
    let states = checks.check(&all, Freshness::Now, NOW).await;
    assert_eq!(
        states[0].state,
        ImageState::Pinned { moved: Some(true) },
        "never an update"
    );
}

#[tokio::test]
async fn a_refusal_keeps_what_was_known_and_is_no_good_news() {
    let double = Double::start(Manners::default()).await.unwrap();
    let pushed = double.push("app", "1", &Build::new("a")).digest;
    let checks = checks();
    let all = [question(&double, "app:1", &[&pushed])];
    checks.check(&all, Freshness::Now, NOW).await;
    double.behave(Manners {
        mood: Mood::TooMany {
            headers: vec![("retry-after".into(), "600".into())],
        },
        ..Manners::default()
    });
    let later = NOW.plus_millis(HOUR_MS);
    let checked = checks.check(&all, Freshness::Now, later).await.remove(0);
    let ImageState::RateLimited { until, last } = checked.state else {
        panic!("{checked:?}");
    };
    assert_eq!(until, Some(later.plus_millis(600_000)));
    assert_eq!(last.as_deref(), Some(&ImageState::Current));
    assert_eq!(checked.at, Some(NOW), "its age is that of the last answer");
}

#[tokio::test]
async fn a_tag_that_is_gone_is_gone_and_not_current() {
    let double = Double::start(Manners::default()).await.unwrap();
    let pushed = double.push("app", "1", &Build::new("a")).digest;
    let checks = checks();
    let all = [question(&double, "app:1", &[&pushed])];
    checks.check(&all, Freshness::Now, NOW).await;
    double.untag("app", "1");
    let checked = checks.check(&all, Freshness::Now, NOW).await.remove(0);
    assert!(
        matches!(checked.state, ImageState::Gone { .. }),
        "{checked:?}"
    );
    assert_eq!(checked.at, None);
}

#[tokio::test]
async fn one_bad_registry_keeps_nobody_else_waiting() {
    let good = Double::start(Manners::default()).await.unwrap();
    let pushed = good.push("app", "1", &Build::new("a")).digest;
    for mood in [
        Mood::Silent,
        Mood::Page,
        Mood::TooMany {
            headers: Vec::new(),
        },
        Mood::Error {
            status: 500,
            message: "down".into(),
        },
        Mood::Error {
            status: 401,
            message: "no".into(),
        },
    ] {
        let bad = Double::start(Manners {
            mood: mood.clone(),
            ..Manners::default()
        })
        .await
        .unwrap();
        let digest = bad.push("app", "1", &Build::new("b")).digest;
        let mut all: Vec<Question> = (0..50)
            .map(|n| question(&bad, &format!("app{n}:1"), &[&digest]))
            .collect();
        all.push(question(&good, "app:1", &[&pushed]));
        let states = checks().check(&all, Freshness::Now, NOW).await;
        assert_eq!(states[50].state, ImageState::Current, "{mood:?}");
        for checked in &states[..50] {
            let honest = matches!(
                checked.state,
                ImageState::Unknown { .. }
                    | ImageState::RateLimited { .. }
                    | ImageState::NoAccess { .. }
            );
            assert!(honest, "{mood:?}: {checked:?}");
        }
    }
}
