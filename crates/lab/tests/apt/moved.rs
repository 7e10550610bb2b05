//! Plans that do not hold any more when they are to be done, and what a plan foresees: changed configuration files, the
//! engine of Docker, running services.

use domain::{
    operation::UpdateFilter,
    plan::{Allowed, Remedy},
};
use lab::lxc::Deb;
use wire::Outcome;

use super::bench::{Bench, differences, only};

pub(crate) fn first() -> Vec<Deb> {
    vec![
        Deb::new("rf-m-newer", "1.0"),
        Deb::new("rf-m-gone", "1.0"),
        Deb::new("rf-m-late", "1.0"),
    ]
}

pub(crate) fn second() -> Vec<Deb> {
    vec![
        Deb::new("rf-m-newer", "1.1"),
        Deb::new("rf-m-gone", "1.1"),
        Deb::new("rf-m-late", "1.1"),
    ]
}

/// Before anything else: everything is still pending.
pub(crate) async fn all(bench: &Bench<'_>, rest: Vec<Deb>) {
    bench.scan(true).await;
    foreseen(bench).await;
    let newer = Deb::new("rf-m-newer", "1.2");
    let offered: Vec<Deb> = rest.into_iter().chain([newer]).collect();
    moves(bench, "a newer version came", "rf-m-newer", async || {
        bench.offer(offered).await;
        bench.shell("apt-get -qq update").await;
    })
    .await;
    moves(bench, "the package is gone", "rf-m-gone", async || {
        bench.shell("dpkg --remove rf-m-gone 2>/dev/null").await;
    })
    .await;
    moves(bench, "a hold was set", "rf-m-late", async || {
        bench.shell("apt-mark hold rf-m-late >/dev/null").await;
    })
    .await;
}

/// A plan is made, then the guest changes, then it is to be done: nothing happens, and what is so now is told.
async fn moves(
    bench: &Bench<'_>,
    name: &'static str,
    package: &'static str,
    change: impl AsyncFnOnce(),
) {
    let (filter, allowed) = (only(&[package]), Allowed::default());
    let plan = bench.plan(&filter, allowed).await;
    assert_eq!(plan.upgraded.len(), 1, "{name}: {plan:?}");
    change().await;
    let before = bench.installed().await;
    let apply = Bench::approved(&filter, allowed, &plan);
    let outcome = bench.desktop.done(apply).await;
    let changes = differences(&before, &bench.installed().await);
    let got = match outcome {
        Outcome::PlanMoved { plan } => {
            let now: Vec<String> = plan
                .upgraded
                .iter()
                .map(|u| {
                    format!(
                        "{} {}",
                        u.change.package,
                        u.change.to.as_deref().unwrap_or("-")
                    )
                })
                .collect();
            format!("moved, now {now:?}, changed {changes:?}")
        }
        other => format!("{other:?}, changed {changes:?}"),
    };
    let now = if package == "rf-m-newer" {
        "[\"rf-m-newer 1.2\"]"
    } else {
        "[]"
    };
    bench.row(
        "a plan that moved",
        name,
        format!("moved, now {now}, changed {{}}"),
        got,
    );
}

async fn foreseen(bench: &Bench<'_>) {
    let plan = bench.plan(&UpdateFilter::All, Allowed::default()).await;
    bench.row(
        "a changed conffile, foreseen",
        "edited by the administrator",
        "[\"/etc/rf-conf.conf\", \"/etc/rf-m-conf.conf\"]",
        format!("{:?}", plan.conffiles),
    );
    let remedy = |package: &str| plan.kept_back.iter().find(|k| k.package == package)?.remedy;
    bench.row(
        "Docker's engine in an update of everything",
        "containerd.io is installed",
        "left out, Some(Engine)",
        match plan
            .upgraded
            .iter()
            .any(|u| u.change.package == "containerd.io")
        {
            true => "in it".to_owned(),
            false => format!("left out, {:?}", remedy("containerd.io")),
        },
    );
    assert_eq!(remedy("rf-m-taker"), Some(Remedy::Removals), "{plan:?}");
    let engine = Allowed {
        engine: true,
        ..Allowed::default()
    };
    let with = bench.plan(&UpdateFilter::All, engine).await;
    let there = with
        .upgraded
        .iter()
        .any(|u| u.change.package == "containerd.io");
    bench.row(
        "Docker's engine, allowed",
        "containerd.io is installed",
        "true",
        there.to_string(),
    );
    bench.row(
        "Docker's engine by its name",
        "containerd.io is installed",
        "containerd.io:all 1.0 -> 1.1",
        bench.update(only(&["containerd.io"])).await,
    );
}
