//! Cases in which something is broken: a repository, a transfer, a lock, a disk, dpkg itself. Each leaves the guest well.

use std::process::Command;

use domain::{inventory::Repository, plan::Allowed};
use lab::lxc::Deb;
use wire::Outcome;

use super::bench::{Bench, Installed, differences, only};

pub(crate) fn first() -> Vec<Deb> {
    vec![
        Deb::new("rf-m-down", "1.0"),
        Deb::new("rf-m-lock", "1.0"),
        Deb::new("rf-m-full", "1.0"),
        Deb::new("rf-m-cut", "1.0"),
        Deb::new("rf-m-half", "1.0"),
        Deb::new("rf-m-beside", "1.0"),
    ]
}

pub(crate) fn second() -> Vec<Deb> {
    vec![
        Deb::new("rf-m-down", "1.1"),
        Deb::new("rf-m-lock", "1.1"),
        Deb::new("rf-m-full", "1.1"),
        Deb::new("rf-m-cut", "1.1"),
        Deb::new("rf-m-half", "1.1").breaking(),
        Deb::new("rf-m-beside", "1.1"),
    ]
}

pub(crate) async fn all(bench: &Bench<'_>) {
    down(bench).await;
    unsigned(bench).await;
    expired(bench).await;
    locked(bench).await;
    full(bench).await;
    cut(bench).await;
}

/// The words of a failure and how dpkg's packages changed meanwhile; both must be said.
pub(super) fn failed(outcome: &Outcome, before: &Installed, after: &Installed) -> String {
    let changes = differences(before, after);
    match outcome {
        Outcome::Failed { problem, .. } => {
            assert!(problem.next.is_some(), "no advice: {problem:?}");
            let words = problem.words.as_deref().unwrap_or_default();
            format!("{} {words} / changed: {changes:?}", problem.what)
        }
        other => format!("{other:?} / changed: {changes:?}"),
    }
}

/// All of `wanted` stand in `got`; where one does not, all of it.
pub(super) fn says(got: &str, wanted: &[&str]) -> String {
    match wanted.iter().all(|w| got.contains(w)) {
        true => wanted.join(", "),
        false => got.to_owned(),
    }
}

impl Bench<'_> {
    /// A case in which an update must fail with these words, and dpkg must show nothing new.
    pub(super) async fn fails(
        &self,
        name: &'static str,
        made: &'static str,
        package: &str,
        words: &[&str],
    ) {
        let only = only(&[package]);
        let plan = self.plan(&only, Allowed::default()).await;
        assert_eq!(plan.upgraded.len(), 1, "{name}: {plan:?}");
        let before = self.installed().await;
        let outcome = self
            .desktop
            .done(Self::approved(&only, Allowed::default(), &plan))
            .await;
        let got = failed(&outcome, &before, &self.installed().await);
        let wanted = [words, &["changed: {}"]].concat();
        self.row(name, made, wanted.join(", "), says(&got, &wanted));
    }

    pub(super) async fn succeeds(&self, name: &'static str, made: &'static str, package: &str) {
        let done = self.update(only(&[package])).await;
        self.row(name, made, format!("{package}:all 1.0 -> 1.1"), done);
    }
}

async fn down(bench: &Bench<'_>) {
    let made = "the server refuses connections";
    let before = bench.scan(false).await;
    bench.repository().set_reachable(false).await.unwrap();
    let (outcome, scan) = bench.scan_outcome(true).await;
    let got = failed(&outcome, &Installed::new(), &Installed::new());
    let words = ["no package list could be fetched", "Could not connect"];
    bench.row(
        "repository down",
        made,
        words.join(", "),
        says(&got, &words),
    );
    let errors = scan
        .repositories
        .iter()
        .filter(|r| r.error.is_some())
        .count();
    bench.row(
        "repositories with errors",
        made,
        "2 of 2",
        format!("{errors} of {}", scan.repositories.len()),
    );
    let kept = scan.updates == before.updates && scan.lists_at == before.lists_at;
    bench.row(
        "what was known stays, with its age",
        made,
        "true",
        kept.to_string(),
    );
    let words = ["could not fetch the packages"];
    bench
        .fails("an update without repository", made, "rf-m-down", &words)
        .await;
    bench.repository().set_reachable(true).await.unwrap();
    bench.scan(true).await;
    bench
        .succeeds("the repository is back", "it answers again", "rf-m-down")
        .await;
}

