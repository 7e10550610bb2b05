//! What registries in all their manners are asked, and what their answers mean. One scripted registry a case.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

use std::time::Duration;

use domain::{
    Timestamp,
    image::{Held, Platform, Reference},
};
use lab::registry::{Asked, Build, Door, Manners, Mood, Pushed, Registry as Double};
use registry::{Credentials, Failure, Host, Registry, Scheme};

fn platform(architecture: &str) -> Platform {
    Platform {
        os: "linux".into(),
        architecture: architecture.into(),
        variant: String::new(),
    }
}

/// A scripted registry with one image, and RedFlag's side of it.
struct Bench {
    double: Double,
    client: Registry,
    image: Reference,
    pushed: Pushed,
}

fn client(double: &Double, credentials: Option<Credentials>) -> Registry {
    let host = Host {
        scheme: Scheme::Http,
        patience: Duration::from_secs(5),
        ..Host::new(double.name())
    };
    Registry::new(host, credentials).unwrap()
}

fn user(name: &str, password: &str) -> Option<Credentials> {
    Some(Credentials {
        user: name.to_owned(),
        password: password.to_owned().into(),
    })
}

impl Bench {
    async fn new(manners: Manners, build: &Build) -> Self {
        Self::with(manners, build, None).await
    }

    async fn with(manners: Manners, build: &Build, credentials: Option<Credentials>) -> Self {
        let double = Double::start(manners).await.unwrap();
        let pushed = double.push("team/app", "1", build);
        let client = client(&double, credentials);
        let image = format!("{}/team/app:1", double.name()).parse().unwrap();
        Self {
            double,
            client,
            image,
            pushed,
        }
    }

    async fn held(&self) -> Result<Held, Failure> {
        self.client
            .held(&self.image, &platform("amd64"), |_| false)
            .await
    }

    /// Method and last part of the path of everything asked.
    fn asked(&self) -> Vec<String> {
        let short = |asked: Asked| {
            let path = asked.path.split('?').next().unwrap_or_default().to_owned();
            let last = path.rsplit('/').next().unwrap_or_default().to_owned();
            let last = if last.starts_with("sha256:") {
                "digest".to_owned()
            } else {
                last
            };
            format!("{} {last}", asked.method)
        };
        self.double.asked().into_iter().map(short).collect()
    }
}

#[tokio::test]
async fn what_is_known_already_costs_one_head() {
    let bench = Bench::new(Manners::default(), &Build::new("a")).await;
    let known = [bench.pushed.digest.clone()];
    let held = bench
        .client
        .held(&bench.image, &platform("amd64"), |d| known.contains(d))
        .await;
    assert_eq!(held.unwrap().digest, bench.pushed.digest);
    let asked = bench.double.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].method, "HEAD");
    for kind in [
        "oci.image.index",
        "oci.image.manifest",
        "manifest.list.v2",
        "manifest.v2",
    ] {
        assert!(asked[0].accept.contains(kind), "{kind}");
    }
}

#[tokio::test]
async fn the_platforms_own_manifest_is_found_in_every_kind_of_index() {
    let plain = Build::new("a");
    for build in [
        Build {
            docker: true,
            ..plain.clone()
        },
        Build {
            nested: true,
            ..plain.clone()
        },
        Build {
            attested: true,
            ..plain.clone()
        },
        plain,
    ] {
        let bench = Bench::new(Manners::default(), &build).await;
        let held = bench.held().await.unwrap();
        assert_eq!(held.digest, bench.pushed.digest);
        assert_eq!(held.platform, bench.pushed.platforms[..1], "{build:?}");
    }
}

#[tokio::test]
async fn one_manifest_alone_needs_no_look_inside() {
    let build = Build {
        platforms: vec![platform("amd64")],
        bare: true,
        ..Build::new("a")
    };
    let bench = Bench::new(Manners::default(), &build).await;
    assert_eq!(bench.held().await.unwrap().digest, bench.pushed.digest);
    assert_eq!(bench.asked(), ["HEAD 1"]);
}

