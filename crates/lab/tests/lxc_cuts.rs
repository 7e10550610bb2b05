//! An update of a real guest whose agent is killed, or whose power is cut, at every step: afterwards the state is told as
//! it is, the package database is sound or can be repaired, and nothing was done twice.
#![cfg(target_os = "linux")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail by panicking"
)]

#[allow(
    clippy::result_large_err,
    dead_code,
    unreachable_pub,
    reason = "the desktop of the agent's own tests, of which a part is used here"
)]
#[path = "../../agent/tests/common/desktop.rs"]
mod desktop;
#[allow(
    dead_code,
    reason = "of what the tests in real guests share a part is used here"
)]
mod house;

use domain::{
    JobId,
    operation::{StepKind, UpdateFilter},
    plan::{Allowed, PackageChange},
};
use house::{House, possible, until};
use lab::lxc::{Deb, GuestPlan, RealGuest};
use wire::{Action, Applied, Outcome};

use desktop::Desktop;

const VMID: u32 = 160;
const STEPS: [StepKind; 5] = [
    StepKind::Preflight,
    StepKind::Download,
    StepKind::Apply,
    StepKind::Verify,
    StepKind::Record,
];
/// Packages of each round: enough to be cut between two of them.
const PACKAGES: [&str; 3] = ["rf-cut-a", "rf-cut-b", "rf-cut-c"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// SIGKILL to every process of the agent, the job's own among them.
    Agent,
    /// The guest stops at once, and is started again.
    Power,
}

#[tokio::test(flavor = "multi_thread")]
async fn lxc_an_update_that_is_cut_off_is_told_as_it_is() {
    if !possible() {
        return;
    }
    let house = House::start(vec![GuestPlan::new(VMID, "cuts")]).await;
    let bench = Bench::prepare(&house).await;
    let full = std::env::var_os("REDFLAG_TEST_FULL").is_some();
    let steps = if full { &STEPS[..] } else { &STEPS[2..3] };
    let mut cuts = 0;
    for cut in [Cut::Agent, Cut::Power] {
        for step in steps {
            bench.round(cut, *step).await;
            cuts += 1;
        }
    }
    eprintln!(
        "{} steps x {} kinds of cuts: {cuts}, each told as dpkg has it",
        steps.len(),
        cuts / steps.len()
    );
    house.nodes.stop().await.unwrap();
}

struct Bench<'a> {
    house: &'a House,
    guest: &'a RealGuest,
    desktop: Desktop,
    /// The version that is offered now; counts up.
    version: std::sync::atomic::AtomicU32,
}

impl<'a> Bench<'a> {
    async fn prepare(house: &'a House) -> Self {
        let bench = Self {
            house,
            guest: house.guest(VMID),
            desktop: house.desktop().await,
            version: 1.into(),
        };
        bench.offer().await;
        let install = format!(
            "apt-get -qq update && apt-get -qq -y install {}",
            PACKAGES.join(" ")
        );
        bench.shell(&install).await;
        house.enrol(VMID, &bench.desktop).await;
        bench
    }

    async fn shell(&self, line: &str) -> String {
        self.guest.shell(line).await.unwrap()
    }

    /// Offers a newer version of everything.
    async fn offer(&self) -> String {
        let next = self
            .version
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let version = format!("{next}.0");
        let debs = PACKAGES.map(|name| Deb::new(name, &version).slow(1));
        let repository = self.house.nodes.repository();
        repository.publish(debs.to_vec()).await.unwrap();
        version
    }