/// A scan with one bad repository more: its own words, the other two well, and no update of it.
async fn one_bad(
    bench: &Bench<'_>,
    name: &'static str,
    made: &'static str,
    folder: &str,
    options: &str,
    words: &[&str],
) {
    let address = bench.repository().address();
    let line = format!(
        "echo 'deb {options}http://{address}/{folder} ./' > /etc/apt/sources.list.d/bad.list"
    );
    bench.shell(&line).await;
    let scan = bench.scan(true).await;
    let error = |r: &Repository| r.error.clone();
    let bad: Vec<String> = scan
        .repositories
        .iter()
        .filter(|r| r.name.contains(folder))
        .filter_map(error)
        .collect();
    let well = scan
        .repositories
        .iter()
        .filter(|r| r.error.is_none())
        .count();
    let got = format!("{well} well, {bad:?}, {}", scan.of("rf-m-beside"));
    // Each release of apt has its own words for it.
    let words = words.iter().find(|w| got.contains(**w)).or(words.first());
    let wanted = ["2 well", words.unwrap(), "1.0 -> 1.1"];
    bench.row(name, made, wanted.join(", "), says(&got, &wanted));
    bench
        .shell("rm /etc/apt/sources.list.d/bad.list; rm -f /etc/apt/bad.gpg")
        .await;
}

const BETTER: &str = "Package: rf-m-beside\nVersion: 9.9\nArchitecture: all\nMaintainer: Nobody <n@example.invalid>\n\
                      Filename: ./none.deb\nSize: 1\nSHA256: 0000000000000000000000000000000000000000000000000000000000000000\n";

fn release_of(packages: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = hex::encode(Sha256::digest(packages));
    format!(
        "Origin: Bad\nLabel: Bad\nDate: Sat, 01 Jun 2024 00:00:00 UTC\nSHA256:\n {hash} {} Packages\n",
        packages.len()
    )
}

async fn unsigned(bench: &Bench<'_>) {
    let repository = bench.repository();
    repository
        .place("unsigned/Packages", BETTER.as_bytes())
        .unwrap();
    repository
        .place("unsigned/Release", release_of(BETTER).as_bytes())
        .unwrap();
    one_bad(
        bench,
        "unsigned",
        "a repository without signature",
        "unsigned",
        "",
        &["is not signed"],
    )
    .await;
}