#[tokio::test]
async fn a_digest_that_is_not_told_is_computed() {
    for manners in [
        Manners {
            no_digest: true,
            ..Manners::default()
        },
        Manners {
            no_head: Some(405),
            ..Manners::default()
        },
        Manners {
            no_head: Some(500),
            ..Manners::default()
        },
        Manners {
            no_type: true,
            ..Manners::default()
        },
    ] {
        let bench = Bench::new(manners.clone(), &Build::new("a")).await;
        let held = bench.held().await.unwrap();
        assert_eq!(held.digest, bench.pushed.digest, "{manners:?}");
        assert_eq!(held.platform, bench.pushed.platforms[..1], "{manners:?}");
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_for_a_repository_and_anew_when_it_is_over() {
    let manners = Manners {
        door: Door::Bearer { user: None },
        ..Manners::default()
    };
    let bench = Bench::new(manners.clone(), &Build::new("a")).await;
    bench.held().await.unwrap();
    assert_eq!(
        bench.asked(),
        ["HEAD 1", "GET token", "HEAD 1", "GET digest"]
    );
    bench.held().await.unwrap();
    assert_eq!(bench.asked(), ["HEAD 1", "GET digest"]);
    // Another repository of the same registry: nobody has to be refused first.
    bench.double.push("team/other", "1", &Build::new("b"));
    let other = format!("{}/team/other:1", bench.double.name())
        .parse()
        .unwrap();
    bench
        .client
        .held(&other, &platform("amd64"), |_| false)
        .await
        .unwrap();
    assert_eq!(bench.asked(), ["GET token", "HEAD 1", "GET digest"]);
    bench.double.behave(Manners {
        token_uses: Some(1),
        ..manners
    });
    bench.held().await.unwrap();
    let asked = bench.asked();
    assert!(asked.contains(&"GET token".to_owned()), "{asked:?}");
}

#[tokio::test]
async fn private_registries_take_the_right_user_and_nobody_else() {
    let door = |basic: bool| match basic {
        true => Door::Basic {
            user: "joe".into(),
            password: "pa55".into(),
        },
        false => Door::Bearer {
            user: Some(("joe".into(), "pa55".into())),
        },
    };
    for basic in [true, false] {
        let manners = Manners {
            door: door(basic),
            ..Manners::default()
        };
        let build = Build::new("a");
        let good = Bench::with(manners.clone(), &build, user("joe", "pa55")).await;
        assert_eq!(good.held().await.unwrap().digest, good.pushed.digest);
        for credentials in [None, user("joe", "wrong")] {
            let bench = Bench::with(manners.clone(), &build, credentials).await;
            let failure = bench.held().await.unwrap_err();
            assert!(matches!(failure, Failure::NoAccess { .. }), "{failure}");
            assert!(bench.asked().len() <= 3, "refusals are not repeated");
        }
    }
}

#[tokio::test]
async fn a_redirect_takes_no_password_along() {
    let other = Double::start(Manners::default()).await.unwrap();
    let pushed = other.push("team/app", "1", &Build::new("a"));
    let manners = Manners {
        door: Door::Basic {
            user: "joe".into(),
            password: "pa55".into(),
        },
        ..Manners::default()
    };
    let bench = Bench::with(manners.clone(), &Build::new("b"), user("joe", "pa55")).await;
    bench.held().await.unwrap();
    bench.double.behave(Manners {
        mood: Mood::Elsewhere {
            base: format!("http://{}", other.name()),
        },
        ..manners
    });
    assert_eq!(bench.held().await.unwrap().digest, pushed.digest);
    let asked = other.asked();
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|a| a.authorization.is_none()), "{asked:?}");
}

#[tokio::test]
async fn refusals_say_what_they_are() {
    let error = |status: u16, message: &str| Mood::Error {
        status,
        message: message.to_owned(),
    };
    let rows = [
        (error(404, "manifest unknown"), "Gone"),
        (error(403, "denied"), "NoAccess"),
        (error(402, "pay first"), "NoAccess"),
        (error(500, "database is down"), "Broken"),
        (error(503, "later"), "Broken"),
        (Mood::Page, "Nonsense"),
    ];
    for (mood, expected) in rows {
        let bench = Bench::new(
            Manners {
                mood: mood.clone(),
                ..Manners::default()
            },
            &Build::new("a"),
        )
        .await;
        let failure = format!("{:?}", bench.held().await.unwrap_err());
        assert!(failure.starts_with(expected), "{mood:?}: {failure}");
    }
}

#[tokio::test]
async fn too_many_questions_end_the_questions_until_the_named_time() {
    let manners = Manners {
        mood: Mood::TooMany {
            headers: vec![("retry-after".into(), "120".into())],
        },
        headers: vec![
            ("ratelimit-limit".into(), "100;w=21600".into()),
            ("ratelimit-remaining".into(), "0;w=21600".into()),
        ],
        ..Manners::default()
    };
    let bench = Bench::new(manners, &Build::new("a")).await;
    for _ in 0..3 {
        let failure = bench.held().await.unwrap_err();
        let Failure::RateLimited { after, .. } = failure else {
            panic!("{failure}");
        };
        assert!((100..=120).contains(&after.as_secs()), "{after:?}");
    }
    assert_eq!(bench.asked().len(), 1, "the first refusal counts for all");
    let now = Timestamp(1_800_000_000_000);
    let standing = bench.client.standing(now);
    let allowance = standing.allowance.unwrap();
    assert_eq!((allowance.limit, allowance.remaining), (100, 0));
    let whole = allowance.whole_at.unwrap().since(allowance.at);
    assert_eq!(whole, 21_600_000, "six hours after it was told");
    let rests = standing.rests_until.unwrap().since(now);
    assert!((100_000..=120_000).contains(&rests), "{rests}");
    assert!(standing.trouble.unwrap().contains("no more questions"));
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_says_nothing_is_left_alone_after_three_questions() {
    let manners = Manners {
        mood: Mood::Silent,
        ..Manners::default()
    };
    let bench = Bench::new(manners, &Build::new("a")).await;
    let mut last = None;
    for _ in 0..10 {
        last = bench.held().await.err();
    }
    assert!(matches!(last, Some(Failure::Resting { .. })), "{last:?}");
    assert!(bench.asked().len() <= 3);
}

#[tokio::test]
async fn nobody_there_is_unreachable_in_plain_words() {
    let bench = Bench::new(Manners::default(), &Build::new("a")).await;
    let name = bench.double.name();
    drop(bench.double);
    // Its port is closed once the server has ended.
    let failure = loop {
        match bench
            .client
            .held(&bench.image, &platform("amd64"), |_| false)
            .await
        {
            Ok(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(failure) => break failure,
        }
    };
    assert!(
        matches!(failure, Failure::Unreachable { .. }),
        "{name}: {failure}"
    );
}

#[tokio::test]
async fn all_pages_of_tags_are_read() {
    let manners = Manners {
        page: Some(2),
        ..Manners::default()
    };
    let bench = Bench::new(manners, &Build::new("a")).await;
    for tag in ["2", "3", "4", "5"] {
        bench.double.push("team/app", tag, &Build::new(tag));
    }
    assert_eq!(
        bench.client.tags(&bench.image).await.unwrap(),
        ["1", "2", "3", "4", "5"]
    );
}
