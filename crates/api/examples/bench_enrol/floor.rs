//! What an enrolment of 43 LXCs of a node costs beside its floor: the same commands with the same bytes over the same kind
//! of connection with as many at once, without anything that plans, journals, shows or waits for agents.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use domain::{Vmid, host::HostKey};
use futures_util::{StreamExt, TryStreamExt, stream};
use lab::facts::SshFacts;
use reach::{CommandLog, CommandRecord, NodeAddress, SshNode};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    figure,
    fleet::{self, GUESTS},
    median,
};

const ROUNDS: usize = 3;
/// Enrolments that run at once on a node.
const LANES: usize = 4;

pub(crate) struct Silent;

impl CommandLog for Silent {
    fn ran(&self, _record: &CommandRecord) {}
}

pub(crate) async fn measure(agent: &Path) -> Result<()> {
    let binary = std::fs::read(agent)?;
    let (mut ratios, mut ours, mut floors) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Whoever comes second finds everything warm; so they take turns.
        let (with, without);
        if round % 2 == 0 {
            with = enrolment(agent).await?;
            without = commands(&binary).await?;
        } else {
            without = commands(&binary).await?;
            with = enrolment(agent).await?;
        }
        println!("round {round}: {with:.2?} with RedFlag, {without:.2?} without");
        ours.push(with.as_secs_f64());
        floors.push(without.as_secs_f64());
        ratios.push(with.as_secs_f64() / without.as_secs_f64());
    }
    figure("enrol_ratio", median(&mut ratios), "x", "<= 1.5");
    figure("enrol_43_seconds", median(&mut ours), "s", "- -");
    figure("enrol_43_floor_seconds", median(&mut floors), "s", "- -");
    Ok(())
}

/// From the approval to the end of the operation.
async fn enrolment(agent: &Path) -> Result<Duration> {
    let lab = fleet::start(1, 1).await?;
    let folder = tempfile::tempdir()?;
    let mut desktop = fleet::desktop(folder.path(), agent, "127.0.0.1:0").await?;
    let cluster = fleet::enter(&desktop, &lab.facts().clusters[0]).await?;
    let whole = json!([{ "kind": "cluster", "cluster": cluster }]);
    let began = Instant::now();
    let (_, operation) = desktop.plan_and_approve("enrol", whole).await?;
    let over = desktop.until_over(&operation).await?;
    let took = began.elapsed();
    ensure!(
        usize::try_from(over.counts.succeeded)? == GUESTS,
        "{:?}",
        desktop.job_states(&operation).await?
    );
    desktop.app.shutdown().await;
    lab.stop().await;
    Ok(took)
}

/// From the first connection to the answer to the last command.
async fn commands(binary: &[u8]) -> Result<Duration> {
    let lab = fleet::start(1, 1).await?;
    let facts = &lab.facts().clusters[0];
    let guests: Vec<u32> = facts.guests.iter().map(|g| g.vmid).collect();
    for vmid in &guests {
        // There is no desktop that its agent could call.
        lab.silence_agent(&facts.name, *vmid, true)?;
    }
    let node = node(facts.nodes[0].ssh.as_ref().context("a lab with SSH")?).await?;
    let sha256: [u8; 32] = Sha256::digest(binary).into();
    let ca = tls::Ca::create("RedFlag agents", domain::Timestamp(1_772_366_400_000))?;
    let bootstrap = json!({ "endpoints": ["127.0.0.1:9"], "caPem": ca.certificate_pem(),
        "serverName": "0011223344556677.redflag.internal", "code": "00112233445566778899aabbccddeeff" });
    let bootstrap = SecretString::from(bootstrap.to_string());
    let began = Instant::now();
    stream::iter(guests.into_iter().map(|number| {
        let (node, bootstrap) = (&node, bootstrap.clone());
        async move {
            let vmid = Vmid::try_from(number)?;
            node.probe(vmid).await?;
            node.copy(vmid, binary, sha256).await?;
            node.configure(vmid, bootstrap).await?;
            node.install(vmid).await?;
            node.clean(vmid).await?;
            anyhow::Ok(())
        }
    }))
    .buffer_unordered(LANES)
    .try_collect::<()>()
    .await?;
    let took = began.elapsed();
    lab.stop().await;
    Ok(took)
}

/// A node with a key of ours in place; the connection for the work is made with the first command.
pub(crate) async fn node(ssh: &SshFacts) -> Result<SshNode> {
    let address = NodeAddress {
        host: ssh.address.ip().to_string(),
        port: ssh.address.port(),
        user: ssh.user.clone(),
    };
    let accepted = HostKey {
        algorithm: ssh.algorithm.clone(),
        fingerprint: ssh.host_key.clone(),
    };
    let (key, line) = reach::generate_key()?;
    let password = SecretString::from(ssh.password.clone());
    reach::install_key(&address, &accepted, password, &line).await?;
    Ok(SshNode::new(address, accepted, key, Arc::new(Silent)))
}
