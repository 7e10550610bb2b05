//! The agents: what each has to report, and how it does so.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use domain::{
    GuestId,
    inventory::{Inventory, Os, PackageScan, Repository, Severity, Update},
};
use futures_util::future::try_join_all;
use serde::Serialize;
use wire::{
    About, CheckInRequest, CheckInResponse, Init, InventoryReport, LONGEST_POLL_SECONDS, Machine,
    PROTOCOL, path,
};

use crate::{
    UPDATES,
    fleet::Enrolled,
    line::{Line, Way},
    relay::Relay,
};

/// Different packages of the whole fleet, each pending from one of three versions.
const PACKAGES: usize = 2_000;
/// Check-ins over which the bytes are taken.
const UNCHANGED: usize = 20;

/// One agent, with the report that it has ready.
pub(crate) struct Agent {
    pub(crate) guest: GuestId,
    pub(crate) inventory: Inventory,
    hash: String,
    way: Way,
    about: About,
    number: usize,
}

/// One for each identity.
pub(crate) fn of(enrolled: &Enrolled) -> Vec<Agent> {
    let agent = |(number, (identity, mac)): (usize, &(lab::world::machine::Identity, String))| {
        let inventory = inventory(number);
        let identity_pem = tls::Identity {
            chain_pem: identity.certificate_pem.clone(),
            key_pem: identity.key_pem.clone().into(),
        };
        let config = tls::agent_client_config(&enrolled.ca_pem, Some(&identity_pem));
        Agent {
            guest: identity.guest,
            hash: inventory.hash(),
            inventory,
            way: Way {
                address: enrolled.endpoint,
                name: enrolled.server_name.clone(),
                config: Arc::new(config.unwrap()),
            },
            about: About {
                init: Some(Init::Systemd),
                machine: Some(Machine {
                    id: Some(format!("{number:064x}")),
                    macs: vec![mac.clone()],
                }),
                dropped: 0,
            },
            number,
        }
    };
    enrolled.identities.iter().enumerate().map(agent).collect()
}

/// 300 of 2,000 packages, spread so that any two agents share some of them.
fn inventory(number: usize) -> Inventory {
    let update = |n: usize| {
        let n = (number * 37 + n * 7) % PACKAGES;
        let from = (number + n) % 3;
        Update {
            package: format!("libpackage{n}-dev"),
            source: format!("package{}", n / 4),
            arch: "amd64".into(),
            installed: format!("1.{n}.0-1+deb12u{from}"),
            candidate: format!("1.{n}.0-1+deb12u4"),
            origin: "Debian".into(),
            suite: "bookworm-security".into(),
            severity: Severity::SecurityUnrated,
            size: Some(123_456),
            blocked: None,
        }
    };
    let now = crate::serve::now();
    Inventory {
        scanned_at: now,
        os: Os {
            id: "debian".into(),
            version: "12".into(),
            name: "Debian GNU/Linux 12 (bookworm)".into(),
        },
        arch: "amd64".into(),
        addresses: vec![format!("10.8.{}.{}", number / 250, number % 250 + 1)],
        packages: PackageScan::Apt {
            updates: (0..UPDATES).map(|n| Arc::new(update(n))).collect(),
            installed: 900,
            lists_at: Some(now),
            repositories: vec![Repository {
                name: "http://deb.debian.org/debian bookworm".into(),
                error: None,
            }],
            interrupted: None,
        },
        restarts: vec!["ssh.service".into()],
        docker: Vec::new(),
    }
}

impl Agent {
    /// Of its report, in bytes.
    pub(crate) fn size(&self) -> f64 {
        let size = serde_json::to_vec(&self.inventory).unwrap().len();
        crate::count_of(size)
    }

    fn check_in(&self, inventory: Option<&str>, wait_seconds: u32) -> CheckInRequest {
        CheckInRequest {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").into(),
            inventory: inventory.map(str::to_owned),
            scanned_ms_ago: Some(
                crate::serve::now()
                    .since(self.inventory.scanned_at)
                    .unsigned_abs(),
            ),
            session: "0011223344556677".into(),
            jobs: Vec::new(),
            wait_seconds,
            about: self.about.clone(),
        }
    }

    /// Calls as an agent does that has not scanned yet, and keeps its line open.
    async fn connect(&self) -> Result<Line> {
        let mut line = self.way.line().await?;
        called(&mut line, "POST", path::CHECK_IN, &self.check_in(None, 0)).await?;
        Ok(line)
    }

    /// Reports as an agent does after its scan, and keeps its line open.
    async fn report(&self, mut line: Line) -> Result<Line> {
        // As agents do, which wait to be asked.
        let answer = self.asked(&mut line, LONGEST_POLL_SECONDS).await?;
        ensure!(answer.want_inventory, "the report was not wanted");
        let report = InventoryReport {
            hash: self.hash.clone(),
            inventory: self.inventory.clone(),
        };
        called(&mut line, "PUT", path::INVENTORY, &report).await?;
        let answer = self.asked(&mut line, 0).await?;
        ensure!(!answer.want_inventory, "the report was wanted twice");
        Ok(line)
    }

    async fn asked(&self, line: &mut Line, wait_seconds: u32) -> Result<CheckInResponse> {
        let request = self.check_in(Some(&self.hash), wait_seconds);
        let answer = called(line, "POST", path::CHECK_IN, &request).await?;
        Ok(serde_json::from_slice(&answer)?)
    }
}

async fn called(
    line: &mut Line,
    method: &str,
    path: &str,
    body: &impl Serialize,
) -> Result<Vec<u8>> {
    let (status, answer) = line.call(method, path, body).await?;
    ensure!(
        status < 300,
        "{path}: {status} {}",
        String::from_utf8_lossy(&answer)
    );
    Ok(answer.to_vec())
}

/// All of them at once.
pub(crate) async fn connect_all(agents: &[Agent]) -> Result<Vec<Line>> {
    try_join_all(agents.iter().map(async |agent| {
        let line = agent.connect().await;
        line.with_context(|| format!("agent {}", agent.number))
    }))
    .await
}

/// All of them at once, each over its line.
pub(crate) async fn report_all(agents: &[Agent], lines: Vec<Line>) -> Result<Vec<Line>> {
    try_join_all(agents.iter().zip(lines).map(async |(agent, line)| {
        let line = agent.report(line).await;
        line.with_context(|| format!("agent {}", agent.number))
    }))
    .await
}

/// What a check-in with nothing new takes over an open line, both ways, in bytes as they travel.
pub(crate) async fn unchanged(agent: &Agent) -> Result<f64> {
    let relay = Relay::start(agent.way.address).await?;
    let way = Way {
        address: relay.address,
        ..agent.way.clone()
    };
    let mut line = way.line().await?;
    agent.asked(&mut line, 0).await?;
    let before = relay.carried();
    for _ in 0..UNCHANGED {
        let answer = agent.asked(&mut line, 0).await?;
        ensure!(!answer.want_inventory, "an unchanged report was wanted");
    }
    Ok(crate::count_of(relay.carried() - before) / crate::count_of(UNCHANGED))
}
