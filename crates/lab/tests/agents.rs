//! A simulated agent's work against a real gateway: scan, plan, apply, cancel, uninstall, and many at once.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common {
    pub(crate) mod desk;
    pub(crate) mod guests;
}

use common::{
    desk::House,
    guests::{apply_all, installed, small, units, web},
};
use domain::{
    operation::{StepKind as K, UpdateFilter},
    plan::Allowed,
};
use lab::{Lab, Options, Scenario, scenario::packages};
use wire::{Action, Outcome};

#[tokio::test]
async fn a_scan_with_refresh_shows_what_was_published_since() {
    let (lab, house) = (small().await, House::open().await);
    let agent = web(&lab, &house).await;
    lab.guest("small", 100, |g| {
        let newer = packages::candidate(&g.machine, "sudo");
        g.machine.publish("sudo", newer);
    })
    .unwrap();
    let count = || {
        house.desk.read(|s| {
            s.agents[&agent]
                .inventory
                .as_ref()
                .unwrap()
                .1
                .counts()
                .total
        })
    };
    let job = house.ask(agent, Action::Scan { refresh: false });
    assert!(matches!(
        house.outcome(agent, job).await,
        Outcome::Scanned { .. }
    ));
    assert_eq!(count(), 3);
    let job = house.ask(agent, Action::Scan { refresh: true });
    let Outcome::Scanned { hash } = house.outcome(agent, job).await else {
        panic!("the scan failed");
    };
    // The inventory came before the end of the job.
    house
        .desk
        .read(|s| assert_eq!(s.agents[&agent].inventory.as_ref().unwrap().0, hash));
    assert_eq!(count(), 4);
    house.desk.read(|s| {
        assert_eq!(s.agents[&agent].steps(job).last(), Some(&K::Scan));
        let log = s.agents[&agent].log(job).join("\n");
        assert!(log.contains("bookworm-security"), "{log}");
    });
}

#[tokio::test]
async fn an_approved_update_changes_the_packages_and_leaves_the_held_one() {
    let (lab, house) = (small().await, House::open().await);
    let agent = web(&lab, &house).await;
    let job = house.ask(
        agent,
        Action::Plan {
            only: UpdateFilter::All,
            allowed: Allowed::default(),
        },
    );
    let Outcome::Planned { plan } = house.outcome(agent, job).await else {
        panic!("no plan");
    };
    assert_eq!(plan.upgraded.len(), 3);
    assert_eq!(plan.kept_back[0].package, "vim-tiny");
    assert!(plan.download > 0 && plan.disk_needed > plan.download);
    assert_eq!(plan.restarts, ["nginx.service"]);
    let before = installed(&lab, "vim-tiny");
    let job = house.ask(
        agent,
        Action::Apply {
            only: UpdateFilter::All,
            allowed: Allowed::default(),
            approved: plan.fingerprint(),
            changes: lab::guest::apt::changes(&plan),
        },
    );
    let Outcome::Applied { result } = house.outcome(agent, job).await else {
        panic!("not applied");
    };
    assert_eq!(result.changes.len(), 3);
    assert!(result.not_done.is_empty());
    assert_eq!(result.database_sound, Some(true));
    assert!(
        result.services.iter().all(|s| s.active),
        "{:?}",
        result.services
    );
    assert_eq!(installed(&lab, "openssl"), "3.0.17-1~deb12u3");
    assert_eq!(installed(&lab, "vim-tiny"), before);
    house.desk.read(|s| {
        let known = &s.agents[&agent];
        assert_eq!(known.inventory.as_ref().unwrap().1.counts().total, 0);
        let log = known.log(job).join("\n");
        for words in [
            "Get:1 ",
            "Fetched ",
            "Unpacking openssl (3.0.17",
            "Setting up nginx (",
            "Processing triggers",
        ] {
            assert!(log.contains(words), "{words} in {log}");
        }
        let percents: Vec<u8> = known.reports[&job]
            .iter()
            .filter_map(|r| r.percent)
            .collect();
        assert!(percents.is_sorted(), "{percents:?}");
        let numbers: Vec<u32> = known.reports[&job].iter().map(|r| r.sequence).collect();
        assert_eq!(
            numbers,
            (1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>()
        );
    });
}

#[tokio::test]
async fn work_waits_for_the_lock_says_who_holds_it_and_can_be_cancelled() {
    let (lab, house) = (small().await, House::open().await);
    let agent = web(&lab, &house).await;
    let lock = |holder: Option<&str>| {
        let holder = holder.map(str::to_owned);
        lab.guest("small", 100, |g| g.machine.quirks.apt_lock = holder)
            .unwrap();
    };
    lock(Some("unattended-upgr (812)"));
    let told = |job| {
        house.desk.until(move |s| {
            let reports = s.agents[&agent].reports.get(&job)?;
            reports.iter().find_map(|r| r.detail.clone())
        })
    };
    let job = apply_all(&lab, &house, agent);
    assert_eq!(told(job).await, "dpkg is locked by unattended-upgr (812)");
    house
        .desk
        .change(|s| s.agents.get_mut(&agent).unwrap().cancel.push(job));
    assert_eq!(
        house.outcome(agent, job).await,
        Outcome::Cancelled { result: None }
    );
    let job = apply_all(&lab, &house, agent);
    told(job).await;
    lock(None);
    assert!(matches!(
        house.outcome(agent, job).await,
        Outcome::Applied { .. }
    ));
}

#[tokio::test]
async fn uninstalling_leaves_nothing_behind() {
    let (lab, house) = (small().await, House::open().await);
    let agent = web(&lab, &house).await;
    let job = house.ask(agent, Action::Uninstall);
    assert_eq!(house.outcome(agent, job).await, Outcome::Uninstalled);
    lab.world()
        .until(|w| w.guest("small", 100).unwrap().machine.agent.is_none())
        .await;
    assert_eq!(units(&lab, 100), 0);
}

#[tokio::test]
async fn a_hundred_agents_enrol_at_once() {
    let lab = Lab::start(Scenario::many(1, 2, 60), Options::quick())
        .await
        .unwrap();
    let house = House::open().await;
    let running: Vec<u32> = lab.world().read(|w| {
        w.clusters[0]
            .guests
            .values()
            .filter(|g| g.running())
            .map(|g| g.vmid)
            .collect()
    });
    assert!(running.len() > 100);
    for number in &running {
        let bootstrap = house.bootstrap(&format!("code-{number}"));
        lab.install_agent("cluster-1", *number, bootstrap).unwrap();
    }
    house
        .desk
        .until(|s| {
            let reported = s.agents.values().filter(|k| k.inventory.is_some()).count();
            (reported == running.len()).then_some(())
        })
        .await;
}
