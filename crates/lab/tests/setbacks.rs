//! A simulated agent when things go wrong: breaking packages, stops in the middle, a desktop that is away.
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
    guests::{apply_all, installed, small, web},
};
use domain::{operation::UpdateFilter, plan::Allowed};
use lab::{
    scenario::packages,
    world::{Down, machine::Standing},
};
use wire::{Action, Outcome};

#[tokio::test]
async fn a_package_that_breaks_is_reported_with_dpkgs_words() {
    let (lab, house) = (small().await, House::open().await);
    let agent = web(&lab, &house).await;
    lab.guest("small", 100, |g| {
        g.machine.quirks.breaks_on = Some("nginx".into())
    })
    .unwrap();
    let job = apply_all(&lab, &house, agent);
    let Outcome::Failed { problem, result } = house.outcome(agent, job).await else {
        panic!("it worked");
    };
    let result = result.unwrap();
    assert!(
        problem
            .words
            .unwrap()
            .contains("error processing package nginx")
    );
    assert_eq!(result.database_sound, Some(false));
    assert_eq!(result.changes.len(), 1);
    assert_eq!(result.not_done.len(), 2);
}

#[tokio::test]
async fn a_guest_that_stops_in_the_middle_reports_the_interruption_when_it_is_back() {
    let (lab, house) = (small().await, House::open().await);
    let agent = web(&lab, &house).await;
    lab.guest("small", 100, |g| {
        g.machine.quirks.apt_lock = Some("apt (9)".into())
    })
    .unwrap();
    let job = apply_all(&lab, &house, agent);
    house
        .desk
        .until(|s| s.agents[&agent].reports.contains_key(&job).then_some(()))
        .await;
    lab.stop_guest("small", 100).unwrap();
    let sessions = || {
        house.desk.read(|s| {
            let mut all: Vec<String> = s.agents[&agent]
                .check_ins
                .iter()
                .map(|c| c.session.clone())
                .collect();
            all.dedup();
            all.len()
        })
    };
    let before = sessions();
    lab.start_guest("small", 100).unwrap();
    let outcome = house.outcome(agent, job).await;
    assert!(
        matches!(outcome, Outcome::Interrupted { .. }),
        "{outcome:?}"
    );
    house
        .desk
        .until(|s| (s.agents[&agent].check_ins.len() > 2).then_some(()))
        .await;
    assert!(sessions() >= before);
}

#[tokio::test]
async fn a_desktop_that_was_away_gets_the_end_of_the_job_later() {
    let (lab, mut house) = (small().await, House::open().await);
    let agent = web(&lab, &house).await;
    lab.guest("small", 100, |g| {
        g.machine.quirks.apt_lock = Some("apt (9)".into())
    })
    .unwrap();
    let job = apply_all(&lab, &house, agent);
    house
        .desk
        .until(|s| s.agents[&agent].reports.contains_key(&job).then_some(()))
        .await;
    house.stop.cancel();
    lab.guest("small", 100, |g| g.machine.quirks.apt_lock = None)
        .unwrap();
    // The agent goes on alone.
    lab.world()
        .until(|w| {
            w.guest("small", 100).unwrap().machine.packages["openssl"]
                .version
                .starts_with("3.0.17")
        })
        .await;
    house.listen().await;
    assert!(matches!(
        house.outcome(agent, job).await,
        Outcome::Applied { .. }
    ));
}

#[tokio::test]
async fn agents_on_a_dead_node_and_silent_ones_do_not_speak() {
    let (lab, house) = (small().await, House::open().await);
    let agent = web(&lab, &house).await;
    lab.take_down("small", "pve1", Down::NoRoute).unwrap();
    lab.world()
        .until(|w| w.clusters[0].nodes[0].down.is_some())
        .await;
    lab.bring_up("small", "pve1").unwrap();
    lab.silence_agent("small", 100, true).unwrap();
    let job = house.ask(agent, Action::Scan { refresh: false });
    lab.silence_agent("small", 100, false).unwrap();
    assert!(matches!(
        house.outcome(agent, job).await,
        Outcome::Scanned { .. }
    ));
}

#[tokio::test]
async fn certificates_are_renewed_and_revocation_ends_the_agent() {
    let (lab, house) = (small().await, House::open().await);
    house.desk.change(|s| s.renew_after_ms = -1);
    let agent = web(&lab, &house).await;
    house
        .desk
        .until(|s| (s.agents[&agent].renewals == 1).then_some(()))
        .await;
    house
        .desk
        .change(|s| s.agents.get_mut(&agent).unwrap().revoked = true);
    // A long poll that is under way is not cut; the next call is refused.
    lab.stop_guest("small", 100).unwrap();
    lab.start_guest("small", 100).unwrap();
    lab.world()
        .until(|w| {
            let agent = w.guest("small", 100).unwrap().machine.agent.as_ref();
            matches!(agent.map(|a| &a.standing), Some(Standing::Refused { .. }))
        })
        .await;
}

#[tokio::test]
async fn a_plan_that_moved_changes_nothing() {
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
    lab.guest("small", 100, |g| {
        packages::pending(&mut g.machine, &["sudo"])
    })
    .unwrap();
    let before = installed(&lab, "curl");
    let apply = Action::Apply {
        only: UpdateFilter::All,
        allowed: Allowed::default(),
        approved: plan.fingerprint(),
        changes: Vec::new(),
    };
    let job = house.ask(agent, apply);
    let Outcome::PlanMoved { plan: newer } = house.outcome(agent, job).await else {
        panic!("it went on");
    };
    assert_eq!(newer.upgraded.len(), 4);
    assert_eq!(installed(&lab, "curl"), before);
}
