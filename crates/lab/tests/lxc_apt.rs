//! What the agent says of updates and does with them, compared with what apt and dpkg themselves say in a real guest: a
//! table of cases, which the test prints.
#![cfg(target_os = "linux")]
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and this one prints its table"
)]

mod apt;
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

use apt::{bench::Bench, broken, moved, plain, troubled};
use house::{House, possible, until};
use lab::lxc::{GuestPlan, Userland};

const VMID: u32 = 150;
/// Room on the guest's disk, in bytes: little, so that it can be filled.
const DISK: u64 = 160_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn lxc_scans_plans_and_updates_agree_with_apt_and_dpkg() {
    if !possible() {
        return;
    }
    all_cases("Debian 12", Userland::Debian).await;
    if std::env::var_os("REDFLAG_TEST_FULL").is_some() {
        all_cases("Debian 13", Userland::Debian13).await;
    }
}

async fn all_cases(release: &str, userland: Userland) {
    let plan = GuestPlan::new(VMID, "apt").room(DISK).userland(userland);
    let house = House::start(vec![plan]).await;
    let desktop = house.desktop().await;
    let bench = Bench::prepare(&house, desktop, VMID).await;
    plain::prepare(&bench).await;
    moved::all(&bench, apt::bench::second()).await;
    plain::all(&bench).await;
    troubled::all(&bench).await;
    broken::half_configured(&bench).await;
    bench.finish(release);
    house.nodes.stop().await.unwrap();
}
