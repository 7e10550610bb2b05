//! One guest with its agent and its desktop, what apt and dpkg say in it, and the table of cases.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::{Arc, Mutex},
};

use domain::{
    inventory::{Blocked, PackageScan, Repository, Update},
    operation::UpdateFilter,
    plan::{Allowed, GuestPlan, PackageChange},
};
use lab::lxc::{Deb, RealGuest, Repository as Packages};
use wire::{Action, Outcome};

use crate::{desktop::Desktop, house::House};

struct Row {
    name: &'static str,
    made: &'static str,
    expected: String,
    got: String,
}

pub(crate) struct Bench<'a> {
    house: &'a House,
    pub(crate) guest: &'a RealGuest,
    pub(crate) desktop: Desktop,
    rows: Mutex<Vec<Row>>,
}

/// Installed packages as dpkg names them: `name:arch version`.
pub(crate) type Installed = BTreeMap<String, String>;

/// What a scan gave.
pub(crate) struct Scan {
    pub(crate) updates: Vec<Arc<Update>>,
    pub(crate) repositories: Vec<Repository>,
    pub(crate) lists_at: Option<domain::Timestamp>,
    pub(crate) interrupted: Option<String>,
}

impl Scan {
    /// `1.0 -> 2.0`, with what is special about it; `none` where the package has no update.
    pub(crate) fn of(&self, package: &str) -> String {
        let mut found = self.updates.iter().filter(|u| u.package == package);
        let Some(update) = found.next() else {
            return "none".to_owned();
        };
        let mut text = format!("{} -> {}", update.installed, update.candidate);
        if update.severity.is_security() {
            text.push_str(", security");
        }
        match &update.blocked {
            None => {}
            Some(Blocked::Held) => text.push_str(", held"),
            Some(Blocked::Pinned) => text.push_str(", pinned"),
            Some(Blocked::Phased) => text.push_str(", phased"),
            Some(Blocked::Removes { packages }) => {
                let _ = write!(text, ", would remove {}", packages.join(" "));
            }
            Some(Blocked::KeptBack { why }) => {
                let _ = write!(text, ", kept back: {why}");
            }
        }
        assert!(found.next().is_none(), "{package} is named twice");
        text
    }
}

impl<'a> Bench<'a> {
    /// Installs the first versions of all cases' packages with apt, offers the second ones, and puts the agent in.
    pub(crate) async fn prepare(house: &'a House, desktop: Desktop, number: u32) -> Self {
        let guest = house.guest(number);
        let bench = Self {
            house,
            guest,
            desktop,
            rows: Mutex::default(),
        };
        let first: Vec<Deb> = [
            super::plain::first(),
            super::moved::first(),
            super::troubled::first(),
        ]
        .concat();
        let names: Vec<String> = first
            .iter()
            .map(|package| format!("{}={}", package.name, package.version))
            .collect();
        bench.offer(first).await;
        let install = format!(
            "dpkg --add-architecture i386; apt-get -qq update && apt-get -qq -y install {}",
            names
                .join(" ")
                .replace("rf-m-foreign=", "rf-m-foreign:i386=")
        );
        bench.shell(&install).await;
        bench.offer(second()).await;
        house.enrol(number, &bench.desktop).await;
        bench
    }

    pub(crate) fn repository(&self) -> &Packages {
        self.house.nodes.repository()
    }

    pub(crate) async fn offer(&self, packages: Vec<Deb>) {
        self.repository().publish(packages).await.unwrap();
    }

    pub(crate) async fn shell(&self, line: &str) -> String {
        self.guest.shell(line).await.unwrap()
    }

    /// Notes a case; whether it went well is judged at the end, so that one run shows all.
    pub(crate) fn row(
        &self,
        name: &'static str,
        made: &'static str,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) {
        let (expected, got) = (in_a_line(&expected.into()), in_a_line(&got.into()));
        self.rows.lock().unwrap().push(Row {
            name,
            made,
            expected,
            got,
        });
    }

    /// Prints the table and fails if a case went otherwise than it must.
    pub(crate) fn finish(&self, release: &str) {
        let rows = self.rows.lock().unwrap();
        let mut table = format!("{release}: {} cases\n", rows.len());
        let mut wrong = Vec::new();
        for row in rows.iter() {
            let mark = if row.expected == row.got {
                "ok"
            } else {
                "WRONG"
            };
            let _ = writeln!(
                table,
                "{mark} | {} | {} | {} | {}",
                row.name, row.made, row.expected, row.got
            );
            if row.expected != row.got {
                wrong.push(row.name);
            }
        }
        eprintln!("result | case | made by | expected | got\n{table}");
        assert!(wrong.is_empty(), "{release}: {wrong:?}\n{table}");
    }

    /// The outcome of a scan; the inventory is the one that the guest holds after it.
    pub(crate) async fn scan_outcome(&self, refresh: bool) -> (Outcome, Scan) {
        let outcome = self.desktop.done(Action::Scan { refresh }).await;
        let stored = self
            .shell("cat /var/lib/redflag-agent/inventory.json")
            .await;
        let report: wire::InventoryReport = serde_json::from_str(&stored).unwrap();
        let PackageScan::Apt {
            updates,
            repositories,
            lists_at,
            interrupted,
            ..
        } = report.inventory.packages
        else {
            panic!("{:?}", report.inventory.packages);
        };
        let scan = Scan {
            updates,
            repositories,
            lists_at,
            interrupted,
        };
        (outcome, scan)
    }

