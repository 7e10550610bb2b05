//! Cases in which nothing is broken: what is offered, what is left out and why, and what an update then does.

use std::collections::BTreeSet;

use domain::{inventory::Blocked, operation::UpdateFilter, plan::Allowed};
use lab::lxc::Deb;

use super::bench::{Bench, only};

/// Every case's package as it is at the start.
pub(crate) fn first() -> Vec<Deb> {
    vec![
        Deb::new("rf-m-plain", "1.0"),
        Deb::new("rf-m-sec", "1.0"),
        Deb::new("rf-m-hold", "1.0"),
        Deb::new("rf-m-pin", "1.0"),
        Deb::new("rf-m-never", "1.0"),
        Deb::new("rf-m-kept", "1.0"),
        Deb::new("rf-m-taker", "1.0"),
        Deb::new("rf-m-victim", "1.0"),
        Deb::new("rf-m-adds", "1.0"),
        Deb::new("containerd.io", "1.0"),
        Deb::new("rf-m-conf", "1.0").conffile("colour = red\n"),
        Deb::new("rf-m-foreign", "1.0").arch("i386"),
        Deb::new("rf-m-epoch", "9.0"),
        Deb::new("rf-m-tilde", "2.0~rc1-1"),
        Deb::new("rf-m-older", "2.0-1"),
    ]
}

/// What is offered then.
pub(crate) fn second() -> Vec<Deb> {
    vec![
        Deb::new("rf-m-plain", "1.1"),
        Deb::new("rf-m-sec", "1.0+deb12u1").security(),
        Deb::new("rf-m-hold", "1.1"),
        Deb::new("rf-m-pin", "1.1"),
        Deb::new("rf-m-never", "1.1"),
        Deb::new("rf-m-kept", "1.1").depends("rf-m-nowhere"),
        Deb::new("rf-m-taker", "1.1").conflicts("rf-m-victim"),
        Deb::new("rf-m-adds", "1.1").depends("rf-m-added"),
        Deb::new("rf-m-added", "1.0"),
        Deb::new("containerd.io", "1.1"),
        Deb::new("rf-m-conf", "1.1").conffile("colour = green\n"),
        Deb::new("rf-m-foreign", "1.1").arch("i386"),
        Deb::new("rf-m-epoch", "1:1.0"),
        Deb::new("rf-m-tilde", "2.0-1"),
        Deb::new("rf-m-older", "2.0~rc2-1"),
    ]
}

/// What an administrator has done before.
pub(crate) async fn prepare(bench: &Bench<'_>) {
    let prepare = "apt-mark hold rf-m-hold >/dev/null; apt-mark auto rf-m-plain >/dev/null; \
         printf 'Package: rf-m-pin\\nPin: version 1.0\\nPin-Priority: 1001\\n\\n\
         Package: rf-m-never\\nPin: release n=stable\\nPin-Priority: -1\\n' > /etc/apt/preferences.d/lab; \
         echo 'colour = blue' > /etc/rf-m-conf.conf";
    bench.shell(prepare).await;
}

pub(crate) async fn all(bench: &Bench<'_>) {
    scanned(bench).await;
    updated(bench).await;
}

async fn scanned(bench: &Bench<'_>) {
    let scan = bench.scan(true).await;
    let text = |wanted: &dyn Fn(Option<&Blocked>) -> bool| -> BTreeSet<String> {
        let updates = scan.updates.iter().filter(|u| wanted(u.blocked.as_ref()));
        updates
            .map(|u| format!("{}:{} {}", u.package, u.arch, u.candidate))
            .collect()
    };
    let (simulated, listed) = bench.as_apt_says().await;
    assert!(simulated.len() >= 8, "{simulated:?}");
    let open = text(&|blocked| blocked.is_none());
    bench.row(
        "all updates",
        "the whole scan",
        format!("{simulated:?}"),
        format!("{open:?}"),
    );
    let known = text(&|blocked| !matches!(blocked, Some(Blocked::Pinned)));
    bench.row(
        "all upgradable",
        "with held and kept back ones",
        format!("{:?}", named(&listed)),
        format!("{:?}", named(&known)),
    );
    for (name, made, package, expected) in [
        (
            "security suite",
            "offered by stable-security",
            "rf-m-sec",
            "1.0 -> 1.0+deb12u1, security",
        ),
        ("held", "apt-mark hold", "rf-m-hold", "1.0 -> 1.1, held"),
        (
            "pinned to a version",
            "priority 1001",
            "rf-m-pin",
            "1.0 -> 1.1, pinned",
        ),
        (
            "pinned away",
            "priority -1",
            "rf-m-never",
            "1.0 -> 1.1, pinned",
        ),
        ("epoch", "9.0 and 1:1.0", "rf-m-epoch", "9.0 -> 1:1.0"),
        (
            "tilde",
            "2.0~rc1-1 and 2.0-1",
            "rf-m-tilde",
            "2.0~rc1-1 -> 2.0-1",
        ),
        (
            "older by a tilde",
            "2.0-1 and 2.0~rc2-1",
            "rf-m-older",
            "none",
        ),
        (
            "at the cost of another",
            "conflicts with an installed package",
            "rf-m-taker",
            "1.0 -> 1.1, would remove rf-m-victim",
        ),
        (
            "foreign architecture",
            "i386 added",
            "rf-m-foreign",
            "1.0 -> 1.1",
        ),
    ] {
        bench.row(name, made, expected, scan.of(package));
    }
    let kept = scan.of("rf-m-kept");
    bench.row(
        "kept back",
        "depends on what no repository has",
        "1.0 -> 1.1, kept back, names rf-m-nowhere",
        if kept.contains("rf-m-nowhere") {
            kept.split(':').next().unwrap().to_owned() + ", names rf-m-nowhere"
        } else {
            kept
        },
    );
}

