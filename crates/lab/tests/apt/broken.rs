//! An update that breaks dpkg, and its repair.

use domain::plan::Allowed;
use wire::{Action, Outcome};

use super::{
    bench::{Bench, only},
    troubled::{failed, says},
};

/// A package that cannot be configured: told, in the way of everything else, and repaired by an action of its own.
pub(crate) async fn half_configured(bench: &Bench<'_>) {
    let made = "its configuration fails";
    let filter = only(&["rf-m-half"]);
    let plan = bench.plan(&filter, Allowed::default()).await;
    let outcome = bench
        .desktop
        .done(Bench::approved(&filter, Allowed::default(), &plan))
        .await;
    let state = bench
        .shell("dpkg-query -W -f '${db:Status-Status}' rf-m-half")
        .await;
    assert_eq!(state, "half-configured", "what dpkg says");
    let got = match outcome {
        Outcome::Failed { problem, result } => {
            let result = result.unwrap();
            format!(
                "{:?} {:?} {}",
                result.database_sound,
                problem,
                problem.words.clone().unwrap_or_default()
            )
        }
        other => format!("{other:?}"),
    };
    let words = ["Some(false)", "rf-m-half cannot be configured"];
    bench.row(
        "an update that breaks",
        made,
        words.join(", "),
        says(&got, &words),
    );
    let scan = bench.scan(false).await;
    let told = scan.interrupted.unwrap_or_default();
    let audit = bench.shell("dpkg --audit").await;
    bench.row("half-configured", made, audit.trim(), told.trim());
    // Somebody else's update does not go on over it.
    let words = ["must be repaired first"];
    bench
        .fails("an update over a broken dpkg", made, "rf-m-beside", &words)
        .await;
    // Its repair is an action of its own.
    let before = bench.installed().await;
    let outcome = bench.desktop.done(Action::Repair).await;
    let got = failed(&outcome, &before, &bench.installed().await);
    let words = ["rf-m-half cannot be configured", "changed: {}"];
    bench.row(
        "a repair that cannot",
        made,
        words.join(", "),
        says(&got, &words),
    );
    bench
        .shell("rm /var/lib/dpkg/info/rf-m-half.postinst")
        .await;
    let outcome = bench.desktop.done(Action::Repair).await;
    let got = match outcome {
        Outcome::Repaired { result } => format!("{:?}", result.database_sound),
        other => format!("{other:?}"),
    };
    bench.row("a repair", "its script is gone", "Some(true)", got);
    let audit = bench.shell("dpkg --audit").await;
    bench.row("what dpkg says after it", "dpkg --audit", "", audit);
    let scan = bench.scan(false).await;
    bench.row(
        "repaired",
        "by RedFlag",
        "None, none",
        format!("{:?}, {}", scan.interrupted, scan.of("rf-m-half")),
    );
    bench
        .succeeds(
            "an update after the repair",
            "dpkg is sound again",
            "rf-m-beside",
        )
        .await;
    half_installed(bench).await;
}

/// Cut off while it was unpacked, as after a loss of power: only another installation mends that.
async fn half_installed(bench: &Bench<'_>) {
    let made = "it was cut off while it was unpacked";
    bench
        .shell(
            "apt-mark auto rf-m-beside >/dev/null && \
             sed -i '/^Package: rf-m-beside$/,/^$/ s/^Status: .*/Status: install reinstreq half-installed/' /var/lib/dpkg/status",
        )
        .await;
    let audit = bench.shell("dpkg --audit").await;
    let told = bench.scan(false).await.interrupted.unwrap_or_default();
    bench.row("half-installed", made, audit.trim(), told.trim());
    let outcome = bench.desktop.done(Action::Repair).await;
    let got = match outcome {
        Outcome::Repaired { result } => format!("{:?}", result.database_sound),
        other => format!("{other:?}"),
    };
    bench.row("its repair", made, "Some(true)", got);
    let after = bench
        .shell("dpkg --audit; dpkg-query -W -f '${Status} ' rf-m-beside; apt-mark showauto rf-m-beside")
        .await;
    let expected = "install ok installed rf-m-beside";
    bench.row(
        "what dpkg and apt say after it",
        made,
        expected,
        after.trim(),
    );
}