    /// A scan that must succeed.
    pub(crate) async fn scan(&self, refresh: bool) -> Scan {
        let (outcome, scan) = self.scan_outcome(refresh).await;
        assert!(matches!(outcome, Outcome::Scanned { .. }), "{outcome:?}");
        scan
    }

    pub(crate) async fn plan(&self, only: &UpdateFilter, allowed: Allowed) -> GuestPlan {
        let only = only.clone();
        let outcome = self.desktop.done(Action::Plan { only, allowed }).await;
        match outcome {
            Outcome::Planned { plan } => plan,
            other => panic!("{other:?}"),
        }
    }

    /// Approves a plan and has it done.
    pub(crate) fn approved(only: &UpdateFilter, allowed: Allowed, plan: &GuestPlan) -> Action {
        Action::Apply {
            only: only.clone(),
            allowed,
            approved: plan.fingerprint(),
            changes: promised(plan),
        }
    }

    /// Plans and does an update of these packages. In the answer stands what dpkg shows: that it is what was planned, and
    /// what the agent reports, is required.
    pub(crate) async fn update(&self, only: UpdateFilter) -> String {
        self.update_with(only, Allowed::default()).await
    }

    /// The same with more allowed.
    pub(crate) async fn update_with(&self, only: UpdateFilter, allowed: Allowed) -> String {
        let plan = self.plan(&only, allowed).await;
        let before = self.installed().await;
        let apply = Self::approved(&only, allowed, &plan);
        let outcome = self.desktop.done(apply).await;
        let changes = differences(&before, &self.installed().await);
        let Outcome::Applied { result } = outcome else {
            return format!("{outcome:?}");
        };
        assert_eq!(texts(&result.changes), changes, "the receipt and dpkg");
        assert_eq!(texts(&promised(&plan)), changes, "the plan and dpkg");
        assert_eq!(result.not_done, []);
        let audit = self.shell("dpkg --audit").await;
        assert_eq!(result.database_sound, Some(audit.is_empty()), "{audit}");
        let mut text: Vec<String> = changes.into_iter().collect();
        text.extend(result.kept_files);
        text.join("; ")
    }

    /// What dpkg has installed.
    pub(crate) async fn installed(&self) -> Installed {
        let list =
            "dpkg-query -W -f '${db:Status-Status} ${Package}:${Architecture} ${Version}\\n'";
        let list = self.shell(list).await;
        list.lines()
            .filter_map(|l| l.strip_prefix("installed ")?.split_once(' '))
            .map(|(package, version)| (package.to_owned(), version.to_owned()))
            .collect()
    }

    /// (what `apt-get --with-new-pkgs upgrade` would upgrade, what `apt list` calls upgradable), as `name:arch version`.
    pub(crate) async fn as_apt_says(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let simulated = self.shell("apt-get -s --with-new-pkgs upgrade").await;
        let simulated = simulated
            .lines()
            .filter_map(|l| {
                let (name, rest) = l.strip_prefix("Inst ")?.split_once(" [")?;
                let (_, rest) = rest.split_once("] (")?;
                let version = rest.split_once(' ')?.0;
                let arch = rest.rsplit_once('[')?.1.split_once(']')?.0;
                let name = name.split(':').next()?;
                Some(format!("{name}:{arch} {version}"))
            })
            .collect();
        let listed = self.shell("apt list --upgradable 2>/dev/null").await;
        let listed = listed
            .lines()
            .filter_map(|l| {
                let (name, rest) = l.split_once('/')?;
                let mut words = rest.split(' ').skip(1);
                let (version, arch) = (words.next()?, words.next()?);
                Some(format!("{name}:{arch} {version}"))
            })
            .collect();
        (simulated, listed)
    }
}

/// What is offered from the beginning of the cases on.
pub(crate) fn second() -> Vec<Deb> {
    [
        super::plain::second(),
        super::moved::second(),
        super::troubled::second(),
    ]
    .concat()
}

fn in_a_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(" / ")
}

/// Everything that a plan promises.
fn promised(plan: &GuestPlan) -> Vec<PackageChange> {
    let upgraded = plan.upgraded.iter().map(|u| &u.change);
    upgraded
        .chain(&plan.added)
        .chain(&plan.removed)
        .cloned()
        .collect()
}

/// `name 1.0 -> 2.0`; a missing version is `-`.
fn texts(changes: &[PackageChange]) -> BTreeSet<String> {
    let end = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".into());
    changes
        .iter()
        .map(|c| {
            format!(
                "{}:{} {} -> {}",
                c.package,
                c.arch,
                end(&c.from),
                end(&c.to)
            )
        })
        .collect()
}

pub(crate) fn differences(before: &Installed, after: &Installed) -> BTreeSet<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let version = |of: &Installed, name: &String| of.get(name).cloned().unwrap_or("-".into());
    names
        .into_iter()
        .map(|name| (name, version(before, name), version(after, name)))
        .filter(|(_, from, to)| from != to)
        .map(|(name, from, to)| format!("{name} {from} -> {to}"))
        .collect()
}

/// An update of these packages.
pub(crate) fn only(names: &[&str]) -> UpdateFilter {
    UpdateFilter::Packages {
        names: names.iter().map(|&name| name.to_owned()).collect(),
    }
}