async fn expired(bench: &Bench<'_>) {
    let (name, made) = ("expired key", "signed now with a key that ended in 2024");
    let home = tempfile::tempdir().unwrap();
    let gpg = |arguments: &[&str]| {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--quiet", "--passphrase", "", "--homedir"]);
        command.arg(home.path()).args(arguments).output()
    };
    let user = "lab@example.invalid";
    let then = ["--faked-system-time", "20240601T000000"];
    let generate = ["--quick-generate-key", user, "ed25519", "sign", "10d"];
    let Ok(key) = gpg(&[&then[..], &generate].concat()) else {
        let why = "gpg is not installed (package gnupg)";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
        eprintln!("{name}: not run here: {why}");
        return;
    };
    assert!(key.status.success(), "{key:?}");
    let known = gpg(&["--export"]).unwrap().stdout;
    // Prolonged by its owner, so that it signs; the guest has it as it was. A signature from before its end would be
    // good for the newer apt.
    let list = gpg(&["--list-keys", "--with-colons"]).unwrap().stdout;
    let list = String::from_utf8(list).unwrap();
    let key = list.lines().find_map(|l| l.strip_prefix("fpr:::::::::"));
    let longer = gpg(&[
        "--quick-set-expire",
        key.unwrap().trim_end_matches(':'),
        "0",
    ])
    .unwrap();
    assert!(longer.status.success(), "{longer:?}");
    let release = home.path().join("Release");
    std::fs::write(&release, release_of(BETTER)).unwrap();
    let signed = gpg(&["--clearsign", "--output", "-", release.to_str().unwrap()]).unwrap();
    assert!(signed.status.success(), "{signed:?}");
    let repository = bench.repository();
    repository
        .place("expired/Packages", BETTER.as_bytes())
        .unwrap();
    repository
        .place("expired/InRelease", &signed.stdout)
        .unwrap();
    std::fs::write(bench.guest.root().join("etc/apt/bad.gpg"), known).unwrap();
    bench.shell("chmod 644 /etc/apt/bad.gpg").await;
    let options = "[signed-by=/etc/apt/bad.gpg] ";
    one_bad(
        bench,
        name,
        made,
        "expired",
        options,
        &["EXPKEYSIG", "Expired on"],
    )
    .await;
    let _ = Command::new("gpgconf")
        .arg("--homedir")
        .arg(home.path())
        .args(["--kill", "all"])
        .output();
}

async fn locked(bench: &Bench<'_>) {
    let holder = bench.guest.hold_lock("unattended-upgr").await.unwrap();
    let scan = bench.scan(false).await;
    bench.row(
        "a scan beside another apt",
        "dpkg's locks are held",
        "1.0 -> 1.1",
        scan.of("rf-m-lock"),
    );
    let only = only(&["rf-m-lock"]);
    let plan = bench.plan(&only, Allowed::default()).await;
    let before = bench.installed().await;
    let job = bench
        .desktop
        .give(Bench::approved(&only, Allowed::default(), &plan));
    let waiting = bench
        .desktop
        .until("the agent's word about the lock", |m| {
            let details = m
                .reports
                .get(&job)?
                .values()
                .filter_map(|r| r.detail.clone());
            details.into_iter().find(|d| d.contains("is held by"))
        })
        .await;
    let owner = format!("unattended-upgr (process {holder})");
    bench.row(
        "lock held by another apt",
        "dpkg's locks are held",
        &owner,
        says(&waiting, &[&owner]),
    );
    assert_eq!(before, bench.installed().await, "nothing is done meanwhile");
    bench.guest.release_lock().await.unwrap();
    let outcome = bench.desktop.outcome(job).await;
    let changes = differences(&before, &bench.installed().await);
    bench.row(
        "the lock is released",
        "the other one ends",
        "true, {\"rf-m-lock:all 1.0 -> 1.1\"}",
        format!(
            "{}, {changes:?}",
            matches!(outcome, Outcome::Applied { .. })
        ),
    );
}

async fn full(bench: &Bench<'_>) {
    let made = "8 MiB are left on the disk";
    let fill = "free=$(df --output=avail -B1M / | tail -n1); dd if=/dev/zero of=/var/filler bs=1M count=$((free - 8)) 2>/dev/null";
    bench.shell(fill).await;
    let scan = bench.scan(true).await;
    bench.row(
        "a scan on a full disk",
        made,
        "1.0 -> 1.1",
        scan.of("rf-m-full"),
    );
    bench
        .fails("full disk", made, "rf-m-full", &["disk is too small"])
        .await;
    bench.shell("rm /var/filler").await;
    bench
        .succeeds("there is room again", "the filler is removed", "rf-m-full")
        .await;
}

async fn cut(bench: &Bench<'_>) {
    let made = "the transfer ends in the middle";
    bench.repository().cut(Some("rf-m-cut_1.1_all.deb"));
    bench
        .fails(
            "interrupted download",
            made,
            "rf-m-cut",
            &["could not fetch the packages"],
        )
        .await;
    bench.repository().cut(None);
    bench
        .succeeds("downloaded again", "the transfer is whole", "rf-m-cut")
        .await;
}