/// Without architectures: apt names a package of all architectures after the guest's own in one place.
fn named(lines: &BTreeSet<String>) -> BTreeSet<String> {
    let plain = |line: &String| {
        let (name, version) = line.split_once(' ').unwrap();
        format!("{} {version}", name.split(':').next().unwrap())
    };
    lines.iter().map(plain).collect()
}

async fn updated(bench: &Bench<'_>) {
    for (name, made, package, expected) in [
        (
            "a plain update",
            "installed automatically",
            "rf-m-plain",
            "rf-m-plain:all 1.0 -> 1.1",
        ),
        ("a held one is asked for", "apt-mark hold", "rf-m-hold", ""),
        ("a pinned one is asked for", "priority 1001", "rf-m-pin", ""),
        (
            "a kept back one is asked for",
            "depends on what no repository has",
            "rf-m-kept",
            "",
        ),
        (
            "a new dependency",
            "depends on a new package",
            "rf-m-adds",
            "rf-m-added:all - -> 1.0; rf-m-adds:all 1.0 -> 1.1",
        ),
        (
            "a removal that was not allowed",
            "conflicts with an installed package",
            "rf-m-taker",
            "",
        ),
        (
            "epoch, installed",
            "9.0 to 1:1.0",
            "rf-m-epoch",
            "rf-m-epoch:all 9.0 -> 1:1.0",
        ),
        (
            "tilde, installed",
            "2.0~rc1-1 to 2.0-1",
            "rf-m-tilde",
            "rf-m-tilde:all 2.0~rc1-1 -> 2.0-1",
        ),
        (
            "foreign, installed",
            "i386 added",
            "rf-m-foreign",
            "rf-m-foreign:i386 1.0 -> 1.1",
        ),
        (
            "a changed conffile",
            "edited by the administrator",
            "rf-m-conf",
            "rf-m-conf:all 1.0 -> 1.1; /etc/rf-m-conf.conf.dpkg-dist",
        ),
    ] {
        bench.row(name, made, expected, bench.update(only(&[package])).await);
    }
    let removals = Allowed {
        removals: true,
        ..Allowed::default()
    };
    bench.row(
        "a removal that was allowed",
        "conflicts with an installed package",
        "rf-m-taker:all 1.0 -> 1.1; rf-m-victim:all 1.0 -> -",
        bench.update_with(only(&["rf-m-taker"]), removals).await,
    );
    let own = bench
        .shell("cat /etc/rf-m-conf.conf /etc/rf-m-conf.conf.dpkg-dist")
        .await;
    bench.row(
        "the conffile itself",
        "edited by the administrator",
        "colour = blue\ncolour = green",
        own,
    );
    let automatic = bench.shell("apt-mark showauto rf-m-plain rf-m-added").await;
    bench.row(
        "automatic ones stay so",
        "apt-mark auto",
        "rf-m-added\nrf-m-plain",
        automatic,
    );
    let security = bench.update(UpdateFilter::Security).await;
    bench.row(
        "security alone",
        "stable-security",
        "rf-gamma:all 1.0 -> 1.0+security1; rf-m-sec:all 1.0 -> 1.0+deb12u1",
        security,
    );
}
