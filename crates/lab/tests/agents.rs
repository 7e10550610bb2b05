//! The whole life of a simulated agent against a real gateway: entered through SSH by the real reach, enrolled,
//! asked to scan, plan and apply, cut off, cancelled, renewed, revoked and removed.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share are tests too"
)]

mod common {
    pub(crate) mod desk;
}

use std::sync::{Arc, Mutex};

use common::desk::House;
use domain::{
    AgentId, Vmid,
    host::HostKey,
    inventory::{Blocked, PackageScan},
    operation::{StepKind as K, UpdateFilter},
};
use lab::{
    Lab, Options, Scenario,
    scenario::packages,
    world::{Down, machine::Standing},
};
use reach::{CommandLog, CommandRecord, Copied, Init, NodeAddress, ReachError, SshNode};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use wire::{Action, Outcome};

#[derive(Default)]
struct Log(Mutex<Vec<CommandRecord>>);

impl CommandLog for Log {
    fn ran(&self, record: &CommandRecord) {
        self.0.lock().unwrap().push(record.clone());
    }
}

async fn small() -> Lab {
    Lab::start(Scenario::small(), Options::quick())
        .await
        .expect("a lab")
}

fn vmid(number: u32) -> Vmid {
    Vmid::try_from(number).expect("in range")
}

/// The sshd of a node as the user would enter it.
fn door(lab: &Lab, node: usize) -> (NodeAddress, HostKey, SecretString) {
    let ssh = lab.facts().clusters[0].nodes[node]
        .ssh
        .as_ref()
        .expect("ssh");
    let address = NodeAddress {
        host: ssh.address.ip().to_string(),
        port: ssh.address.port(),
        user: ssh.user.clone(),
    };
    let key = HostKey {
        algorithm: ssh.algorithm.clone(),
        fingerprint: ssh.host_key.clone(),
    };
    (address, key, ssh.password.clone().into())
}

/// A node of the lab with RedFlag's key in place.
async fn node(lab: &Lab, index: usize) -> SshNode {
    let (address, key, password) = door(lab, index);
    let (private, public) = reach::generate_key().unwrap();
    reach::install_key(&address, &key, password, &public)
        .await
        .unwrap();
    SshNode::new(address, key, private, Arc::new(Log::default()))
}

fn units(lab: &Lab, number: u32) -> usize {
    lab.world().read(|w| {
        let machine = &w.guest("small", number).unwrap().machine;
        machine.files.len() + usize::from(machine.agent.is_some())
    })
}

/// An agent in guest 100, `web`.
async fn web(lab: &Lab, house: &House) -> AgentId {
    lab.install_agent("small", 100, house.bootstrap("one"))
        .unwrap();
    house.enrolled("web").await
}

fn installed(lab: &Lab, package: &str) -> String {
    lab.world().read(|w| {
        w.guest("small", 100).unwrap().machine.packages[package]
            .version
            .clone()
    })
}

#[tokio::test]
async fn the_reach_finds_a_node_as_it_finds_a_real_one() {
    let lab = small().await;
    let (address, key, password) = door(&lab, 0);
    assert_eq!(reach::probe_host_key(&address).await.unwrap(), key);
    let (private, public) = reach::generate_key().unwrap();
    let wrong = reach::install_key(&address, &key, "wrong".to_owned().into(), &public).await;
    assert!(matches!(wrong, Err(ReachError::Auth { .. })), "{wrong:?}");
    let stranger = SshNode::new(
        address.clone(),
        key.clone(),
        private.clone(),
        Arc::new(Log::default()),
    );
    assert!(stranger.hostname().await.is_err());
    reach::install_key(&address, &key, password.clone(), &public)
        .await
        .unwrap();
    reach::install_key(&address, &key, password, &public)
        .await
        .unwrap();
    assert_eq!(
        lab.world()
            .read(|w| w.clusters[0].nodes[0].authorized_keys.len()),
        1
    );

    let log = Arc::new(Log::default());
    let pve1 = SshNode::new(address, key, private.clone(), log.clone());
    assert_eq!(pve1.hostname().await.unwrap(), "pve1");
    assert_eq!(pve1.guests().await.unwrap(), [vmid(100)]);
    let probe = pve1.probe(vmid(100)).await.unwrap();
    assert_eq!(
        (probe.init, probe.root, probe.agent),
        (Init::Systemd, true, None)
    );
    let stopped = pve1.probe(vmid(101)).await;
    assert!(
        matches!(stopped, Err(ReachError::NotRunning { .. })),
        "{stopped:?}"
    );
    // 102 exists, but on the other node.
    let elsewhere = pve1.probe(vmid(102)).await;
    assert!(
        matches!(elsewhere, Err(ReachError::NoSuchGuest { .. })),
        "{elsewhere:?}"
    );
    assert!(log.0.lock().unwrap().len() >= 5);

    // One key opens every node of the cluster.
    let (address, key, _) = door(&lab, 1);
    let pve2 = SshNode::new(address, key, private, Arc::new(Log::default()));
    assert_eq!(pve2.hostname().await.unwrap(), "pve2");
}

