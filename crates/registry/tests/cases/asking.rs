//! How often a registry is asked, for whom, and where.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{
    Timestamp,
    image::{Digest, Origin, Platform},
};
use lab::registry::{Build, Door, Manners, Mood, Registry as Double};
use registry::{Checks, Credentials, Freshness, Host, Question, Scheme};

use crate::scene::{NOW, words};

const MINUTE_MS: i64 = 60_000;

/// Situation, case, right answer, and the one that was given.
pub(crate) type Row = (&'static str, &'static str, &'static str, String);

fn checks(mirror: Option<String>, known: &Arc<AtomicBool>) -> Checks {
    let known = Arc::clone(known);
    Checks::new(move |name| {
        let host = Host {
            scheme: Scheme::Http,
            patience: Duration::from_secs(2),
            mirror: mirror.clone(),
            ..Host::new(name)
        };
        let credentials = known.load(Ordering::Relaxed).then(|| Credentials {
            user: "joe".to_owned(),
            password: "pa55".to_owned().into(),
        });
        (host, credentials)
    })
}

fn question(registry: &str, architecture: &str, has: &Digest) -> Question {
    let repository = format!("{registry}/team/app");
    Question {
        reference: format!("{repository}:1").parse().unwrap(),
        platform: Platform {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: String::new(),
        },
        origin: Origin {
            repo_digests: vec![format!("{repository}@{has}")],
        },
    }
}

pub(crate) async fn rows() -> Vec<Row> {
    let mut rows = once().await;
    rows.extend(mirrors().await);
    rows
}

/// One answer serves the fleet, as long as it is young and was given to the same asker.
async fn once() -> Vec<Row> {
    let double = Double::start(Manners::default()).await.unwrap();
    let now = double.push("team/app", "1", &Build::new("a")).digest;
    let known = Arc::new(AtomicBool::new(false));
    let checks = checks(None, &known);
    let fleet = vec![question(&double.name(), "amd64", &now); 20];
    let asked = async |questions: &[Question], minutes: i64| {
        let at = Timestamp(NOW.0 + minutes * MINUTE_MS);
        checks.check(questions, Freshness::Lately, at).await;
        double.asked().len().to_string()
    };
    let mut rows: Vec<Row> = vec![
        (
            "cache",
            "20 guests with one image: questions",
            "1",
            asked(&fleet, 0).await,
        ),
        (
            "cache",
            "again after five hours: questions",
            "0",
            asked(&fleet, 5 * 60).await,
        ),
        (
            "cache",
            "again after seven hours: questions",
            "1",
            asked(&fleet, 7 * 60).await,
        ),
    ];
    let other = [question(&double.name(), "arm64", &now)];
    rows.push((
        "cache",
        "for another platform: questions",
        "1",
        asked(&other, 7 * 60).await,
    ));
    known.store(true, Ordering::Relaxed);
    rows.push((
        "cache",
        "as somebody else: questions",
        "1",
        asked(&fleet, 7 * 60).await,
    ));
    double.behave(Manners {
        mood: Mood::Error {
            status: 403,
            message: "denied".into(),
        },
        ..Manners::default()
    });
    checks
        .check(
            &fleet,
            Freshness::Now,
            Timestamp(NOW.0 + 8 * 60 * MINUTE_MS),
        )
        .await;
    double.asked();
    double.behave(Manners::default());
    rows.push((
        "cache",
        "five minutes after a refusal: questions",
        "0",
        asked(&fleet, 8 * 60 + 5).await,
    ));
    rows.push((
        "cache",
        "eleven minutes after it: questions",
        "1",
        asked(&fleet, 8 * 60 + 11).await,
    ));
    rows
}

/// A mirror is asked in the registry's place; what it says is all that is known.
async fn mirrors() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let nobody = Arc::new(AtomicBool::new(false));
    let mirror = Double::start(Manners::default()).await.unwrap();
    let old = mirror.push("team/app", "1", &Build::new("a")).digest;
    let of_mirror = checks(Some(mirror.name()), &nobody);
    let here = [question("registry.example", "amd64", &old)];
    let say = async |checks: &Checks, questions: &[Question]| {
        let checked = checks.check(questions, Freshness::Now, NOW).await;
        words(&checked[0].state)
    };
    rows.push((
        "mirrors",
        "it has what the guest has",
        "current",
        say(&of_mirror, &here).await,
    ));
    mirror.push("team/app", "1", &Build::new("b"));
    rows.push((
        "mirrors",
        "its tag has moved",
        "update",
        say(&of_mirror, &here).await,
    ));
    mirror.behave(Manners {
        door: Door::Basic {
            user: "joe".into(),
            password: "pa55".into(),
        },
        ..Manners::default()
    });
    rows.push((
        "mirrors",
        "it wants to know who asks",
        "no access",
        say(&of_mirror, &here).await,
    ));
    let gone = mirror.name();
    drop(mirror);
    let of_nobody = checks(Some(gone), &nobody);
    rows.push((
        "mirrors",
        "it is down, never asked before",
        "unknown",
        say(&of_nobody, &here).await,
    ));
    rows
}