    async fn round(&self, cut: Cut, step: StepKind) {
        let name = format!("{cut:?} at {step:?}");
        let version = self.offer().await;
        let scanned = self.desktop.done(Action::Scan { refresh: true }).await;
        assert!(
            matches!(scanned, Outcome::Scanned { .. }),
            "{name}: {scanned:?}"
        );
        let only = UpdateFilter::Packages {
            names: PACKAGES.map(str::to_owned).to_vec(),
        };
        let allowed = Allowed::default();
        let planned = self
            .desktop
            .done(Action::Plan {
                only: only.clone(),
                allowed,
            })
            .await;
        let Outcome::Planned { plan } = planned else {
            panic!("{name}: {planned:?}");
        };
        assert_eq!(plan.upgraded.len(), PACKAGES.len(), "{name}");
        let changes: Vec<PackageChange> = plan.upgraded.iter().map(|u| u.change.clone()).collect();
        let job = self.desktop.give(Action::Apply {
            only,
            allowed,
            approved: plan.fingerprint(),
            changes: changes.clone(),
        });
        let reached = |m: &mut desktop::Memory| {
            let reports = m.reports.get(&job)?;
            let there = reports
                .values()
                .any(|r| r.step == step || r.outcome.is_some());
            there.then_some(())
        };
        self.desktop.until("the step to be cut", reached).await;
        self.cut(cut).await;
        let outcome = self.desktop.outcome(job).await;
        self.truthful(&name, job, outcome, &changes).await;
        self.once(&name, &version).await;
        self.sound(&name).await;
    }

    async fn cut(&self, cut: Cut) {
        match cut {
            // systemd starts the service again; the job's process is found to be gone then.
            Cut::Agent => {
                self.shell("pkill -KILL redflag-agent; true").await;
            }
            Cut::Power => {
                self.guest.stop().await.unwrap();
                self.guest.start().await.unwrap();
            }
        }
    }

    /// What is told is what dpkg has.
    async fn truthful(&self, name: &str, job: JobId, outcome: Outcome, promised: &[PackageChange]) {
        let list = "dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\\n' rf-cut-a rf-cut-b rf-cut-c";
        let installed = self.shell(list).await;
        let has = |change: &PackageChange| {
            let line = format!("{} {} ", change.package, change.to.as_deref().unwrap());
            installed.lines().any(|l| l.starts_with(&line))
        };
        let done: Vec<&PackageChange> = promised.iter().filter(|c| has(c)).collect();
        let same = |told: &Applied| {
            let told: Vec<&PackageChange> = told.changes.iter().collect();
            told == done
        };
        match &outcome {
            Outcome::Applied { result } => {
                assert!(
                    same(result) && done.len() == promised.len(),
                    "{name}: {outcome:?} {installed}"
                );
            }
            Outcome::Failed { result: None, .. } => {
                assert!(done.is_empty(), "{name}: {outcome:?} {installed}")
            }
            Outcome::Failed {
                result: Some(result),
                ..
            }
            | Outcome::Interrupted {
                result: Some(result),
                ..
            } => assert!(same(result), "{name}: {outcome:?} {installed}"),
            other => panic!("{name}, job {job}: {other:?}"),
        }
    }

    /// dpkg unpacked each package at most once.
    async fn once(&self, name: &str, version: &str) {
        let log = self.shell("cat /var/log/dpkg.log").await;
        for package in PACKAGES {
            let upgrades = log
                .lines()
                .filter(|l| {
                    l.contains(&format!(" upgrade {package}:"))
                        && l.ends_with(&format!(" {version}"))
                })
                .count();
            assert!(upgrades <= 1, "{name}: {package} {upgrades} times");
        }
    }

    /// The package database is sound, or is after its repair; then the rest can be installed.
    async fn sound(&self, name: &str) {
        let audit = self.shell("dpkg --audit").await;
        if !audit.is_empty() {
            let outcome = self.desktop.done(Action::Repair).await;
            assert!(
                matches!(outcome, Outcome::Repaired { .. }),
                "{name}: {outcome:?}"
            );
        }
        until("a sound database", || async {
            let audit = self.shell("dpkg --audit").await;
            audit.is_empty().then_some(())
        })
        .await;
        let rest = format!("apt-get -qq -y install {} >/dev/null", PACKAGES.join(" "));
        self.shell(&rest).await;
    }
}