#[tokio::test]
async fn a_closed_sshd_refuses_and_another_host_key_shows() {
    let lab = small().await;
    let pve1 = node(&lab, 0).await;
    assert_eq!(pve1.hostname().await.unwrap(), "pve1");
    lab.close_ssh("small", "pve1", true).unwrap();
    let (address, key, _) = door(&lab, 0);
    // The door closes a moment after it was told to.
    while reach::probe_host_key(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let refused = pve1.hostname().await;
    assert!(
        matches!(refused, Err(ReachError::Connect { .. })),
        "{refused:?}"
    );
    let other = lab.change_host_key("small", "pve1").unwrap();
    lab.close_ssh("small", "pve1", false).unwrap();
    let shown = loop {
        if let Ok(shown) = reach::probe_host_key(&address).await {
            break shown;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(shown.fingerprint, other);
    assert_ne!(shown, key);
    let changed = pve1.hostname().await;
    assert!(
        matches!(changed, Err(ReachError::HostKeyChanged { .. })),
        "{changed:?}"
    );
}

#[tokio::test]
async fn an_agent_is_put_in_step_by_step_and_enrols_by_itself() {
    let (lab, house) = (small().await, House::open().await);
    let pve1 = node(&lab, 0).await;
    let binary: Vec<u8> = (0..300_000_u32).map(|n| (n * 7 % 251) as u8).collect();
    let hash: [u8; 32] = Sha256::digest(&binary).into();
    let early = pve1.install(vmid(100)).await;
    assert!(matches!(early, Err(ReachError::Script { .. })), "{early:?}");
    assert_eq!(
        pve1.copy(vmid(100), &binary, hash).await.unwrap(),
        Copied::Copied
    );
    assert_eq!(
        pve1.copy(vmid(100), &binary, hash).await.unwrap(),
        Copied::Same
    );
    let bootstrap = serde_json::to_string(&house.bootstrap("one")).unwrap();
    pve1.configure(vmid(100), bootstrap.into()).await.unwrap();
    pve1.install(vmid(100)).await.unwrap();
    let agent = house.enrolled("web").await;
    pve1.clean(vmid(100)).await.unwrap();
    let probe = pve1.probe(vmid(100)).await.unwrap();
    assert!(probe.agent.unwrap().configured);
    house.desk.read(|s| {
        let known = &s.agents[&agent];
        assert!(known.macs[0].starts_with("bc:24:11:"), "{:?}", known.macs);
        assert_eq!(known.check_ins[0].inventory, None);
        let (_, inventory) = known.inventory.as_ref().unwrap();
        assert_eq!(inventory.os.id, "debian");
        assert_eq!(inventory.addresses, ["10.98.7.100"]);
        let PackageScan::Apt {
            updates, installed, ..
        } = &inventory.packages
        else {
            panic!("{:?}", inventory.packages);
        };
        assert!(*installed > 100);
        assert_eq!(
            updates
                .iter()
                .filter(|u| u.blocked == Some(Blocked::Held))
                .count(),
            1
        );
        assert_eq!(
            (inventory.counts().total, inventory.counts().security),
            (3, 1)
        );
    });
}

#[tokio::test]
async fn an_installation_that_never_enrols_is_cleaned_away() {
    let (lab, house) = (small().await, House::open().await);
    let pve1 = node(&lab, 0).await;
    let binary = b"agent".to_vec();
    pve1.copy(vmid(100), &binary, Sha256::digest(&binary).into())
        .await
        .unwrap();
    let bootstrap = house.bootstrap("spent");
    house.desk.change(|s| s.codes.clear());
    let text = serde_json::to_string(&bootstrap).unwrap();
    pve1.configure(vmid(100), text.into()).await.unwrap();
    pve1.install(vmid(100)).await.unwrap();
    lab.world()
        .until(|w| {
            let agent = w.guest("small", 100).unwrap().machine.agent.as_ref();
            matches!(agent.map(|a| &a.standing), Some(Standing::Refused { .. }))
        })
        .await;
    pve1.clean(vmid(100)).await.unwrap();
    assert_eq!(units(&lab, 100), 0);
}

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
async fn a_plan_that_moved_changes_nothing() {
    let (lab, house) = (small().await, House::open().await);
    let agent = web(&lab, &house).await;
    let job = house.ask(
        agent,
        Action::Plan {
            only: UpdateFilter::All,
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

/// Approves everything that is pending in `web`.
fn apply_all(lab: &Lab, house: &House, agent: AgentId) -> domain::JobId {
    let plan = lab.world().read(|w| {
        lab::guest::apt::plan(&w.guest("small", 100).unwrap().machine, &UpdateFilter::All)
    });
    house.ask(
        agent,
        Action::Apply {
            only: UpdateFilter::All,
            approved: plan.fingerprint(),
            changes: lab::guest::apt::changes(&plan),
        },
    )
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
