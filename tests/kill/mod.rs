//! What the kill loops on real guests share: something new to install for every round, a step that lasts long enough to
//! be hit, and the comparison of a receipt with what dpkg says inside.
#![allow(unreachable_pub, reason = "a module of several programs")]

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, ensure};
use domain::operation::{JobState, Receipt, StepKind};
use lab::{
    Fault, Lab, Rule, Where,
    lxc::{Deb, RealGuest, RealNodes},
};

/// Versions inside a guest, by package.
pub type Installed = BTreeMap<String, String>;

/// Asks dpkg inside the guest.
pub async fn installed(guest: &RealGuest) -> Result<Installed> {
    let text = guest
        .shell("dpkg-query -W -f='${Package} ${Version}\\n'")
        .await?;
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect())
}

/// Puts newer versions of two packages into the repository; one of them takes its time to install.
pub async fn offer(nodes: &RealNodes, round: usize) -> Result<()> {
    let version = format!("2.{round}");
    nodes
        .repository()
        .publish(vec![
            Deb::new("rf-alpha", &version).slow(2),
            Deb::new("rf-gamma", &version).security(),
        ])
        .await
}

/// Makes a step last that would be over in a moment.
pub async fn stretch(step: StepKind, lab: &Lab, guest: &RealGuest) -> Result<()> {
    match step {
        StepKind::Check => {
            let slow = Where {
                path: Some("/status/current".into()),
                ..Where::default()
            };
            lab.faults()
                .add(Rule::always(Fault::Delay(Duration::from_secs(2))).at(slow));
        }
        StepKind::Send => drop(guest.shell("systemctl stop redflag-agent").await?),
        _ => {}
    }
    Ok(())
}

/// Takes that back, once the program is dead.
pub async fn release(step: StepKind, lab: &Lab, guest: &RealGuest) -> Result<()> {
    lab.faults().clear();
    if step == StepKind::Send {
        guest.shell("systemctl start redflag-agent").await?;
    }
    Ok(())
}

/// Compares a receipt with what changed inside the guest. Answers how many packages did.
///
/// # Errors
/// When the receipt says anything else than dpkg, or that the job did not succeed: nothing inside was disturbed.
pub fn truthful(receipt: &Receipt, before: &Installed, after: &Installed) -> Result<usize> {
    let changed: BTreeMap<_, _> = after
        .iter()
        .filter(|(name, version)| before.get(*name) != Some(version))
        .collect();
    let told: BTreeMap<_, _> = receipt
        .changes
        .iter()
        .filter_map(|c| Some((&c.package, c.to.as_ref()?)))
        .collect();
    ensure!(
        told == changed,
        "the receipt says {told:?}, dpkg says {changed:?}"
    );
    ensure!(!changed.is_empty(), "nothing was installed: {receipt:?}");
    ensure!(
        receipt.outcome == JobState::Succeeded,
        "nothing inside was disturbed, and yet: {receipt:?}"
    );
    Ok(changed.len())
}
